//! Incidents: a stretch of broken looks from the first of them until enough good ones.
//!
//! Everything is counted in looks, never in seconds. A look is something that was seen; seconds would also count the time
//! in which the agent was suspended, and would need another figure for every length of a round.
//!
//! * An incident opens after `confirm` broken looks in a row. Where the claim is `private`, a public answer opens it that
//!   was seen twice: in a look and in the second look made at once, or in two looks within [`SOON_AGAIN`].
//! * It closes after `recover` good looks in a row. What breaks again soon is the same incident, and needs twice as many
//!   good looks as the last time.
//! * A look that could not tell counts for nothing: it adds to no row and breaks none. A check that is by turns broken
//!   and unknown therefore opens its incident, and silence never closes one.

use super::Terms;
use crate::facts::Facts;
use crate::judge::{Cause, Code, Evidence, Judgement, PublicFallback, Verdict, Weight};
use crate::plan::CheckName;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The good looks after a closing within which a break belongs to the same incident: an hour at the default round of
/// 30 s. What comes back within the hour has, as a rule, the same cause: two caches that answer by turns, a record that
/// two deployments fight over.
pub const SOON_AGAIN: u32 = 120;

/// The most good looks in a row that the closing of a flapping incident waits for, unless the plan itself asks for more:
/// half an hour at the default round of 30 s, about three times the longest TTL of the known chains (541 s). Half of
/// [`SOON_AGAIN`], so that what still closes and breaks again is the same incident.
pub const MOST_RECOVER: u32 = 60;

/// What a look did to the incident of its check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Opened,
    /// The incident that was closed last is open again.
    Reopened,
    Closed,
}

/// An opened and later closed stretch of broken looks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// The first broken look.
    pub opened: Timestamp,
    /// The latest broken look.
    pub last_seen: Timestamp,
    pub closed: Option<Timestamp>,
    /// The worst state of public fallback among its broken looks.
    pub peak: PublicFallback,
    /// Every finding that broke the claim or left it unclear in a broken look, once, in the order of their coming.
    pub findings: Vec<Noted>,
    pub broken_looks: u64,
    /// How often it was taken up again after it had been closed.
    pub flaps: u32,
    /// What was seen in the look that opened it. Not kept over a restart.
    #[serde(skip)]
    pub opening: Option<Arc<Facts>>,
    /// What was seen in the look that closed it.
    #[serde(skip)]
    pub closing: Option<Arc<Facts>>,
}

/// A finding of an incident, as it was when it was first seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Noted {
    pub code: Code,
    pub cause: Option<Cause>,
    pub first_seen: Timestamp,
    pub evidence: Option<Evidence>,
}

impl Incident {
    fn new(first_look: Timestamp) -> Self {
        Self {
            opened: first_look,
            last_seen: first_look,
            closed: None,
            peak: PublicFallback::Unknown,
            findings: Vec::new(),
            broken_looks: 0,
            flaps: 0,
            opening: None,
            closing: None,
        }
    }

    /// Stable and unique within a vantage: the check, and when it first broke.
    pub fn id(&self, check: &CheckName) -> String {
        format!("{check}@{}", self.opened)
    }

    /// The codes of its findings, in the order of their coming.
    pub fn codes(&self) -> String {
        let mut codes: Vec<&str> = Vec::new();
        for word in self.findings.iter().map(|noted| noted.code.word()) {
            if !codes.contains(&word) {
                codes.push(word);
            }
        }
        codes.join(", ")
    }

    /// The good looks in a row that close it.
    pub fn closes_after(&self, recover: u32) -> u32 {
        let doubled = 1_u32.checked_shl(self.flaps).map_or(u32::MAX, |times| recover.saturating_mul(times));
        doubled.min(MOST_RECOVER.max(recover))
    }

    fn add(&mut self, judged: &Judgement, looked: Timestamp) {
        self.broken_looks = self.broken_looks.saturating_add(1);
        self.note(judged, looked);
    }

    fn note(&mut self, judged: &Judgement, looked: Timestamp) {
        // A clock that was set back does not turn an incident around.
        self.last_seen = self.last_seen.max(looked);
        self.peak = worse(self.peak, judged.fallback);
        for finding in judged.findings.iter().filter(|finding| finding.weight != Weight::Notes) {
            let cause = finding.cause();
            self.note_finding(Noted {
                code: finding.code,
                cause,
                first_seen: looked,
                evidence: finding.evidence.first().cloned(),
            });
        }
    }

    /// Codes and causes are closed lists, which bounds what is kept.
    fn note_finding(&mut self, noted: Noted) {
        if !self.findings.iter().any(|known| (known.code, known.cause) == (noted.code, noted.cause)) {
            self.findings.push(noted);
        }
    }

    /// Goes on with broken looks that came after the closing.
    fn take_up(&mut self, row: Self) {
        (self.closed, self.closing) = (None, None);
        self.flaps = self.flaps.saturating_add(1);
        self.last_seen = self.last_seen.max(row.last_seen);
        self.peak = worse(self.peak, row.peak);
        self.broken_looks = self.broken_looks.saturating_add(row.broken_looks);
        row.findings.into_iter().for_each(|noted| self.note_finding(noted));
    }
}

/// The looks at one check, as far as they make incidents.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// Broken looks in a row that are no incident yet.
    row: Option<Box<Incident>>,
    /// The incident that is open, or that was closed and may still be taken up again.
    latest: Option<Box<Incident>>,
    /// While an incident is open, the good looks in a row; after it, all good looks since.
    good: u32,
    /// How many incidents were opened, each counted once.
    opened: u64,
    /// How many looks ago the last public answer was seen, where that was within [`SOON_AGAIN`].
    public_ago: Option<u32>,
}

