//! Questions that are asked only when something is off, because their answers tell causes apart.

use super::LookupOutcome;
use crate::plan::{HostName, ResolverName};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// What a follow-up question is for; its type of record follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// SOA of the privatelink zone: who answers for it here.
    ZoneAuthority,
    /// SOA of another privatelink zone of the plan: whether this resolver ends at Azure's DNS at all.
    OtherZoneAuthority,
    /// SOA of the public suffix: whether a private zone shadows it.
    SuffixAuthority,
    /// The privatelink name, asked directly.
    PrivatelinkName,
    /// A label in the privatelink zone that nobody has.
    Canary,
    /// The name itself at Azure's own resolver, which this vantage does not ask otherwise.
    AzureResolver,
    /// Another name of the same account.
    Sibling,
    /// The name with a domain of the search list behind it.
    SearchSuffix,
}

impl Purpose {
    pub const fn asks_for_authority(self) -> bool {
        match self {
            Self::ZoneAuthority | Self::OtherZoneAuthority | Self::SuffixAuthority => true,
            Self::PrivatelinkName | Self::Canary | Self::AzureResolver | Self::Sibling | Self::SearchSuffix => false,
        }
    }
}

/// A follow-up question: to whom, for which name, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Inquiry {
    pub purpose: Purpose,
    pub resolver: ResolverName,
    pub server: SocketAddr,
    pub name: HostName,
}

/// What is to be asked after a look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inquiries {
    pub questions: Vec<Inquiry>,
    /// Whether this machine's hosts file and search list are to be read, and the name asked for with each domain.
    pub machine: bool,
}

impl Inquiries {
    pub fn is_empty(&self) -> bool {
        self.questions.is_empty() && !self.machine
    }
}

/// A follow-up question and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inquired {
    #[serde(flatten)]
    pub inquiry: Inquiry,
    /// When it was asked; an answer is kept for some rounds while nothing changes.
    pub at: jiff::Timestamp,
    #[serde(rename = "seconds", with = "super::seconds")]
    pub took: Duration,
    pub outcome: LookupOutcome,
}

/// What this machine's own files say of a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineFacts {
    /// The addresses that the hosts file gives the name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<IpAddr>,
    /// The search list of resolv.conf.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub search: Vec<HostName>,
    /// A name with fewer dots is tried with the search list first (resolv.conf(5)).
    #[serde(default)]
    pub ndots: u32,
}

/// The follow-ups of one look.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FollowUp {
    pub inquired: Vec<Arc<Inquired>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<MachineFacts>,
}

impl FollowUp {
    /// The answers to one question at one server.
    pub fn at(&self, server: SocketAddr, purpose: Purpose) -> impl Iterator<Item = &Arc<Inquired>> {
        self.inquired.iter().filter(move |i| i.inquiry.purpose == purpose && i.inquiry.server == server)
    }
}

impl Inquired {
    pub fn answer(&self) -> Option<&super::Answer> {
        self.outcome.answer()
    }
}
