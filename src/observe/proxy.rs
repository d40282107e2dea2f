//! The proxy path: the same request as an application would send it, through CONNECT (RFC 9110 §9.3.6).
//!
//! The tunnel is asked for by hand, because the proxy's own refusal is a fact that HTTP clients throw away.

use super::look::Subject;
use super::net::{ProxyPlace, Stream};
use super::words::clipped;
use super::{Lens, path};
use crate::facts::{ProxyFacts, ProxySource, Tunnel};
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

/// How much of a proxy's answer to CONNECT is read, in bytes.
const HEAD_READ: usize = 8 << 10;

pub async fn observe(lens: &Lens, subject: &Subject) -> Option<ProxyFacts> {
    let (place, source) = place(lens, subject)?;
    let deadline = Instant::now() + subject.timeout;
    let mut facts = ProxyFacts {
        proxy: format!("{}:{}", place.host, place.port),
        source,
        tunnel: Tunnel::TimedOut,
        tls: None,
        http: None,
    };
    match timeout_at(deadline, tunnel(lens, subject, &place)).await {
        Err(_) => {}
        Ok(Err(why)) => facts.tunnel = why,
        Ok(Ok(stream)) => {
            facts.tunnel = Tunnel::Open;
            let (tls, http) = path::secured(lens, subject, stream, deadline).await;
            facts.tls = Some(tls);
            facts.http = http;
        }
    }
    Some(facts)
}

fn place(lens: &Lens, subject: &Subject) -> Option<(ProxyPlace, ProxySource)> {
    if let Some((host, port)) = &subject.proxy {
        return Some((ProxyPlace { host: host.clone(), port: *port }, ProxySource::Plan));
    }
    let found = subject.host.then(|| lens.net.environment_proxy(&subject.host_name, subject.port)).flatten();
    found.map(|place| (place, ProxySource::Environment))
}

async fn tunnel(lens: &Lens, subject: &Subject, place: &ProxyPlace) -> Result<Box<dyn Stream>, Tunnel> {
    let not_reached = |e: io::Error| Tunnel::NotReached(clipped(&e.to_string()));
    let addresses = match place.host.parse() {
        Ok(address) => vec![address],
        Err(_) => lens.net.own_lookup(place.host.clone()).await.map_err(not_reached)?,
    };
    let Some(address) = addresses.first() else {
        return Err(Tunnel::NotReached("the proxy's name has no address".to_owned()));
    };
    let mut stream = lens.net.connect(SocketAddr::new(*address, place.port)).await.map_err(not_reached)?;
    let authority = format!("{}:{}", subject.host_name, subject.port);
    let request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(not_reached)?;
    match read_status(&mut stream).await {
        Ok(status) if (200..300).contains(&status) => Ok(stream),
        Ok(status) => Err(Tunnel::Refused(status)),
        Err(why) => Err(Tunnel::Garbled(why)),
    }
}

/// Reads the response head, byte by byte so that nothing of the tunnel is swallowed.
async fn read_status(stream: &mut Box<dyn Stream>) -> Result<u16, String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == HEAD_READ {
            return Err(format!("the answer to CONNECT has no end within {HEAD_READ} bytes"));
        }
        head.push(stream.read_u8().await.map_err(|e| clipped(&e.to_string()))?);
    }
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    match response.parse(&head) {
        Ok(_) => response.code.ok_or_else(|| "the answer to CONNECT has no status".to_owned()),
        Err(e) => Err(clipped(&format!("the answer to CONNECT is not HTTP: {e}"))),
    }
}
