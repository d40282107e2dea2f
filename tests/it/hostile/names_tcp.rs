//! Name servers that mean no good over TCP, to which a truncated answer leads.

use super::message::{A, ASKED, CNAME, GOOD, OPT, Question, name};
use super::net::NameServer;
use super::play::attend;
use super::{Line, Peer, Row};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::sleep;

/// Truncated over UDP; over TCP, what a function makes of the question.
fn tcp<F: Future<Output = ()> + Send + 'static>(does: &'static str, speak: fn(Line, Question) -> F) -> Row {
    let over_tcp = attend(move |mut line: Line| async move {
        let mut asked = vec![0; usize::from(line.read_u16().await.unwrap())];
        line.read_exact(&mut asked).await.unwrap();
        speak(line, Question::read(&asked)).await;
    });
    Row::new(does, Peer::Resolver(NameServer { udp: Arc::new(truncated), tcp: Some(over_tcp) })).connections(2)
}

fn truncated(question: &Question) -> super::net::Rain {
    Box::new(std::iter::once(question.reply().with(|draft| draft.flags |= 0x0200).bytes()))
}

/// Writes, and keeps the connection.
async fn say(mut line: Line, bytes: Vec<u8>) {
    if line.write_all(&bytes).await.is_ok() {
        pending::<()>().await;
    }
}

async fn drip(mut line: Line, bytes: Vec<u8>) {
    for byte in bytes {
        if line.write_all(&[byte]).await.is_err() {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

async fn for_ever(mut line: Line, bytes: Vec<u8>) {
    while line.write_all(&bytes).await.is_ok() {}
}

/// An answer with so many records, as many as one message holds.
fn many(question: &Question, record: impl Fn(u16) -> [u8; 4]) -> Vec<u8> {
    (0..4_000).fold(question.reply(), |draft, i| draft.record(ASKED, A, 10, &record(i))).framed()
}

fn hops(question: &Question, many: u16) -> Vec<u8> {
    let hop = |i: u16| if i == 0 { ASKED.to_vec() } else { name(&format!("hop-{i}.example")) };
    (0..many).fold(question.reply(), |draft, i| draft.record(&hop(i), CNAME, 10, &hop(i + 1))).framed()
}

pub fn rows() -> Vec<Row> {
    let garbled = |row: Row, says| row.ends("unknown", "resolver-garbled", says);
    let silent = |row: Row| row.ends("unknown", "resolver-silent", "did not answer in time").stalls();
    let refusing = NameServer { udp: Arc::new(truncated), tcp: None };
    vec![
        Row::new("truncated, and nothing listens over TCP", Peer::Resolver(refusing))
            .ends("unknown", "resolver-refused", "")
            .connections(2),
        garbled(
            tcp("truncated, and over TCP too", |line, q| say(line, q.good().with(|d| d.flags |= 0x0200).framed())),
            "truncated over TCP too",
        ),
        silent(tcp("silence over TCP", |line, _| say(line, Vec::new()))),
        silent(tcp("a length over TCP, and less than that", |line, q| {
            say(line, [&[0xff, 0xff][..], &q.good().bytes()].concat())
        })),
        silent(tcp("an answer over TCP, a byte every 100 ms", |line, q| drip(line, q.good().framed()))),
        garbled(tcp("a length of 0 over TCP", |line, _| say(line, vec![0, 0])), "not to the question"),
        garbled(
            tcp("an answer over TCP that is cut off", |mut line, q| async move {
                let _ = line.write_all(&q.good().framed()[..40]).await;
            }),
            "cut within the answer",
        ),
        garbled(
            tcp("the right answer over TCP, behind another", |line, q| {
                let other = q.good().with(|draft| draft.id[0] ^= 0xff).framed();
                say(line, [other, q.good().framed()].concat())
            }),
            "not to the question",
        ),
        garbled(
            tcp("wrong answers over TCP without end", |line, q| {
                for_ever(line, q.good().with(|draft| draft.id[0] ^= 0xff).framed())
            }),
            "not to the question",
        ),
        garbled(
            tcp("4,000 addresses", |line, q| say(line, many(&q, |i| (u32::from(i) | 0x0a00_0000).to_be_bytes()))),
            "4000 addresses",
        )
        .bytes(2 * (64 << 10)),
        tcp("4,000 times the same address", |line, q| match q.kind {
            A => say(line, many(&q, |_| *GOOD)),
            _ => say(line, q.good().framed()),
        })
        .questions(3)
        .connections(3)
        .bytes(2 * (64 << 10)),
        garbled(tcp("1,000 aliases in a row", |line, q| say(line, hops(&q, 1_000))), "do not end within 32 steps")
            .bytes(2 * (64 << 10)),
        tcp("thirty aliases of the longest names, all of them control characters", |line, q| {
            let long = |i: u8| [[&[61][..], &[27; 61]].concat().repeat(4), vec![1, i, 0]].concat();
            let owner = |i: u8| if i == 0 { ASKED.to_vec() } else { long(i) };
            say(line, (0..30).fold(q.reply(), |draft, i| draft.record(&owner(i), CNAME, 10, &long(i + 1))).framed())
        })
        .ends("broken", "name-missing", "\\\\033\\\\033")
        .questions(5)
        .connections(5)
        .bytes(5 * (16 << 10)),
        tcp("three hundred extended errors that would clear the screen", |line, q| {
            let text = [&[27; 100][..], b"[2J\x1b[31mred", &[b'x'; 88]].concat();
            let option = [&[0, 15, 0, 201, 0, 23][..], &text].concat();
            let options = q.reply().additional(OPT, 1232, &option.repeat(300));
            say(line, options.with(|draft| draft.flags |= 2).framed())
        })
        .ends("broken", "resolver-failing", "[2J[31mred")
        .bytes(2 * (64 << 10)),
        tcp("an answer of 64 KiB that is all text", |line, q| {
            let text = [&[255][..], &[b'x'; 255]].concat();
            say(line, (0..240).fold(q.reply(), |draft, _| draft.record(ASKED, 16, 10, &text)).framed())
        })
        .ends("broken", "name-missing", "no address")
        .bytes(5 * (64 << 10))
        .questions(5)
        .connections(5),
    ]
}
