//! The agent's HTTP server: so many connections and no more, and each of them ends. Whoever reaches the port can keep
//! others from the page for a while; the looks do not notice.

use super::door::Door;
use axum::Router;
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::{Id, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// The most connections at a time; a further one is closed at once. A Prometheus holds one of them.
pub const MOST_CONNECTIONS: usize = 64;

/// The most of them from one address, so that one client alone does not take them all.
pub const MOST_OF_ONE_PEER: usize = 16;

/// How long the head of a request may take, a TLS handshake, and how long a connection may wait for its next request.
pub const LONGEST_HEAD: Duration = Duration::from_secs(10);

/// How long a connection may live; then the answer under way may end, and no further request is taken.
pub const LONGEST_CONNECTION: Duration = Duration::from_secs(60);

/// How long the last answer of a connection may take: a client that does not read holds its place no longer.
const LONGEST_LAST_ANSWER: Duration = Duration::from_secs(10);

/// The most that is read of a request before its handler sees it, in bytes.
const MOST_READ: usize = 16 << 10;

/// Serves until told to stop; then what is under way may end. Dropping it ends everything at once.
pub async fn serve(listener: TcpListener, app: Router, door: Arc<Door>, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    let mut peers: HashMap<Id, IpAddr> = HashMap::new();
    let mut full = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(ended) = connections.join_next_with_id() => {
                peers.remove(&ended.map_or_else(|e| e.id(), |(id, ())| id));
            }
            accepted = listener.accept() => match accepted {
                Ok((stream, from)) => {
                    let peer = from.ip().to_canonical();
                    let of_peer = peers.values().filter(|known| **known == peer).count();
                    let refused = peers.len() >= MOST_CONNECTIONS || of_peer >= MOST_OF_ONE_PEER;
                    if refused && !full {
                        tracing::warn!(%peer, of_peer, all = peers.len(), "too many HTTP connections; further ones are closed");
                    }
                    full = refused;
                    if !refused {
                        let connection = welcomed(stream, app.clone(), Arc::clone(&door), stop.clone());
                        peers.insert(connections.spawn(connection).id(), peer);
                    }
                }
                Err(e) => rest_after(&e).await,
            },
        }
    }
    while connections.join_next().await.is_some() {}
}

/// A peer that has gone is no reason to wait; a machine without descriptors is.
async fn rest_after(e: &io::Error) {
    let gone = [io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionReset, io::ErrorKind::ConnectionRefused];
    if !gone.contains(&e.kind()) {
        tracing::warn!(error = %e, "the agent's HTTP takes no connection");
        sleep(Duration::from_secs(1)).await;
    }
}

/// Plain or over TLS, as the door says when the connection comes. A handshake holds up nobody but itself.
async fn welcomed<S>(stream: S, app: Router, door: Arc<Door>, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let Some(tls) = door.tls().await else { return attended(stream, app, stop).await };
    let handshake = timeout(LONGEST_HEAD, TlsAcceptor::from(tls).accept(stream));
    let shaken = tokio::select! {
        shaken = handshake => shaken,
        () = stop.cancelled() => return,
    };
    match shaken {
        Ok(Ok(stream)) => attended(stream, app, stop).await,
        // Scanners do this all day; an operator who looks for it sees it.
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => {}
    }
}

async fn attended<S>(stream: S, app: Router, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let mut server = Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(LONGEST_HEAD).max_buf_size(MOST_READ);
    let mut connection = pin!(server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app)));
    tokio::select! {
        // How a client left is nothing that an operator could mend.
        _ = connection.as_mut() => return,
        () = stop.cancelled() => {}
        () = sleep(LONGEST_CONNECTION) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(LONGEST_LAST_ANSWER, connection).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, Bytes};
    use axum::routing::get;
    use futures_util::stream;
    use std::convert::Infallible;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::Instant;

    /// How long a connection lives whose client does something, in simulated time.
    async fn lives<F: Future<Output = ()>>(client: impl FnOnce(DuplexStream) -> F) -> Duration {
        let without_end = || stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 4096])));
        let app = Router::new()
            .route("/", get(|| async { "hello" }))
            .route("/long", get(move || async move { Body::from_stream(without_end()) }));
        let (near, far) = duplex(1 << 16);
        let start = Instant::now();
        let serving = async {
            attended(far, app, CancellationToken::new()).await;
            start.elapsed()
        };
        tokio::select! {
            lived = serving => lived,
            () = async { client(near).await; std::future::pending().await } => unreachable!("a client has no last word"),
            () = sleep(Duration::from_secs(3_600)) => panic!("it lives for ever"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_says_nothing_or_half_a_word_or_one_letter_a_second_is_left() {
        let silent = lives(|near| async move {
            let _held = near;
            std::future::pending::<()>().await;
        });
        assert_eq!(silent.await, LONGEST_HEAD);
        let half = lives(|mut near| async move {
            near.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n").await.unwrap();
            std::future::pending::<()>().await;
        });
        assert_eq!(half.await, LONGEST_HEAD);
        let dripping = lives(|mut near| async move {
            while near.write_all(b"G").await.is_ok() {
                sleep(Duration::from_secs(1)).await;
            }
        });
        assert_eq!(dripping.await, LONGEST_HEAD);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_ends_its_handshake_is_left() {
        for said in [&b""[..], &[22, 3, 1, 0, 200, 1]] {
            let door = Arc::new(crate::publish::door::tests::kept_with_tls());
            let (mut near, far) = duplex(1 << 16);
            near.write_all(said).await.unwrap();
            let start = Instant::now();
            welcomed(far, Router::new(), door, CancellationToken::new()).await;
            assert_eq!(start.elapsed(), LONGEST_HEAD);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_was_answered_and_stays_is_left() {
        let idle = lives(|mut near| async move {
            near.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
            let mut answer = Vec::new();
            near.read_to_end(&mut answer).await.unwrap();
            assert!(answer.ends_with(b"hello"));
        });
        assert_eq!(idle.await, LONGEST_HEAD);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_asks_on_and_on_or_does_not_read_ends_too() {
        let asking = lives(|mut near| async move {
            let mut answers = [0; 4096];
            while near.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.is_ok() {
                let _ = near.read(&mut answers).await;
                sleep(Duration::from_secs(1)).await;
            }
        });
        let lived = asking.await;
        assert!(lived >= LONGEST_CONNECTION && lived <= LONGEST_CONNECTION + Duration::from_secs(1), "{lived:?}");
        let deaf = lives(|mut near| async move {
            near.write_all(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
            std::future::pending::<()>().await;
        });
        assert_eq!(deaf.await, LONGEST_CONNECTION + LONGEST_LAST_ANSWER);
    }
}
