//! A connection whose far side is no task.
//!
//! Nothing is spawned. The far side is a future inside of the stream, and moves whenever the near side reads or writes;
//! so a test under paused time has no task that it does not know of.

use crate::observe::Stream;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

/// How much may be under way in each direction of a connection, in bytes.
const IN_FLIGHT: usize = 64 << 10;

/// The near side of a connection, with the far side's work inside.
struct Driven {
    near: DuplexStream,
    far: Option<Pin<Box<dyn Future<Output = io::Result<()>> + Send>>>,
    was_reset: bool,
}

/// A connection to a far side that is given its own end of it. What the far side thinks of its peer ends with the
/// connection, but for `ConnectionReset`, which the near side then meets.
pub fn driven<F: Future<Output = io::Result<()>> + Send + 'static>(
    far_side: impl FnOnce(DuplexStream) -> F,
) -> Box<dyn Stream> {
    let (near, far) = tokio::io::duplex(IN_FLIGHT);
    Box::new(Driven { near, far: Some(Box::pin(far_side(far))), was_reset: false })
}

impl Driven {
    /// Lets the far side work. Its wake-ups arrive at the same task as those of the near side.
    fn drive(&mut self, cx: &mut Context<'_>) {
        if let Some(far) = &mut self.far
            && let Poll::Ready(ended) = far.as_mut().poll(cx)
        {
            self.far = None;
            self.was_reset = ended.is_err_and(|e| e.kind() == io::ErrorKind::ConnectionReset);
        }
    }
}

impl AsyncRead for Driven {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.drive(cx);
        if self.was_reset {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.near).poll_read(cx, into)
    }
}

impl AsyncWrite for Driven {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.drive(cx);
        Pin::new(&mut self.near).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.drive(cx);
        Pin::new(&mut self.near).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.drive(cx);
        Pin::new(&mut self.near).poll_shutdown(cx)
    }
}
