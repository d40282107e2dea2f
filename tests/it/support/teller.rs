//! An agent with all that the agents of a lab lack: it sends alerts by itself and keeps its state, on a small disk. Its
//! private names are a certificate that ends soon and two resolvers that disagree; its public one is refused; of its
//! exceptions one has ended, and one has covered a check for eight days without need.

use super::Folder;
use super::agent::Running;
use super::disk::{fill, on_a_small_disk};
use super::place::Place;
use super::unbound::Unbound;
use fencepost::plan::ExceptionName;
use fencepost::standing::ExceptionPast;
use fencepost::state::{FORM, Folder as State, Record};
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

/// What the second resolver knows: the same as the first, but for one address.
const OTHER: &str = "
ending.openai A 127.0.0.11
denied.openai A 127.0.0.5
contoso.openai A 127.0.0.3
";

const RULES: &str = "
rules:
  - {name: the partner's side is open, from: any, to: partner, claim: public}
  - {name: the rest is private, from: any, to: any, claim: private}
";

pub struct Teller {
    pub agent: Running,
    disk: Folder,
    _place: Place,
    _other: Unbound,
    _closed: socket2::Socket,
}

impl Teller {
    pub const VANTAGE: &str = "spare";
    /// How many resolvers its private view has.
    pub const RESOLVERS: usize = 2;

    /// Starts it with rounds of a second.
    pub fn start() -> Self {
        let place = Place::new();
        let other = Unbound::start(&[("azure.com", OTHER)]);
        let (closed, nobody) = closed_port();
        let taking = taker();
        let today = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let (ended, ends) = (today - 3.days(), today + 30.days());
        let (dns, dns_other, tls) = (place.dns.port, other.port, place.tls.port);
        let plan = format!(
            "plan: on-call
settings: {{every: 1s, timeout: 250ms, trust: ca.pem}}
networks: {{private: [127.0.0.2/31, 127.0.0.11/32], public: [127.0.0.5/32]}}
vantages: {{spare: {{kind: production, owner: ana, resolvers: [one, other]}}}}
resolvers: {{one: {{address: '127.0.0.1:{dns}'}}, other: {{address: '127.0.0.1:{dns_other}'}}}}
targets:
  chat: {{service: azure-openai, owner: ana, port: {tls}, endpoints: {{ending.openai.azure.com: [127.0.0.11]}}}}
  split: {{service: azure-openai, owner: ana, port: {tls}, endpoints: {{contoso.openai.azure.com: [127.0.0.2]}}}}
  partner: {{service: azure-openai, owner: ana, port: {tls}, endpoints: {{denied.openai.azure.com: []}}}}
exceptions:
  EX-1: {{from: any, to: split, claim: public, owner: ana, reason: a move, ends: {ended}}}
  EX-2: {{from: any, to: chat, claim: private, owner: ana, reason: a move, ends: {ends}}}
alerts:
  alertmanagers:
    nobody: {{url: 'http://{nobody}'}}
  webhooks:
    soc: {{url: 'http://{taking}/events', secret: key}}
    closed: {{url: 'http://{nobody}/events', secret: key}}
{RULES}"
        );
        place.folder.write("key", "a key of this test, and of no other");
        let file = place.folder.write("plan.yaml", plan);
        let disk = Folder::new();
        let idle = ExceptionPast {
            ends: today,
            renewals: 0,
            covering_since: Some(Timestamp::now() - SignedDuration::from_hours(8 * 24)),
            needed: None,
        };
        remember(&disk, &idle);
        let state = ["--state", disk.path().to_str().unwrap()];
        let mut agent = Running::spawn(on_a_small_disk(disk.path()), &file, Self::VANTAGE, &state);
        agent.let_log_go();
        Self { agent, disk, _place: place, _other: other, _closed: closed }
    }

    /// Leaves no room for its state.
    pub fn fill_disk(&self) {
        fill(&self.agent, self.disk.path());
    }
}

/// Writes the state of an agent that knew the second exception so.
fn remember(disk: &Folder, past: &ExceptionPast) {
    let head =
        Record::Head { form: FORM, plan: "on-call".into(), vantage: Teller::VANTAGE.into(), written: Timestamp::now() };
    let exception = Record::Exception { exception: Cow::Owned(ExceptionName::new("EX-2")), past: Cow::Borrowed(past) };
    State::open(disk.path(), Teller::VANTAGE).unwrap().folder.write([head, exception]).unwrap();
}

/// An address that refuses connections, and that nobody else is given as long as the socket lives.
fn closed_port() -> (socket2::Socket, SocketAddr) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

/// A receiver that takes whatever is sent, as long as the test runs.
fn taker() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            // Whoever left too soon sends it again.
            let _ = take(stream.unwrap());
        }
    });
    address
}

fn take(mut stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut length = 0;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    reader.read_exact(&mut vec![0; length])?;
    stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
}
