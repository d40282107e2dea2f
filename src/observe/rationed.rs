//! A connection that is read up to a number of bytes, whatever the peer goes on sending.

use super::net::Stream;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The most bytes that are read from one connection, and one read more. A service's handshake and answer take less than a
/// tenth of it.
pub const MOST_READ: usize = 256 << 10;

/// Ends with an error once the peer has sent more than its ration.
pub struct Rationed {
    stream: Box<dyn Stream>,
    left: usize,
}

impl Rationed {
    pub fn new(stream: Box<dyn Stream>) -> Self {
        Self { stream, left: MOST_READ }
    }
}

impl AsyncRead for Rationed {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.left == 0 {
            let why = format!("the peer sent {} KiB and came to no end", MOST_READ >> 10);
            return Poll::Ready(Err(io::Error::other(why)));
        }
        let before = into.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, into);
        self.left = self.left.saturating_sub(into.filled().len() - before);
        polled
    }
}

impl AsyncWrite for Rationed {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
