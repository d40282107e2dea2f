//! Questions to a world's resolvers and their answers, as values.

use crate::facts::Rcode;
use crate::plan::HostName;
use std::net::IpAddr;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub name: HostName,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    A,
    Aaaa,
    Cname,
    Soa,
    /// Any other type: nothing in a world has records of it.
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The question vanishes.
    Silence,
    /// Nothing listens on the port.
    Closed,
    Said(Said),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub rcode: Rcode,
    pub records: Vec<Entry>,
    /// The SOA of a negative answer.
    pub authority: Option<Entry>,
    /// Whether the answer over UDP is cut short.
    pub truncates: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub owner: HostName,
    /// In seconds.
    pub ttl: u32,
    pub data: Data,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    Alias(HostName),
    Address(IpAddr),
    Authority { primary: HostName },
}

impl Said {
    pub(super) fn found(records: Vec<Entry>) -> Self {
        Self { rcode: Rcode::NO_ERROR, records, authority: None, truncates: false }
    }

    pub(super) fn error(rcode: Rcode) -> Self {
        Self { rcode, ..Self::found(Vec::new()) }
    }

    /// The addresses of the answer, in its order.
    pub fn addresses(&self) -> Vec<IpAddr> {
        let address = |entry: &Entry| match &entry.data {
            Data::Address(address) => Some(*address),
            Data::Alias(_) | Data::Authority { .. } => None,
        };
        self.records.iter().filter_map(address).collect()
    }
}
