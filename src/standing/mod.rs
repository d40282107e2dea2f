//! A verdict over time: since when it stands, how long each state of public fallback lasted, and the incident that its
//! broken looks make.
//!
//! Pure: `now` is an argument.

mod exceptions;
mod incident;

#[cfg(test)]
mod tests;

pub use exceptions::{ExceptionPast, Ledger};
pub use incident::{Course, Incident, MOST_RECOVER, Noted, SOON_AGAIN, Turn};

use crate::judge::{Judgement, PublicFallback, Verdict};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What is known of one check over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    pub verdict: Verdict,
    /// When the verdict became what it is.
    pub verdict_since: Timestamp,
    pub fallback: PublicFallback,
    pub fallback_since: Timestamp,
    pub last_run: Timestamp,
    pub runs: u64,
    /// Time spent in each state, in the order of [`PublicFallback::ALL`]; the time between two looks counts for the
    /// state that the earlier one saw.
    pub exposure: [Duration; PublicFallback::ALL.len()],
    pub course: Course,
}

/// By what a check is followed: the settings of its plan, and its claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Broken looks in a row that open an incident.
    pub confirm: u32,
    /// Good looks in a row that close it.
    pub recover: u32,
    /// Whether the claim is `private`, so that a public answer is an incident by itself.
    pub private: bool,
    /// Bounds the time that one look can answer for: after a pause of the agent, the exposure clock does not count
    /// hours that nobody saw.
    pub longest: Duration,
}

/// What a judgement changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    pub verdict_from: Option<Verdict>,
    pub fallback_from: Option<PublicFallback>,
    pub incident: Option<Turn>,
}

impl Standing {
    fn new(judged: &Judgement, now: Timestamp) -> Self {
        Self {
            verdict: judged.verdict,
            verdict_since: now,
            fallback: judged.fallback,
            fallback_since: now,
            last_run: now,
            runs: 1,
            exposure: Default::default(),
            course: Course::default(),
        }
    }

    /// The incident that is open.
    pub fn incident(&self) -> Option<&Incident> {
        self.course.open()
    }

    /// Another claim begins: the incident of the one before is left, and its rows of looks.
    pub fn leave(&mut self) {
        self.course.leave();
    }

    fn turn(&mut self, judged: &Judgement, now: Timestamp) -> Change {
        let mut change = Change::default();
        if self.verdict != judged.verdict {
            change.verdict_from = Some(self.verdict);
            (self.verdict, self.verdict_since) = (judged.verdict, now);
        }
        if self.fallback != judged.fallback {
            change.fallback_from = Some(self.fallback);
            (self.fallback, self.fallback_since) = (judged.fallback, now);
        }
        change
    }
}

/// Follows a check by one judgement.
pub fn stand(before: Option<&Standing>, judged: &Judgement, now: Timestamp, terms: &Terms) -> (Standing, Change) {
    let (mut after, mut change) = match before {
        None => (Standing::new(judged, now), Change::default()),
        Some(before) => {
            let mut after = counted(before, now, terms.longest);
            after.last_run = now;
            after.runs = after.runs.saturating_add(1);
            let change = after.turn(judged, now);
            (after, change)
        }
    };
    change.incident = after.course.take(judged, now, terms);
    (after, change)
}

/// As [`stand`], without a new look: the same facts are judged again because the witness or the claim changed. It adds to
/// no count; only a public answer that became trouble by it opens an incident, from the look that saw it.
pub fn rejudged(standing: &mut Standing, judged: &Judgement, now: Timestamp, terms: &Terms) -> Change {
    let mut change = standing.turn(judged, now);
    change.incident = standing.course.take_again(judged, standing.last_run, terms);
    change
}

fn counted(before: &Standing, now: Timestamp, longest: Duration) -> Standing {
    let mut after = before.clone();
    let passed = Duration::try_from(now.duration_since(before.last_run)).unwrap_or_default().min(longest);
    if let Some(place) = PublicFallback::ALL.iter().position(|state| *state == before.fallback) {
        after.exposure[place] = after.exposure[place].saturating_add(passed);
    }
    after
}
