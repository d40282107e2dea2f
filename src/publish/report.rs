//! The board as JSON: what `check --format json` prints and `/api/v1/board` serves. Its keys are a contract.

use super::board::{Board, Entry, ExceptionFace, Face, Seen};
use super::gate::GateReport;
use super::incidents::{IncidentReport, incident, past};
use crate::facts::{Facts, Runner};
use crate::judge::{self, Reached, Verdict};
use crate::story::{Brief, Expectation, Ground, Record, Told, Word, told};
use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One agent's checks at one moment.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    pub plan: String,
    /// SHA-256 of the plan's text.
    pub plan_hash: String,
    pub vantage: String,
    pub at: Timestamp,
    pub checks: Vec<CheckReport>,
    pub summary: Summary,
    /// The exceptions of the plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<ExceptionReport>,
    /// The vantage's named witness, where it has one and it was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witness: Option<WitnessReport>,
    /// The machine that looked; only in what `check` prints, never on a page that others read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner: Option<Runner>,
    /// What the gate of a pipeline does with it; only in what `check` prints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<GateReport>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CheckReport {
    pub check: String,
    pub target: String,
    /// Who owns the target, where the plan says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    pub endpoint: String,
    pub claim: String,
    /// `holds`, `broken`, `unknown`; `null` before the first look.
    #[schemars(with = "Option<String>")]
    pub verdict: Option<Word<Verdict>>,
    /// `none`, `latent`, `answered`, `usable`, `unknown`; `null` before the first look.
    #[schemars(with = "Option<String>")]
    pub public_fallback: Option<Word<judge::PublicFallback>>,
    /// The rule that decides.
    pub rule: String,
    /// The exception that decides instead of the rule, today.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exception: Option<String>,
    /// Since when the verdict stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// True when the check was not looked at for three rounds: what is said of it is then no longer news.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stale: bool,
    /// The incident that is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentReport>,
    /// The worst first.
    pub findings: Vec<Told>,
    /// What the wire said; `null` before the first look.
    #[schemars(with = "Option<serde_json::Value>")]
    pub facts: Option<Arc<Facts>>,
    /// How each address that was tried ended, and the proxy, which has no address: `open`, `stopped`, `unclear`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<serde_json::Value>")]
    pub reached: Vec<Reached>,
    /// What was asked: service, expected addresses, resolvers, layers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Arc<Brief>>,
    /// What succeeded from the same vantage in the same round; only where a block holds because of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witnessed_by: Option<String>,
}

/// A dated deviation from a rule, and what this agent saw of it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ExceptionReport {
    pub exception: String,
    pub claim: String,
    pub owner: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    pub reason: String,
    /// The first day it covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub begins: Option<Date>,
    /// The last day it covers.
    #[schemars(with = "String")]
    pub ends: Date,
    /// How often the plan moved its end later.
    pub renewals: u32,
    /// The first look here that could tell and for which it decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covering_since: Option<Timestamp>,
    /// The last look here that held under it and would have been broken without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_needed: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    pub holds: usize,
    pub broken: usize,
    pub unknown: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WitnessReport {
    pub witness: String,
    pub at: Timestamp,
    pub succeeded: bool,
    pub tried: Vec<String>,
}

fn exception(board: &Board, face: &ExceptionFace) -> ExceptionReport {
    let past = board.ledger.past(&face.name);
    ExceptionReport {
        exception: face.name.clone(),
        claim: face.claim.to_owned(),
        owner: face.owner.clone(),
        approved_by: face.approved_by.clone(),
        reason: face.reason.clone(),
        begins: face.begins,
        ends: face.ends,
        renewals: past.map_or(0, |past| past.renewals),
        covering_since: past.and_then(|past| past.covering_since),
        last_needed: past.and_then(|past| past.needed),
    }
}

/// Renders the board.
pub fn report(board: &Board) -> Report {
    Report {
        plan: board.header.plan.clone(),
        plan_hash: board.header.plan_hash.clone(),
        vantage: board.header.vantage.name.clone(),
        at: board.at,
        checks: board.checks.iter().map(|entry| check(board, entry)).collect(),
        exceptions: board.header.exceptions.iter().map(|face| exception(board, face)).collect(),
        summary: Summary {
            holds: board.count(Verdict::Holds),
            broken: board.count(Verdict::Broken),
            unknown: board.count(Verdict::Unknown),
        },
        witness: board.witness.as_ref().map(|witness| WitnessReport {
            witness: witness.name.clone(),
            at: witness.facts.at,
            succeeded: witness.facts.succeeded,
            tried: witness.facts.tried.clone(),
        }),
        runner: None,
        gate: None,
    }
}

