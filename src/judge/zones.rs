//! What the follow-up questions say of zones: one that shadows the public suffix, a resolver that invents answers, an
//! account that the internet knows without a private endpoint.

use super::authority::{Whose, whose};
use super::codes::Code;
use super::finding::{Evidence, Finding, Severity, Weight};
use super::inquire::Names;
use super::names::{Says, evidence, private_view, says};
use super::{Asked, diagnose};
use crate::facts::{Facts, NameFacts, Purpose, ResolverFacts};
use crate::plan::{AddressClass, View};
use std::sync::Arc;

/// A private zone for the public suffix: the name has no alias here, and the suffix is an Azure private zone.
pub fn shadowed(asked: &Asked<'_>, facts: &Facts, resolver: &ResolverFacts) -> Option<Finding> {
    let answer = resolver.a.answer()?;
    let names = Names::of(asked);
    if names.passes_alias(answer) {
        return None;
    }
    let mut seen = vec![evidence(asked, resolver, &resolver.a)];
    match whose(facts.follow_up.as_deref(), resolver.server, Purpose::SuffixAuthority) {
        Whose::Private(soa) => seen.push(Evidence::Inquired(Arc::clone(soa))),
        // A private zone further up, such as azure.com, shadows the suffix with everything else.
        Whose::Other(soa) if soa.answer().is_some_and(|answer| names.is_shadowed_by(answer)) => {
            seen.push(Evidence::Inquired(Arc::clone(soa)));
        }
        Whose::Other(_) | Whose::Untold if names.is_shadowed_by(answer) => {}
        Whose::Other(_) | Whose::Untold => return None,
    }
    let mut finding = Finding::new(Code::ZoneShadowed, Weight::Breaks, seen);
    if says(asked, resolver) != Says::Nothing {
        // The name itself has an address; every other name below the suffix is missing.
        finding.weight = Weight::Notes;
        finding.severity = Severity::Warning;
    }
    Some(finding)
}

/// A label that nobody has got an address. Where it is the invented address that the name itself got, nothing here is true.
pub fn rewritten(asked: &Asked<'_>, facts: &Facts, resolver: &ResolverFacts) -> Option<Finding> {
    let follow_up = facts.follow_up.as_deref()?;
    // An address that the plan expects is no invention: a wildcard record of the zone may lead there.
    let is_invented = |address| matches!(asked.class(address), AddressClass::Public | AddressClass::Special);
    let mut canaries = follow_up.at(resolver.server, Purpose::Canary);
    let (canary, given) = canaries.find_map(|canary| {
        let given = &canary.answer()?.addresses;
        given.iter().any(|address| is_invented(*address)).then_some((canary, given))
    })?;
    let same = resolver.addresses().any(|address| is_invented(address) && given.contains(&address));
    let mut seen = vec![Evidence::Inquired(Arc::clone(canary))];
    if same {
        seen.push(evidence(asked, resolver, &resolver.a));
    }
    let weight = if same { Weight::Breaks } else { Weight::Notes };
    let mut finding = Finding::new(Code::NxdomainRewritten, weight, seen);
    if same {
        finding.severity = Severity::Critical;
    }
    Some(finding)
}

/// The internet's view leads past every privatelink alias, while the answers here are not public: they come from a cache, an
/// override or a zone that outlived the private endpoint.
pub fn no_private_endpoint(asked: &Asked<'_>, seen: &NameFacts) -> Option<Finding> {
    let names = Names::of(asked);
    let zone = names.zones.first()?;
    if private_view(seen).any(|resolver| says(asked, resolver) == Says::Public) {
        return None;
    }
    let mut outside = seen.resolvers.iter().filter(|resolver| resolver.view == View::Public);
    let (resolver, tail) = outside.find_map(|resolver| {
        let answer = resolver.a.answer().filter(|answer| !names.passes_alias(answer))?;
        Some((resolver, diagnose::tail(asked, answer)?))
    })?;
    let no_alias = Evidence::NoAlias { resolver: resolver.resolver.clone(), zone: zone.clone() };
    Some(Finding::new(Code::NoPrivateEndpoint, Weight::Notes, vec![no_alias, tail]))
}
