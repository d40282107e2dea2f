//! The resolvers of a world.

use crate::plan::HostName;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::IpAddr;

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resolver {
    pub address: IpAddr,
    pub kind: ResolverKind,
    /// Of a forwarder: the network or place it asks from.
    pub stands_in: Option<String>,
    /// Of a forwarder: which resolver it asks for names under a suffix; the longest suffix decides.
    #[serde(default)]
    pub forwards: BTreeMap<HostName, String>,
    /// Of a forwarder: which resolver it asks for everything else.
    pub otherwise: Option<String>,
    #[serde(default)]
    pub state: ResolverState,
    /// Whether every answer over UDP is cut short, so that it must be fetched over TCP.
    #[serde(default)]
    pub truncates: bool,
    /// Of a forwarder: zones it holds itself, and answers from whatever their links are.
    #[serde(default)]
    pub zones: Vec<HostName>,
    /// The address that it gives instead of saying that a name does not exist.
    pub rewrites: Option<IpAddr>,
    /// Questions for names under these suffixes vanish.
    #[serde(default)]
    pub silent_for: Vec<HostName>,
    /// Questions from these networks and places vanish.
    #[serde(default)]
    pub silent_to: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResolverKind {
    /// Azure's platform resolver: answers by the network of whoever asks, and nobody outside of one.
    Azure,
    Forwarder,
    /// A resolver of the internet, without any private zone.
    Public,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResolverState {
    #[default]
    Serving,
    /// Questions vanish.
    Silent,
    /// Answers REFUSED.
    Refusing,
    /// Answers SERVFAIL.
    Failing,
    /// Nothing listens on the port.
    Closed,
}
