//! What must be true: the plan, read once into types that cannot be wrong.
//!
//! [`read`] is the only way in. It reports every fault at once; afterwards no code asks whether a plan is valid.

pub mod address;
mod alerts;
mod check;
mod examples;
mod fault;
mod file;
mod folder;
pub mod language;
mod names;
mod read;
mod rules;
mod schema;
mod tree;

pub use address::{AddressClass, AddressKind, Networks};
pub use alerts::{Alerts, Destination, DestinationKind, Url};
pub use examples::{EXAMPLES, example};
pub use fault::{Fault, Faults, Place, is_harmless};
pub use folder::{listing, read_folder};
pub use names::{
    CheckName, DestinationName, ExceptionName, HostName, ResolverName, ServiceName, TargetName, VantageKind,
    VantageName,
};
pub use read::{nearest, parse_time};
pub use rules::{Case, Decision};
pub use schema::schema;
pub use tree::LARGEST_PLAN;

/// The reader of YAML that knows the place of every value, for the other files that operators write.
pub mod yaml {
    pub use super::read::{Fields, Reader, Spot};
    pub use super::tree::{Key, Node, Value, read};
}

use ipnet::IpNet;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// What the plan must know of a service to check a target of it; the catalogue supplies it.
#[derive(Clone, Debug, Default)]
pub struct ServiceOutline {
    /// Host names that a target of this service has when it names none itself.
    pub endpoints: Vec<HostName>,
    /// Zones whose names are never called directly, such as `privatelink.openai.azure.com`.
    pub privatelink_zones: Vec<String>,
    /// Whether a target may bring its own `request`.
    pub takes_request: bool,
}

/// The services a plan may name.
pub type ServiceOutlines = BTreeMap<ServiceName, ServiceOutline>;

/// A checked plan.
#[derive(Clone, Debug)]
pub struct Plan {
    pub name: String,
    /// SHA-256 of the text, or of the [`listing`] of a folder, as hexadecimal; the fleet compares it to see agents that
    /// run another plan.
    pub hash: String,
    pub settings: Settings,
    pub networks: Arc<Networks>,
    /// In the order of the plan, as all lists here.
    pub vantages: Vec<Vantage>,
    pub resolvers: Vec<Resolver>,
    pub targets: Vec<Target>,
    pub rules: Vec<Rule>,
    pub exceptions: Vec<Exception>,
    pub alerts: Alerts,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Time between two looks at one check.
    pub every: Duration,
    /// The longest one question or one connection may take.
    pub timeout: Duration,
    pub confirm: u32,
    pub recover: u32,
    /// A PEM file of extra CA certificates.
    pub trust: Option<String>,
}

/// A look asks names, then addresses, then, where something is off, what tells the cause; one stretch is left for a
/// second look at the names. Four stretches of at most one timeout each must fit into one round.
pub const STRETCHES_PER_ROUND: u32 = 4;

/// The most questions a second that an agent asks of one resolver: half of what Azure's platform resolver takes from one
/// virtual machine before it drops the rest (Microsoft, "Azure DNS limits": 1,000 queries a second).
pub const MOST_QUESTIONS_PER_SECOND: u32 = 500;

impl Default for Settings {
    fn default() -> Self {
        Self { every: Duration::from_secs(30), timeout: Duration::from_secs(5), confirm: 3, recover: 2, trust: None }
    }
}

#[derive(Clone, Debug)]
pub struct Vantage {
    pub name: VantageName,
    pub kind: VantageKind,
    pub within: Vec<IpNet>,
    pub owner: Option<String>,
    pub resolvers: Vec<ResolverRef>,
    pub witness: Option<Witness>,
    /// `HOST:PORT` of the proxy that applications here use, where the plan names one.
    pub proxy: Option<(String, u16)>,
}

impl Vantage {
    /// Whether this machine's own resolvers, and with them the OS path, are part of the vantage.
    pub fn uses_host(&self) -> bool {
        self.resolvers.contains(&ResolverRef::Host)
    }
}

/// A resolver as a vantage names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResolverRef {
    /// Every name server of this machine's resolv.conf, each separately, and the OS path.
    Host,
    Named(ResolverName),
}

/// A probe that must succeed from the same vantage for a `blocked` claim to count. At least one part is given.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Witness {
    pub resolve: Option<HostName>,
    pub connect: Option<(HostName, u16)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolver {
    pub name: ResolverName,
    pub address: SocketAddr,
    pub view: View,
}

/// Whose view of the names a resolver shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum View {
    Private,
    /// Azure's own DNS: 168.63.129.16, or the inbound endpoint of a Private Resolver. It is held against claims as any
    /// private view is, and what it says tells a fault of the zone from one of another resolver.
    Azure,
    /// The internet's view: asked only to learn the public side, never held against a claim.
    Public,
}

