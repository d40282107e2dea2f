//! One resolver, asked on its own: `A` and `AAAA` on one socket, over UDP, again over TCP where the answer was
//! truncated. Raw and uncached; replies that do not match a question are counted and ignored (RFC 5452 §9.1).

use super::Lens;
use super::net::{Datagrams, Stream};
use super::reply::{Kind, Question};
use crate::facts::{Family, Inquiry, Lookup, LookupOutcome, Transport};
use crate::plan::HostName;
use ring::rand::SecureRandom;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

/// The most replies that are not to the question before the resolver is given up.
const MOST_STRAYS: usize = 256;

/// A lost packet costs no verdict: the question is sent this often within the timeout.
const SENDINGS: u32 = 3;

/// Asks one resolver for both families; each has its own outcome.
pub async fn ask(lens: &Lens, server: SocketAddr, host: &HostName, timeout: Duration) -> (Lookup, Lookup) {
    lens.pacer.wait(server, 2).await;
    let start = Instant::now();
    let deadline = start + timeout;
    let mut pending = match (Pending::new(host, Kind::A), Pending::new(host, Kind::Aaaa)) {
        (Ok(a), Ok(aaaa)) => [a, aaaa],
        (Err(why), _) | (_, Err(why)) => return not_asked(&why),
    };
    let strays = ask_all(lens, server, &mut pending, start, timeout).await;
    let [a, aaaa] = &mut pending;
    tokio::join!(retry_over_tcp(lens, server, a, start, deadline), retry_over_tcp(lens, server, aaaa, start, deadline));
    let [a, aaaa] = pending;
    (a.lookup(Family::A, start, strays), aaaa.lookup(Family::Aaaa, start, strays))
}

/// One question more, of either kind, to tell a cause; where looks go on, asked only while the resolver has no backlog,
/// because a follow-up must not delay anybody's look.
pub async fn inquire(lens: &Lens, inquiry: &Inquiry, timeout: Duration) -> (Duration, LookupOutcome) {
    let kind = if inquiry.purpose.asks_for_authority() { Kind::Soa } else { Kind::A };
    if !lens.pacer.has_room(inquiry.server) {
        return (Duration::ZERO, LookupOutcome::NotAsked("the resolver is at its limit of questions".to_owned()));
    }
    lens.pacer.wait(inquiry.server, 1).await;
    let start = Instant::now();
    let mut pending = match Pending::new(&inquiry.name, kind) {
        Ok(question) => [question],
        Err(why) => return (Duration::ZERO, LookupOutcome::NotAsked(why)),
    };
    let strays = ask_all(lens, inquiry.server, &mut pending, start, timeout).await;
    let [mut question] = pending;
    retry_over_tcp(lens, inquiry.server, &mut question, start, start + timeout).await;
    let (_, took, outcome) = question.finish(start, strays);
    (took, outcome)
}

/// Asks over UDP; returns how many replies came that were to no question.
async fn ask_all(lens: &Lens, server: SocketAddr, pending: &mut [Pending], start: Instant, timeout: Duration) -> usize {
    let mut strays = 0;
    if let Err(e) = over_udp(lens, server, pending, start, timeout, &mut strays).await {
        for question in pending {
            question.settle(start, socket_trouble(&e));
        }
    }
    strays
}

fn not_asked(why: &str) -> (Lookup, Lookup) {
    let lookup = |family| Lookup {
        family,
        transport: Transport::Udp,
        took: Duration::ZERO,
        outcome: LookupOutcome::NotAsked(why.to_owned()),
    };
    (lookup(Family::A), lookup(Family::Aaaa))
}

/// A question under way.
struct Pending {
    question: Question,
    wire: Vec<u8>,
    transport: Transport,
    settled: Option<(Duration, LookupOutcome)>,
}

impl Pending {
    fn new(host: &HostName, kind: Kind) -> Result<Self, String> {
        let mut id = [0; 2];
        ring::rand::SystemRandom::new().fill(&mut id).map_err(|_| "no random numbers".to_owned())?;
        let question = Question::new(u16::from_be_bytes(id), host, kind)?;
        let wire = question.wire()?;
        Ok(Self { question, wire, transport: Transport::Udp, settled: None })
    }

    fn settle(&mut self, start: Instant, outcome: LookupOutcome) {
        self.settled.get_or_insert((start.elapsed(), outcome));
    }

    /// Takes a reply if it is one to this question.
    fn offer(&mut self, reply: &[u8], start: Instant) -> bool {
        if self.settled.is_some() {
            return false;
        }
        let Some(mut outcome) = self.question.read(reply) else { return false };
        // TCP has room for any answer. What was cut off may be what matters.
        if self.transport == Transport::TcpAfterTruncation && outcome.answer().is_some_and(|answer| answer.truncated) {
            outcome = LookupOutcome::Garbled("the answer is truncated over TCP too".to_owned());
        }
        self.settle(start, outcome);
        true
    }

