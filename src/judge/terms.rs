//! What the plan itself adds to a judgement: exceptions that end, ended or are not needed, and a plan that is out of date.

use super::Verdict;
use super::codes::Code;
use super::finding::{Evidence, Finding, Weight};
use crate::plan::{Claim, Exception};
use jiff::civil::Date;

/// How many days before its end an exception is reported.
pub const EXPIRY_DAYS: i32 = 7;

/// How many days after its end an exception is still named where its rule is broken.
pub const LAPSED_DAYS: i32 = 14;

/// How much of the reason why a plan could not be read is kept with a finding, in characters.
const LONGEST_REASON: usize = 300;

/// The terms under which a claim stands today.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    pub today: Date,
    /// What the rule itself claims, where an exception decides instead.
    pub rule: &'a Claim,
    /// The exception that decides today.
    pub exception: Option<&'a Exception>,
    /// The exception that decided last, where none does today.
    pub lapsed: Option<&'a Exception>,
    /// Why the newest plan could not be read, where it could not.
    pub stale: Option<&'a str>,
}

impl<'a> Terms<'a> {
    /// The terms of a rule that no exception touches.
    pub const fn of_rule(rule: &'a Claim, today: Date) -> Self {
        Self { today, rule, exception: None, lapsed: None, stale: None }
    }
}

/// `by_rule` is what the facts come to under the rule itself.
pub fn findings(terms: &Terms<'_>, verdict: Verdict, by_rule: impl FnOnce() -> Verdict) -> Vec<Finding> {
    let note = |code, exception: &Exception| {
        let seen = Evidence::Exception { name: exception.name.to_string(), ends: exception.ends };
        Finding::new(code, Weight::Notes, vec![seen])
    };
    let days = |from: Date, to: Date| (to - from).get_days();
    let mut findings = Vec::new();
    if let Some(exception) = terms.exception {
        if days(terms.today, exception.ends) < EXPIRY_DAYS {
            findings.push(note(Code::ExceptionExpiring, exception));
        }
        if *terms.rule != Claim::None && by_rule() == Verdict::Holds {
            findings.push(note(Code::ExceptionUnused, exception));
        }
    }
    let lapsed = terms.lapsed.filter(|exception| days(exception.ends, terms.today) <= LAPSED_DAYS);
    if let Some(exception) = lapsed.filter(|_| terms.exception.is_none() && verdict == Verdict::Broken) {
        findings.push(note(Code::ExceptionExpired, exception));
    }
    // Every check of the plan keeps this, and a broken plan may have thousands of faults; the log has them all.
    let first_line = |why: &str| why.lines().next().unwrap_or_default().chars().take(LONGEST_REASON).collect();
    let stale = terms.stale.map(|why| vec![Evidence::Reload(first_line(why))]);
    findings.extend(stale.map(|seen| Finding::new(Code::PlanStale, Weight::Notes, seen)));
    findings
}
