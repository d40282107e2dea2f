//! Agents that run in all places of the town at a time, with one plan: each finds its own vantage, sees every fault in the
//! first look that begins after it, and tells whoever is on call once for one cause.

use crate::support::agent::Running;
use crate::support::receiver::Receiver;
use crate::support::town::Town;
use crate::support::town::faults::{FAULTS, Fault};
use crate::support::town::layout::{HOOKS, VANTAGES};
use crate::support::town::look::{Table, differences, matrix, short_plan, table, wanted};
use crate::support::town::ways::Ways;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const PACE: &str = "every: 6s, timeout: 1500ms";

/// The agents, in the order of the vantages.
struct Fleet(Vec<Running>);

impl Fleet {
    fn start(town: &Town, plan: &std::path::Path) -> Self {
        let start = |host| Running::on(town.host(host), town.fencepost(host, &[]), plan, &[]);
        let mut agents: Vec<Running> = VANTAGES.iter().map(|(host, ..)| start(host)).collect();
        for agent in &mut agents {
            agent.wait_for_log("first round complete");
            agent.let_log_go();
        }
        Self(agents)
    }

    fn boards(&self) -> Vec<Value> {
        self.0.iter().map(Running::board).collect()
    }

    /// How often each agent looked at each of its checks.
    fn looks(&self) -> BTreeMap<(usize, String), f64> {
        let mut looks = BTreeMap::new();
        for (place, agent) in self.0.iter().enumerate() {
            for line in agent.http("GET", "/metrics").2.lines() {
                if let Some(rest) = line.strip_prefix("fencepost_check_runs_total{") {
                    let (check, runs) = rest.rsplit_once(' ').unwrap();
                    looks.insert((place, check.to_owned()), runs.parse().unwrap());
                }
            }
        }
        looks
    }

    /// The boards, once every check was looked at by looks that began now or later.
    fn after_a_look(&self) -> Vec<Value> {
        let (now, before) = (Timestamp::now(), self.looks());
        let is_new = |check: &Value| check["facts"]["at"].as_str().unwrap().parse::<Timestamp>().unwrap() > now;
        let boards = loop {
            let boards = self.boards();
            if boards.iter().flat_map(|board| board["checks"].as_array().unwrap()).all(is_new) {
                break boards;
            }
        };
        // Counted, not timed: the look under way, the one of the round, and one for the reading of it.
        for (check, looks) in self.looks() {
            assert!(looks <= before[&check] + 3.0, "{check:?}: {looks} after {}", before[&check]);
        }
        boards
    }

    /// What the metrics say is what the board says.
    fn agrees_with_its_metrics(&self, said: &Table) {
        for (agent, (_, vantage, _)) in self.0.iter().zip(VANTAGES) {
            let metrics = agent.http("GET", "/metrics").2;
            assert!(metrics.contains(&format!("\nfencepost_vantage_info{{vantage=\"{vantage}\",")), "{metrics}");
            for ((_, endpoint), words) in said.iter().filter(|((of, _), _)| of == vantage) {
                let mut words = words.split(' ');
                for (metric, label) in [("check_verdict", "verdict"), ("check_public_fallback", "state")] {
                    let value = words.next().unwrap();
                    let end = format!("/{endpoint}\",{label}=\"{value}\"}} 1");
                    let begin = format!("fencepost_{metric}{{");
                    let stands = metrics.lines().any(|line| line.starts_with(&begin) && line.ends_with(&end));
                    assert!(stands, "{vantage}: no {begin}…{end}");
                }
            }
        }
    }
}

fn fault(name: &str) -> &'static Fault {
    FAULTS.iter().find(|fault| fault.name == name).unwrap()
}

#[test]
fn agents_in_four_places_see_each_fault_at_once_and_tell_once_of_one_cause() {
    let mut town = Town::new();
    let hooks = Receiver::start_on(town.host("internet"), &format!("{HOOKS}:9095"));
    let told = "alerts: {webhooks: {oncall: {url: 'http://hooks.contoso.example:9095/fencepost', secret: key}}}";
    town.write("key", "a key of this test, and of no other");
    let plan = short_plan(&town, PACE, told);
    let healthy = matrix(&town, &plan);
    let fleet = Fleet::start(&town, &plan);
    let mut wrong = differences("healthy", &table(&fleet.boards()), &healthy);

    for name in ["sandbox-reaches-prod", "forwarder-bypasses-azure"] {
        town.change(|ways| {
            *ways = Ways::default();
            (fault(name).change)(ways);
        });
        let seen = table(&fleet.after_a_look());
        wrong.extend(differences(name, &seen, &wanted(fault(name), &healthy)));
        fleet.agrees_with_its_metrics(&seen);
    }
    town.change(|ways| *ways = Ways::default());
    wrong.extend(differences("healed", &table(&fleet.after_a_look()), &healthy));
    assert!(wrong.is_empty(), "{wrong:#?}");

    // The forwarder spoilt one check in production, five on the runner and one in the sandbox: three alerts.
    let mut events: Vec<Value> = Vec::new();
    let of = |events: &[Value], status| events.iter().filter(|event| event["status"] == status).count();
    while of(&events, "resolved") < 3 {
        events.extend(hooks.next().json()["events"].as_array().unwrap().iter().cloned());
    }
    let firing: Vec<&Value> = events.iter().filter(|event| event["status"] == "firing").collect();
    let mut vantages: Vec<&str> = firing.iter().map(|event| event["labels"]["vantage"].as_str().unwrap()).collect();
    vantages.sort_unstable();
    assert_eq!(vantages, ["build", "prod-app", "sandbox"], "{events:#?}");
    for event in firing {
        let labels = &event["labels"];
        assert_eq!(labels["alertname"], "FencepostPublicFallbackAnswered", "{event:#}");
        assert_eq!(labels["cause"], "forwarder-bypasses-azure", "{event:#}");
    }
    let of_build = events.iter().filter(|event| event["labels"]["vantage"] == "build");
    let joined: BTreeSet<&str> =
        of_build.flat_map(|event| event["checks"].as_array().unwrap()).map(|check| check.as_str().unwrap()).collect();
    assert_eq!(joined.len(), 5, "{joined:?}");
}
