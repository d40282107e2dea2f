//! `private`: every resolver and the OS path give only expected addresses, and each of those connects, proves the
//! right name with a trusted certificate, and answers as the service.

use super::codes::Code;
use super::finding::{Evidence, Finding, Weight};
use super::path::{End, Reading};
use super::{Asked, PublicFallback, machine, names, proxy};
use crate::facts::{ConnectOutcome, Facts, OsOutcome};
use crate::plan::AddressClass;

pub fn findings(asked: &Asked<'_>, facts: &Facts, paths: &[Reading], fallback: PublicFallback) -> Vec<Finding> {
    let mut findings = names::private_findings(asked, facts);
    let given = names::answered(&facts.names);
    for path in paths.iter().filter(|path| given.contains(&path.address) && path.class == AddressClass::Expected) {
        findings.extend(path.troubles.iter().cloned().map(|trouble| softened(trouble, facts)));
        findings.extend(path.notes.iter().cloned());
    }
    // While a resolver does not tell, nobody knows whether it leads there.
    if matches!(fallback, PublicFallback::Latent | PublicFallback::Unknown) {
        findings.extend(open_front(paths));
    }
    findings.extend(proxy::findings(asked, facts));
    findings.extend(untried(asked, facts, paths, &given));
    if given.is_empty() && findings.iter().all(|finding| finding.weight == Weight::Notes) {
        findings.push(nobody_told(facts));
    }
    findings
}

/// No address was given, and no resolver was there to say why. Silence never counts as "only expected addresses".
fn nobody_told(facts: &Facts) -> Finding {
    let os = facts.names.os.as_ref().map(|os| &os.outcome);
    let evidence = os.cloned().map(Evidence::Os).into_iter().collect();
    match os {
        Some(OsOutcome::NoSuchName) => Finding::new(Code::NameMissing, Weight::Breaks, evidence),
        Some(OsOutcome::TryAgain | OsOutcome::Failed(_) | OsOutcome::TimedOut) => {
            Finding::new(Code::OsLookupFailing, Weight::Unclear, evidence)
        }
        Some(OsOutcome::Addresses(_) | OsOutcome::NotAsked(_)) | None => {
            machine::exhausted(facts).unwrap_or_else(|| Finding::new(Code::AgentOverloaded, Weight::Unclear, evidence))
        }
    }
}

/// "No way there" from a machine on which nothing else works says something about the machine, not about the path.
fn softened(finding: Finding, facts: &Facts) -> Finding {
    let something_works = facts.names.resolvers.iter().any(|r| r.lookups().iter().any(|l| l.answer().is_some()))
        || facts.paths.iter().any(|path| path.connect.outcome == ConnectOutcome::Connected);
    match finding.code {
        Code::NoRoute if !something_works => Finding { weight: Weight::Unclear, ..finding },
        _ => finding,
    }
}

/// The public front that let the request in.
pub fn open_front(paths: &[Reading]) -> Option<Finding> {
    let front = paths.iter().find(|path| path.class == AddressClass::Public && path.end == End::Open)?;
    let outcome = ConnectOutcome::Connected;
    let evidence = vec![Evidence::Connected { address: front.address, class: front.class, outcome }];
    Some(Finding::new(Code::PublicSideOpen, Weight::Notes, evidence))
}

/// Expected addresses that were given but not tried leave the claim open.
fn untried(asked: &Asked<'_>, facts: &Facts, paths: &[Reading], given: &[std::net::IpAddr]) -> Option<Finding> {
    let left_out = given.iter().find(|address| {
        asked.class(**address) == AddressClass::Expected && !paths.iter().any(|path| path.address == **address)
    })?;
    let outcome = ConnectOutcome::NotTried(format!("{} addresses were left out of this look", facts.untried.len()));
    let evidence = vec![Evidence::Connected { address: *left_out, class: AddressClass::Expected, outcome }];
    Some(Finding::new(Code::AgentOverloaded, Weight::Unclear, evidence))
}
