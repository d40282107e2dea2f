//! Name servers that mean no good over UDP.

use super::message::{A, AAAA, ASKED, CHAOS, CNAME, Draft, GOOD, IN, OPT, Question, name};
use super::net::{NameServer, Rain};
use super::{Peer, Row};
use std::iter::{empty, once, repeat};
use std::sync::Arc;

fn udp(does: &'static str, udp: fn(&Question) -> Rain) -> Row {
    Row::new(does, Peer::Resolver(NameServer { udp: Arc::new(udp), tcp: None }))
}

fn one(draft: Draft) -> Rain {
    Box::new(once(draft.bytes()))
}

/// An answer whose owner's name is these bytes.
fn owned_by(question: &Question, owner: &[u8]) -> Draft {
    question.reply().record(owner, A, 10, GOOD)
}

/// Where the first record of a reply begins, as a pointer.
fn first_record(question: &Question) -> [u8; 2] {
    (0xc000 | u16::try_from(question.reply().bytes().len()).unwrap()).to_be_bytes()
}

/// These addresses, but for names that nobody has: else it would be found that the resolver invents.
fn given(question: &Question, addresses: &[[u8; 4]]) -> Draft {
    match question.name.starts_with(b"\x0ffp-") {
        true => question.reply().with(|draft| draft.flags |= 3),
        false => question.addresses(addresses),
    }
}

/// A good `A`, and this for `AAAA`.
fn v6(question: &Question, address: &[u8]) -> Rain {
    if question.kind == A { one(question.good()) } else { one(question.reply().record(ASKED, AAAA, 10, address)) }
}

pub fn rows() -> Vec<Row> {
    [malformed(), of_others(), odd(), aliases(), addresses()].into_iter().flatten().collect()
}

/// What is no message.
fn malformed() -> Vec<Row> {
    let garbled = |row: Row| row.ends("unknown", "resolver-garbled", "does not parse");
    vec![
        garbled(udp("a name that points to itself", |q| one(owned_by(q, &first_record(q))))),
        garbled(udp("two names that point to each other", |q| {
            let [high, low] = first_record(q);
            one(owned_by(q, &[high, low + 16]).record(&[high, low], A, 10, GOOD))
        })),
        garbled(udp("a name that points forward", |q| one(owned_by(q, &[0xc0, 0xf0])))),
        garbled(udp("a name that points out of the message", |q| one(owned_by(q, &[0xff, 0xff])))),
        garbled(udp("a label of 64 bytes", |q| one(owned_by(q, &[&[64][..], &[b'x'; 64], &[0]].concat())))),
        garbled(udp("a name of 320 bytes", |q| {
            let label = [&[63][..], &[b'x'; 63]].concat();
            one(owned_by(q, &[label.repeat(5), vec![0]].concat()))
        })),
        garbled(udp("more answers announced than sent", |q| one(q.good().with(|draft| draft.counts[1] = u16::MAX)))),
        garbled(udp("more additional records announced than sent", |q| {
            one(q.good().with(|draft| draft.counts[3] = 7))
        })),
        garbled(udp("two questions announced, one sent", |q| one(q.good().with(|draft| draft.counts[0] = 2)))),
        garbled(udp("an IPv4 address of 3 bytes", |q| one(q.reply().record(ASKED, A, 10, &[10, 20, 3])))),
        garbled(udp("an IPv6 address of 5 bytes", |q| v6(q, &[0xfd, 0, 0, 0, 5]))),
        garbled(udp("two OPT records", |q| one(q.good().additional(OPT, 1232, &[]).additional(OPT, 1232, &[])))),
        garbled(udp("a datagram of 60 KB", |q| {
            one((0..3_700).fold(q.reply(), |draft, _| draft.record(ASKED, A, 10, GOOD)))
        }))
        .bytes(2 * (60 << 10)),
        // The head decides what belongs to a message; what stands behind it is not read.
        udp("fewer answers announced than sent", |q| one(q.good().with(|draft| draft.counts[1] = 0)))
            .ends("broken", "name-missing", "no address")
            .questions(5),
    ]
}

/// What answers no question, or another.
fn of_others() -> Vec<Row> {
    // Each is asked three times within the time, because a reply to no question may be somebody else's.
    let stray =
        |row: Row| row.ends("unknown", "resolver-garbled", "none of them to the question").questions(6).stalls();
    vec![
        udp("silence", |_| Box::new(empty())).ends("unknown", "resolver-silent", "in time").questions(6).stalls(),
        stray(udp("another id", |q| one(q.good().with(|draft| draft.id[0] ^= 0xff)))),
        stray(udp("an empty datagram", |_| Box::new(once(Vec::new())))),
        stray(udp("a datagram of one byte", |q| Box::new(once(vec![q.id[0]])))),
        stray(udp("the question itself, sent back", |q| one(q.good().with(|draft| draft.flags = 0x0100)))),
        stray(udp("an answer to another name", |q| {
            one(q.reply_as(&name("other.openai.azure.com"), q.kind, IN).record(ASKED, A, 10, GOOD))
        })),
        stray(udp("an answer to another type", |q| one(q.reply_as(&q.name, 16, IN).record(ASKED, A, 10, GOOD)))),
        stray(udp("an answer to another class", |q| {
            one(q.reply_as(&q.name, q.kind, CHAOS).record(ASKED, A, 10, GOOD))
        })),
        stray(udp("an answer without a question", |q| {
            one(Draft { id: q.id, flags: 0x8180, counts: [0; 4], body: Vec::new() }.record(&q.name, A, 10, GOOD))
        })),
        stray(udp("an answer to another kind of operation", |q| one(q.good().with(|draft| draft.flags |= 4 << 11)))),
        udp("datagrams with another id without end", |q| {
            Box::new(repeat(q.good().with(|draft| draft.id[0] ^= 0xff).bytes()))
        })
        .ends("unknown", "resolver-garbled", "256 replies came")
        .bytes(256 * 160),
        udp("the answer to one question without end", |q| match q.kind {
            A => Box::new(repeat(q.good().bytes())),
            _ => Box::new(empty()),
        })
        .ends("unknown", "resolver-garbled", "256 replies came")
        .bytes(260 * 160),
    ]
}

