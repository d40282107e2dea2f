//! Incidents on the board: what a look, a witness that comes and goes, a new plan and a new day do to them.

use super::*;
use crate::publish::{landing, report};
use crate::standing::Incident;
use std::sync::Arc;

struct Kept {
    estate: Estate,
    board: SharedBoard,
    keeper: Keeper,
    now: Timestamp,
}

impl Kept {
    fn new(start: &str) -> Self {
        let now = at(start);
        let estate = estate(now);
        let board = SharedBoard::new(blank(&estate, now));
        let keeper = Keeper::new(board.clone(), &estate, now);
        Self { estate, board, keeper, now }
    }

    /// One look, 30 s after the one before.
    fn look(&mut self, index: usize, change: impl FnOnce(&mut Facts)) {
        self.now += Duration::from_secs(30);
        let work = Arc::clone(&self.estate.works[index]);
        let mut seen = facts(&work, self.now, true);
        change(&mut seen);
        self.keeper.take(&self.estate, &work, seen, self.now);
    }

    fn incident(&self, index: usize) -> Option<Incident> {
        self.board.snapshot().checks[index].incident().cloned()
    }
}

fn stopped(facts: &mut Facts) {
    let path = &mut facts.paths[0];
    (path.connect.outcome, path.tls, path.http) = (ConnectOutcome::TimedOut, None, None);
}

fn public(facts: &mut Facts) {
    if let LookupOutcome::Answer(answer) = &mut facts.names.resolvers[0].a.outcome {
        Arc::make_mut(answer).addresses = vec!["20.1.2.3".parse().unwrap()];
    }
    facts.second_look = Some(Box::new(facts.names.clone()));
}

/// The second look was given the private address.
fn public_once(facts: &mut Facts) {
    let private = Box::new(facts.names.clone());
    public(facts);
    facts.second_look = Some(private);
}

fn good(_: &mut Facts) {}

#[test]
fn an_incident_is_on_the_board_from_its_third_broken_look_until_the_second_good_one() {
    let mut kept = Kept::new("2026-12-01T12:00:00");
    let mut open = Vec::new();
    for change in [good, stopped, stopped, stopped, good, good] {
        kept.look(0, change);
        open.push(kept.incident(0).map(|incident| incident.broken_looks));
    }
    assert_eq!(open, [None, None, None, Some(3), Some(3), None]);
}

#[test]
fn a_public_answer_is_an_incident_in_its_first_look_and_reported_as_long_as_it_is_open() {
    let mut kept = Kept::new("2026-12-01T12:00:00");
    kept.look(0, good);
    assert!(report(&kept.board.snapshot()).checks[0].incident.is_none());
    assert!(landing(&kept.board.snapshot()).contains("No incident is open."));
    kept.look(0, public);
    let report = report(&kept.board.snapshot());
    let json = serde_json::to_value(&report.checks[0].incident).unwrap();
    assert_eq!(json["id"], "open/open.openai.azure.com@2026-12-01T12:01:00Z");
    assert_eq!((&json["peak_public_fallback"], &json["broken_looks"]), (&"answered".into(), &1.into()));
    assert_eq!(json["findings"][0]["code"], "public-answer");
    assert!(json["findings"][0]["evidence"].as_str().unwrap().contains("20.1.2.3"));
    let page = landing(&kept.board.snapshot());
    assert!(page.contains("<b>open/open.openai.azure.com</b> since 2026-12-01T12:01:00Z, broken looks: 1,"), "{page}");
    assert!(page.contains("at worst answered: public-answer") && !page.contains("20.1.2.3"), "{page}");
}

#[test]
fn a_public_answer_that_came_once_is_broken_and_no_incident_until_it_comes_again() {
    let mut kept = Kept::new("2026-12-01T12:00:00");
    let shown = |kept: &Kept| kept.board.snapshot().checks[0].verdict().unwrap();
    kept.look(0, public_once);
    assert_eq!((shown(&kept), kept.incident(0)), (Verdict::Broken, None));
    (0..5).for_each(|_| kept.look(0, good));
    kept.look(0, public_once);
    let incident = kept.incident(0).unwrap();
    assert_eq!((incident.broken_looks, incident.flaps), (1, 0));
    assert!(incident.opening.is_some() && incident.closing.is_none());
    kept.look(0, good);
    kept.look(0, good);
    let seen = kept.board.snapshot().checks[0].seen.clone().unwrap();
    let closed = seen.standing.course.latest().unwrap();
    assert_eq!(closed.closing.as_ref().unwrap().at, seen.facts.at);
}

#[test]
fn a_witness_that_comes_and_goes_adds_no_look() {
    let mut kept = Kept::new("2026-12-01T12:00:00");
    let resets = |facts: &mut Facts| {
        stopped(facts);
        facts.paths[0].connect.outcome = ConnectOutcome::Reset;
    };
    kept.look(0, good);
    kept.look(1, resets);
    for _ in 0..3 {
        kept.look(0, stopped);
        kept.look(0, good);
    }
    let seen = kept.board.snapshot().checks[1].seen.clone().unwrap();
    assert_eq!((seen.judgement.verdict, seen.standing.runs), (Verdict::Broken, 1));
    assert_eq!(kept.incident(1), None);
    for expected in [None, Some(3)] {
        kept.look(0, good);
        kept.look(1, resets);
        assert_eq!(kept.incident(1).map(|incident| incident.broken_looks), expected);
    }
}

#[test]
fn a_new_plan_keeps_the_incidents_of_what_it_still_claims() {
    let mut kept = Kept::new("2026-12-01T12:00:00");
    kept.look(0, public);
    let before = kept.incident(0);
    let again = estate(kept.now);
    kept.keeper.resettle(&kept.estate, &again, kept.now);
    assert_eq!(kept.incident(0), before);
    assert!(before.is_some());
    // Looked at otherwise, it waits for its first look, also over a second new plan.
    for timeout in ["4s", "3s"] {
        let text = format!("{PLAN}settings: {{timeout: {timeout}}}\n");
        let otherwise = estate_of(&text, kept.now);
        kept.keeper.resettle(&kept.estate, &otherwise, kept.now);
        kept.estate = otherwise;
        assert_eq!(kept.incident(0), None, "what the old plan saw is not on the board");
    }
    kept.look(0, public);
    let after = kept.incident(0).unwrap();
    let opened = before.map(|before| before.opened);
    assert_eq!((Some(after.opened), after.broken_looks), (opened, 2));
}

#[test]
fn at_midnight_a_public_answer_becomes_an_incident_where_the_new_day_claims_private() {
    let mut kept = Kept::new("2026-12-01T23:59:00");
    kept.look(2, |facts| {
        public(facts);
        stopped(facts);
    });
    assert_eq!(kept.incident(2), None);
    kept.look(0, good);
    let incident = kept.incident(2).unwrap();
    assert_eq!((incident.opened, incident.broken_looks), (at("2026-12-01T23:59:30"), 1));
}
