//! A network without sockets in which one peer means no good. It counts what the agent asks, and what the peer gets rid of.

use super::Line;
use super::message::Question;
use fencepost::facts::{MachineFacts, OsOutcome};
use fencepost::observe::{BoxFuture, Datagrams, Net, ProxyPlace, Stream};
use fencepost::plan::HostName;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How much of a connection may be under way, in bytes: what a peer wrote and nobody read.
pub const IN_FLIGHT: usize = 4 << 10;

/// What a peer writes at the most: whoever reads it all has no bound, and shall fail, not hang.
const PATIENCE: usize = 64 << 20;

/// What is attended on a connection.
pub type Attend = Arc<dyn Fn(Line) -> BoxFuture<'static, ()> + Send + Sync>;

/// The datagrams that a question brings, perhaps without end.
pub type Rain = Box<dyn Iterator<Item = Vec<u8>> + Send>;

/// What a name server answers over UDP.
pub type Answer = Arc<dyn Fn(&Question) -> Rain + Send + Sync>;

/// What a name server does.
#[derive(Clone)]
pub struct NameServer {
    pub udp: Answer,
    pub tcp: Option<Attend>,
}

/// What was counted at one place of the network.
#[derive(Default, Debug)]
pub struct Tally {
    /// Datagrams that the agent sent.
    pub questions: AtomicUsize,
    /// Connections that it opened.
    pub connections: AtomicUsize,
    /// Bytes that it took from the peer; and those under way, which are less than [`IN_FLIGHT`].
    pub taken: AtomicUsize,
}

impl Tally {
    pub fn of(&self) -> (usize, usize, usize) {
        let of = |count: &AtomicUsize| count.load(Ordering::SeqCst);
        (of(&self.questions), of(&self.connections), of(&self.taken))
    }
}

/// Everybody on the network. Where nobody is, a connection is refused and a datagram is lost.
#[derive(Default)]
pub struct Ill {
    pub name_servers: HashMap<SocketAddr, NameServer>,
    pub peers: HashMap<SocketAddr, Attend>,
    pub tallies: Mutex<HashMap<SocketAddr, Arc<Tally>>>,
}

impl Ill {
    pub fn tally(&self, at: SocketAddr) -> Arc<Tally> {
        Arc::clone(self.tallies.lock().unwrap().entry(at).or_default())
    }
}

impl Net for Ill {
    fn datagrams(&self, to: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Datagrams>>> {
        let server = self.name_servers.get(&to).cloned();
        let drops = Drops { server, tally: self.tally(to), raining: Vec::new() };
        Box::pin(std::future::ready(Ok(Box::new(drops) as Box<dyn Datagrams>)))
    }

    fn connect(&self, to: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Stream>>> {
        let tally = self.tally(to);
        tally.connections.fetch_add(1, Ordering::SeqCst);
        let over_tcp = self.name_servers.get(&to).and_then(|server| server.tcp.clone());
        let attend = self.peers.get(&to).cloned().or(over_tcp);
        Box::pin(async move {
            let attend = attend.ok_or(io::ErrorKind::ConnectionRefused)?;
            let (near, far) = tokio::io::duplex(IN_FLIGHT);
            tokio::spawn(attend(Box::new(Counted { far, tally })));
            Ok(Box::new(near) as Box<dyn Stream>)
        })
    }

    fn os_lookup(&self, _: HostName) -> BoxFuture<'_, OsOutcome> {
        Box::pin(std::future::ready(OsOutcome::NoSuchName))
    }

    fn host_resolvers(&self) -> Vec<SocketAddr> {
        Vec::new()
    }

    fn machine(&self, _: &HostName) -> MachineFacts {
        MachineFacts::default()
    }

    fn is_in_azure(&self) -> bool {
        false
    }

    fn environment_proxy(&self, _: &HostName, _: u16) -> Option<ProxyPlace> {
        None
    }

    fn own_lookup(&self, _: String) -> BoxFuture<'_, io::Result<Vec<IpAddr>>> {
        Box::pin(std::future::ready(Err(io::ErrorKind::NotFound.into())))
    }
}

/// Datagrams of one socket.
struct Drops {
    server: Option<NameServer>,
    tally: Arc<Tally>,
    raining: Vec<Rain>,
}

impl Datagrams for Drops {
    fn send<'a>(&'a mut self, datagram: &'a [u8]) -> BoxFuture<'a, io::Result<()>> {
        self.tally.questions.fetch_add(1, Ordering::SeqCst);
        if let Some(server) = &self.server {
            self.raining.push((server.udp)(&Question::read(datagram)));
        }
        Box::pin(std::future::ready(Ok(())))
    }

    fn receive<'a>(&'a mut self, into: &'a mut [u8]) -> BoxFuture<'a, io::Result<usize>> {
        let dry = self.tally.taken.load(Ordering::SeqCst) > PATIENCE;
        let drop = self.raining.iter_mut().filter(|_| !dry).find_map(Iterator::next);
        Box::pin(async move {
            let Some(drop) = drop else { return std::future::pending().await };
            // What does not fit is cut, as a socket does.
            let length = drop.len().min(into.len());
            into[..length].copy_from_slice(&drop[..length]);
            self.tally.taken.fetch_add(drop.len(), Ordering::SeqCst);
            Ok(length)
        })
    }
}

/// The peer's end of a connection.
pub struct Counted<S> {
    pub far: S,
    pub tally: Arc<Tally>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.far).poll_read(cx, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.tally.taken.load(Ordering::SeqCst) > PATIENCE {
            return Poll::Pending;
        }
        let polled = Pin::new(&mut self.far).poll_write(cx, bytes);
        if let Poll::Ready(Ok(written)) = &polled {
            self.tally.taken.fetch_add(*written, Ordering::SeqCst);
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.far).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.far).poll_shutdown(cx)
    }
}
