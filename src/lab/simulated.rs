//! The world as a network without sockets: the real look, the real TLS on both sides, and no wire between them.

use super::driven::driven;
use super::front::{self, Visit};
use super::getaddrinfo;
use super::passage::Passage;
use super::proxy;
use super::stage::Stage;
use super::wire::{self, Carrier, Wired};
use crate::facts::{MachineFacts, OsOutcome};
use crate::observe::{BoxFuture, Datagrams, Net, ProxyPlace, Stream};
use crate::plan::HostName;
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The network as one machine of a world sees it.
pub struct Simulated {
    stage: Arc<Stage>,
    source: IpAddr,
}

impl Simulated {
    /// `source` is the address of the machine, which decides the network it is in.
    pub fn new(stage: Arc<Stage>, source: IpAddr) -> Self {
        Self { stage, source }
    }

    async fn pause(&self) {
        tokio::time::sleep(self.stage.world().latency()).await;
    }

    async fn open(&self, to: SocketAddr) -> io::Result<Box<dyn Stream>> {
        self.pause().await;
        let world = self.stage.world();
        if world.scene().is_offline(self.source) {
            return Err(io::ErrorKind::NetworkUnreachable.into());
        }
        if let Some(proxy) = world.scene().proxies.values().find(|p| (p.address, p.port) == (to.ip(), to.port())) {
            let (stage, proxy) = (Arc::clone(&self.stage), proxy.clone());
            return Ok(driven(|far| proxy::attend(far, stage, proxy)));
        }
        if to.port() == world.ports().dns {
            return Ok(self.name_server(to.ip()));
        }
        if to.port() != world.ports().tls {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        match world.passage(self.source, to.ip()) {
            Passage::Dropped => std::future::pending().await,
            Passage::Refused => Err(io::ErrorKind::ConnectionRefused.into()),
            Passage::Reset => Err(io::ErrorKind::ConnectionReset.into()),
            Passage::Unreachable => Err(io::ErrorKind::NetworkUnreachable.into()),
            Passage::Open(name, front) => {
                let config =
                    self.stage.authority().config(name, front.issuer).ok_or(io::ErrorKind::ConnectionRefused)?;
                let visit = Visit::new(front, world.scene().whereabouts(self.source));
                Ok(driven(move |far| front::attend(far, config, visit)))
            }
        }
    }

    fn name_server(&self, resolver: IpAddr) -> Box<dyn Stream> {
        let (stage, source) = (Arc::clone(&self.stage), self.source);
        let answer = move |bytes: &[u8]| wire::answer(&stage.world(), resolver, source, Carrier::Tcp, bytes);
        driven(move |far| async move {
            wire::converse(far, answer).await;
            Ok(())
        })
    }
}

impl Net for Simulated {
    fn datagrams(&self, to: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Datagrams>>> {
        Box::pin(async move {
            let stage = Arc::clone(&self.stage);
            if stage.world().scene().is_offline(self.source) {
                return Err(io::ErrorKind::NetworkUnreachable.into());
            }
            let questions = Questions { stage, source: self.source, to, waiting: VecDeque::new() };
            Ok(Box::new(questions) as Box<dyn Datagrams>)
        })
    }

    fn connect(&self, to: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Stream>>> {
        Box::pin(self.open(to))
    }

    fn os_lookup(&self, host: HostName) -> BoxFuture<'_, OsOutcome> {
        Box::pin(async move { getaddrinfo::look_up(&self.stage.world(), self.source, &host).await })
    }

    fn host_resolvers(&self) -> Vec<SocketAddr> {
        let world = self.stage.world();
        let scene = world.scene();
        let named = scene.machine.name_servers.iter().filter_map(|name| scene.resolvers.get(name));
        named.map(|resolver| SocketAddr::new(resolver.address, world.ports().dns)).collect()
    }

    fn machine(&self, host: &HostName) -> MachineFacts {
        let world = self.stage.world();
        let machine = &world.scene().machine;
        let hosts = machine.hosts.get(host).cloned().unwrap_or_default();
        MachineFacts { hosts, search: machine.search.clone(), ndots: u32::try_from(machine.ndots).unwrap_or(u32::MAX) }
    }

    fn is_in_azure(&self) -> bool {
        self.stage.world().scene().network_of(self.source).is_some()
    }

    fn environment_proxy(&self, host: &HostName, _: u16) -> Option<ProxyPlace> {
        let world = self.stage.world();
        let machine = &world.scene().machine;
        if machine.no_proxy.iter().any(|suffix| host.is_under(suffix.as_str())) {
            return None;
        }
        let proxy = world.scene().proxies.get(machine.proxy.as_ref()?)?;
        Some(ProxyPlace { host: proxy.address.to_string(), port: proxy.port })
    }

    fn own_lookup(&self, host: String) -> BoxFuture<'_, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let world = self.stage.world();
            let record = world.scene().records.get(&HostName::from_wire(&host));
            record.map(|record| record.addresses.clone()).ok_or_else(|| io::ErrorKind::NotFound.into())
        })
    }
}

/// Questions to one resolver, and the answers that came.
struct Questions {
    stage: Arc<Stage>,
    source: IpAddr,
    to: SocketAddr,
    waiting: VecDeque<Wired>,
}

impl Datagrams for Questions {
    fn send<'a>(&'a mut self, datagram: &'a [u8]) -> BoxFuture<'a, io::Result<()>> {
        let world = self.stage.world();
        let answer = if self.to.port() == world.ports().dns {
            wire::answer(&world, self.to.ip(), self.source, Carrier::Udp, datagram)
        } else {
            Wired::Closed
        };
        if answer != Wired::Silence {
            self.waiting.push_back(answer);
        }
        Box::pin(std::future::ready(Ok(())))
    }

    fn receive<'a>(&'a mut self, into: &'a mut [u8]) -> BoxFuture<'a, io::Result<usize>> {
        Box::pin(async move {
            tokio::time::sleep(self.stage.world().latency()).await;
            match self.waiting.pop_front() {
                None | Some(Wired::Silence) => std::future::pending().await,
                Some(Wired::Closed) => Err(io::ErrorKind::ConnectionRefused.into()),
                Some(Wired::Bytes(bytes)) => {
                    // A datagram that does not fit is cut, as a socket does.
                    let length = bytes.len().min(into.len());
                    into[..length].copy_from_slice(&bytes[..length]);
                    Ok(length)
                }
            }
        })
    }
}
