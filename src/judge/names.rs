//! What the names say: each resolver's answers beside the expected set.

use super::authority::{Whose, whose};
use super::codes::Code;
use super::finding::{Evidence, Finding, Severity, Weight};
use super::inquire::Names;
use super::{Asked, diagnose, machine, zones};
use crate::facts::{Facts, Family, Lookup, LookupOutcome, NameFacts, OsOutcome, Purpose, Rcode, ResolverFacts};
use crate::plan::{AddressClass, View};
use std::net::IpAddr;
use std::sync::Arc;

/// What one resolver says of the name, both families together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// Only expected addresses, at least one.
    Expected,
    /// At least one public address.
    Public,
    /// Addresses, none of them public, not all expected.
    Other,
    /// The name, or its alias, has no address.
    Nothing,
    /// An error, or no answer.
    Fails,
}

/// What a resolver says, by its best evidence.
pub fn says(asked: &Asked<'_>, resolver: &ResolverFacts) -> Says {
    let classes: Vec<AddressClass> = resolver.addresses().map(|address| asked.class(address)).collect();
    if classes.contains(&AddressClass::Public) {
        Says::Public
    } else if classes.is_empty() {
        if is_negative(&resolver.a) { Says::Nothing } else { Says::Fails }
    } else if classes.iter().all(|class| *class == AddressClass::Expected) {
        Says::Expected
    } else {
        Says::Other
    }
}

fn is_negative(lookup: &Lookup) -> bool {
    lookup.answer().is_some_and(|answer| matches!(answer.rcode, Rcode::NO_ERROR | Rcode::NAME_ERROR))
}

/// The resolvers whose answers are held against a claim.
pub fn private_view(names: &NameFacts) -> impl Iterator<Item = &ResolverFacts> {
    names.resolvers.iter().filter(|resolver| resolver.view.is_private())
}

/// Every address that an application here may be given.
pub fn answered(names: &NameFacts) -> Vec<IpAddr> {
    let mut addresses: Vec<IpAddr> = private_view(names).flat_map(ResolverFacts::addresses).collect();
    if let Some(OsOutcome::Addresses(os)) = names.os.as_ref().map(|os| &os.outcome) {
        addresses.extend(os);
    }
    addresses.sort();
    addresses.dedup();
    addresses
}

/// Addresses that applications on this machine get and no resolver of the private view gives.
pub fn odd_addresses(names: &NameFacts) -> Vec<IpAddr> {
    let wire: Vec<IpAddr> = private_view(names).flat_map(ResolverFacts::addresses).collect();
    match names.os.as_ref().map(|os| &os.outcome) {
        Some(OsOutcome::Addresses(given)) => given.iter().filter(|address| !wire.contains(address)).copied().collect(),
        _ => Vec::new(),
    }
}

/// Whether a name that nobody resolves is known to exist all the same, so that its absence is a block and not a typo.
pub fn is_proven(asked: &Asked<'_>, names: &NameFacts) -> bool {
    let answers = || names.resolvers.iter().flat_map(|r| r.lookups()).filter_map(Lookup::answer);
    let public_view = names.resolvers.iter().any(|r| r.view == View::Public && r.addresses().next().is_some());
    asked.endpoint.from_catalog
        || public_view
        || answers().any(|answer| !answer.chain.is_empty())
        || answers().any(|answer| answer.extended_errors.iter().any(|error| says_filtered(error.code)))
        || is_sinkholed(asked, names)
}

/// Forged, blocked, censored, filtered, prohibited (RFC 8914 §4.5, §4.16 to §4.19).
fn says_filtered(code: u16) -> bool {
    matches!(code, 4 | 15..=18)
}

/// Whether every address given is one that can be no endpoint, as a DNS filter answers.
pub fn is_sinkholed(asked: &Asked<'_>, names: &NameFacts) -> bool {
    let given = answered(names);
    !given.is_empty() && given.iter().all(|address| asked.class(*address) == AddressClass::Special)
}

