//! One look at one subject: first the names, then every address they led to, all at once, everything bounded.

use super::{Lens, names, path, proxy};
use crate::clock;
use crate::facts::{Facts, NameFacts, PathFacts, ResolverFacts, Why};
use crate::plan::{AddressClass, HostName, Networks, PublicFront, ResolverName, View};
use futures_util::future::join_all;
use ipnet::IpNet;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The most addresses one look tries; the rest is named in the facts.
pub const MOST_ADDRESSES: usize = 16;

/// What to look at. It says nothing of what should be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    pub host_name: HostName,
    pub port: u16,
    /// The path of the key-less request.
    pub path: String,
    pub resolvers: Vec<AskedResolver>,
    /// Whether this machine's own resolvers, its OS path and its proxy variables are looked at too.
    pub host: bool,
    pub expected: Vec<IpNet>,
    pub networks: Arc<Networks>,
    pub fronts: Vec<PublicFront>,
    /// The proxy that the plan names.
    pub proxy: Option<(String, u16)>,
    /// The longest one question or one connection may take.
    pub timeout: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedResolver {
    pub name: ResolverName,
    pub server: SocketAddr,
    pub view: View,
    /// Whether this machine's resolv.conf names it.
    pub configured: bool,
}

impl From<&ResolverFacts> for AskedResolver {
    fn from(seen: &ResolverFacts) -> Self {
        Self { name: seen.resolver.clone(), server: seen.server, view: seen.view, configured: seen.configured }
    }
}

/// Looks. Ends within two timeouts, and never fails: what went wrong is among the facts.
pub async fn look(lens: &Lens, subject: &Subject) -> Facts {
    let at = clock::now();
    let start = Instant::now();
    let (names, fronts) = names::observe(lens, subject).await;
    let mut tried = candidates(subject, &names, &fronts);
    let untried = tried.split_off(MOST_ADDRESSES.min(tried.len())).into_iter().map(|(address, _)| address).collect();
    let paths = join_all(tried.into_iter().map(|(address, why)| path::observe(lens, subject, address, why)));
    let (mut paths, proxy) = tokio::join!(paths, proxy::observe(lens, subject));
    paths.sort_by_key(|path: &PathFacts| path.address);
    Facts { at, took: start.elapsed(), names, paths, untried, proxy, follow_up: None, second_look: None }
}

/// Every address worth a connection with the reasons for it; the expected ones first, fronts last.
fn candidates(subject: &Subject, names: &NameFacts, fronts: &[IpAddr]) -> Vec<(IpAddr, Vec<Why>)> {
    let mut reasons: BTreeMap<IpAddr, Vec<Why>> = BTreeMap::new();
    let mut add = |address: IpAddr, why: Why| {
        let known = subject.networks.class(address, &subject.expected) == AddressClass::Expected;
        if known || subject.networks.kind(address).is_worth_a_connection() {
            let list = reasons.entry(address).or_default();
            if !list.contains(&why) {
                list.push(why);
            }
        }
    };
    for resolver in &names.resolvers {
        let why = match resolver.view {
            View::Private | View::Azure => Why::Answered,
            View::Public => Why::PublicFront,
        };
        resolver.addresses().for_each(|address| add(address, why));
    }
    if let Some(crate::facts::OsOutcome::Addresses(given)) = names.os.as_ref().map(|os| &os.outcome) {
        given.iter().for_each(|address| add(*address, Why::Answered));
    }
    let single = |net: &&IpNet| net.prefix_len() == net.max_prefix_len();
    subject.expected.iter().filter(single).for_each(|net| add(net.addr(), Why::Expected));
    fronts.iter().for_each(|address| add(*address, Why::PublicFront));
    let mut ordered: Vec<(IpAddr, Vec<Why>)> = reasons.into_iter().collect();
    for (_, why) in &mut ordered {
        why.sort();
    }
    ordered.sort_by_key(|(address, why)| {
        let expected = subject.networks.class(*address, &subject.expected) == AddressClass::Expected;
        (!expected, why.first().copied(), *address)
    });
    ordered
}
