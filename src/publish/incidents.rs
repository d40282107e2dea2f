//! Incidents as JSON: under a check of the board, as a list of their own, and as lines of a log.

use super::board::{Board, Entry};
use super::report::{Report, report};
use crate::facts::Facts;
use crate::judge::{self, Code};
use crate::standing::{Incident, Noted, Turn};
use crate::story::{self, Past, Word};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A stretch of broken looks that has not ended.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct IncidentReport {
    /// The check and the time of the first broken look.
    pub id: String,
    /// The first broken look.
    pub opened: Timestamp,
    /// The latest broken look.
    pub last_seen: Timestamp,
    /// The worst state of public fallback in it.
    #[schemars(with = "String")]
    pub peak_public_fallback: Word<judge::PublicFallback>,
    pub broken_looks: u64,
    /// How often it was taken up again after it had been closed.
    pub flaps: u32,
    /// What was seen in it, in the order of its coming, also what is over by now.
    pub findings: Vec<NotedReport>,
}

/// A finding of an incident.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NotedReport {
    #[schemars(with = "String")]
    pub code: Word<Code>,
    /// The likely cause of a public answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub cause: Option<Word<judge::Cause>>,
    pub first_seen: Timestamp,
    /// The first evidence of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// One line of the log of incidents: what turned, and everything known of the check at that moment. The report can be told
/// with `explain --replay`.
#[derive(Clone, Debug, Serialize)]
pub struct TurnReport {
    /// `opened`, `reopened`, `closed`.
    pub turn: &'static str,
    pub incident: IncidentReport,
    pub report: Report,
}

impl TurnReport {
    /// About the check at a place of the board.
    pub fn new(board: &Board, place: usize, turn: Turn) -> Option<Self> {
        let entry = board.checks.get(place)?;
        let latest = entry.seen.as_ref()?.standing.course.latest()?;
        let turn = match turn {
            Turn::Opened => "opened",
            Turn::Reopened => "reopened",
            Turn::Closed => "closed",
        };
        let one = Board { checks: vec![Arc::clone(entry)], ..board.clone() };
        Some(Self { turn, incident: incident(entry, latest), report: report(&one) })
    }
}

/// Incidents that are open, or were closed so lately that they may be taken up again, each with what was seen in the
/// looks that opened and closed it.
#[derive(Clone, Debug, Serialize)]
pub struct Incidents {
    pub vantage: String,
    pub incidents: Vec<Episode>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Episode {
    pub check: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed: Option<Timestamp>,
    #[serde(flatten)]
    pub incident: IncidentReport,
    /// `null` for a look of before a restart; the log of incidents has it.
    pub opening: Option<Arc<Facts>>,
    pub closing: Option<Arc<Facts>>,
}

/// The incidents of the board, in the order of the plan.
pub fn incidents(board: &Board) -> Incidents {
    let episode = |entry: &Arc<Entry>| {
        let latest = entry.seen.as_ref()?.standing.course.latest()?;
        Some(Episode {
            check: entry.face.check.to_string(),
            closed: latest.closed,
            incident: incident(entry, latest),
            opening: latest.opening.clone(),
            closing: latest.closing.clone(),
        })
    };
    Incidents {
        vantage: board.header.vantage.name.clone(),
        incidents: board.checks.iter().filter_map(episode).collect(),
    }
}

pub fn past(incident: &IncidentReport) -> Past {
    Past {
        opened: incident.opened,
        last_seen: incident.last_seen,
        broken_looks: incident.broken_looks,
        flaps: incident.flaps,
        peak: incident.peak_public_fallback.known().unwrap_or(judge::PublicFallback::Unknown),
    }
}

pub fn incident(entry: &Entry, incident: &Incident) -> IncidentReport {
    IncidentReport {
        id: incident.id(&entry.face.check),
        opened: incident.opened,
        last_seen: incident.last_seen,
        peak_public_fallback: incident.peak.into(),
        broken_looks: incident.broken_looks,
        flaps: incident.flaps,
        findings: incident.findings.iter().map(noted).collect(),
    }
}

fn noted(noted: &Noted) -> NotedReport {
    NotedReport {
        code: noted.code.into(),
        cause: noted.cause.map(Word::from),
        first_seen: noted.first_seen,
        evidence: noted.evidence.as_ref().map(story::evidence),
    }
}
