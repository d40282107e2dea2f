//! Host names put together as targets: names of one account are one target, under the service that knows them.

use super::Notes;
use super::gather::{Probe, Seen, is_line};
use crate::catalog::Catalog;
use crate::plan::{HostName, ServiceName};
use ipnet::IpNet;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// The service of the catalogue for whatever speaks HTTPS.
const ANY_HTTPS: &str = "https";

#[derive(Debug)]
pub struct Target {
    pub name: String,
    pub service: ServiceName,
    pub environment: Option<String>,
    pub owner: Option<String>,
    pub port: u16,
    pub request: Option<Request>,
    /// Host names with the addresses that are known for them.
    pub endpoints: BTreeMap<HostName, BTreeSet<IpNet>>,
    pub claim: Claim,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    Private,
    /// Somebody wanted it reachable, and nothing says that it has a private endpoint.
    Public,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Request {
    pub path: String,
    pub open: Vec<u16>,
}

/// What one host name came to, over all its probes.
#[derive(Debug, Default)]
struct Host {
    port: Option<u16>,
    path: Option<String>,
    open: BTreeSet<u16>,
    expected: BTreeSet<IpNet>,
    labels: BTreeMap<String, String>,
}

/// What names must share to be one target.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Account {
    name: String,
    service: ServiceName,
    environment: Option<String>,
    owner: Option<String>,
    port: u16,
    request: Option<Request>,
    private: bool,
}

pub fn targets(probes: &[Probe], catalog: &Catalog, notes: &mut Notes) -> Vec<Target> {
    let mut hosts: BTreeMap<(HostName, Option<u16>), Host> = BTreeMap::new();
    for probe in probes {
        match &probe.seen {
            Seen::Tls { port, path, open } => {
                let host = hosts.entry((probe.host.clone(), Some(*port))).or_default();
                host.port = Some(*port);
                if let (Some(known), Some(path)) = (&host.path, path)
                    && known != path
                {
                    notes.add(format!("target {}", probe.host), format!("one request is sent; {path} is left out"));
                }
                host.path = host.path.take().or_else(|| path.clone());
                host.open.extend(open);
                host.labels.extend(probe.labels.clone());
            }
            Seen::Name { expected } => {
                let host = hosts.entry((probe.host.clone(), None)).or_default();
                host.expected.extend(expected.iter().copied().map(IpNet::from));
                host.labels.extend(probe.labels.clone());
            }
        }
    }
    let accounts = accounts(merged(hosts), catalog, notes);
    named(accounts)
}

/// Where a name was only asked for, what was learnt goes to every port it was probed on; else it stands for itself.
fn merged(hosts: BTreeMap<(HostName, Option<u16>), Host>) -> Vec<(HostName, Host)> {
    let (names, mut probed): (Vec<_>, Vec<_>) =
        hosts.into_iter().map(|((name, _), host)| (name, host)).partition(|(_, host)| host.port.is_none());
    for (name, asked) in names {
        let mut found = false;
        for (_, host) in probed.iter_mut().filter(|(known, _)| *known == name) {
            found = true;
            host.expected.extend(&asked.expected);
        }
        if !found {
            probed.push((name, asked));
        }
    }
    probed
}

