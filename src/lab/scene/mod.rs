//! What a network is made of. The same types are the form of a world file and the state that faults change.

mod fronts;
mod machine;
mod resolvers;

pub use fronts::{Front, FrontState, HttpAnswer, Issuer};
pub use machine::{Machine, Proxy};
pub use resolvers::{Resolver, ResolverKind, ResolverState};

use crate::plan::HostName;
use ipnet::IpNet;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::IpAddr;
use wildmatch::WildMatch;

/// The state of a network at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scene {
    /// Virtual networks by name, each with its prefixes.
    pub networks: BTreeMap<String, Vec<IpNet>>,
    /// Places outside of Azure, such as a branch office, with theirs.
    pub places: BTreeMap<String, Vec<IpNet>>,
    /// The internet's view of the names. `*.` in front stands for every name below that has none closer to it.
    pub records: BTreeMap<HostName, Record>,
    /// Private zones.
    pub zones: BTreeMap<HostName, Zone>,
    pub resolvers: BTreeMap<String, Resolver>,
    pub fronts: BTreeMap<String, Front>,
    /// The first rule that matches decides; what no rule matches may pass.
    pub firewall: Vec<Firewall>,
    pub machine: Machine,
    /// By name. Only the simulated net has them.
    pub proxies: BTreeMap<String, Proxy>,
    /// Networks and places whose machines have no network at all. Only in the simulated net.
    pub offline: Vec<String>,
}

/// The ports on which the world's resolvers and fronts answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ports {
    pub dns: u16,
    pub tls: u16,
}

impl Default for Ports {
    /// The ports of the real world.
    fn default() -> Self {
        Self { dns: 53, tls: 443 }
    }
}

/// A name's records: an alias, or addresses of both families.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// In seconds. The default is what a private endpoint's zone group writes.
    #[serde(default = "ten")]
    pub ttl: u32,
    pub alias: Option<HostName>,
    #[serde(default)]
    pub addresses: Vec<IpAddr>,
}

const fn ten() -> u32 {
    10
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// By the label in front of the zone's name; `*` is a wildcard.
    #[serde(default)]
    pub records: BTreeMap<String, Record>,
    /// The zone's own name, where the one it has here only tells it from another zone of the same name.
    pub apex: Option<HostName>,
    /// What the zone's SOA names as its primary; without it, what every private zone of Azure does.
    pub primary: Option<HostName>,
    /// The networks whose Azure resolver answers from this zone.
    #[serde(default)]
    pub links: BTreeMap<String, Link>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Whether a missing record is asked for publicly (`resolutionPolicy: NxDomainRedirect`).
    #[serde(default)]
    pub redirect: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Firewall {
    pub rule: String,
    /// Names of networks and places, in which `*` stands for any characters.
    pub from: Vec<String>,
    /// Names of fronts, written in the same way.
    pub to: Vec<String>,
    pub action: Action,
}

impl Firewall {
    fn applies(&self, from: &str, to: &str) -> bool {
        let named = |patterns: &[String], name| patterns.iter().any(|pattern| WildMatch::new(pattern).matches(name));
        named(&self.from, from) && named(&self.to, to)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    Allow,
    Drop,
    /// As if nothing listened. Real servers cannot refuse by source, and reset instead.
    Refuse,
    Reset,
    /// The network says that there is no way. Real servers reset instead.
    Unreachable,
}

impl Scene {
    /// The virtual network that an address lies in.
    pub fn network_of(&self, source: IpAddr) -> Option<&str> {
        self.whereabouts(source).filter(|name| self.networks.contains_key(*name))
    }

    /// The virtual network or place that an address lies in; the longest prefix decides.
    pub fn whereabouts(&self, source: IpAddr) -> Option<&str> {
        let source = source.to_canonical();
        let prefixes = self.everywhere().flat_map(|(name, nets)| nets.iter().map(move |net| (name, net)));
        let around = prefixes.filter(|(_, net)| net.contains(&source));
        around.max_by_key(|(_, net)| net.prefix_len()).map(|(name, _)| name.as_str())
    }

    /// What the firewall does with connections from a network or place to a front.
    pub fn action(&self, from: &str, to: &str) -> Action {
        let rule = self.firewall.iter().find(|rule| rule.applies(from, to));
        rule.map_or(Action::Allow, |rule| rule.action)
    }

    /// An address of a machine that stands in a network or place: the first one of its first prefix.
    pub fn address_in(&self, place: &str) -> Option<IpAddr> {
        let (_, prefixes) = self.everywhere().find(|(name, _)| *name == place)?;
        prefixes.first()?.hosts().next()
    }

    /// Whether a machine with this address has no network.
    pub fn is_offline(&self, source: IpAddr) -> bool {
        self.whereabouts(source).is_some_and(|place| self.offline.iter().any(|name| name == place))
    }

    /// Every address of a server or a record, and those that resolvers write over answers.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        let servers =
            self.resolvers.values().flat_map(|resolver| [Some(resolver.address), resolver.rewrites]).flatten();
        let fronts = self.fronts.values().map(|front| front.address);
        let records = self.records.values().chain(self.zones.values().flat_map(|zone| zone.records.values()));
        servers.chain(fronts).chain(records.flat_map(|record| record.addresses.iter().copied()))
    }

    /// All networks and places.
    pub fn everywhere(&self) -> impl Iterator<Item = (&String, &Vec<IpNet>)> {
        self.networks.iter().chain(&self.places)
    }
}
