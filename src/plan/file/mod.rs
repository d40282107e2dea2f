//! The plan as written: every value typed and with its place, nothing yet compared with anything else.

mod alerts;
mod rules;

pub use alerts::{AlertsFile, DestinationFile};

use super::View;
use super::address::Networks;
use super::fault::Place;
use super::language as lang;
use super::names::HostName;
use super::read::{Reader, Spot};
use super::tree::{Node, Value};
use ipnet::IpNet;
use jiff::civil::Date;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

#[derive(Default)]
pub struct PlanFile {
    pub name: String,
    pub settings: SettingsFile,
    pub networks: Networks,
    pub vantages: Vec<VantageFile>,
    pub resolvers: Vec<ResolverFile>,
    pub targets: Vec<TargetFile>,
    pub rules: Vec<RuleFile>,
    pub exceptions: Vec<ExceptionFile>,
    pub alerts: AlertsFile,
    /// Things that are written but could not be read, so that what refers to them is not reported as well.
    pub unread: Unread,
}

/// The names of what could not be read.
#[derive(Default)]
pub struct Unread {
    pub vantages: Vec<String>,
    pub resolvers: Vec<String>,
    pub targets: Vec<String>,
    /// Whether any rule could not be read.
    pub rules: bool,
}

#[derive(Default)]
pub struct SettingsFile {
    pub place: Place,
    pub every: Option<Spot<Duration>>,
    pub timeout: Option<Spot<Duration>>,
    pub confirm: Option<u32>,
    pub recover: Option<u32>,
    pub trust: Option<String>,
}

pub struct VantageFile {
    pub name: Spot<String>,
    pub kind: String,
    pub within: Vec<Spot<IpNet>>,
    pub owner: Option<String>,
    pub resolvers: Option<Vec<Spot<String>>>,
    pub witness: Option<WitnessFile>,
    pub proxy: Option<Spot<String>>,
}

pub struct WitnessFile {
    pub place: Place,
    pub resolve: Option<HostName>,
    pub connect: Option<(HostName, u16)>,
}

pub struct ResolverFile {
    pub name: Spot<String>,
    pub address: SocketAddr,
    /// `None` where the address decides.
    pub view: Option<View>,
}

pub struct TargetFile {
    pub name: Spot<String>,
    pub service: Spot<String>,
    pub endpoints: Vec<EndpointFile>,
    /// Whether all that is written under `endpoints` could be read.
    pub endpoints_read: bool,
    pub environment: Option<String>,
    pub owner: Option<String>,
    pub region: Option<String>,
    pub port: u16,
    pub public_front: Vec<FrontFile>,
    pub request: Option<Spot<RequestFile>>,
}

pub enum FrontFile {
    Address(IpAddr),
    Name(HostName),
}

pub struct EndpointFile {
    pub host: Spot<HostName>,
    pub expected: Vec<IpNet>,
}

pub struct RequestFile {
    pub path: String,
    pub open: Option<Vec<u16>>,
}

pub struct RuleFile {
    pub name: Spot<String>,
    pub place: Place,
    /// Whether every part of it could be read.
    pub is_whole: bool,
    pub from: SelectorFile,
    pub to: SelectorFile,
    pub claim: ClaimFile,
    pub why: Option<String>,
}

pub struct ClaimFile {
    pub claim: Spot<&'static str>,
    pub by: Option<Vec<Spot<&'static str>>>,
    /// Whether `by` held words that are none of its own.
    pub by_unread: bool,
}

