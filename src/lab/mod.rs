//! The lab: a described network that can be broken on purpose, so that what the agent says can be held against what is
//! known to be wrong.
//!
//! A [`World`] is data and pure answers: who resolves what, who reaches what. It is played twice from the same file:
//! by [`Simulated`], a [`Net`](crate::observe::Net) without sockets for tests under paused time, and by [`Lab`], real
//! DNS and TLS servers on 127.0.0.0/8, where all addresses belong to this machine (RFC 1122 §3.2.1.3) and no privilege
//! is needed. [`Stage`] holds the world of the moment for both.

mod authority;
mod change;
pub mod control;
mod driven;
mod filter;
mod front;
mod getaddrinfo;
mod handle;
mod names;
mod passage;
mod proxy;
mod question;
mod read;
mod scene;
mod servers;
mod simulated;
mod sockets;
mod stage;
mod wildcard;
mod wire;
mod world;

#[cfg(test)]
mod tests;

pub use authority::{Authority, AuthorityError};
pub use change::Change;
pub use handle::{FaultState, LabHandle};
pub use passage::Passage;
pub use question::{Data, Entry, Kind, Question, Reply, Said};
pub use read::WorldFaults;
pub use scene::{
    Action, Firewall, Front, FrontState, HttpAnswer, Issuer, Link, Machine, Ports, Proxy, Record, Resolver,
    ResolverKind, ResolverState, Scene, Zone,
};
pub use servers::Lab;
pub use simulated::Simulated;
pub use stage::Stage;
pub use world::{Expectation, Fault, UnknownFault, World};

/// The plan for the agent that looks at [`World::hub_and_spoke`].
pub const PLAN: &str = include_str!("../../probes/lab.yaml");
