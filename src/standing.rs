//! A verdict over time: since when it stands, and how long each state of public fallback lasted.
//!
//! Pure: `now` is an argument. Incidents, confirm and recover counts build on this.

use crate::judge::{Judgement, PublicFallback, Verdict};
use jiff::Timestamp;
use std::time::Duration;

/// What is known of one check over time.
#[derive(Clone, Debug, PartialEq)]
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
}

/// What a judgement changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    pub verdict_from: Option<Verdict>,
    pub fallback_from: Option<PublicFallback>,
}

impl Change {
    pub fn is_any(self) -> bool {
        self.verdict_from.is_some() || self.fallback_from.is_some()
    }
}

/// Follows a check by one judgement. `longest` bounds the time that one look can answer for: after a pause of the
/// agent, the exposure clock does not count hours that nobody saw.
pub fn stand(before: Option<&Standing>, judged: &Judgement, now: Timestamp, longest: Duration) -> (Standing, Change) {
    let Some(before) = before else {
        let fresh = Standing {
            verdict: judged.verdict,
            verdict_since: now,
            fallback: judged.fallback,
            fallback_since: now,
            last_run: now,
            runs: 1,
            exposure: Default::default(),
        };
        return (fresh, Change { verdict_from: None, fallback_from: None });
    };
    let mut after = counted(before, now, longest);
    after.last_run = now;
    after.runs += 1;
    let change = rejudged(&mut after, judged, now);
    (after, change)
}

/// As [`stand`], without a new look: the same facts are judged again because the witness changed.
pub fn rejudged(standing: &mut Standing, judged: &Judgement, now: Timestamp) -> Change {
    let verdict_from = (standing.verdict != judged.verdict).then_some(standing.verdict);
    let fallback_from = (standing.fallback != judged.fallback).then_some(standing.fallback);
    if verdict_from.is_some() {
        standing.verdict = judged.verdict;
        standing.verdict_since = now;
    }
    if fallback_from.is_some() {
        standing.fallback = judged.fallback;
        standing.fallback_since = now;
    }
    Change { verdict_from, fallback_from }
}

fn counted(before: &Standing, now: Timestamp, longest: Duration) -> Standing {
    let mut after = before.clone();
    let passed = Duration::try_from(now.duration_since(before.last_run)).unwrap_or_default().min(longest);
    if let Some(place) = PublicFallback::ALL.iter().position(|state| *state == before.fallback) {
        after.exposure[place] += passed;
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(verdict: Verdict, fallback: PublicFallback) -> Judgement {
        Judgement { verdict, fallback, findings: Vec::new(), reached: Vec::new() }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    const LONGEST: Duration = Duration::from_secs(60);

    #[test]
    fn the_exposure_clock_counts_the_state_that_was_seen() {
        let usable = judged(Verdict::Broken, PublicFallback::Usable);
        let good = judged(Verdict::Holds, PublicFallback::None);
        let (first, _) = stand(None, &good, at(0), LONGEST);
        let (second, change) = stand(Some(&first), &usable, at(30), LONGEST);
        assert_eq!(change, Change { verdict_from: Some(Verdict::Holds), fallback_from: Some(PublicFallback::None) });
        let (third, change) = stand(Some(&second), &usable, at(60), LONGEST);
        assert!(!change.is_any());
        let (fourth, _) = stand(Some(&third), &good, at(90), LONGEST);
        assert_eq!(
            fourth.exposure[PublicFallback::ALL.iter().position(|s| *s == PublicFallback::Usable).unwrap()],
            Duration::from_secs(60)
        );
        assert_eq!((third.verdict_since, fourth.verdict_since, fourth.runs), (at(30), at(90), 4));
    }

    #[test]
    fn hours_nobody_saw_and_a_clock_that_runs_back_count_nothing_more() {
        let usable = judged(Verdict::Broken, PublicFallback::Usable);
        let (first, _) = stand(None, &usable, at(10_000), LONGEST);
        let (late, _) = stand(Some(&first), &usable, at(90_000), LONGEST);
        assert_eq!(late.exposure.iter().sum::<Duration>(), LONGEST);
        let (back, _) = stand(Some(&late), &usable, at(5), LONGEST);
        assert_eq!(back.exposure.iter().sum::<Duration>(), LONGEST);
    }
}
