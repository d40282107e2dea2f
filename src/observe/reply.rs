//! A reply of a name server: bytes in, facts out. Nothing here waits or sends, so anything can be read that a hostile
//! peer might send.

use crate::facts::{Answer, Authority, ExtendedError, Hop, LookupOutcome, Rcode, shown};
use crate::plan::HostName;
use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query};
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_proto::rr::{Name, RData, RecordType};
use std::net::IpAddr;
use std::sync::Arc;

/// The largest UDP answer that is asked for, in bytes (DNS flag day 2020).
const UDP_PAYLOAD: u16 = 1232;

/// The longest chain of aliases that is followed; resolvers themselves give up sooner.
const LONGEST_CHAIN: usize = 32;

/// For which records a question asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    A,
    Aaaa,
    Soa,
}

impl Kind {
    const fn record_type(self) -> RecordType {
        match self {
            Self::A => RecordType::A,
            Self::Aaaa => RecordType::AAAA,
            Self::Soa => RecordType::SOA,
        }
    }
}

/// A question, as far as a reply to it must repeat it (RFC 5452 §9.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    id: u16,
    name: Name,
    kind: Kind,
}

impl Question {
    /// The error says why the name cannot be asked for.
    pub fn new(id: u16, host: &HostName, kind: Kind) -> Result<Self, String> {
        let mut name = Name::from_ascii(host.as_str()).map_err(|e| e.to_string())?;
        name.set_fqdn(true);
        Ok(Self { id, name, kind })
    }

    /// The message that asks it.
    pub fn wire(&self) -> Result<Vec<u8>, String> {
        let mut message = Message::new(self.id, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = true;
        message.add_query(Query::query(self.name.clone(), self.kind.record_type()));
        let mut edns = Edns::new();
        edns.set_max_payload(UDP_PAYLOAD).set_version(0);
        message.set_edns(edns);
        message.to_vec().map_err(|e| e.to_string())
    }

    /// What a message says; `None` if it is no reply to this question, whoever sent it.
    pub fn read(&self, reply: &[u8]) -> Option<LookupOutcome> {
        if reply.get(..2) != Some(&self.id.to_be_bytes()) {
            return None;
        }
        match Message::from_vec(reply) {
            Err(e) => Some(LookupOutcome::Garbled(shown(&format!("the reply does not parse: {e}")))),
            Ok(message) if !self.is_repeated_by(&message) => None,
            Ok(message) => Some(answer(&message, &self.name, self.kind)),
        }
    }

    fn is_repeated_by(&self, message: &Message) -> bool {
        let [query] = message.queries.as_slice() else { return false };
        message.metadata.message_type == MessageType::Response
            && query.query_type() == self.kind.record_type()
            && query.name().eq_ignore_root(&self.name)
    }
}

/// Reads the chain and the addresses at its end, whatever the order of the records.
fn answer(message: &Message, name: &Name, kind: Kind) -> LookupOutcome {
    let mut owner = name.clone();
    let mut chain: Vec<Hop> = Vec::new();
    let mut ttl: Option<u32> = None;
    let mut shorten = |seen: u32| ttl = Some(ttl.map_or(seen, |t| t.min(seen)));
    let alias_of = |owner: &Name| {
        message.answers.iter().find_map(|record| match &record.data {
            RData::CNAME(alias) if record.name.eq_ignore_root(owner) => Some((alias.0.clone(), record.ttl)),
            _ => None,
        })
    };
    while let Some((alias, alias_ttl)) = alias_of(&owner) {
        if chain.len() == LONGEST_CHAIN {
            return LookupOutcome::Garbled(format!("the aliases do not end within {LONGEST_CHAIN} steps"));
        }
        shorten(alias_ttl);
        chain.push(Hop { name: HostName::from_wire(&alias.to_ascii()), ttl: alias_ttl });
        owner = alias;
    }
    let mut addresses = Vec::new();
    for record in message.answers.iter().filter(|record| record.name.eq_ignore_root(&owner)) {
        let address = match (&record.data, kind) {
            (RData::A(a), Kind::A) => IpAddr::V4(a.0),
            (RData::AAAA(aaaa), Kind::Aaaa) => IpAddr::V6(aaaa.0),
            _ => continue,
        };
        shorten(record.ttl);
        addresses.push(address);
    }
    addresses.sort();
    addresses.dedup();
    // These stay on the board as long as the check does; a list that grew holds up to twice what it needs.
    addresses.shrink_to_fit();
    chain.shrink_to_fit();
    let metadata = &message.metadata;
    LookupOutcome::Answer(Arc::new(Answer {
        rcode: Rcode(u16::from(metadata.response_code)),
        chain,
        addresses,
        ttl,
        authoritative: metadata.authoritative,
        truncated: metadata.truncation,
        recursion_available: metadata.recursion_available,
        authentic_data: metadata.authentic_data,
        extended_errors: extended_errors(message),
        authority: authority(message),
    }))
}

fn extended_errors(message: &Message) -> Vec<ExtendedError> {
    let options = message.edns.iter().flat_map(|edns| edns.options().get_all(EdnsCode::Unknown(15)));
    options
        .filter_map(|option| match option {
            EdnsOption::Unknown(_, bytes) => {
                let code = u16::from_be_bytes([*bytes.first()?, *bytes.get(1)?]);
                Some(ExtendedError { code, text: shown(&String::from_utf8_lossy(&bytes[2..])) })
            }
            _ => None,
        })
        .collect()
}

/// The SOA of a negative answer, or the one that was asked for.
fn authority(message: &Message) -> Option<Authority> {
    message.answers.iter().chain(&message.authorities).find_map(|record| match &record.data {
        RData::SOA(soa) => Some(Authority {
            zone: HostName::from_wire(&record.name.to_ascii()),
            primary: HostName::from_wire(&soa.mname.to_ascii()),
        }),
        _ => None,
    })
}
