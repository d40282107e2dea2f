//! The sockets of one lab: for every resolver a UDP and a TCP port, for every front a TCP port, opened and closed as
//! the world of the moment says.

use super::filter::{self, Program};
use super::scene::{FrontState, Ports, ResolverState};
use super::world::World;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::task::{Context, Poll, ready};
use tokio::io::ReadBuf;
use tokio::net::{TcpListener, TcpStream, UdpSocket};

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 256;

/// The largest question that is read over UDP, in bytes.
const LARGEST_QUESTION: usize = 4096;

/// Something that came in.
pub enum Incoming {
    /// A question over UDP: the name server's place in the list, who asks, and the bytes.
    Datagram(usize, SocketAddr, Vec<u8>),
    /// A connection to the name server at an address.
    Asker(TcpStream, IpAddr, IpAddr),
    /// A connection to the front at an address.
    Visitor(TcpStream, IpAddr, IpAddr),
}

/// All sockets of a lab.
pub struct SocketSet {
    name_servers: Vec<NameServer>,
    doors: Vec<Door>,
}

struct NameServer {
    name: String,
    address: SocketAddr,
    sockets: Option<(UdpSocket, TcpListener)>,
}

struct Door {
    front: String,
    address: SocketAddr,
    listener: Option<TcpListener>,
    program: Option<Program>,
}

impl SocketSet {
    /// Opens every socket of a world. The error names the address that could not be had.
    pub fn bind(world: &World, ports: Ports) -> io::Result<Self> {
        let scene = world.scene();
        let name_servers = scene.resolvers.iter().map(|(name, resolver)| NameServer {
            name: name.clone(),
            address: SocketAddr::new(resolver.address, ports.dns),
            sockets: None,
        });
        let doors = scene.fronts.iter().map(|(name, front)| Door {
            front: name.clone(),
            address: SocketAddr::new(front.address, ports.tls),
            listener: None,
            program: None,
        });
        let mut set = Self { name_servers: name_servers.collect(), doors: doors.collect() };
        set.play(world)?;
        Ok(set)
    }

    /// Opens, closes and filters, so that the sockets behave as the world says.
    pub fn play(&mut self, world: &World) -> io::Result<()> {
        let scene = world.scene();
        for server in &mut self.name_servers {
            let closed = scene.resolvers.get(&server.name).is_none_or(|r| r.state == ResolverState::Closed);
            if closed {
                server.sockets = None;
            } else if server.sockets.is_none() {
                server.sockets = Some((udp(server.address)?, tcp(server.address, None)?));
            }
        }
        for door in &mut self.doors {
            let Some(front) = scene.fronts.get(&door.front) else { continue };
            if front.state == FrontState::Refusing {
                (door.listener, door.program) = (None, None);
                continue;
            }
            let program = filter::program(world, &door.front, front);
            match &door.listener {
                None => door.listener = Some(tcp(door.address, Some(&program))?),
                Some(listener) if door.program.as_ref() != Some(&program) => {
                    filter::attach(&SockRef::from(listener), &program)?;
                }
                Some(_) => {}
            }
            door.program = Some(program);
        }
        Ok(())
    }

    /// The next thing that comes in; connections only where there is room for one more.
    pub fn poll_incoming(&self, cx: &mut Context<'_>, room: bool) -> Poll<Incoming> {
        for (place, server) in self.name_servers.iter().enumerate() {
            let Some((udp, tcp)) = &server.sockets else { continue };
            if let Poll::Ready(Some((from, bytes))) = poll_datagram(udp, cx) {
                return Poll::Ready(Incoming::Datagram(place, from, bytes));
            }
            if room && let Poll::Ready(Some((stream, from))) = poll_connection(tcp, cx) {
                return Poll::Ready(Incoming::Asker(stream, from, server.address.ip()));
            }
        }
        for door in self.doors.iter().filter(|_| room) {
            let Some(listener) = &door.listener else { continue };
            if let Poll::Ready(Some((stream, from))) = poll_connection(listener, cx) {
                return Poll::Ready(Incoming::Visitor(stream, from, door.address.ip()));
            }
        }
        Poll::Pending
    }

    /// The address of a name server.
    pub fn server_address(&self, place: usize) -> Option<IpAddr> {
        self.name_servers.get(place).map(|server| server.address.ip())
    }

    /// Sends an answer. A full buffer loses it, as networks do.
    pub fn send(&self, place: usize, to: SocketAddr, bytes: &[u8]) {
        if let Some((udp, _)) = self.name_servers.get(place).and_then(|server| server.sockets.as_ref()) {
            let _ = udp.try_send_to(bytes, to);
        }
    }
}

/// `None` is a failure of the peer's making, such as a connection that was gone before it was accepted.
fn poll_connection(listener: &TcpListener, cx: &mut Context<'_>) -> Poll<Option<(TcpStream, IpAddr)>> {
    let accepted = ready!(listener.poll_accept(cx));
    if accepted.is_err() {
        cx.waker().wake_by_ref();
    }
    Poll::Ready(accepted.ok().map(|(stream, from)| (stream, from.ip())))
}

fn poll_datagram(udp: &UdpSocket, cx: &mut Context<'_>) -> Poll<Option<(SocketAddr, Vec<u8>)>> {
    let mut bytes = [0; LARGEST_QUESTION];
    let mut buffer = ReadBuf::new(&mut bytes);
    let received = ready!(udp.poll_recv_from(cx, &mut buffer));
    if received.is_err() {
        cx.waker().wake_by_ref();
    }
    Poll::Ready(received.ok().map(|from| (from, buffer.filled().to_vec())))
}

fn udp(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = bound(address, Type::DGRAM, Protocol::UDP).map_err(|e| taken(address, "UDP", &e))?;
    UdpSocket::from_std(socket.into())
}

fn tcp(address: SocketAddr, program: Option<&Program>) -> io::Result<TcpListener> {
    let open = || -> io::Result<Socket> {
        let socket = bound(address, Type::STREAM, Protocol::TCP)?;
        // The filter comes first, so that no connection slips in before it.
        if let Some(program) = program {
            filter::attach(&SockRef::from(&socket), program)?;
        }
        socket.listen(BACKLOG)?;
        Ok(socket)
    };
    TcpListener::from_std(open().map_err(|e| taken(address, "TCP", &e))?.into())
}

fn bound(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    socket.set_nonblocking(true)?;
    if kind == Type::STREAM {
        // A listener that was closed by a fault opens again although its connections still linger.
        socket.set_reuse_address(true)?;
    }
    socket.bind(&address.into())?;
    Ok(socket)
}

fn taken(address: SocketAddr, protocol: &str, e: &io::Error) -> io::Error {
    io::Error::new(e.kind(), format!("the lab cannot listen on {address} ({protocol}): {e}"))
}
