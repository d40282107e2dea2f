//! Peers that mean no good: each costs at most its timeout, few bytes and little memory, and ends in a finding.
//!
//! The rows are played on a network without sockets, under paused time, so that every bound is counted and none depends on
//! the machine. `sockets` and `beside` play what needs real sockets, and a running agent.

mod beside;
mod http;
mod message;
mod names;
mod names_tcp;
mod net;
mod page;
mod play;
mod proxies;
mod sealed;
mod sockets;
mod tls;
mod witness;
mod world;

use fencepost::observe::Stream;
use net::{Attend, NameServer};

/// A peer's end of a connection.
pub type Line = Box<dyn Stream>;

/// Who of those that an agent meets is hostile.
#[derive(Clone)]
pub enum Peer {
    Resolver(NameServer),
    /// What listens at the expected address.
    Service(Attend),
    Proxy(Attend),
    /// A service that ends its connections with a reset; only sockets do that.
    Resetting(Attend),
    /// The right answer from this address, where the resolver is not; only sockets can tell.
    Spoofing(&'static str),
}

/// One peer, what the check comes to, and what the peer may cost.
pub struct Row {
    /// What the peer does, as the page of hostile peers says it.
    pub does: &'static str,
    pub peer: Peer,
    pub verdict: &'static str,
    /// The worst finding; empty where there is none.
    pub finding: &'static str,
    /// Words of the evidence of that finding.
    pub says: &'static str,
    /// The most questions that it is sent over UDP.
    pub questions: usize,
    /// The most connections that it sees.
    pub connections: usize,
    /// The most addresses that are tried because of it, beside the expected one.
    pub elsewhere: usize,
    /// The most bytes that it gets rid of.
    pub bytes: usize,
    /// The most timeouts that a look takes because of it.
    pub timeouts: u32,
}

impl Row {
    fn new(does: &'static str, peer: Peer) -> Self {
        let is_resolver = matches!(peer, Peer::Resolver(_) | Peer::Spoofing(_));
        let (questions, connections) = if is_resolver { (2, 0) } else { (0, 1) };
        let (verdict, finding, says) = ("holds", "", "");
        Self { does, peer, verdict, finding, says, questions, connections, elsewhere: 0, bytes: 4 << 10, timeouts: 0 }
    }

    /// What the check comes to.
    fn ends(mut self, verdict: &'static str, finding: &'static str, says: &'static str) -> Self {
        (self.verdict, self.finding, self.says) = (verdict, finding, says);
        self
    }

    fn questions(self, questions: usize) -> Self {
        Self { questions, ..self }
    }

    fn connections(self, connections: usize) -> Self {
        Self { connections, ..self }
    }

    fn elsewhere(self, elsewhere: usize) -> Self {
        Self { elsewhere, ..self }
    }

    fn bytes(self, bytes: usize) -> Self {
        Self { bytes, ..self }
    }

    /// It holds the look up until the time is over.
    fn stalls(self) -> Self {
        Self { timeouts: 1, ..self }
    }
}

/// Every hostile peer.
pub fn rows() -> Vec<Row> {
    [names::rows(), names_tcp::rows(), tls::rows(), http::rows(), sockets::rows(), proxies::rows()]
        .into_iter()
        .flatten()
        .collect()
}
