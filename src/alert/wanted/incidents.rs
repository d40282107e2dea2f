//! What a check gives cause to alert about.

use super::super::known::KnownCheck;
use super::super::name::AlertName;
use super::super::words::Words;
use super::{Key, PATIENCE, Scope, Wanted};
use crate::judge::{Cause, Code, EXPIRY_WARNING, Evidence, Finding, PublicFallback, Side, Verdict, Weight};
use crate::plan::AddressClass;
use crate::standing::{Incident, Noted};
use crate::story;
use jiff::Timestamp;

/// The open incident of a check. `held` tells under which name an incident is held.
pub fn of_check(check: &KnownCheck<'_>, held: impl Fn(&str) -> Option<AlertName>) -> Option<Wanted> {
    let incident = check.incident?;
    let member = incident.id(check.check);
    let name = match check.claim {
        "private" => private_name(check, incident, held(&member)),
        "blocked" => AlertName::BlockBroken,
        "public" => AlertName::PublicPathDown,
        // Nothing else opens an incident.
        _ => return None,
    };
    let seen = Seen::of(check, incident, name);
    let scope = if check.claim == "private" { scope(check, seen.side) } else { Scope::Target(check.target.to_owned()) };
    let key = Key { name, finding: seen.code, cause: seen.cause, scope };
    let (since, flaps) = (incident.opened, incident.flaps);
    Some(Wanted { key, member, since, flaps, words: seen.words, fresh: seen.fresh, ..about(check) })
}

/// The state of now gives the name. Where the last look could not tell, or was good and the incident waits for its end,
/// the name stays.
fn private_name(check: &KnownCheck<'_>, incident: &Incident, held: Option<AlertName>) -> AlertName {
    let broken = check.verdict == Verdict::Broken;
    let told = broken && check.fallback != PublicFallback::Unknown;
    let before = match held {
        Some(name) => Some(name).filter(|name| is_public(*name)),
        None => public_name(incident.peak),
    };
    if let Some(public) = public_name(check.fallback).or(before.filter(|_| !told)) {
        return public;
    }
    // Within one incident nothing becomes quieter again, and a look that could not tell changes nothing.
    let down = held == Some(AlertName::PrivatePathDown);
    let disagree = if broken { only_names_differ(check.findings) } else { held == Some(AlertName::ResolversDisagree) };
    if disagree && !down { AlertName::ResolversDisagree } else { AlertName::PrivatePathDown }
}

fn public_name(fallback: PublicFallback) -> Option<AlertName> {
    match fallback {
        PublicFallback::Usable => Some(AlertName::PublicFallbackUsable),
        PublicFallback::Answered => Some(AlertName::PublicFallbackAnswered),
        PublicFallback::None | PublicFallback::Latent | PublicFallback::Unknown => None,
    }
}

fn is_public(name: AlertName) -> bool {
    matches!(name, AlertName::PublicFallbackUsable | AlertName::PublicFallbackAnswered)
}

/// Some resolver gives the private endpoint, and what breaks the claim is only what others say. Where no resolver gives
/// it, or the way to it is broken too, that they differ is beside the point.
fn only_names_differ(findings: &[Finding]) -> bool {
    let of_names = |finding: &Finding| matches!(finding.side(), Side::Zone | Side::Resolver);
    let gives_expected = |seen: &Evidence| matches!(seen, Evidence::Answered { addresses, .. } if addresses.iter().any(|(_, class)| *class == AddressClass::Expected));
    let differ = findings.iter().find(|finding| finding.code == Code::ResolversDisagree);
    differ.is_some_and(|finding| finding.evidence.iter().any(gives_expected))
        && findings.iter().filter(|finding| finding.weight == Weight::Breaks).all(of_names)
}

/// What an incident is known by now, or was known by where the last look saw nothing of it.
struct Seen {
    code: Option<Code>,
    cause: Option<Cause>,
    side: Side,
    words: Words,
    fresh: bool,
}

impl Seen {
    fn of(check: &KnownCheck<'_>, incident: &Incident, name: AlertName) -> Self {
        let of_names = name == AlertName::ResolversDisagree;
        let is_it = |finding: &&Finding| {
            if of_names { finding.code == Code::ResolversDisagree } else { finding.weight == Weight::Breaks }
        };
        if let Some(finding) = check.findings.iter().find(is_it) {
            let (code, cause, side) = (Some(finding.code), finding.cause(), finding.side());
            return Self { code, cause, side, words: Words::of(finding), fresh: true };
        }
        let Some(first) = incident.findings.first() else {
            let words = Words::plain(name.summary(), "");
            return Self { code: None, cause: None, side: Side::Path, words, fresh: false };
        };
        let side = first.cause.and_then(Cause::side).unwrap_or(first.code.side());
        Self { code: Some(first.code), cause: first.cause, side, words: kept(first), fresh: false }
    }
}

