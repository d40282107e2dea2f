//! What there is to alert about, from what is known: each incident under exactly one name, and what the agent itself
//! suffers from. How these become alerts is the desk's matter.

mod agent;
mod incidents;

use super::desk::Desk;
use super::known::Known;
use super::name::AlertName;
use super::words::Words;
use crate::judge::{Cause, Code};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a public side stands open, or a check cannot tell, before somebody hears of it. Shorter than a work break,
/// longer than what restarts and deployments take.
pub const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// What an alert is about: what has the same key has one cause, and is one alert.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    pub name: AlertName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<Code>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    pub scope: Scope,
}

/// How far one cause reaches.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// A resolver, the agent or the plan: everything that is seen from here.
    Vantage,
    /// A private DNS zone.
    Zone(String),
    Target(String),
    Exception(String),
}

impl Scope {
    /// The label that names it.
    pub fn label(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Vantage => None,
            Self::Zone(zone) => Some(("zone", zone)),
            Self::Target(target) => Some(("target", target)),
            Self::Exception(exception) => Some(("exception", exception)),
        }
    }
}

/// One thing to alert about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub key: Key,
    /// What stays the same while it lasts: the incident, or the name of what it is about.
    pub member: String,
    pub check: Option<String>,
    pub since: Timestamp,
    /// How often its incident was closed and came back.
    pub flaps: u32,
    /// Empty where nobody is named.
    pub owner: String,
    pub environment: String,
    pub words: Words,
    /// What an exception has to do with it.
    pub aside: Option<String>,
    /// Whether the last look saw it, and the words are of this look.
    pub fresh: bool,
}

/// Everything there is to alert about now. The desk is asked under which name an incident is held.
pub fn wanted(known: &Known<'_>, desk: &Desk, now: Timestamp) -> Vec<Wanted> {
    let names = desk.names();
    // What fires already has lasted long enough, also where a new plan, a restart or a clock that was set forgot since when.
    let members = desk.members();
    let is_held = |name: AlertName, member: &str| members.contains(&(name, member));
    let mut wanted = Vec::new();
    for check in &known.checks {
        wanted.extend(incidents::of_check(check, |id| names.get(id).copied()));
        wanted.extend(incidents::open_side(check, now, is_held(AlertName::PublicSideOpen, check.check.as_str())));
        wanted.extend(incidents::expiring(check, now, is_held(AlertName::CertificateExpiring, check.check.as_str())));
    }
    match agent::witness(known, now, is_held(AlertName::WitnessFailing, AlertName::WitnessFailing.word())) {
        Some(failing) => wanted.push(failing),
        // While the witness fails, what cannot be told from here has a cause of its own.
        None => wanted.extend(known.checks.iter().filter_map(|check| {
            incidents::unknown(check, now, is_held(AlertName::CheckUnknown, check.check.as_str()))
        })),
    }
    wanted.extend(agent::troubles(known));
    wanted.extend(known.exceptions.iter().flat_map(|exception| agent::exception(exception, now)));
    wanted
}