/// Everything about the names that keeps a `private` claim from holding.
pub fn private_findings(asked: &Asked<'_>, facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    for resolver in private_view(&facts.names) {
        findings.extend(resolver_findings(asked, facts, resolver));
    }
    findings.extend(disagreement(asked, &facts.names));
    findings.extend(zones::no_private_endpoint(asked, &facts.names));
    findings.extend(machine::findings(asked, facts));
    merged(findings)
}

/// What one resolver's trouble is, where it has one.
fn resolver_findings(asked: &Asked<'_>, facts: &Facts, resolver: &ResolverFacts) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        resolver.lookups().into_iter().filter_map(|l| address_finding(asked, facts, resolver, l)).collect();
    if let Some(rewritten) = zones::rewritten(asked, facts, resolver) {
        // Where the resolver invented the very address, what it says of the name is no finding of its own.
        if rewritten.weight == Weight::Breaks {
            findings.retain(|finding| !matches!(finding.code, Code::PublicAnswer | Code::SpecialAnswer));
        }
        findings.push(rewritten);
    }
    findings.extend(zones::shadowed(asked, facts, resolver));
    if resolver.addresses().next().is_none() {
        findings.extend(failure(asked, resolver, &resolver.a).or_else(|| absence(asked, facts, resolver)));
    } else {
        // Some addresses came; a family that failed is still worth a word.
        // Addresses under an error code are taken by no client, so there the error counts.
        let lookups = resolver.lookups().into_iter();
        let failed = lookups.filter_map(|lookup| {
            let bare = lookup.answer().is_none_or(|answer| answer.addresses.is_empty());
            failure(asked, resolver, lookup).map(|finding| (bare, finding))
        });
        findings.extend(failed.map(|(bare, finding)| match finding.weight {
            Weight::Breaks if bare => Finding { weight: Weight::Notes, severity: Severity::Warning, ..finding },
            Weight::Breaks | Weight::Unclear | Weight::Notes => finding,
        }));
    }
    findings
}

pub fn evidence(asked: &Asked<'_>, resolver: &ResolverFacts, lookup: &Lookup) -> Evidence {
    let resolver = resolver.resolver.clone();
    let family = lookup.family;
    match &lookup.outcome {
        LookupOutcome::Answer(answer) => {
            let addresses = answer.addresses.iter().map(|a| (*a, asked.class(*a))).collect();
            Evidence::Answered { resolver, addresses, answer: answer.clone(), family }
        }
        outcome => Evidence::NotAnswered { resolver, family, outcome: outcome.clone() },
    }
}

/// Addresses that are not expected.
fn address_finding(asked: &Asked<'_>, facts: &Facts, resolver: &ResolverFacts, lookup: &Lookup) -> Option<Finding> {
    let answer = lookup.answer()?;
    let has = |class| answer.addresses.iter().any(|address| asked.class(*address) == class);
    let seen = vec![evidence(asked, resolver, lookup)];
    if has(AddressClass::Public) {
        let a_is_expected = || {
            let given = resolver.a.answer().map(|a| a.addresses.as_slice()).unwrap_or_default();
            !given.is_empty() && given.iter().all(|address| asked.class(*address) == AddressClass::Expected)
        };
        if has(AddressClass::Expected) {
            return Some(Finding::new(Code::MixedAnswer, Weight::Breaks, seen));
        }
        if lookup.family == Family::Aaaa && a_is_expected() {
            return Some(Finding::new(Code::PublicIpv6Answer, Weight::Breaks, seen));
        }
        let mut finding = Finding::new(Code::PublicAnswer, Weight::Breaks, seen);
        finding.evidence.extend(diagnose::tail(asked, answer));
        finding.diagnosis = Some(diagnose::public_answer(asked, facts, resolver, answer));
        return Some(finding);
    }
    if has(AddressClass::OtherPrivate) {
        return Some(Finding::new(Code::UnexpectedPrivateAddress, Weight::Breaks, seen));
    }
    has(AddressClass::Special).then(|| Finding::new(Code::SpecialAnswer, Weight::Breaks, seen))
}

