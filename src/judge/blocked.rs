//! `blocked`: every way to the service is stopped at a layer that the plan names, and a witness from the same vantage
//! succeeded in the same round. An open path breaks the claim with or without a witness; nothing else is believed
//! without one.
//!
//! An address that only the plan names, and that no answer and no public front leads to, must be stopped too, but at
//! which layer does not matter: from outside, a private address leads nowhere by nature.

use super::causes::{Cause, Diagnosis};
use super::codes::Code;
use super::finding::{Evidence, Finding, Weight};
use super::path::{End, Reading};
use super::{Asked, Witnessing, machine, names, proxy};
use crate::facts::{Facts, NameFacts, OsOutcome};
use crate::plan::{AddressClass, Layer};
use std::collections::BTreeSet;

pub fn findings(
    asked: &Asked<'_>,
    facts: &Facts,
    paths: &[Reading],
    by: &BTreeSet<Layer>,
    witness: &Witnessing,
) -> Vec<Finding> {
    let named = naming(asked, &facts.names);
    let open: Vec<Finding> = open(asked, paths, &named);
    if !open.is_empty() {
        return open;
    }
    if let Some(open) = proxy::opening(asked, facts) {
        return vec![open];
    }
    if let Some(unwitnessed) = unwitnessed(witness) {
        // Where nothing could be asked at all, the witness failed for want of the same.
        return vec![machine::exhausted(facts).unwrap_or(unwitnessed)];
    }
    let mut findings = Vec::new();
    for path in paths {
        match &path.end {
            End::Stopped(layers) if layers.iter().any(|layer| by.contains(layer)) => {}
            End::Stopped(_) if !path.is_met || has_no_ipv6(path, paths) => {}
            End::Stopped(layers) => findings.push(other_layer(path, layers, by)),
            End::Unclear => findings.extend(unclear(path)),
            End::Open => unreachable!("an open path was reported above"),
        }
    }
    findings.extend(unnamed(asked, facts, paths, by, &named));
    findings.extend(untried(asked, facts, paths));
    findings.extend(silent_resolvers(asked, facts, &named));
    findings.extend(proxy::doubts(asked, facts));
    findings
}

/// A machine without IPv6 meets no IPv6 address; its "no way there" says nothing of a control. Where nothing but such
/// addresses was given, nothing was tried.
fn has_no_ipv6(path: &Reading, paths: &[Reading]) -> bool {
    let no_way = |path: &Reading| path.end == End::Stopped(&[Layer::Unreachable]);
    let v6_is_dead = paths.iter().filter(|p| p.address.is_ipv6()).all(no_way);
    path.address.is_ipv6() && v6_is_dead && paths.iter().any(|p| p.address.is_ipv4())
}

/// A resolver that did not tell might lead to an address that nobody tried: a dead resolver never counts as a block.
fn silent_resolvers(asked: &Asked<'_>, facts: &Facts, named: &Naming) -> Vec<Finding> {
    if matches!(named, Naming::CannotTell) {
        return Vec::new();
    }
    let resolvers = names::private_view(&facts.names);
    let failed = resolvers.flat_map(|resolver| {
        let gives_nothing = resolver.addresses().next().is_none();
        let failures = resolver.lookups().into_iter().filter_map(move |lookup| names::failure(asked, resolver, lookup));
        failures.map(move |finding| match finding.weight {
            // An error for one family, beside addresses of the other, is an answer: there is nothing to try.
            Weight::Breaks if !gives_nothing => Finding { weight: Weight::Notes, ..finding },
            Weight::Breaks | Weight::Unclear | Weight::Notes => Finding { weight: Weight::Unclear, ..finding },
        })
    });
    let os = facts.names.os.as_ref().map(|os| &os.outcome);
    let os = os.and_then(|outcome| {
        let code = match outcome {
            OsOutcome::TryAgain | OsOutcome::TimedOut | OsOutcome::Failed(_) => Code::OsLookupFailing,
            OsOutcome::NotAsked(_) => Code::AgentOverloaded,
            OsOutcome::Addresses(_) | OsOutcome::NoSuchName => return None,
        };
        Some(Finding::new(code, Weight::Unclear, vec![Evidence::Os(outcome.clone())]))
    });
    failed.chain(os).collect()
}

/// An address that was given and not tried may be open.
fn untried(asked: &Asked<'_>, facts: &Facts, paths: &[Reading]) -> Option<Finding> {
    let given = names::answered(&facts.names);
    let mut left_out = given.into_iter().chain(facts.untried.iter().copied()).filter(|address| {
        asked.class(*address) != AddressClass::Special && !paths.iter().any(|path| path.address == *address)
    });
    let outcome = crate::facts::ConnectOutcome::NotTried("the look did not try every address".to_owned());
    let first = left_out.next()?;
    let evidence = vec![Evidence::Connected { address: first, class: asked.class(first), outcome }];
    Some(Finding::new(Code::AgentOverloaded, Weight::Unclear, evidence))
}

/// What the names offer to whoever wants in.
enum Naming {
    /// Addresses that can be tried.
    Addresses,
    /// The resolvers agree that there is no usable address.
    Nothing,
    /// No resolver could be made to tell.
    CannotTell,
}

