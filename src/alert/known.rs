//! What is known at a moment, as far as alerts rest on it.

use crate::judge::{Finding, PublicFallback, Verdict};
use crate::plan::CheckName;
use crate::standing::Incident;
use jiff::{SignedDuration, Timestamp};

/// Everything of one agent.
#[derive(Clone, Debug, Default)]
pub struct Known<'a> {
    pub vantage: &'a str,
    /// Who answers for the vantage; empty where the plan names nobody.
    pub owner: &'a str,
    pub plan: &'a str,
    /// Where the runbooks are, without a slash at the end.
    pub runbooks: &'a str,
    /// How long what has no incident of its own must last before it counts: the plan's `confirm` rounds.
    pub patience: SignedDuration,
    pub checks: Vec<KnownCheck<'a>>,
    /// The vantage's named witness fails.
    pub witness_failing: Option<Trouble>,
    /// The newest plan could not be read.
    pub reload_failed: Option<Trouble>,
    /// Standings, incidents and alerts would not survive a restart, although they should.
    pub state_not_kept: Option<Trouble>,
    /// Checks whose last look is older than three rounds.
    pub stale: Vec<CheckName>,
    /// When the first of them became so.
    pub stale_since: Option<Timestamp>,
    /// The exceptions that concern this vantage.
    pub exceptions: Vec<KnownException<'a>>,
}

/// Something that fails: since when, and what was seen of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub since: Timestamp,
    pub said: String,
}

/// A check that was looked at.
#[derive(Clone, Copy, Debug)]
pub struct KnownCheck<'a> {
    pub check: &'a CheckName,
    pub target: &'a str,
    pub owner: &'a str,
    pub environment: &'a str,
    /// The word of its claim.
    pub claim: &'a str,
    pub verdict: Verdict,
    pub verdict_since: Timestamp,
    pub fallback: PublicFallback,
    pub fallback_since: Timestamp,
    /// The incident that is open.
    pub incident: Option<&'a Incident>,
    /// The worst first.
    pub findings: &'a [Finding],
    /// The privatelink zone in which its record stands.
    pub zone: Option<&'a str>,
    /// The exception that decides for it today.
    pub exception: Option<&'a str>,
}

/// An exception of the plan.
#[derive(Clone, Copy, Debug)]
pub struct KnownException<'a> {
    pub name: &'a str,
    pub owner: &'a str,
    /// Where its first day begins; `None` for one without a first day.
    pub begins: Option<Timestamp>,
    /// The end of its last day.
    pub ends: Timestamp,
    /// Since when it decides for a check of this vantage; `None` where it does not, or where nobody keeps count.
    pub covering_since: Option<Timestamp>,
    /// When the rule itself would last not have held under it.
    pub last_needed: Option<Timestamp>,
}
