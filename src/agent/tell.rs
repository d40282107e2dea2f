//! What the agent logs of checks and incidents: one line for each change.

use super::estate::{Estate, Work};
use crate::judge::{Code, Judgement, Verdict};
use crate::plan::CheckName;
use crate::publish::Board;
use crate::standing::{Change, Incident, Standing, Turn};
use crate::story;
use jiff::SignedDuration;
use std::collections::{HashMap, HashSet};

/// One log line when a check changes, and for a check that starts out broken.
pub fn change(estate: &Estate, work: &Work, judgement: &Judgement, before: Option<&Standing>, change: Change) {
    // A blocked check that is looked at before its witness is neither news nor trouble.
    let waits = judgement.findings.first().is_some_and(|finding| finding.code == Code::WitnessFailing);
    let starts_badly = before.is_none() && judgement.verdict != Verdict::Holds && !waits;
    let changed = change.verdict_from.is_some() || change.fallback_from.is_some();
    if !changed && !starts_badly {
        return;
    }
    let why = judgement.findings.first().map(story::line).unwrap_or_default();
    let (check, verdict, fallback) = (work.name.as_str(), judgement.verdict.word(), judgement.fallback.word());
    let vantage = estate.header.vantage.name.as_str();
    match judgement.verdict {
        Verdict::Holds => tracing::info!(vantage, check, verdict, public_fallback = fallback, why, "check changed"),
        Verdict::Broken | Verdict::Unknown => {
            tracing::warn!(vantage, check, verdict, public_fallback = fallback, why, "check changed");
        }
    }
}

/// One log line when an incident opens or closes: what, since when, how bad, and in the end how long.
pub fn incident(estate: &Estate, work: &Work, standing: &Standing, change: Change) {
    let (Some(turn), Some(incident)) = (change.incident, standing.course.latest()) else { return };
    let (vantage, check) = (estate.header.vantage.name.as_str(), work.name.as_str());
    let (since, peak, flaps) = (incident.opened, incident.peak.word(), incident.flaps);
    let what = incident.codes();
    match turn {
        Turn::Opened => tracing::warn!(vantage, check, what, %since, peak, "incident opened"),
        Turn::Reopened => tracing::warn!(vantage, check, what, %since, peak, flaps, "incident reopened"),
        Turn::Closed => {
            let lasted = incident.closed.unwrap_or(incident.last_seen).duration_since(incident.opened);
            // Whole seconds: an incident is made of looks, and these are seconds apart.
            let lasted = SignedDuration::from_secs(lasted.as_secs());
            let (lasted, broken_looks) = (format!("{lasted:#}"), incident.broken_looks);
            tracing::info!(vantage, check, what, %since, lasted, peak, broken_looks, flaps, "incident closed");
        }
    }
}

/// One log line for each open incident whose check the plan no longer asks for, or asks for something else: nobody will
/// see its end.
pub fn left(before: &Board, after: &Board, waiting: &HashMap<CheckName, Standing>) {
    let goes_on: HashSet<&CheckName> =
        after.checks.iter().filter(|entry| entry.incident().is_some()).map(|entry| &entry.face.check).collect();
    for (entry, incident) in before.checks.iter().filter_map(|entry| Some((entry, entry.incident()?))) {
        if !goes_on.contains(&entry.face.check) && !waiting.contains_key(&entry.face.check) {
            left_one(&before.header.vantage.name, &entry.face.check, incident);
        }
    }
}

pub fn left_one(vantage: &str, check: &CheckName, incident: &Incident) {
    let (check, what, since) = (check.as_str(), incident.codes(), incident.opened);
    tracing::info!(vantage, check, what, %since, "incident left open: the plan no longer claims this");
}
