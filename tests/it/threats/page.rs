//! Somebody who reaches the agent's HTTP.

use super::{agent, plan};
use crate::support::agent::{Running, fencepost, http, outcome};
use crate::support::lab::LabProcess;
use crate::support::{Folder, free_port};
use fencepost::publish::{MOST_CONNECTIONS, MOST_OF_ONE_PEER, MOST_RELOADS};
use socket2::{Domain, Socket, Type};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

/// A connection from one of this machine's many addresses of loopback.
fn connect_from(last: u8, to: &str) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let from = SocketAddr::from((Ipv4Addr::new(127, 0, 7, last), 0));
    socket.bind(&from.into()).unwrap();
    let to: SocketAddr = to.parse().unwrap();
    socket.connect(&to.into()).unwrap();
    socket.into()
}

/// Whether a connection is served.
fn is_served(mut stream: TcpStream) -> bool {
    let asked = stream.write_all(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let mut answer = Vec::new();
    // A connection that is closed with something unread is reset.
    let read = stream.read_to_end(&mut answer);
    asked.is_ok() && read.is_ok() && answer.starts_with(b"HTTP/1.1 200")
}

#[test]
fn connections_are_counted_and_bounded() {
    let (mut agent, _folder) = agent();
    let half = |last: u8| {
        let mut stream = connect_from(last, &agent.address);
        stream.write_all(b"GET /metrics HTTP/1.1\r\n").unwrap();
        stream
    };
    let mut held: Vec<TcpStream> = (0..MOST_OF_ONE_PEER).map(|_| half(1)).collect();
    assert!(!is_served(connect_from(1, &agent.address)), "one peer has more than its share");
    assert!(is_served(connect_from(2, &agent.address)), "one peer took the page from others");
    let peers = u8::try_from(MOST_CONNECTIONS / MOST_OF_ONE_PEER).unwrap();
    held.extend((2..=peers).flat_map(|last| (0..MOST_OF_ONE_PEER).map(move |_| last)).map(half));
    assert_eq!(held.len(), MOST_CONNECTIONS);
    assert!(!is_served(connect_from(200, &agent.address)), "there are more than are allowed");
    agent.wait_for_log("too many HTTP connections");
    // Those that leave make room.
    drop(held);
    while !is_served(connect_from(1, &agent.address)) {
        std::thread::yield_now();
    }
}

/// Writes a block again and again until the peer takes no more; returns how many bytes it took.
fn taken(mut stream: TcpStream, head: &str, block: &[u8]) -> usize {
    let mut sent = 0;
    let mut last = stream.write_all(head.as_bytes());
    while last.is_ok() && sent < 1 << 30 {
        last = stream.write_all(block);
        sent += block.len();
    }
    sent
}

#[test]
fn requests_without_end_are_not_read_on_and_on() {
    let (agent, _folder) = agent();
    let host = &agent.address;
    let body = format!("POST /-/reload HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1073741824\r\n\r\n");
    let chunks = format!("POST /metrics HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n");
    let heads = format!("GET / HTTP/1.1\r\nHost: {host}\r\n");
    let line = "GET /".to_owned();
    let chunk = [b"4000\r\n".to_vec(), vec![b'x'; 0x4000], b"\r\n".to_vec()].concat();
    for (head, block) in [
        (body, vec![b'x'; 1 << 14]),
        (chunks, chunk),
        (heads, b"X-More: and more and more and more\r\n".repeat(100)),
        (line, vec![b'a'; 1 << 14]),
    ] {
        let sent = taken(TcpStream::connect(host).unwrap(), &head, &block);
        // What the kernel holds for a connection is all that it can take.
        assert!(sent < 32 << 20, "{sent} bytes were taken after {head}");
    }
    assert_eq!(agent.http("GET", "/-/healthy").0, 200);
}

#[test]
fn web_pages_cannot_order_a_reload() {
    let (agent, _folder) = agent();
    for origin in ["http://evil.example", "null", &format!("http://{}", agent.address)] {
        let mut stream = TcpStream::connect(&agent.address).unwrap();
        let host = &agent.address;
        write!(stream, "POST /-/reload HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    }
    // Nor can an image or a link.
    assert_eq!(agent.http("GET", "/-/reload").0, 405);
    assert_eq!(agent.http("POST", "/-/reload").0, 200);
}

#[test]
fn a_flood_of_reloads_is_slowed_to_one_a_round() {
    let (mut agent, _folder) = agent();
    let said: Vec<u16> = (0..MOST_RELOADS + 5).map(|_| agent.http("POST", "/-/reload").0).collect();
    let most = usize::try_from(MOST_RELOADS).unwrap();
    assert!(
        said[..most].iter().all(|status| *status == 200) && said[most..].iter().all(|status| *status == 429),
        "{said:?}"
    );
    let (_, head, body) = agent.http("POST", "/-/reload");
    assert!(head.to_lowercase().contains("retry-after: 3") && body.contains("SIGHUP"), "{head}\n{body}");
    for _ in 0..most {
        agent.wait_for_log("plan reloaded");
    }
    agent.signal("-HUP");
    agent.wait_for_log("plan reloaded");
}

#[test]
fn answers_tell_browsers_to_run_and_guess_nothing() {
    let (agent, _folder) = agent();
    let known = ["/", "/metrics", "/api/v1/board", "/api/v1/incidents", "/-/healthy", "/-/ready"];
    for path in known.into_iter().chain(["/runbooks/FencepostBlockBroken", "/nothing", "/-/reload"]) {
        let (_, head, _) = agent.http("GET", path);
        let head = head.to_lowercase();
        for wanted in ["x-content-type-options: nosniff", "content-security-policy: default-src 'none'"] {
            assert!(head.contains(wanted), "{path}: {head}");
        }
        assert!(!head.contains("access-control-allow"), "{path}: {head}");
    }
}

/// Nobody can make an agent look at what the plan does not name.
#[test]
fn no_request_names_what_is_looked_at() {
    let (listener, folder) = (TcpListener::bind("127.0.0.1:0").unwrap(), Folder::new());
    let there = listener.local_addr().unwrap();
    let agent = Running::start(&plan(&folder, free_port(), free_port(), ""), "here");
    for path in ["/probe", "/metrics", "/", "/api/v1/board", "/-/ready"] {
        for key in ["target", "url", "host", "plan"] {
            let (status, ..) = agent.http("GET", &format!("{path}?{key}=http://{there}/&module=http_2xx"));
            assert!(status != 200 || path != "/probe");
        }
    }
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "the agent went where a request led");
}

/// A second agent at the same address, a port that is taken: the one that is there stays.
#[test]
fn a_port_that_is_taken_is_told_and_taken_from_nobody() {
    let (agent, folder) = agent();
    let plan = folder.path().join("plan.yaml");
    let (code, _, err) =
        outcome(fencepost().args(["run", "--vantage", "here", "--listen", &agent.address, "--plan"]).arg(plan));
    assert!(code == 2 && err.contains("cannot listen on"), "{code} {err}");
    assert_eq!(http(&agent.address, "GET", "/-/healthy").0, 200);
}

/// What is answered to the first lines of a request.
fn answer_to(address: &str, head: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "{head}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_lab_answers_its_own_machine_only() {
    let lab = LabProcess::start();
    let agent = lab.agent("build");
    for (address, request) in
        [(lab.control(), "POST /break/zone-not-linked"), (lab.control(), "GET /faults"), (&agent, "GET /")]
    {
        let said = answer_to(address, &format!("{request} HTTP/1.1\r\nHost: evil.example"));
        assert!(said.starts_with("HTTP/1.1 421"), "{request}: {said}");
    }
    assert!(!answer_to(lab.control(), "GET /faults HTTP/1.1\r\nHost: localhost").contains("\"active\":true"));
}

/// A page from elsewhere whose name leads to 127.0.0.1 asks under its own name.
#[test]
fn a_request_under_a_name_from_elsewhere_is_refused_on_loopback() {
    let (agent, _folder) = agent();
    let answer = |head: &str| answer_to(&agent.address, head);
    let port = agent.address.rsplit(':').next().unwrap();
    for request in ["GET /", "GET /metrics", "GET /api/v1/board", "GET /-/healthy", "POST /-/reload"] {
        for host in ["evil.example", &format!("evil.example:{port}"), "localhost.evil.example", "10.0.0.1", ""] {
            let said = answer(&format!("{request} HTTP/1.1\r\nHost: {host}"));
            assert!(said.starts_with("HTTP/1.1 421") && !said.contains("contoso"), "{request} {host}: {said}");
        }
        for host in ["localhost", &agent.address, "[::1]:1"] {
            let said = answer(&format!("{request} HTTP/1.1\r\nHost: {host}"));
            assert!(said.starts_with("HTTP/1.1 200"), "{request} {host}: {said}");
        }
    }
    // The whole address in the first line outweighs the header, so both count.
    assert!(answer("GET http://evil.example/metrics HTTP/1.1\r\nHost: localhost").starts_with("HTTP/1.1 421"));
    assert!(answer("GET http://localhost/metrics HTTP/1.1\r\nHost: evil.example").starts_with("HTTP/1.1 421"));
    assert!(answer("GET /metrics HTTP/1.1\r\nHost: localhost\r\nHost: evil.example").starts_with("HTTP/1.1 400"));
    assert!(answer("GET /metrics HTTP/1.1").starts_with("HTTP/1.1 400"));
}
