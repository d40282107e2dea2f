//! The board as JSON: what `check --format json` prints and `/api/v1/board` serves. Its keys are a contract.

use super::board::{Board, Entry, Seen};
use crate::facts::Facts;
use crate::judge::{self, Verdict};
use crate::story::{Told, told};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// One agent's checks at one moment.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Report {
    pub plan: String,
    /// SHA-256 of the plan's text.
    pub plan_hash: String,
    pub vantage: String,
    pub at: Timestamp,
    pub checks: Vec<CheckReport>,
    pub summary: Summary,
    /// The vantage's named witness, where it has one and it was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witness: Option<WitnessReport>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CheckReport {
    pub check: String,
    pub target: String,
    pub endpoint: String,
    pub claim: String,
    /// `holds`, `broken`, `unknown`; `null` before the first look.
    #[schemars(with = "Option<String>")]
    pub verdict: Option<Verdict>,
    /// `none`, `latent`, `answered`, `usable`, `unknown`; `null` before the first look.
    #[schemars(with = "Option<String>")]
    pub public_fallback: Option<judge::PublicFallback>,
    /// The rule that decides.
    pub rule: String,
    /// The exception that decides instead of the rule, today.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exception: Option<String>,
    /// Since when the verdict stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The worst first.
    pub findings: Vec<Told>,
    /// What the wire said; `null` before the first look.
    #[schemars(with = "Option<serde_json::Value>")]
    pub facts: Option<Arc<Facts>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Summary {
    pub holds: usize,
    pub broken: usize,
    pub unknown: usize,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct WitnessReport {
    pub witness: String,
    pub at: Timestamp,
    pub succeeded: bool,
    pub tried: Vec<String>,
}

/// Renders the board.
pub fn report(board: &Board) -> Report {
    Report {
        plan: board.header.plan.clone(),
        plan_hash: board.header.plan_hash.clone(),
        vantage: board.header.vantage.name.clone(),
        at: board.at,
        checks: board.checks.iter().map(|entry| check(entry)).collect(),
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
    }
}

fn check(entry: &Entry) -> CheckReport {
    let face = &entry.face;
    let seen: Option<&Seen> = entry.seen.as_ref();
    CheckReport {
        check: face.check.to_string(),
        target: face.target.clone(),
        endpoint: face.endpoint.clone(),
        claim: face.claim.to_owned(),
        verdict: seen.map(|s| s.judgement.verdict),
        public_fallback: seen.map(|s| s.judgement.fallback),
        rule: face.rule.clone(),
        exception: face.exception.clone(),
        since: seen.map(|s| s.standing.verdict_since),
        findings: seen.iter().flat_map(|s| &s.judgement.findings).map(told).collect(),
        facts: seen.map(|s| Arc::clone(&s.facts)),
    }
}

/// The JSON Schema of [`Report`].
pub fn report_schema() -> serde_json::Value {
    schemars::schema_for!(Report).to_value()
}