impl View {
    pub const ALL: [Self; 3] = [Self::Private, Self::Azure, Self::Public];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Azure => "azure",
            Self::Public => "public",
        }
    }

    /// Whether its answers are held against claims.
    pub const fn is_private(self) -> bool {
        match self {
            Self::Private | Self::Azure => true,
            Self::Public => false,
        }
    }

    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|view| view.word() == word)
    }

    /// The view of a resolver whose plan does not say.
    pub fn of_address(address: IpAddr) -> Self {
        if address.to_canonical() == IpAddr::V4(address::AZURE_PLATFORM) { Self::Azure } else { Self::Private }
    }
}

#[derive(Clone, Debug)]
pub struct Target {
    pub name: TargetName,
    pub service: ServiceName,
    pub endpoints: Vec<Endpoint>,
    pub environment: Option<String>,
    pub owner: Option<String>,
    pub region: Option<String>,
    pub port: u16,
    pub public_front: Vec<PublicFront>,
    /// The key-less request, where the target brings its own.
    pub request: Option<Request>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub host: HostName,
    /// Addresses and prefixes the name must resolve to; empty where no private endpoint exists.
    pub expected: Vec<IpNet>,
    /// Whether the catalogue, not the plan, vouches for the name.
    pub from_catalog: bool,
}

/// Where the public side of a target answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PublicFront {
    Address(IpAddr),
    Name(HostName),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub path: String,
    /// Statuses that prove the path is open; `None` for the service's own.
    pub open: Option<Vec<u16>>,
}

#[derive(Clone, Debug)]
pub struct Rule {
    /// Shared with every check that it decides.
    pub name: Arc<str>,
    pub from: VantageSelector,
    pub to: TargetSelector,
    pub claim: Claim,
    pub why: Option<String>,
}

/// What a rule asserts for a vantage and a target.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Claim {
    Private,
    /// Every way to the target is stopped at one of these layers.
    Blocked(BTreeSet<Layer>),
    Public,
    /// Covered on purpose, not looked at.
    None,
}

impl Claim {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Blocked(_) => "blocked",
            Self::Public => "public",
            Self::None => "none",
        }
    }
}

/// A layer at which a path may be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// The name gives no usable address.
    Dns,
    /// Nothing came back in time, at whatever stage.
    Timeout,
    /// The TCP port refused.
    Refused,
    /// The connection was reset.
    Reset,
    /// The network said that there is no way.
    Unreachable,
    /// The TLS handshake did not come to a trusted end.
    Tls,
    /// The service's front refused the network the request came from.
    Denied,
}

impl Layer {
    pub const ALL: [Self; 7] =
        [Self::Dns, Self::Timeout, Self::Refused, Self::Reset, Self::Unreachable, Self::Tls, Self::Denied];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Timeout => "timeout",
            Self::Refused => "refused",
            Self::Reset => "reset",
            Self::Unreachable => "unreachable",
            Self::Tls => "tls",
            Self::Denied => "denied",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VantageSelector {
    Any,
    Names(Vec<VantageName>),
    /// All that are given must match.
    Where {
        name: Option<VantageName>,
        kind: Option<VantageKind>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetSelector {
    Any,
    Names(Vec<TargetName>),
    /// All that are given must match.
    Where {
        name: Option<TargetName>,
        service: Option<ServiceName>,
        environment: Option<String>,
        region: Option<String>,
    },
}

/// A dated, owned deviation from the rules.
#[derive(Clone, Debug)]
pub struct Exception {
    pub name: ExceptionName,
    pub from: VantageSelector,
    pub to: TargetSelector,
    pub claim: Claim,
    pub owner: String,
    pub approved_by: Option<String>,
    pub reason: String,
    /// The first day it covers, from 00:00 UTC.
    pub begins: Option<Date>,
    /// The last day it covers, to 24:00 UTC.
    pub ends: Date,
}

/// Reads and checks a plan; `file` is only named in faults.
pub fn read(file: &str, text: &str, services: &ServiceOutlines) -> Result<Plan, Faults> {
    let root = tree::read(text).map_err(|fault| Faults::new(file, vec![fault]))?;
    read_tree(file, vec![file.to_owned()], &root, services, hash_of(text))
}

fn read_tree(
    called: &str,
    files: Vec<String>,
    root: &tree::Node,
    services: &ServiceOutlines,
    hash: String,
) -> Result<Plan, Faults> {
    let mut reader = read::Reader { files, faults: Vec::new() };
    let draft = file::plan(&mut reader, root);
    let checked = check::plan(draft, services, &mut reader, hash);
    if reader.faults.is_empty() { Ok(checked) } else { Err(Faults::of_all(called, reader.files, reader.faults)) }
}

/// SHA-256, as hexadecimal.
pub fn hash_of(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
