//! Questions and answers as bytes.

use super::question::{Data, Entry, Kind, Question, Reply, Said};
use super::world::World;
use crate::plan::HostName;
use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, CNAME, SOA};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use std::net::IpAddr;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The largest UDP payload that is announced, in bytes.
const UDP_PAYLOAD: u16 = 1232;

/// How a question came, which decides whether an answer is cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    Udp,
    Tcp,
}

/// What goes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wired {
    Silence,
    Closed,
    Bytes(Vec<u8>),
}

/// Answers a question as bytes. What is no question gets no answer, as from a firewall that knows DNS.
pub fn answer(world: &World, resolver: IpAddr, source: IpAddr, carrier: Carrier, bytes: &[u8]) -> Wired {
    let asked = Message::from_vec(bytes).ok().filter(|message| message.metadata.message_type == MessageType::Query);
    let Some((message, query)) = asked.and_then(|m| m.queries.first().cloned().map(|query| (m, query))) else {
        return Wired::Silence;
    };
    let question = Question { name: HostName::from_wire(&query.name().to_ascii()), kind: kind(query.query_type()) };
    match world.answer(resolver, source, &question) {
        Reply::Silence => Wired::Silence,
        Reply::Closed => Wired::Closed,
        Reply::Said(said) => encode(&message, query, &said, carrier).map_or(Wired::Silence, Wired::Bytes),
    }
}

/// Answers every question of one TCP connection; ends with the peer, or without a word where the world is silent.
pub async fn converse<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, answer: impl Fn(&[u8]) -> Wired) {
    while let Ok(length) = stream.read_u16().await {
        let mut question = vec![0; usize::from(length)];
        if stream.read_exact(&mut question).await.is_err() {
            return;
        }
        match answer(&question) {
            Wired::Silence => std::future::pending().await,
            Wired::Closed => return,
            Wired::Bytes(bytes) => {
                let Ok(length) = u16::try_from(bytes.len()) else { return };
                let framed = [&length.to_be_bytes()[..], &bytes].concat();
                if stream.write_all(&framed).await.is_err() || stream.flush().await.is_err() {
                    return;
                }
            }
        }
    }
}

fn kind(of: RecordType) -> Kind {
    match of {
        RecordType::A => Kind::A,
        RecordType::AAAA => Kind::Aaaa,
        RecordType::CNAME => Kind::Cname,
        RecordType::SOA => Kind::Soa,
        _ => Kind::Other,
    }
}

fn encode(asked: &Message, query: Query, said: &Said, carrier: Carrier) -> Option<Vec<u8>> {
    let mut message = Message::new(asked.metadata.id, MessageType::Response, OpCode::Query);
    message.metadata.recursion_desired = asked.metadata.recursion_desired;
    message.metadata.recursion_available = true;
    message.metadata.response_code = ResponseCode::from(0, u8::try_from(said.rcode.0).ok()?);
    message.add_query(query);
    if said.truncates && carrier == Carrier::Udp {
        message.metadata.truncation = true;
    } else {
        for entry in &said.records {
            message.add_answer(record(entry)?);
        }
        if let Some(entry) = &said.authority {
            message.add_authority(record(entry)?);
        }
    }
    if asked.edns.is_some() {
        let mut edns = Edns::new();
        edns.set_max_payload(UDP_PAYLOAD).set_version(0);
        message.set_edns(edns);
    }
    message.to_vec().ok()
}

fn record(entry: &Entry) -> Option<Record> {
    let data = match &entry.data {
        Data::Alias(alias) => RData::CNAME(CNAME(name(alias)?)),
        Data::Address(IpAddr::V4(address)) => RData::A(A(*address)),
        Data::Address(IpAddr::V6(address)) => RData::AAAA(AAAA(*address)),
        Data::Authority { primary } => {
            let mailbox = HostName::from_wire("azureprivatedns-host.microsoft.com");
            RData::SOA(SOA::new(name(primary)?, name(&mailbox)?, 1, 3600, 300, 2_419_200, 10))
        }
    };
    Some(Record::from_rdata(name(&entry.owner)?, entry.ttl, data))
}

fn name(of: &HostName) -> Option<Name> {
    let mut name = Name::from_ascii(of.as_str()).ok()?;
    name.set_fqdn(true);
    Some(name)
}