/// How far a cause on this side reaches.
fn scope(check: &KnownCheck<'_>, side: Side) -> Scope {
    let target = || Scope::Target(check.target.to_owned());
    match side {
        Side::Zone => check.zone.map_or_else(target, |zone| Scope::Zone(zone.to_owned())),
        Side::Resolver | Side::Agent | Side::Plan => Scope::Vantage,
        Side::Path | Side::Service => target(),
    }
}

/// The public side lets requests in for a while, though no answer leads there. What is held already goes on while it is so.
pub fn open_side(check: &KnownCheck<'_>, now: Timestamp, held: bool) -> Option<Wanted> {
    let lasts = held || now.duration_since(check.fallback_since) >= PATIENCE;
    if check.claim != "private" || check.fallback != PublicFallback::Latent || !lasts {
        return None;
    }
    let finding = check.findings.iter().find(|finding| finding.code == Code::PublicSideOpen);
    let code = Code::PublicSideOpen;
    let words = finding.map_or_else(|| Words::plain(code.summary(), code.first_try()), Words::of);
    let cause = finding.and_then(Finding::cause);
    let scope = Scope::Target(check.target.to_owned());
    let key = Key { name: AlertName::PublicSideOpen, finding: Some(code), cause, scope };
    Some(Wanted { key, since: check.fallback_since, words, ..about(check) })
}

/// Nobody could tell for a while. Where an incident is open, its alert stands. What is held already goes on while it is so.
pub fn unknown(check: &KnownCheck<'_>, now: Timestamp, held: bool) -> Option<Wanted> {
    let lasts = held || now.duration_since(check.verdict_since) >= PATIENCE;
    if check.verdict != Verdict::Unknown || !lasts || check.incident.is_some() {
        return None;
    }
    let finding = check.findings.iter().find(|finding| finding.weight == Weight::Unclear)?;
    if is_of_witness(finding) {
        return None;
    }
    let key = Key {
        name: AlertName::CheckUnknown,
        finding: Some(finding.code),
        cause: finding.cause(),
        scope: scope(check, finding.side()),
    };
    Some(Wanted { key, since: check.verdict_since, words: Words::of(finding), ..about(check) })
}

/// Whether a finding says that the vantage itself proves nothing.
pub fn is_of_witness(finding: &Finding) -> bool {
    matches!(finding.code, Code::WitnessFailing | Code::AgentOffline)
}

/// The certificate ends soon. What is held goes on until a look holds without it: one that is broken or could not tell may
/// not have come as far as the certificate.
pub fn expiring(check: &KnownCheck<'_>, now: Timestamp, held: bool) -> Option<Wanted> {
    let scope = Scope::Target(check.target.to_owned());
    let key = Key { name: AlertName::CertificateExpiring, finding: Some(Code::TlsExpiring), cause: None, scope };
    let Some(finding) = check.findings.iter().find(|finding| finding.code == Code::TlsExpiring) else {
        let untold = held && check.verdict != Verdict::Holds;
        return untold.then(|| Wanted { key, since: now, fresh: false, ..about(check) });
    };
    let ends = finding.evidence.iter().find_map(|seen| {
        let Evidence::Certificate { certificate, .. } = seen else { return None };
        Some(certificate.not_after)
    });
    // It began when the bound was passed, whenever it was first seen.
    let since = ends.and_then(|ends| ends.checked_sub(EXPIRY_WARNING).ok()).unwrap_or(now).min(now);
    Some(Wanted { key, since, words: Words::of(finding), ..about(check) })
}

/// What every alert of a check has in common.
fn about(check: &KnownCheck<'_>) -> Wanted {
    Wanted {
        key: Key { name: AlertName::CheckUnknown, finding: None, cause: None, scope: Scope::Vantage },
        member: check.check.to_string(),
        check: Some(check.check.to_string()),
        since: check.verdict_since,
        flaps: 0,
        owner: check.owner.to_owned(),
        environment: check.environment.to_owned(),
        words: Words::default(),
        aside: aside(check),
        fresh: true,
    }
}

/// What is broken may be what an exception claims, or what it no longer covers; neither is mended as the rule's own fault.
fn aside(check: &KnownCheck<'_>) -> Option<String> {
    if let Some(name) = check.exception {
        return Some(format!("The exception {name} decides here in place of the rule."));
    }
    let lapsed = check.findings.iter().find(|finding| finding.code == Code::ExceptionExpired)?;
    lapsed.evidence.iter().find_map(|seen| {
        let Evidence::Exception { name, ends } = seen else { return None };
        Some(format!("The exception {name} covered it until {ends}; now the rule decides again."))
    })
}

/// A finding of an incident, of which the last look saw nothing.
fn kept(noted: &Noted) -> Words {
    Words {
        what: noted.code.summary().to_owned(),
        evidence: noted.evidence.as_ref().map(story::evidence),
        first_try: noted.cause.map_or(noted.code.first_try(), Cause::first_try).to_owned(),
        cause: noted.cause.map(|cause| cause.summary().to_owned()),
        confidence: None,
    }
}
