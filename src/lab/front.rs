//! A front at work: one handshake, one request read, one answer, and goodbye; or what its state makes of them.

use super::scene::{Front, FrontState, HttpAnswer};
use rustls::ServerConfig;
use std::fmt::Write;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

/// The longest request head that is read, in bytes.
const HEAD_READ: usize = 16 << 10;

/// How a front treats one visitor.
#[derive(Clone, Debug)]
pub struct Visit {
    pub state: FrontState,
    answer: HttpAnswer,
    latency: Duration,
}

impl Visit {
    /// A visitor from a network or place.
    pub fn new(front: &Front, from: Option<&str>) -> Self {
        let latency = Duration::from_millis(front.latency_ms);
        Self { state: front.state, answer: front.answer(from).clone(), latency }
    }
}

/// Serves one connection. A peer that behaves badly only ends its own. The error `ConnectionReset` asks whoever holds
/// the connection to reset it.
pub async fn attend<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    config: Arc<ServerConfig>,
    visit: Visit,
) -> io::Result<()> {
    match visit.state {
        FrontState::Serving | FrontState::StallsRequest => {}
        // No connection gets as far as this.
        FrontState::Refusing | FrontState::Silent => return Ok(()),
        FrontState::StallsHandshake => std::future::pending().await,
        FrontState::ResetsHandshake => {
            read_some(&mut stream).await?;
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        FrontState::ClosesHandshake => return read_some(&mut stream).await,
        FrontState::Garbles => {
            read_some(&mut stream).await?;
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\nplain text was expected\n").await?;
            return stream.shutdown().await;
        }
    }
    let mut stream = TlsAcceptor::from(config).accept(stream).await?;
    read_head(&mut stream).await?;
    if visit.state == FrontState::StallsRequest {
        std::future::pending().await
    }
    tokio::time::sleep(visit.latency).await;
    stream.write_all(head_and_body(&visit.answer).as_bytes()).await?;
    stream.flush().await?;
    stream.shutdown().await
}

/// Reads until the peer has said something: its hello.
async fn read_some<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<()> {
    let mut some = Vec::with_capacity(HEAD_READ);
    stream.read_buf(&mut some).await.map(|_| ())
}

/// Reads the head of a request.
pub async fn read_head<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() >= HEAD_READ {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

fn head_and_body(answer: &HttpAnswer) -> String {
    let mut text = format!("HTTP/1.1 {} {}\r\n", answer.status, reason(answer.status));
    for (name, value) in &answer.headers {
        // Writing to a String cannot fail.
        let _ = write!(text, "{name}: {value}\r\n");
    }
    let _ = write!(text, "content-length: {}\r\nconnection: close\r\n\r\n{}", answer.body.len(), answer.body);
    text
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        429 => "Too Many Requests",
        _ => "Answer",
    }
}