fn naming(asked: &Asked<'_>, seen: &NameFacts) -> Naming {
    let given = names::answered(seen);
    if given.iter().any(|address| asked.class(*address) != AddressClass::Special) {
        return Naming::Addresses;
    }
    let told = names::private_view(seen).any(|r| names::says(asked, r) != names::Says::Fails);
    if told || !given.is_empty() { Naming::Nothing } else { Naming::CannotTell }
}

/// The ways that are open: one of the public side, one of any other, because each is stopped by somebody else.
fn open(asked: &Asked<'_>, paths: &[Reading], named: &Naming) -> Vec<Finding> {
    let code = match named {
        Naming::Nothing => Code::BlockedByNameOnly,
        Naming::Addresses | Naming::CannotTell => Code::BlockOpen,
    };
    let first = |public: bool| {
        paths.iter().find(|path| path.end == End::Open && (path.class == AddressClass::Public) == public)
    };
    let finding = |path: &Reading| {
        let outcome = crate::facts::ConnectOutcome::Connected;
        let mut evidence = vec![Evidence::Connected { address: path.address, class: path.class, outcome }];
        evidence.extend(path.troubles.iter().chain(&path.notes).flat_map(|finding| finding.evidence.clone()));
        let mut finding = Finding::new(code, Weight::Breaks, evidence);
        finding.diagnosis = way_in(asked, path).filter(|_| code == Code::BlockOpen);
        finding
    };
    [first(true), first(false)].into_iter().flatten().map(finding).collect()
}

/// Who let the request in. A service that has no private side is stopped on the way out or not at all.
fn way_in(asked: &Asked<'_>, path: &Reading) -> Option<Diagnosis> {
    let cause = match path.class {
        AddressClass::Public if asked.service.clouds.is_empty() => return None,
        AddressClass::Public => Cause::PublicAccessOn,
        AddressClass::Expected | AddressClass::OtherPrivate | AddressClass::Special => Cause::PathOpen,
    };
    Some(Diagnosis::certain(cause, Vec::new()))
}

fn unwitnessed(witness: &Witnessing) -> Option<Finding> {
    let said = match witness {
        Witnessing::Succeeded(_) => return None,
        Witnessing::Failed(what) => what.clone(),
        Witnessing::NotSeen => {
            "the vantage has no witness of its own, and none of its private checks holds in this round".to_owned()
        }
    };
    Some(Finding::new(Code::WitnessFailing, Weight::Unclear, vec![Evidence::Witness(said)]))
}

fn other_layer(path: &Reading, layers: &[Layer], by: &BTreeSet<Layer>) -> Finding {
    let mut evidence = vec![Evidence::Layers { seen: layers.to_vec(), allowed: by.iter().copied().collect() }];
    evidence.extend(path.troubles.iter().flat_map(|trouble| trouble.evidence.clone()));
    Finding::new(Code::BlockByOtherLayer, Weight::Breaks, evidence)
}

fn unclear(path: &Reading) -> Vec<Finding> {
    path.troubles.iter().map(|trouble| Finding { weight: Weight::Unclear, ..trouble.clone() }).collect()
}

/// A name without an address is a block only when DNS is meant to block, and the name is known to exist.
fn unnamed(asked: &Asked<'_>, facts: &Facts, paths: &[Reading], by: &BTreeSet<Layer>, named: &Naming) -> Vec<Finding> {
    let seen = &facts.names;
    match named {
        Naming::Addresses if paths.is_empty() => {
            let outcome = crate::facts::ConnectOutcome::NotTried("no address was worth a connection".to_owned());
            let evidence = names::answered(seen).into_iter().map(|address| Evidence::Connected {
                address,
                class: asked.class(address),
                outcome: outcome.clone(),
            });
            vec![Finding::new(Code::AgentOverloaded, Weight::Unclear, evidence.collect())]
        }
        Naming::Addresses => Vec::new(),
        Naming::CannotTell => names::private_view(seen)
            .filter_map(|resolver| names::failure(asked, resolver, &resolver.a))
            .map(|finding| Finding { weight: Weight::Unclear, ..finding })
            .chain(names_unexamined(seen))
            .collect(),
        Naming::Nothing => {
            let proven = names::is_proven(asked, seen);
            let within = |path: &Reading| matches!(&path.end, End::Stopped(at) if at.iter().any(|l| by.contains(l)));
            let stopped_elsewhere = paths.iter().any(within);
            if proven && (by.contains(&Layer::Dns) || stopped_elsewhere) {
                return Vec::new();
            }
            let absent = names::private_findings(asked, facts).into_iter();
            let mut findings: Vec<Finding> = absent
                .filter(|finding| {
                    matches!(
                        finding.code,
                        Code::NameMissing | Code::RecordMissing | Code::ZoneShadowed | Code::SpecialAnswer
                    )
                })
                .map(|finding| Finding { weight: Weight::Unclear, ..finding })
                .collect();
            if proven {
                let layers = Evidence::Layers { seen: vec![Layer::Dns], allowed: by.iter().copied().collect() };
                findings = vec![Finding::new(Code::BlockByOtherLayer, Weight::Breaks, vec![layers])];
            }
            findings
        }
    }
}

/// A look without any resolver of the private view has nothing to say about names.
fn names_unexamined(seen: &NameFacts) -> Option<Finding> {
    let none = names::private_view(seen).next().is_none();
    none.then(|| Finding::new(Code::NameMissing, Weight::Unclear, Vec::new()))
}