/// Which things are meant, as written.
pub enum SelectorFile {
    Any,
    Names(Vec<Spot<String>>),
    Where(Vec<(&'static str, Spot<String>)>),
}

impl SelectorFile {
    /// What stands for a selector that could not be read.
    pub(super) const NOTHING: Self = Self::Names(Vec::new());
}

pub struct ExceptionFile {
    pub name: Spot<String>,
    pub from: SelectorFile,
    pub to: SelectorFile,
    pub claim: ClaimFile,
    pub owner: String,
    pub approved_by: Option<String>,
    pub reason: String,
    pub begins: Option<Spot<Date>>,
    pub ends: Spot<Date>,
}

/// Reads the whole tree; what could not be read is a fault in the reader and missing here.
pub fn plan(r: &mut Reader, root: &Node) -> PlanFile {
    let mut file = PlanFile::default();
    let Some(f) = r.fields(root, &lang::PLAN) else { return file };
    file.name = f.get("plan").and_then(|n| r.name(n, "the plan's name")).map(|s| s.value).unwrap_or_default();
    file.settings = f.get("settings").map(|n| settings(r, n)).unwrap_or_default();
    file.networks = f.get("networks").map(|n| networks(r, n)).unwrap_or_default();
    (file.vantages, file.unread.vantages) = named(r, f.get("vantages"), "vantages", vantage);
    (file.resolvers, file.unread.resolvers) = named(r, f.get("resolvers"), "resolvers", resolver);
    (file.targets, file.unread.targets) = named(r, f.get("targets"), "targets", target);
    (file.exceptions, _) = named(r, f.get("exceptions"), "exceptions", rules::exception);
    file.alerts = f.get("alerts").map(|n| alerts::alerts(r, n)).unwrap_or_default();
    if let Some(items) = f.get("rules").and_then(|n| r.list(n, "rules")) {
        file.rules = items.iter().filter_map(|item| rules::rule(r, item)).collect();
        file.unread.rules = file.rules.len() < items.len() || file.rules.iter().any(|rule| !rule.is_whole);
    }
    for key in ["vantages", "targets", "rules"] {
        if let Some(node) = f.get(key).filter(|node| node.is_empty_collection()) {
            r.fault(node.place, format!("`{key}` is empty, so nothing would be looked at"), "write at least one");
        }
    }
    file
}

/// A table whose keys are names the plan gives: what could be read, and the names of what could not.
fn named<T>(
    r: &mut Reader,
    node: Option<&Node>,
    called: &str,
    read: impl Fn(&mut Reader, Spot<String>, &Node) -> Option<T>,
) -> (Vec<T>, Vec<String>) {
    let Some(entries) = node.and_then(|node| r.entries(node, called)) else { return (Vec::new(), Vec::new()) };
    let (mut things, mut unread) = (Vec::with_capacity(entries.len()), Vec::new());
    for (key, value) in entries {
        let sound = r.check_name(&key.text, key.place, "the name");
        let thing = read(r, Spot { value: key.text.clone(), place: key.place }, value);
        match thing.filter(|_| sound) {
            Some(thing) => things.push(thing),
            None => unread.push(key.text.clone()),
        }
    }
    (things, unread)
}

fn settings(r: &mut Reader, node: &Node) -> SettingsFile {
    let Some(f) = r.fields(node, &lang::SETTINGS) else { return SettingsFile::default() };
    SettingsFile {
        place: f.place,
        every: f.get("every").and_then(|n| r.time(n, "every")),
        timeout: f.get("timeout").and_then(|n| r.time(n, "timeout")),
        confirm: f.get("confirm").and_then(|n| r.count(n, "confirm", (1, 100))).map(|s| s.value),
        recover: f.get("recover").and_then(|n| r.count(n, "recover", (1, 100))).map(|s| s.value),
        trust: optional_text(r, f.get("trust"), "trust"),
    }
}

fn networks(r: &mut Reader, node: &Node) -> Networks {
    let Some(f) = r.fields(node, &lang::NETWORKS) else { return Networks::default() };
    let mut nets = |key| prefixes(r, f.get(key), key).into_iter().map(|spot| spot.value).collect();
    Networks { private: nets("private"), public: nets("public") }
}

fn prefixes(r: &mut Reader, node: Option<&Node>, what: &str) -> Vec<Spot<IpNet>> {
    let items = node.map(|n| r.one_or_many(n)).unwrap_or_default();
    items.iter().filter_map(|item| r.prefix(item, what)).collect()
}

fn optional_text(r: &mut Reader, node: Option<&Node>, what: &str) -> Option<String> {
    node.and_then(|n| r.text(n, what)).map(|s| s.value)
}

fn optional_name(r: &mut Reader, node: Option<&Node>, what: &str) -> Option<String> {
    node.and_then(|n| r.name(n, what)).map(|s| s.value)
}

fn vantage(r: &mut Reader, name: Spot<String>, node: &Node) -> Option<VantageFile> {
    let f = r.fields(node, &lang::VANTAGE)?;
    let resolvers = f
        .get("resolvers")
        .and_then(|n| r.list(n, "resolvers"))
        .map(|items| items.iter().filter_map(|item| r.name(item, "a resolver")).collect::<Vec<_>>());
    let witness = f.get("witness").and_then(|n| witness(r, n));
    Some(VantageFile {
        kind: optional_name(r, f.get("kind"), "the kind")?,
        within: prefixes(r, f.get("within"), "within"),
        owner: optional_text(r, f.get("owner"), "the owner"),
        proxy: f.get("proxy").and_then(|n| r.text(n, "the proxy")),
        name,
        resolvers,
        witness,
    })
}

fn witness(r: &mut Reader, node: &Node) -> Option<WitnessFile> {
    let before = r.faults.len();
    let f = r.fields(node, &lang::WITNESS)?;
    let resolve =
        f.get("resolve").and_then(|n| r.text(n, "resolve")).and_then(|s| r.host(&s.value, s.place, "resolve"));
    let connect = f.get("connect").and_then(|n| r.host_port(n, "connect"));
    (r.faults.len() == before).then_some(WitnessFile { place: f.place, resolve, connect })
}

fn resolver(r: &mut Reader, name: Spot<String>, node: &Node) -> Option<ResolverFile> {
    let f = r.fields(node, &lang::RESOLVER)?;
    let view = f.get("view").and_then(|n| r.word(n, "view", lang::VIEWS));
    let address = f.get("address").and_then(|n| r.server(n, "the address"))?;
    Some(ResolverFile { name, address, view: view.and_then(|v| View::of_word(v.value)) })
}

fn target(r: &mut Reader, name: Spot<String>, node: &Node) -> Option<TargetFile> {
    let f = r.fields(node, &lang::TARGET)?;
    let before = r.faults.len();
    let endpoints = f.get("endpoints").map(|n| endpoints(r, n)).unwrap_or_default();
    let endpoints_read = r.faults.len() == before;
    let port = f.get("port").and_then(|n| r.count(n, "the port", (1, 65535))).map_or(443, |s| s.value as u16);
    let fronts = f.get("public_front").map(|n| r.one_or_many(n)).unwrap_or_default();
    let public_front = fronts.iter().filter_map(|n| front(r, n)).collect();
    let request = f.get("request").and_then(|n| request(r, n));
    let environment = optional_name(r, f.get("environment"), "the environment");
    let owner = optional_text(r, f.get("owner"), "the owner");
    let region = optional_name(r, f.get("region"), "the region");
    let service = f.get("service").and_then(|n| r.name(n, "the service"))?;
    Some(TargetFile {
        name,
        service,
        endpoints,
        endpoints_read,
        environment,
        owner,
        region,
        port,
        public_front,
        request,
    })
}

fn front(r: &mut Reader, node: &Node) -> Option<FrontFile> {
    let spot = r.text(node, "public_front")?;
    match spot.value.parse() {
        Ok(address) => Some(FrontFile::Address(address)),
        Err(_) => r.host(&spot.value, spot.place, "public_front").map(FrontFile::Name),
    }
}

fn endpoints(r: &mut Reader, node: &Node) -> Vec<EndpointFile> {
    let Some(entries) = r.entries(node, "endpoints") else { return Vec::new() };
    let mut endpoints: Vec<EndpointFile> = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let expected = match &value.value {
            Value::Nothing => Vec::new(),
            Value::Text(_) | Value::List(_) | Value::Table(_) => prefixes(r, Some(value), "the expected address"),
        };
        let Some(host) = r.host(&key.text, key.place, "the endpoint") else { continue };
        if endpoints.iter().any(|e| e.host.value == host) {
            r.fault(key.place, format!("the endpoint `{host}` is written twice"), "keep one of the two");
            continue;
        }
        let expected = expected.into_iter().map(|spot| spot.value).collect();
        endpoints.push(EndpointFile { host: Spot { value: host, place: key.place }, expected });
    }
    endpoints
}

fn request(r: &mut Reader, node: &Node) -> Option<Spot<RequestFile>> {
    let f = r.fields(node, &lang::REQUEST)?;
    let path = f.get("path").and_then(|n| r.text(n, "the path"));
    let open = f.get("open").map(|n| {
        let items = r.one_or_many(n);
        if items.is_empty() {
            r.fault(
                n.place,
                "`open` lists no status, so nothing could prove the path",
                "list one, or leave `open` out",
            );
        }
        items.iter().filter_map(|i| r.count(i, "a status", (100, 599))).map(|s| s.value as u16).collect()
    });
    if let Some(path) = path.as_ref().filter(|p| !p.value.starts_with('/') || p.value.contains(' ')) {
        r.fault(
            path.place,
            format!("the path `{}` is not a request path", path.value),
            "begin it with `/`, without spaces",
        );
        return None;
    }
    let path = path.map_or_else(|| "/".to_owned(), |p| p.value);
    Some(Spot { value: RequestFile { path, open }, place: f.place })
}
