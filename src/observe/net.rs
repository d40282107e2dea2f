//! The door to the network: a handful of methods, once with sockets and once simulated.

use crate::facts::{MachineFacts, OsOutcome};
use crate::plan::HostName;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use tokio::io::{AsyncRead, AsyncWrite};

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A byte stream, connected.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Datagrams to and from one peer.
pub trait Datagrams: Send {
    fn send<'a>(&'a mut self, datagram: &'a [u8]) -> BoxFuture<'a, io::Result<()>>;
    fn receive<'a>(&'a mut self, into: &'a mut [u8]) -> BoxFuture<'a, io::Result<usize>>;
}

/// A proxy that applications on this machine would use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyPlace {
    pub host: String,
    pub port: u16,
}

/// The network as one vantage sees it. Nothing here waits longer than its caller lets it.
pub trait Net: Send + Sync {
    /// A connected datagram socket; a closed port shows as an error of `receive`.
    fn datagrams(&self, to: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Datagrams>>>;

    fn connect(&self, to: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Stream>>>;

    /// What getaddrinfo gives an application here.
    fn os_lookup(&self, host: HostName) -> BoxFuture<'_, OsOutcome>;

    /// The name servers of resolv.conf, in its order.
    fn host_resolvers(&self) -> Vec<SocketAddr>;

    /// What this machine's own files say of a name: hosts file and search list.
    fn machine(&self, host: &HostName) -> MachineFacts;

    /// Whether this machine runs in Azure, where 168.63.129.16 is Azure's own resolver.
    fn is_in_azure(&self) -> bool;

    /// The proxy that this machine's environment names for an HTTPS host, as `NO_PROXY` lets it apply.
    fn environment_proxy(&self, host: &HostName, port: u16) -> Option<ProxyPlace>;

    /// The agent's own look-up, for the names of helpers such as a proxy; never evidence.
    fn own_lookup(&self, host: String) -> BoxFuture<'_, io::Result<Vec<IpAddr>>>;
}
