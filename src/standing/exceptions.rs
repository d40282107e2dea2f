//! What became of exceptions: since when each decides for a check here, when it was last needed, and how often its end
//! was moved.

use crate::plan::{Exception, ExceptionName};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One exception, as far as this agent saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExceptionPast {
    /// Its last day, as the plan says now.
    pub ends: Date,
    /// How often the plan moved its end later.
    pub renewals: u32,
    /// The first look that could tell and for which it decided.
    pub covering_since: Option<Timestamp>,
    /// The last look for which it decided and held, and its rule alone would not have.
    pub needed: Option<Timestamp>,
}

/// All exceptions of the plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger(BTreeMap<ExceptionName, ExceptionPast>);

impl Ledger {
    /// Takes the exceptions of a plan: what is known of them stays, an end that moved later is a renewal, and what left
    /// the plan is forgotten.
    pub fn settle(&mut self, exceptions: &[Exception]) {
        let mut before = std::mem::take(&mut self.0);
        for exception in exceptions {
            let ends = exception.ends;
            let past = before.remove(&exception.name).map_or_else(
                || ExceptionPast { ends, renewals: 0, covering_since: None, needed: None },
                |past| ExceptionPast {
                    ends,
                    renewals: past.renewals.saturating_add(u32::from(ends > past.ends)),
                    ..past
                },
            );
            self.0.insert(exception.name.clone(), past);
        }
    }

    /// What is known from before a restart; to be settled with the plan afterwards.
    pub fn restore(&mut self, name: ExceptionName, past: ExceptionPast) {
        self.0.insert(name, past);
    }

    /// Takes a look that could tell and for which an exception decided.
    pub fn looked(&mut self, name: &ExceptionName, needed: bool, now: Timestamp) {
        let Some(past) = self.0.get_mut(name) else { return };
        past.covering_since.get_or_insert(now);
        if needed {
            past.needed = Some(now);
        }
    }

    pub fn past(&self, name: &str) -> Option<&ExceptionPast> {
        self.iter().find(|(known, _)| known.as_str() == name).map(|(_, past)| past)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&ExceptionName, &ExceptionPast)> {
        self.0.iter()
    }
}
