//! Black holes without privileges: a classic BPF program on the listening socket drops packets by their source, so a
//! connection attempt meets silence, as behind a firewall that drops.
//!
//! Source: Linux, "Linux Socket Filtering aka Berkeley Packet Filter"; `SKF_NET_OFF` reaches the network header of a
//! packet whose filter begins at the transport header.

use super::scene::{Action, Front, FrontState};
use super::world::World;
use ipnet::{IpNet, Ipv4Net};
use std::io;

/// What becomes of the packets of one source prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sieve {
    pub from: Ipv4Net,
    pub drop: bool,
}

/// What the kernel is told for one front: prefixes in order, the longest first, and what becomes of all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    pub sieves: Vec<Sieve>,
    pub drop_others: bool,
}

/// The drops of a world for one front.
pub fn program(world: &World, name: &str, front: &Front) -> Program {
    let silent = front.state == FrontState::Silent;
    let scene = world.scene();
    let mut sieves: Vec<Sieve> = Vec::new();
    for (network, prefixes) in scene.everywhere() {
        // The firewall comes before the front: what it resets does not vanish in a silent front.
        let drop = match scene.action(network, name) {
            Action::Allow => silent,
            Action::Drop => true,
            Action::Refuse | Action::Reset | Action::Unreachable => false,
        };
        let v4 = prefixes.iter().filter_map(|net| match net {
            IpNet::V4(net) => Some(*net),
            IpNet::V6(_) => None,
        });
        sieves.extend(v4.map(|from| Sieve { from, drop }));
    }
    sieves.sort_by_key(|sieve| (std::cmp::Reverse(sieve.from.prefix_len()), sieve.from));
    Program { sieves, drop_others: silent }
}

/// Ordinary kernels let everybody filter what comes to a socket of their own; hardened ones do not.
#[cfg(target_os = "linux")]
const ONLY_ROOT: &str = "this kernel lets only root filter packets, and the lab drops some; run it as root";

/// Attaches a program in place of the one before it.
#[cfg(target_os = "linux")]
pub fn attach(socket: &socket2::SockRef<'_>, program: &Program) -> io::Result<()> {
    socket.attach_filter(&instructions(program)).map_err(|e| match e.kind() {
        io::ErrorKind::PermissionDenied => io::Error::new(e.kind(), ONLY_ROOT),
        _ => e,
    })
}

/// Other systems have no such filter, and no 127.0.0.0/8 to stand on either.
#[cfg(not(target_os = "linux"))]
pub fn attach(_: &socket2::SockRef<'_>, _: &Program) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "the lab's servers need Linux"))
}

#[cfg(target_os = "linux")]
fn instructions(program: &Program) -> Vec<socket2::SockFilter> {
    use socket2::SockFilter;
    // Opcodes of linux/bpf_common.h: A = word at k, A &= k, if A == k, return k.
    const LOAD_WORD: u16 = 0x20;
    const AND: u16 = 0x54;
    const JUMP_IF_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    // SKF_NET_OFF, and the source address in the IPv4 header (RFC 791 §3.1).
    const SOURCE: u32 = 0xfff0_0000 + 12;
    let verdict = |drop: bool| SockFilter::new(RETURN, 0, 0, if drop { 0 } else { u32::MAX });
    let mut code = Vec::new();
    for sieve in &program.sieves {
        code.push(SockFilter::new(LOAD_WORD, 0, 0, SOURCE));
        code.push(SockFilter::new(AND, 0, 0, sieve.from.netmask().to_bits()));
        code.push(SockFilter::new(JUMP_IF_EQUAL, 0, 1, sieve.from.network().to_bits()));
        code.push(verdict(sieve.drop));
    }
    code.push(verdict(program.drop_others));
    code
}
