//! An agent that is killed again and again in the middle of an incident forgets nothing: not the incident, not when it
//! was first seen, not how long data could leave.

use crate::support::Folder;
use crate::support::agent::Running;
use crate::support::lab::{LabProcess, gateway_check};
use fencepost::state::{Folder as State, Record};
use jiff::Timestamp;
use serde_json::Value;
use std::path::Path;
use std::thread;

const LIVES: usize = 200;

/// Agents that live and die side by side.
const AGENTS: usize = 4;

/// What an agent says of the check: since when, how often broken, and for how long in which state.
#[derive(Clone, Debug, PartialEq)]
struct Said {
    opened: Timestamp,
    broken_looks: u64,
    exposed: f64,
    last_run: f64,
}

/// Nothing before the first look of this life.
fn said(agent: &Running) -> Option<Said> {
    let board = agent.board();
    let check = board["checks"].as_array().unwrap().iter().find(|one| one["check"] == gateway_check()).unwrap();
    let incident = &check["incident"];
    if incident.is_null() {
        assert!(check["verdict"].is_null(), "a look that saw the fault has an incident: {check}");
        return None;
    }
    let sum = |metric: &str| agent.metric(&format!("fencepost_{metric}{{check=\"{}\"", gateway_check()));
    Some(Said {
        opened: text(&incident["opened"]).parse().unwrap(),
        broken_looks: incident["broken_looks"].as_u64().unwrap(),
        exposed: sum("public_exposure_seconds_total"),
        last_run: sum("check_last_run_timestamp_seconds"),
    })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// What the state on disk says of the check, read as the next life will read it.
fn kept(folder: &Path) -> Option<Timestamp> {
    let opened = State::open(folder, "prod-app").unwrap();
    assert_eq!(opened.trouble, None);
    opened.records.iter().find_map(|record| match record {
        Record::Standing { check, standing, .. } if check.as_str() == gateway_check() => {
            Some(standing.incident()?.opened)
        }
        Record::Standing { .. } | Record::Head { .. } | Record::Exception { .. } | Record::Alerting(_) => None,
    })
}

fn until_said(agent: &Running) -> Said {
    loop {
        if let Some(said) = said(agent) {
            return said;
        }
        thread::yield_now();
    }
}

/// Many lives of one agent. Returns how many of them had looked at the check before they were killed.
fn live_and_die(plan: &Path, agent: usize, lives: usize) -> usize {
    let folder = Folder::new();
    let start = || Running::start_with(plan, "prod-app", &["--state", folder.path().to_str().unwrap()]);
    let mut first = start();
    let mut known = until_said(&first);
    // The incident begins to be kept when it is written; from then on it is never lost. The state may have been written
    // before that without it. The file is replaced as a whole, so it can be read at any time.
    let is_written = || {
        let state = std::fs::read_to_string(folder.path().join("prod-app.state")).unwrap_or_default();
        state.contains(&known.opened.to_string())
    };
    while !is_written() {
        thread::yield_now();
    }
    first.kill();
    let mut looked = 0;
    for life in 0..lives {
        assert_eq!(kept(folder.path()), Some(known.opened), "agent {agent}, life {life}");
        let mut running = start();
        // From before the first look to after the writing that follows it.
        let dice = crc32fast::hash(format!("{agent}/{life}").as_bytes());
        if dice.is_multiple_of(2) {
            running.read_lines(dice as usize / 2 % 4);
        } else {
            until_said(&running);
        }
        (0..dice as usize / 16 % 2_000).for_each(|_| thread::yield_now());
        if let Some(said) = said(&running) {
            looked += 1;
            assert_eq!(said.opened, known.opened, "agent {agent}, life {life}");
            assert!(
                said.broken_looks >= known.broken_looks && said.exposed >= known.exposed,
                "{said:?} after {known:?}"
            );
            known = said;
        }
        running.kill();
    }
    let last = until_said(&start());
    assert_eq!(last.opened, known.opened);
    // Every second since the first look is counted, whoever was alive: no life ended a whole round before the next look.
    let since = last.last_run - last.opened.as_millisecond() as f64 / 1e3;
    assert!((last.exposed - since).abs() < 0.01, "{last:?}: {since} s passed");
    looked
}

#[test]
fn two_hundred_kills_during_an_incident_lose_nothing() {
    let lab = LabProcess::start();
    lab.order(&["break", "zone-not-linked"]);
    // Rounds so long that a life has one look, right after its start.
    let plan = lab.gateway_plan("every: 60s, timeout: 5s");
    let looked: usize = thread::scope(|scope| {
        let agents: Vec<_> = (0..AGENTS)
            .map(|agent| {
                scope.spawn({
                    let plan = &plan;
                    move || live_and_die(plan, agent, LIVES / AGENTS)
                })
            })
            .collect();
        agents.into_iter().map(|agent| agent.join().unwrap()).sum()
    });
    assert!(looked > LIVES / 3, "{looked} lives had looked");
}
