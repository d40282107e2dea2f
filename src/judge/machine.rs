//! What this machine itself adds: its hosts file, its search list, its resolv.conf, and whether it has a network at all.

use super::causes::{Cause, Diagnosis};
use super::codes::Code;
use super::finding::{Evidence, Finding, Severity, Weight};
use super::names::{Says, odd_addresses, private_view, says};
use super::{Asked, Witnessing};
use crate::facts::{ConnectOutcome, Facts, FollowUp, Inquired, LookupOutcome, OsOutcome, Purpose, ResolverFacts};
use crate::plan::AddressClass;
use std::net::IpAddr;
use std::sync::Arc;

pub fn findings(asked: &Asked<'_>, facts: &Facts) -> Vec<Finding> {
    os_path(asked, facts).into_iter().chain(public_resolver(asked, facts)).collect()
}

/// Every question and every connection ended with no way to go, and no witness found one.
pub fn offline(facts: &Facts, witness: &Witnessing) -> Option<Finding> {
    if matches!(witness, Witnessing::Succeeded(_)) {
        return None;
    }
    let lookups = facts.names.resolvers.iter().flat_map(|resolver| resolver.lookups());
    let no_way = |outcome: &LookupOutcome| *outcome == LookupOutcome::Unreachable;
    let mut questions = lookups.map(|lookup| &lookup.outcome).peekable();
    let asked_somebody = questions.peek().is_some();
    let mut paths = facts.paths.iter().map(|path| &path.connect.outcome);
    let nothing_works = questions.all(no_way) && paths.all(|outcome| matches!(outcome, ConnectOutcome::Unreachable(_)));
    let os = facts.names.os.as_ref().map(|os| &os.outcome);
    let os_works = matches!(os, Some(OsOutcome::Addresses(_)));
    (asked_somebody && nothing_works && !os_works).then(|| {
        let resolver = facts.names.resolvers.first();
        let seen = resolver.map(|r| Evidence::NotAnswered {
            resolver: r.resolver.clone(),
            family: r.a.family,
            outcome: r.a.outcome.clone(),
        });
        Finding::new(Code::AgentOffline, Weight::Unclear, seen.into_iter().collect())
    })
}

/// The agent itself could ask nobody: it ran out of descriptors, say.
pub fn exhausted(facts: &Facts) -> Option<Finding> {
    let not_asked = |outcome: &LookupOutcome| matches!(outcome, LookupOutcome::NotAsked(_));
    let mut lookups = facts.names.resolvers.iter().flat_map(|resolver| resolver.lookups());
    let first = facts.names.resolvers.first().filter(|_| lookups.all(|lookup| not_asked(&lookup.outcome)))?;
    let seen = Evidence::NotAnswered {
        resolver: first.resolver.clone(),
        family: first.a.family,
        outcome: first.a.outcome.clone(),
    };
    Some(Finding::new(Code::AgentOverloaded, Weight::Unclear, vec![seen]))
}

/// A name server on the internet among those that applications here ask.
fn public_resolver(asked: &Asked<'_>, facts: &Facts) -> Option<Finding> {
    // One that gives the private address does know the zone, whatever its own address looks like: name servers inside a
    // company may well have addresses of the internet, above all with IPv6.
    let knows_no_zone = |resolver: &&ResolverFacts| resolver.configured && says(asked, resolver) != Says::Expected;
    let configured = facts.names.resolvers.iter().filter(knows_no_zone);
    let public = configured.map(|r| r.server).filter(|s| asked.networks.class(s.ip(), &[]) == AddressClass::Public);
    let seen: Vec<Evidence> = public.map(|server| Evidence::Configured { server }).collect();
    (!seen.is_empty()).then(|| Finding::new(Code::PublicResolverConfigured, Weight::Notes, seen))
}

/// What applications get beside what the resolvers say.
fn os_path(asked: &Asked<'_>, facts: &Facts) -> Option<Finding> {
    let names = &facts.names;
    let os = names.os.as_ref()?;
    let seen = vec![Evidence::Os(os.outcome.clone())];
    let resolvers_give = private_view(names).any(|resolver| resolver.addresses().next().is_some());
    match &os.outcome {
        OsOutcome::Addresses(_) => {
            let odd = odd_addresses(names);
            let classes: Vec<AddressClass> = odd.iter().map(|address| asked.class(*address)).collect();
            let leaks = classes.iter().any(|class| *class != AddressClass::Expected);
            let some_resolver_answers = private_view(names).any(|r| says(asked, r) != Says::Fails);
            if odd.is_empty() || !some_resolver_answers && !leaks {
                return None;
            }
            let weight = if leaks { Weight::Breaks } else { Weight::Notes };
            let mut finding = overridden(facts.follow_up.as_deref(), &odd, weight, seen);
            if classes.contains(&AddressClass::Public) {
                finding.severity = Severity::Critical;
            }
            Some(finding)
        }
        OsOutcome::NoSuchName | OsOutcome::Failed(_) if resolvers_give => {
            Some(Finding::new(Code::OsLookupFailing, Weight::Breaks, seen))
        }
        OsOutcome::TryAgain | OsOutcome::TimedOut if resolvers_give => {
            Some(Finding::new(Code::OsLookupFailing, Weight::Unclear, seen))
        }
        OsOutcome::NotAsked(_) => Some(Finding::new(Code::AgentOverloaded, Weight::Unclear, seen)),
        OsOutcome::NoSuchName | OsOutcome::Failed(_) | OsOutcome::TryAgain | OsOutcome::TimedOut => None,
    }
}

/// Where addresses come from that no resolver gave: the search list, the hosts file, or nobody knows.
fn overridden(follow_up: Option<&FollowUp>, odd: &[IpAddr], weight: Weight, mut seen: Vec<Evidence>) -> Finding {
    let Some(follow_up) = follow_up else {
        let mut finding = Finding::new(Code::HostsOverride, weight, seen);
        finding.diagnosis = Some(Diagnosis::undetermined(Vec::new()));
        return finding;
    };
    let in_hosts = follow_up.machine.as_ref().map(|machine| machine.hosts.clone()).unwrap_or_default();
    if in_hosts.iter().any(|address| odd.contains(address)) {
        let mut finding = Finding::new(Code::HostsOverride, weight, seen);
        finding.diagnosis = Some(Diagnosis::certain(Cause::HostsFile, vec![Evidence::HostsFile(in_hosts)]));
        return finding;
    }
    let suffixed = follow_up.inquired.iter().filter(|i| i.inquiry.purpose == Purpose::SearchSuffix);
    let gives = |inquired: &&Arc<Inquired>| {
        inquired.answer().is_some_and(|answer| answer.addresses.iter().any(|address| odd.contains(address)))
    };
    if let Some(longer) = suffixed.into_iter().find(gives) {
        seen.push(Evidence::Inquired(Arc::clone(longer)));
        return Finding::new(Code::SearchSuffixAnswer, weight, seen);
    }
    let mut finding = Finding::new(Code::HostsOverride, weight, seen);
    finding.diagnosis = Some(Diagnosis::undetermined(Vec::new()));
    finding
}
