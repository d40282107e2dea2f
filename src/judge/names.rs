//! What the names say: each resolver's answers beside the expected set.

use super::Asked;
use super::finding::{Cause, Code, Evidence, Finding, Severity, Weight};
use crate::facts::{Answer, Family, Lookup, LookupOutcome, NameFacts, OsOutcome, Rcode, ResolverFacts};
use crate::plan::address::AZURE_PLATFORM;
use crate::plan::{AddressClass, View};
use std::net::IpAddr;

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
    names.resolvers.iter().filter(|resolver| resolver.view == View::Private)
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
pub fn private_findings(asked: &Asked<'_>, names: &NameFacts) -> Vec<Finding> {
    let mut findings = Vec::new();
    for resolver in private_view(names) {
        findings.extend(resolver_findings(asked, names, resolver));
    }
    findings.extend(disagreement(asked, names));
    findings.extend(os_findings(asked, names));
    merged(findings)
}

/// What one resolver's trouble is, where it has one.
fn resolver_findings(asked: &Asked<'_>, names: &NameFacts, resolver: &ResolverFacts) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        resolver.lookups().into_iter().filter_map(|l| address_finding(asked, names, resolver, l)).collect();
    if resolver.addresses().next().is_none() {
        findings.extend(failure(asked, resolver, &resolver.a).or_else(|| absence(asked, resolver)));
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

fn evidence(asked: &Asked<'_>, resolver: &ResolverFacts, lookup: &Lookup) -> Evidence {
    let resolver = resolver.resolver.clone();
    let family = lookup.family.word();
    match &lookup.outcome {
        LookupOutcome::Answer(answer) => {
            let addresses = answer.addresses.iter().map(|a| (*a, asked.class(*a))).collect();
            Evidence::Answered { resolver, addresses, answer: answer.clone(), family }
        }
        outcome => Evidence::NotAnswered { resolver, family, outcome: outcome.clone() },
    }
}

/// Addresses that are not expected.
fn address_finding(asked: &Asked<'_>, names: &NameFacts, resolver: &ResolverFacts, lookup: &Lookup) -> Option<Finding> {
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
        let (cause, tail) = public_cause(asked, names, answer);
        let mut finding = Finding::new(Code::PublicAnswer, Weight::Breaks, seen);
        finding.cause = Some(cause);
        finding.evidence.extend(tail);
        return Some(finding);
    }
    if has(AddressClass::OtherPrivate) {
        return Some(Finding::new(Code::UnexpectedPrivateAddress, Weight::Breaks, seen));
    }
    has(AddressClass::Special).then(|| Finding::new(Code::SpecialAnswer, Weight::Breaks, seen))
}

/// Why an answer is public, as far as the answers alone can tell.
fn public_cause(asked: &Asked<'_>, names: &NameFacts, answer: &Answer) -> (Cause, Option<Evidence>) {
    let zones = asked.service.zones_of(&asked.endpoint.host);
    let alias = answer.chain.iter().position(|hop| zones.iter().any(|zone| hop.name.is_under(zone)));
    let tail = answer.chain.iter().find_map(|hop| {
        let tail = asked.service.public_tail(&hop.name)?;
        Some(Evidence::Tail { name: hop.name.to_string(), says: tail.says.clone() })
    });
    // Only when Azure's own resolver gives the private answer is it known that the other one does not end there.
    let azure_knows = private_view(names)
        .any(|resolver| resolver.server.ip() == IpAddr::V4(AZURE_PLATFORM) && says(asked, resolver) == Says::Expected);
    let cause = match alias {
        _ if azure_knows => Cause::ForwarderBypassesAzure,
        Some(position) if position + 1 == answer.chain.len() => Cause::PublicRecordInZone,
        Some(_) => Cause::Undetermined,
        None if tail.is_some() => Cause::NoPrivateEndpoint,
        None => Cause::Undetermined,
    };
    (cause, tail)
}

/// No addresses, said by the resolver itself.
fn absence(asked: &Asked<'_>, resolver: &ResolverFacts) -> Option<Finding> {
    let answer = resolver.a.answer()?;
    let zones = asked.service.zones_of(&asked.endpoint.host);
    let aliased = answer.chain.iter().any(|hop| zones.iter().any(|zone| hop.name.is_under(zone)));
    let code = if aliased { Code::RecordMissing } else { Code::NameMissing };
    Some(Finding::new(code, Weight::Breaks, vec![evidence(asked, resolver, &resolver.a)]))
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

fn os_findings(asked: &Asked<'_>, names: &NameFacts) -> Option<Finding> {
    let os = names.os.as_ref()?;
    let seen = vec![Evidence::Os(os.outcome.clone())];
    let wire: Vec<IpAddr> = private_view(names).flat_map(ResolverFacts::addresses).collect();
    let some_resolver_answers = private_view(names).any(|r| says(asked, r) != Says::Fails);
    match &os.outcome {
        OsOutcome::Addresses(given) => {
            let odd: Vec<&IpAddr> = given.iter().filter(|address| !wire.contains(address)).collect();
            let leaks = odd.iter().any(|address| asked.class(**address) != AddressClass::Expected);
            if odd.is_empty() || !some_resolver_answers && !leaks {
                return None;
            }
            let public = odd.iter().any(|address| asked.class(**address) == AddressClass::Public);
            let weight = if leaks { Weight::Breaks } else { Weight::Notes };
            let mut finding = Finding::new(Code::HostsOverride, weight, seen);
            if public {
                finding.severity = Severity::Critical;
            }
            Some(finding)
        }
        OsOutcome::NoSuchName | OsOutcome::Failed(_) if !wire.is_empty() => {
            Some(Finding::new(Code::OsLookupFailing, Weight::Breaks, seen))
        }
        OsOutcome::TryAgain | OsOutcome::TimedOut if !wire.is_empty() => {
            Some(Finding::new(Code::OsLookupFailing, Weight::Unclear, seen))
        }
        OsOutcome::NoSuchName | OsOutcome::Failed(_) | OsOutcome::TryAgain | OsOutcome::TimedOut => None,
    }
}

/// Findings of the same code and cause become one, with the evidence of all.
pub fn merged(findings: Vec<Finding>) -> Vec<Finding> {
    let mut kept: Vec<Finding> = Vec::new();
    for finding in findings {
        match kept.iter_mut().find(|k| k.code == finding.code && k.cause == finding.cause) {
            Some(same) => {
                same.weight = same.weight.max(finding.weight);
                same.severity = same.severity.max(finding.severity);
                for seen in finding.evidence {
                    if !same.evidence.contains(&seen) {
                        same.evidence.push(seen);
                    }
                }
            }
            None => kept.push(finding),
        }
    }
    kept
}