/// What a look says of incidents.
enum Sighting {
    /// Broken by a public answer; a second one confirms it.
    Public,
    Broken,
    Good,
    CouldNotTell,
}

impl Course {
    /// The incident that is open.
    pub fn open(&self) -> Option<&Incident> {
        self.latest().filter(|incident| incident.closed.is_none())
    }

    /// The incident that is open, or that was closed so lately that it may be taken up again.
    pub fn latest(&self) -> Option<&Incident> {
        self.latest.as_deref()
    }

    /// How many incidents there were; one that was taken up again counts once.
    pub fn incidents(&self) -> u64 {
        self.opened
    }

    /// Begins anew; how many incidents there were stays.
    pub(super) fn leave(&mut self) {
        *self = Self { opened: self.opened, ..Self::default() };
    }

    /// Takes one look.
    pub(super) fn take(&mut self, judged: &Judgement, now: Timestamp, terms: &Terms) -> Option<Turn> {
        let sighting = sighting(judged, terms);
        let earlier = match sighting {
            Sighting::Public => self.public_ago.replace(0),
            Sighting::Broken | Sighting::Good | Sighting::CouldNotTell => {
                self.public_ago =
                    self.public_ago.map(|looks| looks.saturating_add(1)).filter(|looks| *looks < SOON_AGAIN);
                None
            }
        };
        match sighting {
            Sighting::Public if judged.seen_twice || earlier.is_some() => self.broken(judged, now, 1),
            Sighting::Public | Sighting::Broken => self.broken(judged, now, terms.confirm),
            Sighting::Good => self.good(judged, now, terms),
            Sighting::CouldNotTell => None,
        }
    }

    /// Keeps what was seen in the look that turned the incident.
    pub fn transcribe(&mut self, turn: Turn, facts: &Arc<Facts>) {
        let Some(incident) = &mut self.latest else { return };
        match turn {
            Turn::Opened => incident.opening = Some(Arc::clone(facts)),
            // The first opening says how it began.
            Turn::Reopened => {}
            Turn::Closed => incident.closing = Some(Arc::clone(facts)),
        }
    }

    /// Takes the last look once more, under another judgement.
    pub(super) fn take_again(&mut self, judged: &Judgement, looked: Timestamp, terms: &Terms) -> Option<Turn> {
        match sighting(judged, terms) {
            Sighting::Public if self.open().is_some() => None,
            Sighting::Public => match self.row.as_mut().filter(|row| row.last_seen == looked) {
                // This look was broken before, too, and is counted.
                Some(row) => {
                    row.note(judged, looked);
                    self.confirmed()
                }
                None => self.broken(judged, looked, 1),
            },
            Sighting::Broken | Sighting::Good | Sighting::CouldNotTell => None,
        }
    }

    fn broken(&mut self, judged: &Judgement, looked: Timestamp, confirm: u32) -> Option<Turn> {
        if let Some(open) = self.latest.as_mut().filter(|incident| incident.closed.is_none()) {
            open.add(judged, looked);
            self.good = 0;
            return None;
        }
        let row = self.row.get_or_insert_with(|| Box::new(Incident::new(looked)));
        row.add(judged, looked);
        if row.broken_looks >= u64::from(confirm) { self.confirmed() } else { None }
    }

    /// The row of broken looks becomes an incident, or part of the one before.
    fn confirmed(&mut self) -> Option<Turn> {
        let row = self.row.take()?;
        let turn = match self.latest.as_mut() {
            Some(same) => {
                same.take_up(*row);
                Turn::Reopened
            }
            None => {
                self.latest = Some(row);
                self.opened = self.opened.saturating_add(1);
                Turn::Opened
            }
        };
        self.good = 0;
        Some(turn)
    }

    fn good(&mut self, judged: &Judgement, now: Timestamp, terms: &Terms) -> Option<Turn> {
        self.row = None;
        let latest = self.latest.as_mut()?;
        if latest.closed.is_some() {
            self.good = self.good.saturating_add(1);
            if self.good >= SOON_AGAIN {
                self.latest = None;
            }
            return None;
        }
        // Where public answers were seen, they are not gone before every resolver said so.
        if terms.private && is_public(latest.peak) && judged.fallback == PublicFallback::Unknown {
            return None;
        }
        self.good = self.good.saturating_add(1);
        if self.good < latest.closes_after(terms.recover) {
            return None;
        }
        latest.closed = Some(now.max(latest.last_seen));
        self.good = 0;
        Some(Turn::Closed)
    }
}

fn sighting(judged: &Judgement, terms: &Terms) -> Sighting {
    if terms.private && is_public(judged.fallback) {
        return Sighting::Public;
    }
    match judged.verdict {
        Verdict::Holds => Sighting::Good,
        Verdict::Broken => Sighting::Broken,
        Verdict::Unknown => Sighting::CouldNotTell,
    }
}

fn is_public(fallback: PublicFallback) -> bool {
    badness(fallback) >= badness(PublicFallback::Answered)
}

fn worse(one: PublicFallback, other: PublicFallback) -> PublicFallback {
    if badness(other) > badness(one) { other } else { one }
}

/// How bad a state is for an incident; one that could not be examined says the least.
fn badness(fallback: PublicFallback) -> u8 {
    match fallback {
        PublicFallback::Unknown => 0,
        PublicFallback::None => 1,
        PublicFallback::Latent => 2,
        PublicFallback::Answered => 3,
        PublicFallback::Usable => 4,
    }
}
