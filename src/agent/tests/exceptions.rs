//! Exceptions under a clock that is moved from day to day: they begin, cover, warn, end and raise, with nobody doing
//! anything; and one that is not needed is named.

use super::*;
use crate::agent::alarm::Memory;
use crate::alert::{Desk, wanted};
use crate::plan::{Claim, ExceptionName};
use std::collections::BTreeSet;

const PLAN: &str = "plan: december
settings: {every: 30s, confirm: 2, recover: 2}
vantages: {here: {kind: test, resolvers: [r], witness: {connect: 'witness.example:443'}}}
resolvers: {r: {address: 10.0.0.4}}
targets:
  used: {service: azure-openai, endpoints: {used.openai.azure.com: [10.20.3.5]}}
  idle: {service: azure-openai, endpoints: {idle.openai.azure.com: [10.20.3.6]}}
rules:
  - {name: shut, from: any, to: any, claim: blocked, by: [timeout]}
exceptions:
  EX-USED: {from: here, to: used, claim: private, owner: ana, reason: rehearsal, begins: 2026-12-02, ends: 2026-12-20}
  EX-IDLE: {from: here, to: idle, claim: blocked, by: [timeout, refused], owner: bo, reason: habit, begins: 2026-12-02, ends: 2026-12-31}
";

struct December {
    estate: Estate,
    board: SharedBoard,
    keeper: Keeper,
    memory: Memory,
    desk: Desk,
    /// Whether the path to `used` is open.
    open: bool,
}

impl December {
    fn new() -> Self {
        let start = at("2026-12-01T12:00:00");
        let estate = estate_of(PLAN, start);
        let board = SharedBoard::new(blank(&estate, start));
        let keeper = Keeper::new(board.clone(), &estate, start);
        Self { keeper, board, estate, memory: Memory::default(), desk: Desk::default(), open: false }
    }

    /// A round of looks. What is claimed of both, what the looks came to, and the alerts that fire after it.
    fn round(&mut self, time: &str) -> (Vec<&'static str>, Vec<Verdict>, BTreeSet<String>) {
        let now = at(time);
        let witness = crate::facts::WitnessFacts { at: now, succeeded: true, tried: vec!["it answers".to_owned()] };
        self.keeper.take_witness(&self.estate, witness, now);
        for (index, answers) in [(0, self.open), (1, false)] {
            let work = Arc::clone(&self.estate.works[index]);
            self.keeper.take(&self.estate, &work, facts(&work, now, answers), now);
        }
        let board = self.board.snapshot();
        let waiting = self.keeper.waiting();
        let known = self.memory.known(&self.estate, &board, waiting, "https://runbooks.example", now);
        let alerts = wanted(&known, &self.desk, now);
        self.desk.reconcile(alerts, &known, now);
        let claims = board.checks.iter().map(|entry| entry.face.claim).collect();
        let verdicts = board.checks.iter().filter_map(|entry| entry.verdict()).collect();
        let name = |alert: &crate::alert::Alert| {
            let about = alert.labels.get("exception").or(alert.labels.get("target")).cloned().unwrap_or_default();
            format!("{} {about}", alert.labels["alertname"].trim_start_matches("Fencepost"))
        };
        (claims, verdicts, self.desk.firing().map(name).collect())
    }
}

#[test]
fn an_exception_begins_covers_warns_ends_and_raises_by_itself() {
    let mut december = December::new();
    let holds = vec![Verdict::Holds, Verdict::Holds];
    for (time, open, claim, alerts) in [
        ("2026-12-01T23:59:40", false, "blocked", vec![]),
        // It begins with the day, and what was opened for it is no trouble.
        ("2026-12-02T00:00:10", true, "private", vec![]),
        ("2026-12-09T00:00:00", true, "private", vec![]),
        // The other one has covered for a week, and its rule held all the time.
        ("2026-12-09T00:00:20", true, "private", vec!["ExceptionUnused EX-IDLE"]),
        ("2026-12-13T23:59:50", true, "private", vec!["ExceptionUnused EX-IDLE"]),
        // A week before the end it is said that it ends.
        ("2026-12-14T00:00:10", true, "private", vec!["ExceptionExpiring EX-USED", "ExceptionUnused EX-IDLE"]),
        // Its last day is covered to the end.
        ("2026-12-20T23:59:50", true, "private", vec!["ExceptionExpiring EX-USED", "ExceptionUnused EX-IDLE"]),
    ] {
        december.open = open;
        let (claims, verdicts, firing) = december.round(time);
        assert_eq!((claims, &verdicts), (vec![claim, "blocked"], &holds), "{time}");
        assert_eq!(firing, alerts.into_iter().map(str::to_owned).collect(), "{time}");
    }
    // Then the rule decides again, and what stayed open is an incident.
    let (claims, verdicts, firing) = december.round("2026-12-21T00:00:10");
    assert_eq!((claims[0], verdicts[0]), ("blocked", Verdict::Broken));
    let after = ["ExceptionExpired EX-USED", "ExceptionUnused EX-IDLE"].map(str::to_owned);
    assert_eq!(firing, BTreeSet::from(after.clone()));
    let (_, _, firing) = december.round("2026-12-21T00:00:40");
    assert!(firing.contains("BlockBroken used") && firing.len() == 3, "{firing:?}");
    // Closed by hand, the incident ends; the exception still stands in the plan.
    december.open = false;
    december.round("2026-12-21T00:01:10");
    let (_, verdicts, firing) = december.round("2026-12-21T00:01:40");
    assert_eq!((verdicts, firing), (holds, BTreeSet::from(after)));
}

