//! A reply of a name server: bytes in, facts out. Nothing here waits or sends, so anything can be read that a hostile
//! peer might send.

use super::answer::read_answer;
use crate::facts::{LookupOutcome, shown};
use crate::plan::HostName;
use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query};
use hickory_proto::rr::{DNSClass, Name, RecordType};

/// The largest UDP answer that is asked for, in bytes (DNS flag day 2020).
const UDP_PAYLOAD: u16 = 1232;

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
            Ok(message) => Some(read_answer(&message, &self.name, self.kind.record_type())),
        }
    }

    fn is_repeated_by(&self, message: &Message) -> bool {
        let [query] = message.queries.as_slice() else { return false };
        message.metadata.message_type == MessageType::Response
            && message.metadata.op_code == OpCode::Query
            && query.query_class() == DNSClass::IN
            && query.query_type() == self.kind.record_type()
            && query.name().eq_ignore_root(&self.name)
    }
}
