//! The name service of a world's machine, as the C library does it: the hosts file, a local cache, and then the name
//! servers in order, with the search list of resolv.conf(5).

use super::question::{Kind, Question, Reply};
use super::scene::Machine;
use super::world::World;
use crate::facts::{OsOutcome, Rcode};
use crate::plan::HostName;
use std::net::IpAddr;
use std::time::Duration;

/// How long a silent name server is waited for: `options timeout:1`. The default of five seconds would outlast a look,
/// so that no second server were ever seen to help.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the name servers together say of one name.
enum Told {
    Addresses(Vec<IpAddr>),
    /// The name does not exist, or has no address.
    Nothing,
    /// None of them gave an answer that counts.
    NoAnswer,
}

/// What an application on the machine at this address is given for a name.
pub async fn look_up(world: &World, source: IpAddr, host: &HostName) -> OsOutcome {
    let machine = &world.scene().machine;
    let held = machine.hosts.get(host).or_else(|| machine.cache.get(host));
    if let Some(addresses) = held {
        return OsOutcome::Addresses(addresses.clone());
    }
    for name in candidates(machine, host) {
        match ask(world, source, &name).await {
            Told::Addresses(addresses) => return OsOutcome::Addresses(addresses),
            Told::Nothing => {}
            Told::NoAnswer => return OsOutcome::TryAgain,
        }
    }
    OsOutcome::NoSuchName
}

/// The names that are tried, in order.
fn candidates(machine: &Machine, host: &HostName) -> Vec<HostName> {
    let suffixed = machine.search.iter().map(|domain| HostName::from_wire(&format!("{host}.{domain}")));
    let mut names: Vec<HostName> = suffixed.collect();
    let dots = host.as_str().matches('.').count();
    let at = if dots < machine.ndots { names.len() } else { 0 };
    names.insert(at, host.clone());
    names
}

async fn ask(world: &World, source: IpAddr, name: &HostName) -> Told {
    let scene = world.scene();
    if scene.is_offline(source) {
        return Told::NoAnswer;
    }
    for server in scene.machine.name_servers.iter().filter_map(|server| scene.resolvers.get(server)) {
        tokio::time::sleep(world.latency()).await;
        let replies = [Kind::A, Kind::Aaaa].map(|kind| {
            let question = Question { name: name.clone(), kind };
            world.answer(server.address, source, &question)
        });
        if replies.contains(&Reply::Silence) {
            tokio::time::sleep(PATIENCE).await;
            continue;
        }
        if let Some(told) = counted(&replies) {
            return told;
        }
    }
    Told::NoAnswer
}

/// What both answers of a server come to, where each of them counts.
fn counted(replies: &[Reply]) -> Option<Told> {
    let mut addresses = Vec::new();
    for reply in replies {
        let Reply::Said(said) = reply else { return None };
        match said.rcode {
            Rcode::NO_ERROR => addresses.extend(said.addresses()),
            Rcode::NAME_ERROR => {}
            _ => return None,
        }
    }
    addresses.sort();
    addresses.dedup();
    Some(if addresses.is_empty() { Told::Nothing } else { Told::Addresses(addresses) })
}
