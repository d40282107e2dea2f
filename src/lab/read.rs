//! A world file is read once and checked whole: what it names must be there, and every fault must change something.

use super::scene::{Firewall, Front, Machine, Ports, Record, Resolver, ResolverKind, Scene, Zone};
use super::world::{Described, Fault};
use crate::plan::HostName;
use ipnet::IpNet;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

/// The form of a world file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WorldFile {
    world: String,
    about: String,
    #[serde(default)]
    ports: Ports,
    /// How long every answer takes in the simulated net, in milliseconds.
    #[serde(default)]
    latency_ms: u64,
    networks: BTreeMap<String, Vec<IpNet>>,
    #[serde(default)]
    places: BTreeMap<String, Vec<IpNet>>,
    #[serde(default)]
    records: BTreeMap<HostName, Record>,
    #[serde(default)]
    zones: BTreeMap<HostName, Zone>,
    resolvers: BTreeMap<String, Resolver>,
    fronts: BTreeMap<String, Front>,
    #[serde(default)]
    firewall: Vec<Firewall>,
    #[serde(default)]
    machine: Machine,
    #[serde(default)]
    faults: BTreeMap<String, Fault>,
}

/// Everything wrong with a world file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldFaults {
    pub file: String,
    pub troubles: Vec<String>,
}

impl fmt::Display for WorldFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.troubles.iter().map(|trouble| format!("{}: {trouble}", self.file));
        f.write_str(&lines.collect::<Vec<_>>().join("\n"))
    }
}

impl std::error::Error for WorldFaults {}

/// Reads a world; the error holds the place where the form is broken, or everything that does not fit together.
pub fn described(file: &str, text: &str) -> Result<Described, WorldFaults> {
    let refused = |troubles| WorldFaults { file: file.to_owned(), troubles };
    let read: WorldFile = serde_saphyr::from_str(text).map_err(|e| refused(vec![e.to_string()]))?;
    let scene = Scene {
        networks: read.networks,
        places: read.places,
        records: read.records,
        zones: read.zones,
        resolvers: read.resolvers,
        fronts: read.fronts,
        firewall: read.firewall,
        machine: read.machine,
    };
    let mut troubles = troubles(&scene);
    for (name, fault) in &read.faults {
        let idle = fault.changes.iter().filter_map(|change| change.trouble(&scene));
        troubles.extend(idle.map(|why| format!("fault `{name}`: {why}")));
        if fault.changes.is_empty() {
            troubles.push(format!("fault `{name}` changes nothing"));
        }
    }
    if !troubles.is_empty() {
        return Err(refused(troubles));
    }
    let latency = Duration::from_millis(read.latency_ms);
    Ok(Described { name: read.world, about: read.about, ports: read.ports, latency, scene, faults: read.faults })
}

fn troubles(scene: &Scene) -> Vec<String> {
    let mut troubles = Vec::new();
    for name in scene.records.keys().chain(scene.zones.keys()) {
        if HostName::parse(name.as_str()).as_ref() != Ok(name) {
            troubles.push(format!("the name `{name}` must be a host name in lower case, without a dot at its end"));
        }
    }
    let of_zones = scene.zones.iter().flat_map(|(zone, content)| {
        content.records.iter().map(move |(label, record)| (format!("{label}.{zone}"), record))
    });
    let public = scene.records.iter().map(|(name, record)| (name.to_string(), record));
    for (name, record) in public.chain(of_zones) {
        if record.alias.is_some() != record.addresses.is_empty() {
            troubles.push(format!("the record `{name}` needs either `alias` or `addresses`"));
        }
    }
    let network = |name: &String| scene.networks.contains_key(name);
    for (zone, content) in &scene.zones {
        let dangling = content.links.keys().filter(|name| !network(name));
        troubles.extend(dangling.map(|name| format!("zone `{zone}` is linked to `{name}`, which is no network")));
    }
    for (name, resolver) in &scene.resolvers {
        troubles.extend(resolver_troubles(scene, resolver).into_iter().map(|why| format!("resolver `{name}` {why}")));
    }
    let place = |name: &String| scene.everywhere().any(|(known, _)| known == name);
    for rule in &scene.firewall {
        let from = rule.from.iter().filter(|name| !place(name)).map(|name| format!("network `{name}`"));
        let to = rule.to.iter().filter(|name| !scene.fronts.contains_key(*name)).map(|name| format!("front `{name}`"));
        troubles.extend(from.chain(to).map(|what| format!("firewall rule `{}`: there is no {what}", rule.rule)));
    }
    let servers = scene.machine.name_servers.iter().filter(|name| !scene.resolvers.contains_key(*name));
    troubles.extend(servers.map(|name| format!("the machine's name server `{name}` is no resolver")));
    troubles.extend(shared_addresses(scene));
    troubles
}

fn resolver_troubles(scene: &Scene, resolver: &Resolver) -> Vec<String> {
    let forwards = resolver.kind == ResolverKind::Forwarder;
    let mut troubles = Vec::new();
    if forwards != resolver.stands_in.is_some() || forwards != resolver.otherwise.is_some() {
        troubles.push("needs `stands_in` and `otherwise` if it is a forwarder, and only then".to_owned());
    }
    let nowhere = |name: &&String| !scene.everywhere().any(|(known, _)| known == *name);
    if let Some(name) = resolver.stands_in.as_ref().filter(nowhere) {
        troubles.push(format!("stands in `{name}`, which is no network"));
    }
    let asked = resolver.forwards.values().chain(&resolver.otherwise);
    let dangling = asked.filter(|name| !scene.resolvers.contains_key(*name));
    troubles.extend(dangling.map(|name| format!("asks `{name}`, which is no resolver")));
    troubles
}

fn shared_addresses(scene: &Scene) -> Vec<String> {
    let mut owners: HashMap<IpAddr, &str> = HashMap::new();
    let resolvers = scene.resolvers.iter().map(|(name, resolver)| (name, resolver.address));
    let all = resolvers.chain(scene.fronts.iter().map(|(name, front)| (name, front.address)));
    all.filter_map(|(name, address)| {
        let first = owners.insert(address, name)?;
        Some(format!("`{name}` has the address {address} of `{first}`"))
    })
    .collect()
}
