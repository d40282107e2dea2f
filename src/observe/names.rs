//! All names of one subject at once: the OS path and every resolver, each with its own outcome.

use super::look::{AskedResolver, Subject};
use super::{Lens, dns};
use crate::facts::{Family, NameFacts, OsLookup, OsOutcome, ResolverFacts};
use crate::plan::{AddressClass, HostName, PublicFront, ResolverName, View};
use futures_util::future::join_all;
use std::net::IpAddr;
use tokio::time::{Instant, timeout};

/// Asks everyone; ends within one timeout.
pub async fn observe(lens: &Lens, subject: &Subject) -> (NameFacts, Vec<IpAddr>) {
    let resolvers = everyone(lens, &subject.resolvers, subject.host);
    let wire = join_all(resolvers.iter().map(|resolver| ask(lens, subject, resolver)));
    let (os, resolvers, fronts) =
        tokio::join!(os_lookup(lens, subject), wire, front_addresses(lens, subject, &resolvers));
    (NameFacts { os, resolvers }, fronts)
}

/// Asks those again that gave a public address, on the machine or on the wire; nothing, where nobody did. Ends within one
/// timeout.
pub async fn look_again(lens: &Lens, subject: &Subject, names: &NameFacts) -> Option<NameFacts> {
    let is_public = |address: IpAddr| subject.networks.class(address, &subject.expected) == AddressClass::Public;
    let given = names.os.as_ref().is_some_and(|os| match &os.outcome {
        OsOutcome::Addresses(given) => given.iter().any(|address| is_public(*address)),
        _ => false,
    });
    let doubted = names.resolvers.iter().filter(|r| r.view.is_private() && r.addresses().any(is_public));
    let resolvers: Vec<AskedResolver> = doubted.map(AskedResolver::from).collect();
    if !given && resolvers.is_empty() {
        return None;
    }
    let os = async { if given { os_lookup(lens, subject).await } else { None } };
    let wire = join_all(resolvers.iter().map(|resolver| ask(lens, subject, resolver)));
    let (os, resolvers) = tokio::join!(os, wire);
    Some(NameFacts { os, resolvers })
}

/// The named resolvers, and those of resolv.conf that are not among them.
pub fn everyone(lens: &Lens, named: &[AskedResolver], host: bool) -> Vec<AskedResolver> {
    let mut all = named.to_vec();
    if host {
        for (i, server) in lens.net.host_resolvers().into_iter().enumerate() {
            match all.iter_mut().find(|known| known.server == server && known.view.is_private()) {
                Some(known) => known.configured = true,
                None => {
                    let name = ResolverName::new(&format!("host-{}", i + 1));
                    all.push(AskedResolver { name, server, view: View::of_address(server.ip()), configured: true });
                }
            }
        }
    }
    all
}

async fn ask(lens: &Lens, subject: &Subject, resolver: &AskedResolver) -> ResolverFacts {
    let (a, aaaa) = dns::ask(lens, resolver.server, &subject.host_name, subject.timeout).await;
    ResolverFacts {
        resolver: resolver.name.clone(),
        server: resolver.server,
        view: resolver.view,
        configured: resolver.configured,
        a,
        aaaa,
    }
}

async fn os_lookup(lens: &Lens, subject: &Subject) -> Option<OsLookup> {
    if !subject.host {
        return None;
    }
    let start = Instant::now();
    let looked = timeout(subject.timeout, lens.net.os_lookup(subject.host_name.clone())).await;
    Some(OsLookup { took: start.elapsed(), outcome: looked.unwrap_or(OsOutcome::TimedOut) })
}

/// Where the public side answers: given addresses as they are, names through a resolver with the public view, else
/// through the first one there is.
async fn front_addresses(lens: &Lens, subject: &Subject, resolvers: &[AskedResolver]) -> Vec<IpAddr> {
    let mut addresses: Vec<IpAddr> = Vec::new();
    let mut names: Vec<&HostName> = Vec::new();
    for front in &subject.fronts {
        match front {
            PublicFront::Address(address) => addresses.push(*address),
            PublicFront::Name(name) => names.push(name),
        }
    }
    let public = resolvers.iter().find(|resolver| resolver.view == View::Public);
    if let Some(resolver) = public.or(resolvers.first()) {
        let asked = names.iter().map(|name| dns::ask(lens, resolver.server, name, subject.timeout));
        for (a, aaaa) in join_all(asked).await {
            debug_assert_eq!((a.family, aaaa.family), (Family::A, Family::Aaaa));
            addresses.extend([a, aaaa].iter().filter_map(|l| l.answer()).flat_map(|answer| answer.addresses.clone()));
        }
    }
    addresses
}