/// Answers that are odd, and answers all the same.
fn odd() -> Vec<Row> {
    vec![
        // An answer without an alias leads to one question more: whose zone it is.
        udp("the name in other letters", |q| {
            let shouted = |name: &[u8]| name.to_ascii_uppercase();
            let reply = q.reply_as(&shouted(&q.name), q.kind, IN);
            one(if q.kind == A { reply.record(&shouted(&q.name), A, 10, GOOD) } else { reply })
        })
        .questions(3),
        udp("the longest TTL there is", |q| match q.kind {
            A => one(q.reply().record(ASKED, A, u32::MAX, GOOD)),
            _ => one(q.reply()),
        })
        .questions(3),
        udp("a response code that nobody knows", |q| one(q.reply().with(|draft| draft.flags |= 15))).ends(
            "broken",
            "resolver-failing",
            "RCODE15",
        ),
        udp("an error beside a good address", |q| one(q.good().with(|draft| draft.flags |= 2))).ends(
            "broken",
            "resolver-failing",
            "",
        ),
        udp("an address of another class", |q| one(q.reply().record_of(ASKED, A, CHAOS, 10, GOOD)))
            .ends("broken", "name-missing", "no address")
            .questions(5),
        udp("an address of another name", |q| one(q.reply().record(&name("other.openai.azure.com"), A, 10, GOOD)))
            .ends("broken", "name-missing", "no address")
            .questions(5),
        udp("the address among the additional records", |q| {
            let good = q.reply().record(ASKED, A, 10, GOOD);
            one(good.with(|draft| draft.counts = [1, 0, 0, 1]))
        })
        .ends("broken", "name-missing", "no address")
        .questions(5),
    ]
}

fn aliases() -> Vec<Row> {
    let endless = |row: Row| row.ends("unknown", "resolver-garbled", "do not end within 32 steps");
    vec![
        endless(udp("an alias of itself", |q| one(q.reply().record(ASKED, CNAME, 10, ASKED)))),
        endless(udp("two aliases of each other", |q| {
            let other = name("loop.privatelink.openai.azure.com");
            one(q.reply().record(ASKED, CNAME, 10, &other).record(&other, CNAME, 10, ASKED))
        })),
        // Nobody asks for the alias, so the loop is never gone through.
        udp("an alias whose own answer leads back", |q| {
            let (there, back) = (name("loop.privatelink.openai.azure.com"), name("contoso.openai.azure.com"));
            one(q.reply().record(ASKED, CNAME, 10, if q.name == there { &back } else { &there }))
        })
        .ends("broken", "record-missing", "by way of loop.privatelink.openai.azure.com")
        .questions(4),
    ]
}

/// Addresses to which nothing may be sent because an answer said so, and more addresses than there are.
fn addresses() -> Vec<Row> {
    let special = |row: Row| row.ends("broken", "special-answer", "(special)").questions(5);
    vec![
        special(udp("the address of cloud metadata, 169.254.169.254", |q| one(given(q, &[[169, 254, 169, 254]])))),
        special(udp("Azure's platform address, 168.63.129.16", |q| one(given(q, &[[168, 63, 129, 16]])))),
        special(udp("addresses of the machine itself", |q| one(given(q, &[[127, 0, 0, 1], [0, 0, 0, 0]])))),
        special(udp("multicast and broadcast", |q| one(given(q, &[[224, 0, 0, 1], [255, 255, 255, 255]])))),
        special(udp("the metadata beside the expected address", |q| one(given(q, &[*GOOD, [169, 254, 169, 254]])))),
        special(udp("the metadata as an IPv6 address (::ffff:0:0/96)", |q| {
            v6(q, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 169, 254, 169, 254])
        })),
        special(udp("the metadata behind a translator (64:ff9b::/96)", |q| {
            v6(q, &[0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 169, 254, 169, 254])
        })),
        special(udp("::1 as the IPv6 address", |q| v6(q, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]))),
        udp("128 addresses of the internet", |q| {
            let many: Vec<[u8; 4]> = (0..128).map(|i| [20, 10, 3, i]).collect();
            one(given(q, &many))
        })
        .ends("broken", "public-answer", "20.10.3.0 (public)")
        .questions(14)
        .bytes(16 << 10)
        .elsewhere(15),
        udp("129 addresses", |q| {
            let many: Vec<[u8; 4]> = (0..129).map(|i| [20, 10, 3, i]).collect();
            one(given(q, &many))
        })
        .ends("unknown", "resolver-garbled", "129 addresses in one answer"),
    ]
}