    fn is_truncated(&self) -> bool {
        matches!(&self.settled, Some((_, LookupOutcome::Answer(answer))) if answer.truncated)
    }

    fn lookup(self, family: Family, start: Instant, strays: usize) -> Lookup {
        let (transport, took, outcome) = self.finish(start, strays);
        Lookup { family, transport, took, outcome }
    }

    fn finish(self, start: Instant, strays: usize) -> (Transport, Duration, LookupOutcome) {
        let (took, outcome) = self.settled.unwrap_or_else(|| {
            let outcome = match strays {
                0 => LookupOutcome::Silent,
                n => LookupOutcome::Garbled(format!("{n} replies came, none of them to the question")),
            };
            (start.elapsed(), outcome)
        });
        (self.transport, took, outcome)
    }
}

fn socket_trouble(e: &io::Error) -> LookupOutcome {
    match e.kind() {
        io::ErrorKind::ConnectionRefused => LookupOutcome::PortClosed,
        io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkDown
        | io::ErrorKind::PermissionDenied => LookupOutcome::Unreachable,
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => {
            LookupOutcome::Garbled("the connection was cut within the answer".to_owned())
        }
        _ => LookupOutcome::NotAsked(e.to_string()),
    }
}

async fn over_udp(
    lens: &Lens,
    server: SocketAddr,
    pending: &mut [Pending],
    start: Instant,
    timeout: Duration,
    strays: &mut usize,
) -> io::Result<()> {
    let mut socket = lens.net.datagrams(server).await?;
    // Each sending has twice the time of the one before it: at 0, 1/7 and 3/7 of the timeout for three.
    let unit = timeout / ((1 << SENDINGS) - 1);
    for sending in 0..SENDINGS {
        let until = start + unit * ((1 << (sending + 1)) - 1);
        let open = pending.iter().filter(|question| question.settled.is_none()).count();
        // What is sent again counts for the resolver's limit too: it is when a resolver drops that it must be spared.
        if sending > 0 && timeout_at(until, lens.pacer.wait(server, open as u32)).await.is_err() {
            return Ok(());
        }
        for question in pending.iter().filter(|q| q.settled.is_none()) {
            socket.send(&question.wire).await?;
        }
        if receive_until(&mut *socket, pending, start, until, strays).await? {
            return Ok(());
        }
    }
    Ok(())
}

/// Takes replies until all questions are settled (`true`) or the time is up (`false`).
async fn receive_until(
    socket: &mut dyn Datagrams,
    pending: &mut [Pending],
    start: Instant,
    until: Instant,
    strays: &mut usize,
) -> io::Result<bool> {
    let mut buffer = [0; 4096];
    while pending.iter().any(|question| question.settled.is_none()) {
        // A peer that floods is always ready: neither the clock nor the count may wait for a pause.
        if Instant::now() >= until || *strays >= MOST_STRAYS {
            return Ok(*strays >= MOST_STRAYS);
        }
        let Ok(received) = timeout_at(until, socket.receive(&mut buffer)).await else { return Ok(false) };
        let reply = &buffer[..received?];
        if !pending.iter_mut().any(|question| question.offer(reply, start)) {
            *strays += 1;
        }
    }
    Ok(true)
}

async fn retry_over_tcp(lens: &Lens, server: SocketAddr, question: &mut Pending, start: Instant, deadline: Instant) {
    if !question.is_truncated() {
        return;
    }
    question.settled = None;
    question.transport = Transport::TcpAfterTruncation;
    let outcome = match timeout_at(deadline, over_tcp(lens, server, question, start)).await {
        Ok(Ok(())) => return,
        Ok(Err(e)) => socket_trouble(&e),
        Err(_) => LookupOutcome::Silent,
    };
    question.settle(start, outcome);
}

async fn over_tcp(lens: &Lens, server: SocketAddr, question: &mut Pending, start: Instant) -> io::Result<()> {
    let mut stream: Box<dyn Stream> = lens.net.connect(server).await?;
    let length = u16::try_from(question.wire.len()).map_err(io::Error::other)?;
    let mut framed = length.to_be_bytes().to_vec();
    framed.extend_from_slice(&question.wire);
    stream.write_all(&framed).await?;
    let length = stream.read_u16().await?;
    let mut reply = vec![0; usize::from(length)];
    stream.read_exact(&mut reply).await?;
    if !question.offer(&reply, start) {
        question.settle(start, LookupOutcome::Garbled("the reply over TCP is not to the question".to_owned()));
    }
    Ok(())
}
