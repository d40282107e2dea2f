//! What the agent itself gives cause to alert about: its witness, its schedule, its plan, its state.

use super::super::known::{Known, KnownCheck, KnownException, Trouble};
use super::super::name::AlertName;
use super::super::words::Words;
use super::incidents::is_of_witness;
use super::{Key, Scope, Wanted};
use crate::judge::{Code, EXPIRY_DAYS, Finding};
use jiff::{SignedDuration, Timestamp};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How long an exception may go without being needed.
const UNUSED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long it must have decided before anything is said of its use.
const SHORTEST: SignedDuration = SignedDuration::from_hours(1);

/// Nothing proves that this vantage works, for as many rounds as an incident takes to be confirmed. What is held already
/// goes on while it is so.
pub fn witness(known: &Known<'_>, now: Timestamp, held: bool) -> Option<Wanted> {
    let lasts = |since: Timestamp| held || now.duration_since(since) >= known.patience;
    if let Some(named) = known.witness_failing.as_ref().filter(|trouble| lasts(trouble.since)) {
        return Some(of_trouble(AlertName::WitnessFailing, Some(Code::WitnessFailing), named));
    }
    // A vantage without a witness of its own leans on its private checks. While one of them has an incident, that is the
    // cause, and has its alert.
    let leaning = known.checks.iter().any(|check| check.claim == "private" && check.incident.is_some());
    let sees = |check: &KnownCheck<'_>| -> Option<(Timestamp, Words, Code)> {
        let finding: &Finding = check.findings.first().filter(|finding| is_of_witness(finding))?;
        let counts = lasts(check.verdict_since) && !(leaning && finding.code == Code::WitnessFailing);
        counts.then(|| (check.verdict_since, Words::of(finding), finding.code))
    };
    // The named witness answers for itself.
    let of_checks = known.checks.iter().filter(|_| known.witness_failing.is_none()).filter_map(sees);
    let (since, words, code) = of_checks.min_by_key(|(since, ..)| *since)?;
    Some(plain(AlertName::WitnessFailing, Some(code), since, words))
}

/// What else fails.
pub fn troubles(known: &Known<'_>) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    if let Some(failed) = &known.reload_failed {
        wanted.push(of_trouble(AlertName::PlanReloadFailed, Some(Code::PlanStale), failed));
    }
    if let Some(lost) = &known.state_not_kept {
        let first_try =
            "Look at the agent's log, and at the folder of its state: space, rights, and whether it is mounted.";
        let words =
            Words { evidence: Some(lost.said.clone()), ..Words::plain(AlertName::StateNotKept.summary(), first_try) };
        wanted.push(plain(AlertName::StateNotKept, None, lost.since, words));
    }
    if let (Some(since), Some(first)) = (known.stale_since, known.stale.first()) {
        let many = known.stale.len();
        let said = format!("{many} checks have not been looked at for three rounds, {first} among them");
        let first_try =
            "Look at the agent's load, its limits and its log; `fencepost_schedule_lag_seconds` says how late it is.";
        wanted.push(plain(AlertName::ChecksStale, None, since, Words::plain(said, first_try)));
    }
    wanted
}

/// An exception that ends, has ended, or is not needed.
pub fn exception(exception: &KnownException<'_>, now: Timestamp) -> Vec<Wanted> {
    let ends = exception.ends;
    if exception.begins.is_some_and(|begins| now < begins) {
        return Vec::new();
    }
    let warning = DAY * EXPIRY_DAYS;
    let before = |length: SignedDuration| ends.checked_sub(length).unwrap_or(now);
    let (name, day) = (exception.name, minute(ends));
    let mut wanted = Vec::new();
    let mut add = |alert, code: Code, since: Timestamp, said: String| {
        wanted.push(Wanted {
            key: Key { name: alert, finding: Some(code), cause: None, scope: Scope::Exception(name.to_owned()) },
            member: name.to_owned(),
            check: None,
            since: since.min(now),
            flaps: 0,
            owner: exception.owner.to_owned(),
            environment: String::new(),
            words: Words { evidence: Some(use_of(exception)), ..Words::plain(said, code.first_try()) },
            aside: None,
            fresh: true,
        });
    };
    if now >= ends {
        let said = format!("The exception {name} ended at {day} and still stands in the plan.");
        add(AlertName::ExceptionExpired, Code::ExceptionExpired, ends, said);
        return wanted;
    }
    if now >= before(warning) {
        let since = exception.begins.map_or(before(warning), |begins| begins.max(before(warning)));
        add(
            AlertName::ExceptionExpiring,
            Code::ExceptionExpiring,
            since,
            format!("The exception {name} ends at {day}."),
        );
    }
    if let (Some(covering), None) = (exception.covering_since, exception.last_needed) {
        // A short one is judged on its last day.
        let since = covering
            .checked_add(UNUSED)
            .unwrap_or(ends)
            .min(before(DAY))
            .max(covering.checked_add(SHORTEST).unwrap_or(ends));
        if now >= since {
            let from = minute(covering);
            let said = format!("The exception {name} decides since {from}, and the rule itself held all that time.");
            add(AlertName::ExceptionUnused, Code::ExceptionUnused, since, said);
        }
    }
    wanted
}

/// Whether it is needed, which is what its owner and its approver will be asked.
fn use_of(exception: &KnownException<'_>) -> String {
    match (exception.covering_since, exception.last_needed) {
        (None, _) => "it was not seen to decide for a check of this vantage".to_owned(),
        (Some(since), None) => {
            format!("it decided here since {}, and the rule itself held all that time: nobody needed it", minute(since))
        }
        (Some(since), Some(needed)) => {
            let (since, needed) = (minute(since), minute(needed));
            format!("it decided here since {since}, and was last needed at {needed}: the rule itself was broken then")
        }
    }
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn of_trouble(name: AlertName, code: Option<Code>, trouble: &Trouble) -> Wanted {
    let (what, first_try) = code.map_or((name.summary(), ""), |code| (code.summary(), code.first_try()));
    let words = Words { evidence: Some(trouble.said.clone()), ..Words::plain(what, first_try) };
    plain(name, code, trouble.since, words)
}

fn plain(name: AlertName, finding: Option<Code>, since: Timestamp, words: Words) -> Wanted {
    Wanted {
        key: Key { name, finding, cause: None, scope: Scope::Vantage },
        member: name.word().to_owned(),
        check: None,
        since,
        flaps: 0,
        owner: String::new(),
        environment: String::new(),
        words,
        aside: None,
        fresh: true,
    }
}
