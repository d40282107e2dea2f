//! What the alerts rest on, read off the board: every check, and what the agent itself suffers from.

use super::estate::{Estate, end_of, start_of};
use crate::alert::{Known, KnownCheck, KnownException, Trouble};
use crate::plan::CheckName;
use crate::publish::{Board, Entry};
use crate::standing::Standing;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// Since when things fail; the board tells only of now.
#[derive(Debug, Default)]
pub struct Memory {
    witness: Option<Timestamp>,
    reload: Option<Timestamp>,
    state: Option<Timestamp>,
    /// When checks were first seen to be overdue, by the wall clock and by the one that nobody sets.
    stale: Option<(Timestamp, Instant)>,
    /// When the last writing of the state was first seen to lie too far back.
    unwritten: Option<Instant>,
}

impl Memory {
    /// A new plan was taken: its checks get time to be looked at. The disk is the same.
    pub fn settle(&mut self) {
        *self = Self { state: self.state, unwritten: self.unwritten, ..Self::default() };
    }

    /// Everything that is known now. `waiting` holds what is known of checks that were not looked at yet.
    pub fn known<'a>(
        &mut self,
        estate: &'a Estate,
        board: &'a Board,
        waiting: &'a HashMap<CheckName, Standing>,
        runbooks: &'a str,
        now: Timestamp,
    ) -> Known<'a> {
        let settings = &estate.grounds.plan.settings;
        let patience = settings.every * settings.confirm.saturating_sub(1);
        let stale = self.overdue(board, estate.witness_lasts(), now);
        Known {
            vantage: board.header.vantage.name.as_str(),
            owner: estate.vantage().owner.as_deref().unwrap_or_default(),
            plan: &board.header.plan,
            runbooks,
            patience: SignedDuration::try_from(patience).unwrap_or(SignedDuration::MAX),
            checks: board.checks.iter().filter_map(|entry| check(entry, waiting)).collect(),
            witness_failing: self.witness(board),
            reload_failed: self.reload(board, now),
            state_not_kept: self.state(board, settings.every, now),
            stale_since: self.stale.map(|(since, _)| since).filter(|_| !stale.is_empty()),
            stale,
            exceptions: exceptions(estate, board),
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

    fn state(&mut self, board: &Board, every: Duration, now: Timestamp) -> Option<Trouble> {
        let hangs = self.hangs(board, every, now);
        let Some(said) = board.state.trouble.clone().or(hangs) else {
            self.state = None;
            return None;
        };
        let since = *self.state.get_or_insert(now);
        Some(Trouble { since, said })
    }

    /// A writing that does not end is no failure yet, and keeps nothing either. After a suspension, or when the clock was
    /// set, the last one lies far back too; so it counts only once it has lasted for a round.
    fn hangs(&mut self, board: &Board, every: Duration, now: Timestamp) -> Option<String> {
        if !board.state.wanted || board.state.is_durable(now) {
            self.unwritten = None;
            return None;
        }
        let first = *self.unwritten.get_or_insert_with(Instant::now);
        let since = board.state.written.map_or_else(|| "the start".to_owned(), |written| written.to_string());
        (first.elapsed() >= every).then(|| format!("nothing has come to the disk since {since}"))
    }

    /// The checks that the board calls stale. It counts only once it has lasted for a round, and for as long as the last
    /// look of it may take: with a new plan, or after a halt, everything is looked at again by then.
    fn overdue(&mut self, board: &Board, lasting: Duration, now: Timestamp) -> Vec<CheckName> {
        let stale = board.checks.iter().filter(|entry| board.is_stale(entry));
        let overdue: Vec<CheckName> = stale.map(|entry| entry.face.check.clone()).collect();
        if overdue.is_empty() {
            self.stale = None;
            return overdue;
        }
        let (_, first) = *self.stale.get_or_insert((now, Instant::now()));
        if first.elapsed() >= lasting { overdue } else { Vec::new() }
    }
}

/// A check that waits for its first look is as it was before the restart, or under the plan before.
fn check<'a>(entry: &'a Entry, waiting: &'a HashMap<CheckName, Standing>) -> Option<KnownCheck<'a>> {
    let (face, seen) = (&entry.face, entry.seen.as_ref());
    let standing = seen.map(|seen| &seen.standing).or_else(|| waiting.get(&face.check))?;
    Some(KnownCheck {
        check: &face.check,
        target: face.target.as_str(),
        owner: &face.owner,
        environment: &face.environment,
        claim: face.claim,
        verdict: standing.verdict,
        verdict_since: standing.verdict_since,
        fallback: standing.fallback,
        fallback_since: standing.fallback_since,
        incident: standing.incident(),
        findings: seen.map(|seen| seen.judgement.findings.as_slice()).unwrap_or_default(),
        zone: face.brief.zones.first().map(|zone| zone.as_str()),
        exception: face.exception.as_deref(),
    })
}

/// The exceptions that concern this vantage.
fn exceptions<'a>(estate: &'a Estate, board: &Board) -> Vec<KnownException<'a>> {
    let vantage = estate.vantage();
    let here = estate.grounds.plan.exceptions.iter().filter(|exception| exception.from.matches(vantage));
    let known = here.filter_map(|exception| {
        let past = board.ledger.past(exception.name.as_str());
        Some(KnownException {
            name: exception.name.as_str(),
            owner: &exception.owner,
            begins: exception.begins.and_then(start_of),
            ends: end_of(exception.ends)?,
            covering_since: past.and_then(|past| past.covering_since),
            last_needed: past.and_then(|past| past.needed),
        })
    });
    known.collect()
}