#[test]
fn excepted_checks_are_measured_and_shown_and_it_is_known_when_they_were_needed() {
    let mut december = December::new();
    let past = |december: &December, name: &str| december.board.snapshot().ledger.past(name).cloned().unwrap();
    december.round("2026-12-01T12:00:00");
    assert_eq!(past(&december, "EX-USED").covering_since, None);
    december.open = true;
    for time in ["2026-12-02T12:00:00", "2026-12-05T12:00:00"] {
        december.round(time);
    }
    let (used, idle) = (past(&december, "EX-USED"), past(&december, "EX-IDLE"));
    assert_eq!((used.covering_since, used.needed), (Some(at("2026-12-02T12:00:00")), Some(at("2026-12-05T12:00:00"))));
    assert_eq!((idle.covering_since, idle.needed), (used.covering_since, None));

    let report = crate::publish::report(&december.board.snapshot());
    assert_eq!(report.checks[0].exception.as_deref(), Some("EX-USED"));
    assert!(report.checks[0].facts.is_some());
    let shown = serde_json::to_value(&report.exceptions).unwrap();
    assert_eq!(shown[0]["owner"], "ana");
    assert_eq!((&shown[0]["ends"], &shown[0]["last_needed"]), (&"2026-12-20".into(), &"2026-12-05T12:00:00Z".into()));
    assert_eq!((&shown[1]["exception"], shown[1].get("last_needed")), (&"EX-IDLE".into(), None));
}

#[test]
fn trouble_that_breaks_both_claims_needs_no_exception() {
    let mut december = December::new();
    december.round("2026-12-02T12:00:00");
    let work = Arc::clone(&december.estate.works[1]);
    let now = at("2026-12-02T12:00:30");
    // Neither the rule nor the exception allows what answers.
    december.keeper.take(&december.estate, &work, facts(&work, now, true), now);
    let board = december.board.snapshot();
    assert_eq!(board.checks[1].verdict(), Some(Verdict::Broken));
    assert_eq!(board.ledger.past("EX-IDLE").unwrap().needed, None);
}

#[test]
fn an_end_that_moves_later_is_a_renewal_and_one_that_moves_back_is_none() {
    let mut december = December::new();
    december.round("2026-12-02T12:00:00");
    let renewed = |december: &December| december.board.snapshot().ledger.past("EX-USED").unwrap().renewals;
    for (ends, renewals) in [("2026-12-20", 0), ("2027-01-20", 1), ("2026-12-24", 1), ("2026-12-26", 2)] {
        let now = at("2026-12-03T12:00:00");
        let estate = estate_of(&PLAN.replace("2026-12-20", ends), now);
        december.keeper.resettle(&december.estate, &estate, now);
        december.estate = estate;
        assert_eq!(renewed(&december), renewals, "{ends}");
    }
    let since = december.board.snapshot().ledger.past("EX-USED").unwrap().covering_since;
    assert_eq!(since, Some(at("2026-12-02T12:00:00")));
    let without = estate_of(&PLAN.replace("EX-USED", "EX-NEW"), at("2026-12-03T12:00:00"));
    december.keeper.resettle(&december.estate, &without, at("2026-12-03T12:00:00"));
    let ledger = december.board.snapshot().ledger;
    assert_eq!((ledger.past("EX-USED"), ledger.past("EX-NEW").unwrap().renewals), (None, 0));
}

#[test]
fn what_is_known_of_exceptions_is_taken_up_after_a_restart() {
    use crate::standing::ExceptionPast;
    use crate::state::Record;
    use std::borrow::Cow;
    let now = at("2026-12-05T12:00:00");
    let estate = estate_of(PLAN, now);
    let board = SharedBoard::new(blank(&estate, now));
    let mut keeper = Keeper::new(board.clone(), &estate, now);
    let covering = Some(at("2026-12-02T12:00:00"));
    let past = |ends: &str| ExceptionPast {
        ends: ends.parse().unwrap(),
        renewals: 3,
        covering_since: covering,
        needed: covering,
    };
    let record = |name: &str, ends: &str| Record::Exception {
        exception: Cow::Owned(ExceptionName::new(name)),
        past: Cow::Owned(past(ends)),
    };
    // The plan was renewed while the agent was away, and one exception left it.
    keeper.restore(&estate, vec![record("EX-USED", "2026-12-10"), record("EX-GONE", "2026-12-10")]);
    let ledger = board.snapshot().ledger;
    let used = ledger.past("EX-USED").unwrap();
    assert_eq!((used.renewals, used.covering_since, used.needed), (4, covering, covering));
    assert_eq!((ledger.past("EX-GONE"), ledger.iter().count()), (None, 2));
    assert!(estate.works.iter().all(|work| estate.claims(work, crate::clock::day(now)) != Some(&Claim::None)));
}