fn check(board: &Board, entry: &Entry) -> CheckReport {
    let face = &entry.face;
    let seen: Option<&Seen> = entry.seen.as_ref();
    CheckReport {
        check: face.check.to_string(),
        target: face.target.to_string(),
        owner: Some(face.owner.clone()).filter(|owner| !owner.is_empty()),
        endpoint: face.endpoint.to_string(),
        claim: face.claim.to_owned(),
        verdict: seen.map(|s| s.judgement.verdict.into()),
        public_fallback: seen.map(|s| s.judgement.fallback.into()),
        rule: face.rule.to_string(),
        exception: face.exception.clone(),
        since: seen.map(|s| s.standing.verdict_since),
        stale: board.is_stale(entry),
        incident: entry.incident().map(|open| incident(entry, open)),
        findings: seen.map(|s| told_of(face, s)).unwrap_or_default(),
        facts: seen.map(|s| Arc::clone(&s.facts)),
        reached: seen.map(|s| s.judgement.reached.clone()).unwrap_or_default(),
        asked: Some(Arc::new(Brief { expected: face.expected.clone(), ..Brief::clone(&face.brief) })),
        witnessed_by: seen.and_then(|s| witnessed_by(board, entry, s)),
    }
}

fn told_of(face: &Face, seen: &Seen) -> Vec<Told> {
    let ground = Ground { host: face.endpoint.as_str(), brief: &face.brief, facts: &seen.facts };
    seen.judgement.findings.iter().map(|finding| told(finding, &ground)).collect()
}

/// A block that holds was witnessed: by the vantage's named witness, else by a private check that holds.
fn witnessed_by(board: &Board, entry: &Entry, seen: &Seen) -> Option<String> {
    if entry.face.claim != "blocked" || seen.judgement.verdict != Verdict::Holds {
        return None;
    }
    let named = board.witness.as_ref().map(|witness| witness.facts.tried.join(", "));
    let held = |other: &&Arc<Entry>| other.face.claim == "private" && other.verdict() == Some(Verdict::Holds);
    named.or_else(|| board.checks.iter().find(held).map(|other| format!("{} holds", other.face.check)))
}

impl CheckReport {
    /// The verdict, where it is one that this version knows.
    pub fn known_verdict(&self) -> Option<Verdict> {
        self.verdict.as_ref().and_then(Word::known)
    }
}

impl Report {
    /// What a block rests on: the named witness whatever it came to, else the check that holds.
    fn witness_of(&self, check: &CheckReport) -> Option<String> {
        let named = self.witness.as_ref().map(|witness| witness.tried.join(", "));
        check.witnessed_by.clone().or(named).filter(|_| check.claim == "blocked")
    }

    /// Keeps some checks, and counts anew.
    pub fn keep(&mut self, wanted: impl Fn(&CheckReport) -> bool) {
        self.checks.retain(wanted);
        let count = |verdict| self.checks.iter().filter(|check| check.known_verdict() == Some(verdict)).count();
        let [holds, broken, unknown] = Verdict::ALL.map(count);
        self.summary = Summary { holds, broken, unknown };
    }

    /// Leaves out what only watching can tell: in a single round no incident opened for anybody.
    pub fn of_one_round(mut self) -> Self {
        for check in &mut self.checks {
            check.incident = None;
        }
        self
    }

    /// Says who named the expected addresses, where it was not the plan.
    pub fn expect(&mut self, expectation: Expectation) {
        for asked in self.checks.iter_mut().filter_map(|check| check.asked.as_mut()) {
            Arc::make_mut(asked).expectation = expectation;
        }
    }

    /// Every check as a tale is told of it.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        self.checks.iter().map(|check| Record {
            vantage: &self.vantage,
            check: &check.check,
            endpoint: &check.endpoint,
            claim: &check.claim,
            rule: &check.rule,
            owner: check.owner.as_deref(),
            exception: check.exception.as_deref(),
            at: self.at,
            verdict: check.known_verdict(),
            newer_verdict: check.verdict.as_ref().filter(|said| said.known().is_none()).map(Word::word),
            fallback: check.public_fallback.as_ref().and_then(Word::known),
            since: check.since,
            incident: check.incident.as_ref().map(past),
            findings: &check.findings,
            reached: &check.reached,
            brief: check.asked.as_deref(),
            facts: check.facts.as_deref(),
            witness: self.witness_of(check),
        })
    }
}

/// The JSON Schema of [`Report`].
pub fn report_schema() -> serde_json::Value {
    schemars::schema_for!(Report).to_value()
}
