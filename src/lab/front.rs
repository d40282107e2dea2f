//! A front at work: one handshake, one request read, one answer, and goodbye.

use super::scene::HttpAnswer;
use rustls::ServerConfig;
use std::fmt::Write;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

/// The longest request head that is read, in bytes.
const HEAD_READ: usize = 16 << 10;

/// Serves one connection. A peer that behaves badly only ends its own.
pub async fn attend<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    config: Arc<ServerConfig>,
    answer: HttpAnswer,
) -> io::Result<()> {
    let mut stream = TlsAcceptor::from(config).accept(stream).await?;
    read_head(&mut stream).await?;
    stream.write_all(head_and_body(&answer).as_bytes()).await?;
    stream.flush().await?;
    stream.shutdown().await
}

async fn read_head<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() >= HEAD_READ {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
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
