//! Services that mean no good once the handshake is done.

use super::net::Attend;
use super::play::attend;
use super::tls::{OPEN, USUAL};
use super::{Line, Peer, Row};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

type Secured = TlsStream<Line>;

/// Shakes hands, reads the request, and goes on as a function says.
fn asked<F: Future<Output = ()> + Send + 'static>(
    go_on: impl Fn(Secured) -> F + Send + Sync + Copy + 'static,
) -> Attend {
    attend(move |line| async move {
        let Ok(mut stream) = TlsAcceptor::from(Arc::clone(&USUAL)).accept(line).await else { return };
        let mut request = vec![0; 4096];
        let read = stream.read(&mut request).await.unwrap_or_default();
        let request = String::from_utf8_lossy(&request[..read]).to_lowercase();
        // A credential is never sent, nor a wish for what could be turned against the agent. Who sends one meets another
        // answer than the row says.
        if ["authorization:", "api-key:", "cookie:", "accept-encoding:", "upgrade:"].iter().any(|h| request.contains(h))
        {
            let _ = stream.write_all(b"HTTP/1.1 508 Sent too much\r\n\r\n").await;
            return;
        }
        go_on(stream).await;
    })
}

/// Says this, and stays.
fn says(text: &'static [u8]) -> Attend {
    then(text, b"")
}

/// Says the first, then the second without end, or else stays.
fn then(first: &'static [u8], again: &'static [u8]) -> Attend {
    asked(move |mut stream| async move {
        let mut said = stream.write_all(first).await;
        while said.is_ok() && stream.flush().await.is_ok() {
            match again {
                [] => pending().await,
                again => said = stream.write_all(again).await,
            }
        }
    })
}

fn http(does: &'static str, attend: Attend) -> Row {
    Row::new(does, Peer::Service(attend)).bytes(12 << 10)
}

pub fn rows() -> Vec<Row> {
    [heads(), bodies(), signs(), turns()].into_iter().flatten().collect()
}

