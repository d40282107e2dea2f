//! What the alerts rest on, read off the board: every check, and what the agent itself suffers from.

use super::estate::{Estate, end_of, start_of};
use crate::alert::{Known, KnownCheck, KnownException, Trouble};
use crate::plan::{CheckName, ExceptionName};
use crate::publish::{Board, Entry};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// A look is overdue after so many rounds.
const ROUNDS: u32 = 3;

/// How an exception is used at this vantage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// Since when it decides for a check of this vantage.
    pub covering_since: Timestamp,
    /// When the rule itself would last not have held under it.
    pub last_needed: Option<Timestamp>,
}

/// What the board does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upkeep {
    pub exceptions: BTreeMap<ExceptionName, Use>,
    /// The state cannot be kept, although it should be.
    pub state_not_kept: Option<Trouble>,
}

/// Since when things fail; the board tells only of now.
#[derive(Debug)]
pub struct Memory {
    /// When the plan was taken.
    settled: Timestamp,
    witness: Option<Timestamp>,
    reload: Option<Timestamp>,
    /// When checks were first seen to be overdue, by the wall clock and by the one that stands still with the machine.
    stale: Option<(Timestamp, Instant)>,
}

impl Memory {
    pub fn new(now: Timestamp) -> Self {
        Self { settled: now, witness: None, reload: None, stale: None }
    }

    /// A new plan was taken: its checks get time to be looked at.
    pub fn settle(&mut self, now: Timestamp) {
        *self = Self::new(now);
    }

    /// Everything that is known now.
    pub fn known<'a>(
        &mut self,
        estate: &'a Estate,
        board: &'a Board,
        upkeep: &'a Upkeep,
        runbooks: &'a str,
        now: Timestamp,
    ) -> Known<'a> {
        let settings = &estate.grounds.plan.settings;
        let patience = settings.every * settings.confirm.saturating_sub(1);
        let stale = self.overdue(board, settings.every, now);
        Known {
            vantage: board.header.vantage.name.as_str(),
            plan: &board.header.plan,
            runbooks,
            patience: SignedDuration::try_from(patience).unwrap_or(SignedDuration::MAX),
            checks: board.checks.iter().filter_map(|entry| check(entry)).collect(),
            witness_failing: self.witness(board),
            reload_failed: self.reload(board, now),
            state_not_kept: upkeep.state_not_kept.clone(),
            stale_since: self.stale.map(|(since, _)| since).filter(|_| !stale.is_empty()),
            stale,
            exceptions: exceptions(estate, upkeep),
        }
    }

    fn witness(&mut self, board: &Board) -> Option<Trouble> {
        let Some(failing) = board.witness.as_ref().filter(|witness| !witness.facts.succeeded) else {
            self.witness = None;
            return None;
        };
        let since = *self.witness.get_or_insert(failing.facts.at);
        Some(Trouble { since, said: failing.facts.tried.join(", ") })
    }

    fn reload(&mut self, board: &Board, now: Timestamp) -> Option<Trouble> {
        let Some(why) = board.reload.trouble.as_ref().filter(|_| !board.reload.succeeded) else {
            self.reload = None;
            return None;
        };
        let since = *self.reload.get_or_insert(now);
        Some(Trouble { since, said: why.clone() })
    }

    /// The checks whose look is overdue. A machine that was suspended wakes with all of them overdue; so it counts only
    /// once it has lasted for a round in which the machine was awake.
    fn overdue(&mut self, board: &Board, every: Duration, now: Timestamp) -> Vec<CheckName> {
        let longest = SignedDuration::try_from(every * ROUNDS).unwrap_or(SignedDuration::MAX);
        let last = |entry: &Entry| entry.seen.as_ref().map_or(self.settled, |seen| seen.standing.last_run);
        let is_overdue =
            |entry: &Entry| entry.face.claim != "none" && now.duration_since(last(entry).max(self.settled)) > longest;
        let overdue: Vec<CheckName> =
            board.checks.iter().filter(|entry| is_overdue(entry)).map(|entry| entry.face.check.clone()).collect();
        if overdue.is_empty() {
            self.stale = None;
            return overdue;
        }
        let (_, first) = *self.stale.get_or_insert((now, Instant::now()));
        if first.elapsed() >= every { overdue } else { Vec::new() }
    }
}

fn check(entry: &Entry) -> Option<KnownCheck<'_>> {
    let (face, seen) = (&entry.face, entry.seen.as_ref()?);
    let standing = &seen.standing;
    Some(KnownCheck {
        check: &face.check,
        target: face.target.as_str(),
        owner: &face.owner,
        environment: &face.environment,
        claim: face.claim,
        verdict: seen.judgement.verdict,
        verdict_since: standing.verdict_since,
        fallback: seen.judgement.fallback,
        fallback_since: standing.fallback_since,
        incident: standing.incident(),
        findings: &seen.judgement.findings,
        zone: face.brief.zones.first().map(|zone| zone.as_str()),
    })
}

/// The exceptions that concern this vantage.
fn exceptions<'a>(estate: &'a Estate, upkeep: &Upkeep) -> Vec<KnownException<'a>> {
    let vantage = estate.vantage();
    let here = estate.grounds.plan.exceptions.iter().filter(|exception| exception.from.matches(vantage));
    let known = here.filter_map(|exception| {
        let used = upkeep.exceptions.get(&exception.name);
        Some(KnownException {
            name: exception.name.as_str(),
            owner: &exception.owner,
            begins: exception.begins.and_then(start_of),
            ends: end_of(exception.ends)?,
            covering_since: used.map(|used| used.covering_since),
            last_needed: used.and_then(|used| used.last_needed),
        })
    });
    known.collect()
}