/// No addresses, said by the resolver itself.
fn absence(asked: &Asked<'_>, facts: &Facts, resolver: &ResolverFacts) -> Option<Finding> {
    let answer = resolver.a.answer()?;
    let code = if Names::of(asked).passes_alias(answer) {
        Code::RecordMissing
    } else if zones::shadowed(asked, facts, resolver).is_some() {
        // The zone that shadows the suffix says why the name is missing.
        return None;
    } else {
        Code::NameMissing
    };
    let mut seen = vec![evidence(asked, resolver, &resolver.a)];
    seen.extend(match whose(facts.follow_up.as_deref(), resolver.server, Purpose::ZoneAuthority) {
        Whose::Private(soa) | Whose::Other(soa) => Some(Evidence::Inquired(Arc::clone(soa))),
        Whose::Untold => None,
    });
    Some(Finding::new(code, Weight::Breaks, seen))
}

/// An error, or no answer at all.
pub fn failure(asked: &Asked<'_>, resolver: &ResolverFacts, lookup: &Lookup) -> Option<Finding> {
    let (code, weight) = match &lookup.outcome {
        LookupOutcome::Answer(answer) => match answer.rcode {
            Rcode::NO_ERROR | Rcode::NAME_ERROR => return None,
            Rcode::REFUSED => (Code::ResolverRefused, Weight::Breaks),
            _ => (Code::ResolverFailing, Weight::Breaks),
        },
        LookupOutcome::Silent => (Code::ResolverSilent, Weight::Unclear),
        LookupOutcome::PortClosed => (Code::ResolverRefused, Weight::Unclear),
        LookupOutcome::Unreachable => (Code::ResolverSilent, Weight::Unclear),
        LookupOutcome::Garbled(_) => (Code::ResolverGarbled, Weight::Unclear),
        LookupOutcome::NotAsked(_) => (Code::AgentOverloaded, Weight::Unclear),
    };
    Some(Finding::new(code, weight, vec![evidence(asked, resolver, lookup)]))
}

fn disagreement(asked: &Asked<'_>, names: &NameFacts) -> Option<Finding> {
    let told: Vec<(&ResolverFacts, Says)> =
        private_view(names).map(|r| (r, says(asked, r))).filter(|(_, said)| *said != Says::Fails).collect();
    let (first, others) = told.split_first()?;
    let odd = others.iter().find(|(_, said)| *said != first.1)?;
    let seen = vec![evidence(asked, first.0, &first.0.a), evidence(asked, odd.0, &odd.0.a)];
    Some(Finding::new(Code::ResolversDisagree, Weight::Notes, seen))
}

/// Findings of the same code and cause become one, with the evidence of all.
pub fn merged(findings: Vec<Finding>) -> Vec<Finding> {
    let mut kept: Vec<Finding> = Vec::new();
    for finding in findings {
        match kept.iter_mut().find(|k| k.code == finding.code && k.cause() == finding.cause()) {
            Some(same) => {
                same.weight = same.weight.max(finding.weight);
                same.severity = same.severity.max(finding.severity);
                join(&mut same.evidence, finding.evidence);
                if let (Some(known), Some(more)) = (&mut same.diagnosis, finding.diagnosis) {
                    known.confidence = known.confidence.max(more.confidence);
                    join(&mut known.supports, more.supports);
                    join(&mut known.against, more.against);
                }
            }
            None => kept.push(finding),
        }
    }
    kept
}

fn join(known: &mut Vec<Evidence>, more: Vec<Evidence>) {
    for seen in more {
        if !known.contains(&seen) {
            known.push(seen);
        }
    }
}
