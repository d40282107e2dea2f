//! DNS messages put together byte by byte, as no codec would.

pub const A: u16 = 1;
pub const CNAME: u16 = 5;
pub const AAAA: u16 = 28;
pub const OPT: u16 = 41;
pub const IN: u16 = 1;
pub const CHAOS: u16 = 3;

/// The expected address, here and on loopback.
pub const GOOD: &[u8; 4] = &[127, 0, 0, 2];

/// Where the name of the question stands in every message (RFC 1035 §4.1.4).
pub const ASKED: &[u8] = &[0xc0, 12];

/// A question as it came.
#[derive(Clone)]
pub struct Question {
    pub id: [u8; 2],
    /// Labels, lengths before them, and the end.
    pub name: Vec<u8>,
    pub kind: u16,
}

impl Question {
    pub fn read(wire: &[u8]) -> Self {
        let mut end = 12;
        while wire[end] != 0 {
            end += 1 + usize::from(wire[end]);
        }
        let kind = u16::from_be_bytes([wire[end + 1], wire[end + 2]]);
        Self { id: [wire[0], wire[1]], name: wire[12..=end].to_vec(), kind }
    }

    /// A reply with nothing but the question in it.
    pub fn reply(&self) -> Draft {
        self.reply_as(&self.name, self.kind, IN)
    }

    /// A reply that repeats another question.
    pub fn reply_as(&self, name: &[u8], kind: u16, class: u16) -> Draft {
        let body = [name, &kind.to_be_bytes(), &class.to_be_bytes()].concat();
        Draft { id: self.id, flags: 0x8180, counts: [1, 0, 0, 0], body }
    }

    /// The good answer: the alias in the private zone, and its address where one was asked for.
    pub fn good(&self) -> Draft {
        let reply = self.reply().record(ASKED, CNAME, 300, &name("contoso.privatelink.openai.azure.com"));
        match self.kind {
            A => reply.record(&name("contoso.privatelink.openai.azure.com"), A, 10, GOOD),
            _ => reply,
        }
    }

    /// A reply with these addresses of IPv4, and none of IPv6.
    pub fn addresses(&self, given: &[[u8; 4]]) -> Draft {
        let given = given.iter().filter(|_| self.kind == A);
        given.fold(self.reply(), |reply, address| reply.record(ASKED, A, 10, address))
    }
}

/// A name as it stands in a message.
pub fn name(text: &str) -> Vec<u8> {
    let labels = text.split('.').flat_map(|label| [&[u8::try_from(label.len()).unwrap()], label.as_bytes()].concat());
    labels.chain([0]).collect()
}

/// A message in the making.
#[derive(Clone)]
pub struct Draft {
    pub id: [u8; 2],
    pub flags: u16,
    /// Questions, answers, authorities, additional records: what the head claims.
    pub counts: [u16; 4],
    pub body: Vec<u8>,
}

impl Draft {
    /// A record of the answer.
    pub fn record(self, owner: &[u8], kind: u16, ttl: u32, data: &[u8]) -> Self {
        self.record_of(owner, kind, IN, ttl, data)
    }

    pub fn record_of(mut self, owner: &[u8], kind: u16, class: u16, ttl: u32, data: &[u8]) -> Self {
        let length = u16::try_from(data.len()).unwrap();
        let fixed = [&kind.to_be_bytes()[..], &class.to_be_bytes(), &ttl.to_be_bytes(), &length.to_be_bytes()].concat();
        self.body.extend([owner, &fixed, data].concat());
        self.counts[1] += 1;
        self
    }

    /// A record behind the answer, among the additional ones.
    pub fn additional(mut self, kind: u16, class: u16, data: &[u8]) -> Self {
        self = self.record_of(&[0], kind, class, 0, data);
        self.counts[1] -= 1;
        self.counts[3] += 1;
        self
    }

    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let counts: Vec<u8> = self.counts.iter().flat_map(|count| count.to_be_bytes()).collect();
        [&self.id[..], &self.flags.to_be_bytes(), &counts, &self.body].concat()
    }

    /// With its length before it, as over TCP.
    pub fn framed(&self) -> Vec<u8> {
        let bytes = self.bytes();
        [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], &bytes].concat()
    }
}