fn accounts(
    hosts: Vec<(HostName, Host)>,
    catalog: &Catalog,
    notes: &mut Notes,
) -> BTreeMap<Account, BTreeMap<HostName, BTreeSet<IpNet>>> {
    let services = services(hosts.iter().map(|(name, _)| name), catalog);
    let mut accounts: BTreeMap<Account, BTreeMap<HostName, BTreeSet<IpNet>>> = BTreeMap::new();
    for (name, host) in hosts {
        let service = services.get(&name).cloned().unwrap_or_else(|| ServiceName::new(ANY_HTTPS));
        let known = catalog.service(&service);
        let of_everybody = known.is_some_and(|service| !service.endpoints.is_empty());
        let takes_request = known.is_some_and(|service| service.request.per_target);
        let asked = host.path.is_some() || !host.open.is_empty();
        if asked && !takes_request {
            let what =
                format!("{service} is asked by its own request, which needs no key; path and statuses are left out");
            notes.add(format!("target {name}"), what);
        }
        let request = (asked && takes_request).then(|| Request {
            path: host.path.unwrap_or_else(|| "/".to_owned()),
            open: host.open.into_iter().collect(),
        });
        let label = |keys: &[&str]| keys.iter().find_map(|key| host.labels.get(*key)).cloned();
        let environment = label(&["environment", "env", "stage"]);
        let account = Account {
            name: account_of(&name, takes_request || of_everybody),
            private: !of_everybody && (service.as_str() != ANY_HTTPS || !host.expected.is_empty()),
            service,
            environment: environment.filter(|word| is_name(word)),
            owner: label(&["owner", "team"]).filter(|text| is_line(text)),
            port: host.port.unwrap_or(443),
            request,
        };
        accounts.entry(account).or_default().entry(name).or_default().extend(host.expected);
    }
    accounts
}

/// The service of each name. Names of one account lie under several suffixes, some of which belong to several services:
/// where one of the names belongs to one service alone that knows all of them, it is the service of all.
fn services<'h>(hosts: impl Iterator<Item = &'h HostName>, catalog: &Catalog) -> BTreeMap<HostName, ServiceName> {
    let mut accounts: BTreeMap<String, Vec<(&HostName, Vec<&ServiceName>)>> = BTreeMap::new();
    for host in hosts {
        let knowing = catalog.services().filter(|service| {
            service.names_of(host).is_some() || service.endpoints.iter().any(|endpoint| endpoint.host == *host)
        });
        let mut knowing: Vec<_> = knowing.collect();
        // The one with the fewest suffixes says most.
        knowing.sort_by_key(|service| service.clouds.values().map(|cloud| cloud.suffixes.len()).sum::<usize>());
        let names = knowing.into_iter().map(|service| &service.name).collect();
        accounts.entry(account_of(host, false)).or_default().push((host, names));
    }
    let mut services = BTreeMap::new();
    for hosts in accounts.values() {
        let alone = hosts.iter().find(|(_, names)| names.len() == 1).map(|(_, names)| names[0]);
        for (host, names) in hosts {
            let chosen = alone.filter(|alone| names.contains(alone)).or(names.first().copied());
            services.extend(chosen.map(|chosen| ((*host).clone(), chosen.clone())));
        }
    }
    services
}

/// What a name is called by: its first label where an account has names of its own, else all of it.
fn account_of(host: &HostName, whole: bool) -> String {
    if whole { host.to_string() } else { host.as_str().split('.').next().unwrap_or_default().to_owned() }
}

fn named(accounts: BTreeMap<Account, BTreeMap<HostName, BTreeSet<IpNet>>>) -> Vec<Target> {
    let mut taken = BTreeSet::new();
    let mut targets = Vec::new();
    for (account, endpoints) in accounts {
        let plain: String = account.name.chars().map(|c| if is_plain(c) { c } else { '-' }).take(56).collect();
        let base = plain.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
        let base = if base.is_empty() { "target" } else { base };
        let mut name = base.to_owned();
        let mut number = 2;
        while !taken.insert(name.clone()) {
            name = format!("{base}-{number}");
            number += 1;
        }
        targets.push(Target {
            name,
            service: account.service,
            environment: account.environment,
            owner: account.owner,
            port: account.port,
            request: account.request,
            endpoints,
            claim: if account.private { Claim::Private } else { Claim::Public },
        });
    }
    targets
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// Whether text may stand where a plan asks for a name.
fn is_name(text: &str) -> bool {
    text.len() <= 63 && text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(is_plain)
}

/// The addresses that pass where nobody wrote down which ones should: those of RFC 1918.
pub fn any_private() -> [IpNet; 3] {
    let net = |a, b, length| IpNet::new_assert(IpAddr::from([a, b, 0, 0]), length);
    [net(10, 0, 8), net(172, 16, 12), net(192, 168, 16)]
}
