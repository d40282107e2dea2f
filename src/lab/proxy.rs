//! A proxy at work: it reads CONNECT, resolves the name with its own resolver, and carries the connection to the first
//! address (RFC 9110 §9.3.6).

use super::front::{self, Visit};
use super::passage::Passage;
use super::question::{Kind, Question, Reply};
use super::scene::Proxy;
use super::stage::Stage;
use super::world::World;
use crate::plan::HostName;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

/// Serves one connection of a client.
pub async fn attend<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    stage: Arc<Stage>,
    proxy: Proxy,
) -> io::Result<()> {
    let head = front::read_head(&mut stream).await?;
    let Some((host, port)) = destination(&head) else { return refuse(stream, "400 Bad Request").await };
    if proxy.asks_for_credential {
        return refuse(stream, "407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm=\"lab\"").await;
    }
    let world = stage.world();
    let Some((source, to)) = way(&world, &proxy, &host) else { return refuse(stream, "502 Bad Gateway").await };
    if port != world.ports().tls {
        return refuse(stream, "403 Forbidden").await;
    }
    match world.passage(source, to) {
        Passage::Open(name, front) => {
            let config = stage.authority().config(name, front.issuer).ok_or(io::ErrorKind::ConnectionRefused)?;
            stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
            let visit = Visit::new(front, world.scene().whereabouts(source));
            front::attend(stream, config, visit).await
        }
        Passage::Dropped => std::future::pending().await,
        Passage::Refused | Passage::Reset | Passage::Unreachable => refuse(stream, "502 Bad Gateway").await,
    }
}

/// Where CONNECT wants to go.
fn destination(head: &[u8]) -> Option<(HostName, u16)> {
    let text = std::str::from_utf8(head).ok()?;
    let (host, port) = text.strip_prefix("CONNECT ")?.split_once(' ')?.0.rsplit_once(':')?;
    Some((HostName::parse(host).ok()?, port.parse().ok()?))
}

/// From where the proxy connects, and whereto.
fn way(world: &World, proxy: &Proxy, host: &HostName) -> Option<(IpAddr, IpAddr)> {
    let source = world.scene().address_in(&proxy.stands_in)?;
    let resolver = world.scene().resolvers.get(&proxy.resolver)?;
    let first = |kind| {
        let question = Question { name: host.clone(), kind };
        match world.answer(resolver.address, source, &question) {
            Reply::Said(said) => said.addresses().first().copied(),
            Reply::Silence | Reply::Closed => None,
        }
    };
    let to = first(Kind::A).or_else(|| first(Kind::Aaaa))?;
    Some((source, to))
}

async fn refuse<S: AsyncWrite + Unpin>(mut stream: S, status: &str) -> io::Result<()> {
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}
