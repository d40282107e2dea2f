//! A world file is read once and checked whole: what it names must be there, and every fault must change something.

use super::scene::{Firewall, Front, Machine, Ports, Proxy, Record, Resolver, ResolverKind, Scene, Zone};
use super::world::{Described, Fault};
use crate::plan::HostName;
use ipnet::IpNet;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;
use wildmatch::WildMatch;

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
    proxies: BTreeMap<String, Proxy>,
    #[serde(default)]
    offline: Vec<String>,
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
        proxies: read.proxies,
        offline: read.offline,
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
        let bare = name.as_str().strip_prefix("*.").filter(|_| scene.records.contains_key(name));
        let bare = bare.unwrap_or(name.as_str());
        if HostName::parse(bare).map(|host| host.to_string()).as_deref() != Ok(bare) {
            troubles.push(format!("the name `{name}` must be a host name in lower case, without a dot at its end"));
        }
    }
    let apexes = scene.zones.values().filter_map(|zone| zone.apex.as_ref());
    for name in apexes.filter(|name| HostName::parse(name.as_str()).as_ref() != Ok(name)) {
        troubles.push(format!("the apex `{name}` must be a host name in lower case, without a dot at its end"));
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
        let matches = |pattern: &str, name: &String| WildMatch::new(pattern).matches(name);
        let nowhere = |pattern: &&String| !scene.everywhere().any(|(name, _)| matches(pattern, name));
        let from = rule.from.iter().filter(nowhere).map(|name| format!("network `{name}`"));
        let nothing = |pattern: &&String| !scene.fronts.keys().any(|name| matches(pattern, name));
        let to = rule.to.iter().filter(nothing).map(|name| format!("front `{name}`"));
        troubles.extend(from.chain(to).map(|what| format!("firewall rule `{}`: there is no {what}", rule.rule)));
    }
    for (name, front) in &scene.fronts {
        let strange = front.answers_from.keys().filter(|from| !place(from));
        troubles.extend(strange.map(|from| format!("front `{name}` answers from `{from}`, which is no network")));
    }
    let strange = scene.offline.iter().filter(|name| !place(name));
    troubles.extend(strange.map(|name| format!("`{name}` is offline, and is no network")));
    troubles.extend(machine_troubles(scene));
    troubles.extend(shared_addresses(scene));
    troubles
}

fn machine_troubles(scene: &Scene) -> Vec<String> {
    let servers = scene.machine.name_servers.iter().filter(|name| !scene.resolvers.contains_key(*name));
    let mut troubles: Vec<String> =
        servers.map(|name| format!("the machine's name server `{name}` is no resolver")).collect();
    let proxy = scene.machine.proxy.iter().filter(|name| !scene.proxies.contains_key(*name));
    troubles.extend(proxy.map(|name| format!("the machine's proxy `{name}` is none")));
    for (name, proxy) in &scene.proxies {
        if !scene.resolvers.contains_key(&proxy.resolver) {
            troubles.push(format!("proxy `{name}` asks `{}`, which is no resolver", proxy.resolver));
        }
        if scene.address_in(&proxy.stands_in).is_none() {
            troubles.push(format!("proxy `{name}` stands in `{}`, which is no network", proxy.stands_in));
        }
    }
    troubles
}

fn resolver_troubles(scene: &Scene, resolver: &Resolver) -> Vec<String> {
    let forwards = resolver.kind == ResolverKind::Forwarder;
    let mut troubles = Vec::new();
    if forwards != resolver.stands_in.is_some() || forwards != resolver.otherwise.is_some() {
        troubles.push("needs `stands_in` and `otherwise` if it is a forwarder, and only then".to_owned());
    }
    let own = resolver.zones.iter().filter(|zone| !scene.zones.contains_key(*zone));
    troubles.extend(own.map(|zone| format!("holds the zone `{zone}`, which there is not")));
    if !forwards && !resolver.zones.is_empty() {
        troubles.push("holds zones of its own, which only a forwarder does".to_owned());
    }
    let nowhere = |name: &&String| !scene.everywhere().any(|(known, _)| known == *name);
    let strange = resolver.silent_to.iter().filter(nowhere);
    troubles.extend(strange.map(|name| format!("is silent to `{name}`, which is no network")));
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
    let proxies = scene.proxies.iter().map(|(name, proxy)| (name, proxy.address));
    let all = resolvers.chain(scene.fronts.iter().map(|(name, front)| (name, front.address))).chain(proxies);
    all.filter_map(|(name, address)| {
        let first = owners.insert(address, name)?;
        Some(format!("`{name}` has the address {address} of `{first}`"))
    })
    .collect()
}
