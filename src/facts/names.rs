//! What names resolved to: the OS path, and every resolver on its own.

use crate::plan::{HostName, ResolverName, View};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NameFacts {
    /// What an application on this machine gets; `None` where this machine's own resolvers are not part of the vantage.
    pub os: Option<OsLookup>,
    /// In the order in which the plan or resolv.conf names them.
    pub resolvers: Vec<ResolverFacts>,
}

/// getaddrinfo, with hosts file, search list and caches as they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OsLookup {
    #[serde(rename = "seconds", with = "super::seconds")]
    pub took: Duration,
    pub outcome: OsOutcome,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OsOutcome {
    Addresses(Vec<IpAddr>),
    /// The name does not exist, or has no address (EAI_NONAME, EAI_NODATA).
    NoSuchName,
    /// The resolvers could not be reached, or failed (EAI_AGAIN).
    TryAgain,
    /// Any other error, with getaddrinfo's own words.
    Failed(String),
    /// The agent itself lacked what a lookup needs, descriptors or memory, and why. It says nothing of the name.
    NotAsked(String),
    /// getaddrinfo had not returned when the time was up. It cannot be cancelled.
    TimedOut,
}

/// One resolver's answers for one host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResolverFacts {
    pub resolver: ResolverName,
    pub server: SocketAddr,
    pub view: View,
    /// Whether this machine's resolv.conf names it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub configured: bool,
    pub a: Lookup,
    pub aaaa: Lookup,
}

impl ResolverFacts {
    pub fn lookups(&self) -> [&Lookup; 2] {
        [&self.a, &self.aaaa]
    }

    /// All addresses of both families.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.lookups().into_iter().filter_map(Lookup::answer).flat_map(|answer| answer.addresses.iter().copied())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Family {
    A,
    #[serde(rename = "AAAA")]
    Aaaa,
}

impl Family {
    pub const fn word(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    Udp,
    /// Asked again over TCP because the UDP answer was truncated (RFC 7766).
    TcpAfterTruncation,
}

/// One question to one resolver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lookup {
    pub family: Family,
    pub transport: Transport,
    /// From the first packet sent to the answer, or to giving up.
    #[serde(rename = "seconds", with = "super::seconds")]
    pub took: Duration,
    pub outcome: LookupOutcome,
}

impl Lookup {
    pub fn answer(&self) -> Option<&Answer> {
        self.outcome.answer()
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LookupOutcome {
    Answer(Arc<Answer>),
    /// Nothing came back in time.
    Silent,
    /// The host answered that nothing listens on the port.
    PortClosed,
    /// The network said that there is no way to the resolver.
    Unreachable,
    /// Something came back that is not an answer to the question; with what was wrong.
    Garbled(String),
    /// The agent itself could not ask; with the reason.
    NotAsked(String),
}

impl LookupOutcome {
    pub fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Answer(answer) => Some(answer),
            Self::Silent | Self::PortClosed | Self::Unreachable | Self::Garbled(_) | Self::NotAsked(_) => None,
        }
    }
}

/// A DNS response code (RFC 1035 §4.1.1, RFC 6891 §6.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rcode(pub u16);

impl Rcode {
    pub const NO_ERROR: Self = Self(0);
    pub const SERVER_FAILURE: Self = Self(2);
    pub const NAME_ERROR: Self = Self(3);
    pub const REFUSED: Self = Self(5);
}

impl fmt::Display for Rcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("NOERROR"),
            1 => f.write_str("FORMERR"),
            2 => f.write_str("SERVFAIL"),
            3 => f.write_str("NXDOMAIN"),
            4 => f.write_str("NOTIMP"),
            5 => f.write_str("REFUSED"),
            other => write!(f, "RCODE{other}"),
        }
    }
}

/// An answer as it came, uncached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub rcode: Rcode,
    /// The aliases followed from the name asked for, without that name itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<Hop>,
    /// The addresses at the end of the chain.
    pub addresses: Vec<IpAddr>,
    /// The smallest TTL on the way to the addresses, in seconds.
    pub ttl: Option<u32>,
    pub authoritative: bool,
    pub truncated: bool,
    pub recursion_available: bool,
    pub authentic_data: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extended_errors: Vec<ExtendedError>,
    /// The SOA of the authority section, which says whose "no" it was (RFC 2308).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    pub name: HostName,
    /// The TTL of the alias that led here, in seconds.
    pub ttl: u32,
}

/// An extended DNS error (RFC 8914).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtendedError {
    pub code: u16,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authority {
    pub zone: HostName,
    /// The primary server the SOA names; Azure's private zones name `azureprivatedns.net`.
    pub primary: HostName,
}