async fn drip(mut stream: Secured, text: &'static [u8]) {
    for byte in text {
        if stream.write_all(&[*byte]).await.is_err() || stream.flush().await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn heads() -> Vec<Row> {
    let late = |does, attend| http(does, attend).ends("unknown", "http-timeout", "in time").stalls();
    let not = |does, attend, says| http(does, attend).ends("broken", "not-the-service", says);
    const HEADERS: &[u8] = b"X-More: and more and more and more and more and more and more and more\r\n";
    vec![
        late("silence after the request", says(b"")),
        late("a head, a byte every 100 ms", asked(|stream| drip(stream, OPEN))),
        not("headers without end", then(b"HTTP/1.1 401 No\r\n", HEADERS), "not HTTP").bytes(48 << 10),
        not("one header without end", then(b"HTTP/1.1 401 No\r\nX: ", &[b'x'; 1024]), "not HTTP").bytes(48 << 10),
        not("a status line without end", then(b"HTTP/1.1 401 ", &[b'x'; 1024]), "not HTTP").bytes(48 << 10),
        not("interim answers without end (100)", then(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "256 KiB")
            .bytes(288 << 10),
        not("early hints without end (103)", then(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"), "256 KiB")
            .bytes(288 << 10),
        not("the end instead of an answer", asked(|stream| async { drop(stream) }), "without an answer"),
        not(
            "half of a head, and the end",
            asked(|mut stream| async move {
                let _ = stream.write_all(b"HTTP/1.1 401 Unauth").await;
                let _ = stream.shutdown().await;
            }),
            "without an answer",
        ),
        not("no HTTP at all", then(b"", b"SSH-2.0-OpenSSH_9.2 is not HTTP\r\n"), "not HTTP").bytes(48 << 10),
        not(
            "two lengths that differ",
            says(b"HTTP/1.1 401 No\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}"),
            "not HTTP",
        ),
        not(
            "a length of thirty digits",
            says(b"HTTP/1.1 401 No\r\nContent-Length: 999999999999999999999999999999\r\n\r\n{}"),
            "not HTTP",
        ),
        not("a length below zero", says(b"HTTP/1.1 401 No\r\nContent-Length: -1\r\n\r\n{}"), "not HTTP"),
    ]
}

/// The status came before the body, and stands.
fn bodies() -> Vec<Row> {
    vec![
        http("a body without end", then(b"HTTP/1.1 401 No\r\n\r\n", &[b'x'; 4096])).bytes(48 << 10),
        http("a long body that stalls", says(b"HTTP/1.1 401 No\r\nContent-Length: 500\r\n\r\n{")).stalls(),
        http(
            "a body, a byte every 100 ms",
            asked(|mut stream| async move {
                let _ = stream.write_all(b"HTTP/1.1 401 No\r\nContent-Length: 500\r\n\r\n").await;
                drip(stream, &[b'x'; 500]).await;
            }),
        )
        .stalls(),
        http(
            "a chunk of 2^64 - 1 bytes",
            then(b"HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", &[b'x'; 4096]),
        )
        .bytes(48 << 10),
        http(
            "a chunk longer than any number",
            says(b"HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffffffffffff\r\n"),
        ),
        http(
            "a chunk's extension without end",
            then(b"HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n1;", &[b'x'; 1024]),
        )
        .bytes(48 << 10),
        http(
            "trailers without end",
            then(b"HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X-More: and more\r\n"),
        )
        .bytes(48 << 10),
        http(
            "empty chunks, a byte at a time, without an end",
            then(b"HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        )
        .bytes(64 << 10),
        http(
            "a compressed body that was not asked for",
            then(b"HTTP/1.1 401 No\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\x03", &[0; 4096]),
        )
        .bytes(48 << 10),
        http("204, and a body", says(b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}")).ends(
            "broken",
            "not-the-service",
            "answered 204",
        ),
    ]
}

/// Signs that steer a terminal, and bytes that are no text.
fn signs() -> Vec<Row> {
    let not = |does, text, words| http(does, says(text)).ends("broken", "not-the-service", words);
    vec![
        not(
            "a body that would clear the screen",
            b"HTTP/1.1 418 No\r\nContent-Length: 20\r\n\r\n\x1b[2J\x1b[31mred\x07\x9b\0\r\nend",
            "answered 418: [2J[31mred",
        ),
        not(
            "a body that turns the writing around",
            "HTTP/1.1 418 No\r\nContent-Length: 12\r\n\r\n\u{202e}live\u{2066}on".as_bytes(),
            "answered 418: liveon",
        ),
        not(
            "a body that is no UTF-8",
            b"HTTP/1.1 418 No\r\nContent-Length: 4\r\n\r\n\xff\xfeab",
            "answered 418: \u{fffd}\u{fffd}ab",
        ),
        not("a NUL in a header", b"HTTP/1.1 401 No\r\nServer: a\0b\r\n\r\n", "not HTTP"),
        not("an escape in a header", b"HTTP/1.1 401 No\r\nServer: \x1b[2J\r\n\r\n", "not HTTP"),
        not("an escape in the status line", b"HTTP/1.1 401 \x1b[2J\r\n\r\n", "not HTTP"),
        http("a header that is no UTF-8", says(b"HTTP/1.1 401 No\r\nServer: \xff\xfe\r\nContent-Length: 0\r\n\r\n")),
    ]
}

/// Answers that want something else than to be read.
fn turns() -> Vec<Row> {
    let not = |does, text, words| http(does, says(text)).ends("broken", "not-the-service", words);
    vec![
        not(
            "a redirect to elsewhere",
            b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1/\r\nContent-Length: 0\r\n\r\n",
            "answered 302",
        ),
        not("a redirect to itself", b"HTTP/1.1 307 Again\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", "answered 307"),
        not(
            "another protocol (101)",
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nxxxx",
            "",
        ),
        not("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", "not HTTP"),
        not("a status of 99", b"HTTP/1.1 099 Low\r\n\r\n", "not HTTP"),
        http("a status that nobody knows", says(b"HTTP/1.1 999 High\r\nContent-Length: 0\r\n\r\n")).ends(
            "unknown",
            "service-failing",
            "answered 999",
        ),
        http(
            "a challenge of 15 KB",
            asked(|mut stream| async move {
                let head =
                    format!("HTTP/1.1 401 No\r\nWWW-Authenticate: {}\r\nContent-Length: 0\r\n\r\n", "x".repeat(15_000));
                let _ = stream.write_all(head.as_bytes()).await;
                let _ = stream.flush().await;
                pending::<()>().await;
            }),
        )
        .bytes(32 << 10),
        http(
            "the answer before the request",
            attend(|line| async {
                let Ok(mut stream) = TlsAcceptor::from(Arc::clone(&USUAL)).accept(line).await else { return };
                let _ = stream.write_all(OPEN).await;
                let _ = stream.flush().await;
                pending::<()>().await;
            }),
        ),
        http(
            "two answers",
            says(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ),
    ]
}
