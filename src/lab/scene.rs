//! What a network is made of. The same types are the form of a world file and the state that faults change.

use crate::plan::HostName;
use ipnet::IpNet;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The state of a network at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scene {
    /// Virtual networks by name, each with its prefixes.
    pub networks: BTreeMap<String, Vec<IpNet>>,
    /// Places outside of Azure, such as a branch office, with theirs.
    pub places: BTreeMap<String, Vec<IpNet>>,
    /// The internet's view of the names.
    pub records: BTreeMap<HostName, Record>,
    /// Private zones.
    pub zones: BTreeMap<HostName, Zone>,
    pub resolvers: BTreeMap<String, Resolver>,
    pub fronts: BTreeMap<String, Front>,
    /// The first rule that matches decides; what no rule matches may pass.
    pub firewall: Vec<Firewall>,
    pub machine: Machine,
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
    /// By the label in front of the zone's name.
    #[serde(default)]
    pub records: BTreeMap<String, Record>,
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
pub struct Resolver {
    pub address: IpAddr,
    pub kind: ResolverKind,
    /// Of a forwarder: the network or place it asks from.
    pub stands_in: Option<String>,
    /// Of a forwarder: which resolver it asks for names under a suffix; the longest suffix decides.
    #[serde(default)]
    pub forwards: BTreeMap<HostName, String>,
    /// Of a forwarder: which resolver it asks for everything else.
    pub otherwise: Option<String>,
    #[serde(default)]
    pub state: ResolverState,
    /// Whether every answer over UDP is cut short, so that it must be fetched over TCP.
    #[serde(default)]
    pub truncates: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResolverKind {
    /// Azure's platform resolver: answers by the network of whoever asks, and nobody outside of one.
    Azure,
    Forwarder,
    /// A resolver of the internet, without any private zone.
    Public,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResolverState {
    #[default]
    Serving,
    /// Questions vanish.
    Silent,
    /// Answers REFUSED.
    Refusing,
    /// Answers SERVFAIL.
    Failing,
    /// Nothing listens on the port.
    Closed,
}

/// Something that answers TLS and HTTP at an address.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Front {
    pub address: IpAddr,
    /// The names of its certificate, wildcards included.
    pub names: Vec<String>,
    /// What it answers while it is closed to this side, or always, where it has no `when_open`.
    pub answer: HttpAnswer,
    /// What it answers while it is open.
    pub when_open: Option<HttpAnswer>,
    #[serde(default)]
    pub open: bool,
    #[serde(default)]
    pub issuer: Issuer,
    #[serde(default)]
    pub state: FrontState,
}

impl Front {
    /// The answer of the moment.
    pub fn answer(&self) -> &HttpAnswer {
        self.when_open.as_ref().filter(|_| self.open).unwrap_or(&self.answer)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpAnswer {
    pub status: u16,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub body: String,
}

/// Who signed a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Issuer {
    /// The authority that the agent of the lab trusts.
    #[default]
    Authority,
    /// An inspection device's own, which nobody trusts.
    Inspection,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FrontState {
    #[default]
    Serving,
    /// Nothing listens on the port. Real servers then refuse everybody, also where the firewall drops.
    Refusing,
    /// Packets vanish.
    Silent,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Firewall {
    pub rule: String,
    /// Names of networks and places.
    pub from: Vec<String>,
    /// Names of fronts.
    pub to: Vec<String>,
    pub action: Action,
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

/// What a simulated machine brings along: its hosts file and its resolv.conf.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    #[serde(default)]
    pub hosts: BTreeMap<HostName, Vec<IpAddr>>,
    /// Names of resolvers.
    #[serde(default)]
    pub name_servers: Vec<String>,
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

    /// Every address of a server or a record.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        let servers = self.resolvers.values().map(|resolver| resolver.address);
        let fronts = self.fronts.values().map(|front| front.address);
        let records = self.records.values().chain(self.zones.values().flat_map(|zone| zone.records.values()));
        servers.chain(fronts).chain(records.flat_map(|record| record.addresses.iter().copied()))
    }

    /// All networks and places.
    pub fn everywhere(&self) -> impl Iterator<Item = (&String, &Vec<IpNet>)> {
        self.networks.iter().chain(&self.places)
    }
}
