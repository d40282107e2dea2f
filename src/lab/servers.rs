//! The world as real servers on loopback: DNS over UDP and TCP at every resolver's address, TLS at every front's.
//!
//! One future drives everything and spawns nothing. Who asks is known by the source address: an agent of the lab binds
//! to an address of its vantage.

use super::front::{self, Visit};
use super::handle::LabHandle;
use super::passage::Passage;
use super::scene::{FrontState, Ports};
use super::sockets::{Incoming, SocketSet};
use super::stage::Stage;
use super::wire::{self, Carrier, Wired};
use super::world::World;
use crate::observe::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use socket2::SockRef;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// The most connections that are served at a time; more wait to be accepted.
const MOST_CONNECTIONS: usize = 256;

/// The longest a connection is served.
const LONGEST_CONNECTION: Duration = Duration::from_secs(20);

/// How often a free port is looked for.
const PORT_TRIES: usize = 32;

/// Servers that are bound, and not yet served.
pub struct Lab {
    stage: Arc<Stage>,
    sockets: SocketSet,
    handle: LabHandle,
    played: watch::Sender<Option<u64>>,
}

type Work = FuturesUnordered<BoxFuture<'static, ()>>;

impl Lab {
    /// Binds every server of a world; must be called within a tokio runtime. A port of 0 takes one that is free on all
    /// addresses. The error names the address that could not be had.
    pub fn bind(world: World, ports: Ports) -> io::Result<Self> {
        if let Some(foreign) = world.addresses().into_iter().find(|address| !address.to_canonical().is_loopback()) {
            let why = format!("the world has the address {foreign}; real servers stand only in 127.0.0.0/8");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let (ports, sockets) = bind_somewhere(&world, ports)?;
        let stage = Stage::new(world).map_err(io::Error::other)?;
        let (played, watched) = watch::channel(None);
        let handle = LabHandle { stage: Arc::clone(&stage), ports, played: watched };
        Ok(Self { stage, sockets, handle, played })
    }

    pub fn ports(&self) -> Ports {
        self.handle.ports
    }

    pub fn handle(&self) -> LabHandle {
        self.handle.clone()
    }

    /// The certificate that an agent must trust, as PEM.
    pub fn authority_pem(&self) -> &str {
        self.handle.authority_pem()
    }

    /// The plan for this lab, with the ports it really has.
    pub fn plan_text(&self) -> String {
        self.handle.plan_text()
    }

    /// Serves until told to stop. The error means that a port which a fault had closed could not be opened again.
    pub async fn serve(self, shutdown: CancellationToken) -> io::Result<()> {
        let Self { stage, mut sockets, handle: _, played } = self;
        let mut changes = stage.watch();
        changes.mark_changed();
        let mut work = Work::new();
        loop {
            let room = work.len() < MOST_CONNECTIONS;
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return Ok(()),
                Ok(()) = changes.changed() => {
                    let now = changes.borrow_and_update().clone();
                    sockets.play(&now.world)?;
                    played.send_replace(Some(now.generation));
                }
                Some(()) = work.next(), if !work.is_empty() => {}
                incoming = poll_fn(|cx| sockets.poll_incoming(cx, room)) => {
                    receive(&stage, &sockets, incoming, &work);
                }
            }
        }
    }
}

fn receive(stage: &Arc<Stage>, sockets: &SocketSet, incoming: Incoming, work: &Work) {
    match incoming {
        Incoming::Datagram(place, from, bytes) => {
            let Some(resolver) = sockets.server_address(place) else { return };
            if let Wired::Bytes(answer) = wire::answer(&stage.world(), resolver, from.ip(), Carrier::Udp, &bytes) {
                sockets.send(place, from, &answer);
            }
        }
        Incoming::Asker(stream, from, resolver) => {
            let stage = Arc::clone(stage);
            let answer = move |bytes: &[u8]| wire::answer(&stage.world(), resolver, from, Carrier::Tcp, bytes);
            work.push(Box::pin(async move {
                let _ = timeout(LONGEST_CONNECTION, wire::converse(stream, answer)).await;
            }));
        }
        Incoming::Visitor(stream, from, address) => {
            let stage = Arc::clone(stage);
            work.push(Box::pin(async move {
                let _ = timeout(LONGEST_CONNECTION, welcome(&stage, stream, from, address)).await;
            }));
        }
    }
}

async fn welcome(stage: &Stage, stream: TcpStream, from: IpAddr, address: IpAddr) -> io::Result<()> {
    let world = stage.world();
    if let Passage::Open(name, front) = world.passage(from, address)
        && let Some(config) = stage.authority().config(name, front.issuer)
    {
        if front.state == FrontState::ResetsHandshake {
            close_with_reset(&stream)?;
        }
        return front::attend(stream, config, Visit::new(front, world.scene().whereabouts(from))).await;
    }
    close_with_reset(&stream)
}

/// Closing without lingering sends a reset.
fn close_with_reset(stream: &TcpStream) -> io::Result<()> {
    SockRef::from(stream).set_linger(Some(Duration::ZERO))
}

fn bind_somewhere(world: &World, wanted: Ports) -> io::Result<(Ports, SocketSet)> {
    let mut tries = 0;
    loop {
        let ports = Ports { dns: free_port(world, wanted.dns)?, tls: free_port(world, wanted.tls)? };
        tries += 1;
        match SocketSet::bind(world, ports) {
            Ok(sockets) => return Ok((ports, sockets)),
            // Free on one address is not free on all.
            Err(e) if e.kind() == io::ErrorKind::AddrInUse && ports != wanted && tries < PORT_TRIES => {}
            Err(e) => return Err(e),
        }
    }
}

/// A port that the system holds free on the first resolver's address, where none is wanted.
fn free_port(world: &World, wanted: u16) -> io::Result<u16> {
    let first = world.scene().resolvers.values().next();
    match first {
        Some(resolver) if wanted == 0 => Ok(UdpSocket::bind((resolver.address, 0))?.local_addr()?.port()),
        Some(_) | None => Ok(wanted),
    }
}
