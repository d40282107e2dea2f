//! What a message of a resolver says, read with bounds: how many aliases, addresses and extended errors are taken from one.

use crate::facts::{Answer, Authority, ExtendedError, Hop, LookupOutcome, Rcode, shown};
use crate::plan::HostName;
use hickory_proto::op::Message;
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use std::net::IpAddr;
use std::sync::Arc;

/// The longest chain of aliases that is followed; resolvers themselves give up sooner.
const LONGEST_CHAIN: usize = 32;

/// The most addresses of one answer that are kept. No endpoint has as many; 64 KiB over TCP hold some four thousand.
pub const MOST_IN_AN_ANSWER: usize = 128;

/// The most extended errors of one answer that are kept; resolvers send one or two.
const MOST_EXTENDED_ERRORS: usize = 4;

/// The longest name that is kept, in characters. A host name has fewer (RFC 1035 §2.3.4); what is longer holds bytes that
/// no host name has, each written as four.
const LONGEST_NAME: usize = 256;

/// Reads the chain and the addresses at its end, whatever the order of the records.
pub fn read_answer(message: &Message, name: &Name, kind: RecordType) -> LookupOutcome {
    let mut owner = name.clone();
    let mut chain: Vec<Hop> = Vec::new();
    let mut ttl: Option<u32> = None;
    let mut shorten = |seen: u32| ttl = Some(ttl.map_or(seen, |t| t.min(seen)));
    let is_of = |record: &Record, owner: &Name| record.dns_class == DNSClass::IN && record.name.eq_ignore_root(owner);
    let alias_of = |owner: &Name| {
        message.answers.iter().find_map(|record| match &record.data {
            RData::CNAME(alias) if is_of(record, owner) => Some((alias.0.clone(), record.ttl)),
            _ => None,
        })
    };
    while let Some((alias, alias_ttl)) = alias_of(&owner) {
        if chain.len() == LONGEST_CHAIN {
            return LookupOutcome::Garbled(format!("the aliases do not end within {LONGEST_CHAIN} steps"));
        }
        shorten(alias_ttl);
        chain.push(Hop { name: named(&alias), ttl: alias_ttl });
        owner = alias;
    }
    let mut addresses = Vec::new();
    for record in message.answers.iter().filter(|record| is_of(record, &owner)) {
        let address = match (&record.data, kind) {
            (RData::A(a), RecordType::A) => IpAddr::V4(a.0),
            (RData::AAAA(aaaa), RecordType::AAAA) => IpAddr::V6(aaaa.0),
            _ => continue,
        };
        shorten(record.ttl);
        addresses.push(address);
    }
    addresses.sort();
    addresses.dedup();
    if addresses.len() > MOST_IN_AN_ANSWER {
        let many = addresses.len();
        return LookupOutcome::Garbled(format!(
            "{many} addresses in one answer, where {MOST_IN_AN_ANSWER} are the most"
        ));
    }
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
        .take(MOST_EXTENDED_ERRORS)
        .collect()
}

/// The SOA of a negative answer, or the one that was asked for.
fn authority(message: &Message) -> Option<Authority> {
    message.answers.iter().chain(&message.authorities).find_map(|record| match &record.data {
        RData::SOA(soa) => Some(Authority { zone: named(&record.name), primary: named(&soa.mname) }),
        _ => None,
    })
}

fn named(name: &Name) -> HostName {
    let text = name.to_ascii();
    // Only ASCII: a cut falls between characters.
    HostName::from_wire(&text[..text.len().min(LONGEST_NAME)])
}