/// Where the last exception ends and its rule looks at nothing, no look tells that the day turned.
#[test]
fn a_day_on_which_nothing_is_looked_at_turns_all_the_same() {
    let text = PLAN.replace("to: any, claim: blocked, by: [timeout]", "to: any, claim: none");
    let text = text.split("exceptions:").next().unwrap().to_owned()
        + "exceptions: {EX: {from: here, to: any, claim: blocked, by: [timeout], owner: ana, reason: rehearsal, ends: 2026-12-01}}";
    let start = at("2026-12-01T12:00:00");
    let mut december = December::new();
    december.estate = estate_of(&text, start);
    december.board = SharedBoard::new(blank(&december.estate, start));
    december.keeper = Keeper::new(december.board.clone(), &december.estate, start);
    december.open = true;
    for time in ["2026-12-01T23:58:00", "2026-12-01T23:58:30", "2026-12-01T23:59:00"] {
        december.round(time);
    }
    assert!(december.board.snapshot().checks[0].incident().is_some());
    december.keeper.news();
    let morning = at("2026-12-02T00:05:00");
    let work = Arc::clone(&december.estate.works[0]);
    assert!(!december.keeper.is_looked_at(&december.estate, &work, morning));
    let board = december.board.snapshot();
    assert!(board.checks.iter().all(|entry| entry.face.claim == "none" && entry.seen.is_none()));
    assert_eq!(board.count_stale(), 0);
    assert!(december.keeper.news().any, "what fired is held against it soon");
}

/// What was opened before its day is an incident of the rule. It is none of what the exception claims, which holds.
#[test]
fn an_incident_of_one_claim_is_no_incident_of_the_next() {
    let mut december = December::new();
    december.open = true;
    december.round("2026-12-01T23:58:40");
    let (_, _, firing) = december.round("2026-12-01T23:59:10");
    assert_eq!(firing, BTreeSet::from(["BlockBroken used".to_owned()]));
    let (claims, verdicts, firing) = december.round("2026-12-02T00:00:10");
    assert_eq!((claims[0], verdicts[0], firing), ("private", Verdict::Holds, BTreeSet::new()));
    let seen = december.board.snapshot().checks[0].seen.clone().unwrap();
    assert_eq!((seen.standing.incident(), seen.standing.course.incidents()), (None, 1));
    // What it is about is counted anew, and so is what the rule says after its end.
    december.open = false;
    for time in ["2026-12-03T12:00:00", "2026-12-03T12:00:30"] {
        december.round(time);
    }
    let (_, _, firing) = december.round("2026-12-03T12:01:00");
    assert_eq!(firing, BTreeSet::from(["PrivatePathDown used".to_owned()]));
    let (_, verdicts, firing) = december.round("2026-12-21T00:00:10");
    assert_eq!(
        (verdicts[0], firing.iter().filter(|alert| !alert.starts_with("Exception")).count()),
        (Verdict::Holds, 0),
        "{firing:?}"
    );
}

/// Looks that could not tell say nothing of whether an exception is needed.
#[test]
fn an_exception_is_not_called_unused_because_nobody_could_tell() {
    let mut december = December::new();
    let silent = |december: &mut December, time: &str| {
        let (work, now) = (Arc::clone(&december.estate.works[0]), at(time));
        let mut seen = facts(&work, now, false);
        seen.names.resolvers[0].a.outcome = LookupOutcome::Silent;
        seen.names.resolvers[0].aaaa.outcome = LookupOutcome::Silent;
        seen.paths.clear();
        december.keeper.take(&december.estate, &work, seen, now);
        december.board.snapshot().ledger.past("EX-USED").unwrap().covering_since
    };
    assert_eq!(silent(&mut december, "2026-12-02T12:00:00"), None);
    assert_eq!(december.board.snapshot().checks[0].verdict(), Some(Verdict::Unknown));
    december.open = true;
    december.round("2026-12-03T12:00:00");
    assert_eq!(silent(&mut december, "2026-12-04T12:00:00"), Some(at("2026-12-03T12:00:00")));
}

#[test]
fn nothing_is_complete_before_the_named_witness_was_tried() {
    let mut december = December::new();
    let now = at("2026-12-01T12:00:00");
    for work in &december.estate.works {
        december.keeper.take(&december.estate, work, facts(work, now, false), now);
    }
    assert!(!december.keeper.is_complete(&december.estate));
    december.round("2026-12-01T12:00:30");
    assert!(december.keeper.is_complete(&december.estate));
}
