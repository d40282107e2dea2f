//! One address on one connection: TCP, TLS with the host as SNI, the key-less request. One deadline for all of it.

use super::look::Subject;
use super::net::Stream;
use super::rationed::Rationed;
use super::{Lens, http, tls};
use crate::facts::{Connect, ConnectOutcome, Http, HttpOutcome, PathFacts, Tls, TlsOutcome, Why};
use std::io;
use std::net::{IpAddr, SocketAddr};
use tokio::time::{Instant, timeout_at};

pub async fn observe(lens: &Lens, subject: &Subject, address: IpAddr, why: Vec<Why>) -> PathFacts {
    let start = Instant::now();
    let deadline = start + subject.timeout;
    let mut facts = PathFacts {
        address,
        port: subject.port,
        why,
        connect: Connect { took: Default::default(), outcome: ConnectOutcome::TimedOut },
        tls: None,
        http: None,
    };
    let connected = timeout_at(deadline, lens.net.connect(SocketAddr::new(address, subject.port))).await;
    facts.connect.took = start.elapsed();
    let stream = match connected {
        Err(_) => return facts,
        Ok(Err(e)) => {
            facts.connect.outcome = connect_trouble(&e);
            return facts;
        }
        Ok(Ok(stream)) => stream,
    };
    facts.connect.outcome = ConnectOutcome::Connected;
    let (tls, http) = secured(lens, subject, stream, deadline).await;
    facts.tls = Some(tls);
    facts.http = http;
    facts
}

/// What comes after a connection, direct or through a proxy's tunnel.
pub async fn secured(
    lens: &Lens,
    subject: &Subject,
    stream: Box<dyn Stream>,
    deadline: Instant,
) -> (Tls, Option<Http>) {
    let start = Instant::now();
    let handshake = timeout_at(deadline, tls::handshake(&lens.trust, &subject.host_name, Rationed::new(stream))).await;
    let (facts, stream) = handshake.unwrap_or_else(|_| (tls::ended(TlsOutcome::TimedOut), None));
    let facts = Tls { took: start.elapsed(), ..facts };
    // No request goes to a peer that has not proved its name.
    let Some(stream) = stream.filter(|_| facts.outcome == TlsOutcome::Trusted) else { return (facts, None) };
    let start = Instant::now();
    let answer = timeout_at(deadline, http::request(subject, stream, deadline)).await;
    let outcome = answer.unwrap_or(HttpOutcome::TimedOut);
    (facts, Some(Http { took: start.elapsed(), outcome }))
}

/// What a failed connection says.
pub fn connect_trouble(e: &io::Error) -> ConnectOutcome {
    match e.kind() {
        io::ErrorKind::TimedOut => ConnectOutcome::TimedOut,
        io::ErrorKind::ConnectionRefused => ConnectOutcome::Refused,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => ConnectOutcome::Reset,
        // A firewall on this machine shows as "permission denied".
        io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkDown
        | io::ErrorKind::PermissionDenied => ConnectOutcome::Unreachable(e.to_string()),
        _ => ConnectOutcome::NotTried(e.to_string()),
    }
}
