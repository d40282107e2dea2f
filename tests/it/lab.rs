//! `fencepost lab` as a user runs it: broken and healed by command, watched over HTTP.

use crate::support::agent::{fencepost, http, outcome};
use crate::support::{Folder, free_port, free_ports, succeed};
use fencepost::lab::{Expectation, World};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStderr, Command, Stdio};

/// A lab with a round of two seconds instead of five, so that all faults fit into one test.
struct Lab {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
    control: String,
    /// Vantage and address of its agent.
    agents: Vec<(String, String)>,
    _folder: Folder,
}

impl Lab {
    fn start() -> Self {
        let folder = Folder::new();
        let listen = free_ports(5);
        let control = format!("127.0.0.1:{}", listen + 4);
        let world = World::hub_and_spoke();
        let mut command = fencepost();
        command.args([
            "lab",
            "--log-format",
            "json",
            "--control",
            &control,
            "--listen",
            &format!("127.0.0.1:{listen}"),
        ]);
        command.args(["--dns-port", "0", "--tls-port", "0", "--dir"]).arg(folder.path());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        let shown = BufReader::new(child.stdout.take().unwrap()).lines();
        let said: Vec<String> = shown.map_while(Result::ok).take_while(|line| !line.starts_with("Ctrl-C")).collect();
        assert!(said.iter().any(|line| line.contains("private holds")), "{said:#?}");
        assert!(!said.iter().any(|line| line.contains("broken:")), "{said:#?}");
        assert_eq!(world.name(), "hub-and-spoke");
        let vantages = ["prod-app", "build", "sandbox", "branch-lan"];
        let agents =
            vantages.iter().zip(listen..).map(|(name, port)| ((*name).to_owned(), format!("127.0.0.1:{port}")));
        let lab = Self { child, log, control, agents: agents.collect(), _folder: folder };
        let plan = lab._folder.path().join("plan.yaml");
        let text = std::fs::read_to_string(&plan).unwrap();
        assert!(text.contains("every: 5s, timeout: 1s"), "{text}");
        std::fs::write(&plan, text.replace("every: 5s, timeout: 1s", "every: 2s, timeout: 500ms")).unwrap();
        for (_, address) in &lab.agents {
            assert_eq!(http(address, "POST", "/-/reload").0, 200);
        }
        lab
    }

    fn order(&self, words: &[&str]) -> String {
        succeed(fencepost().arg("lab").args(words).args(["--control", &self.control]))
    }

    fn boards(&self) -> BTreeMap<String, Value> {
        let board = |address: &str| serde_json::from_str(&http(address, "GET", "/api/v1/board").2).unwrap();
        self.agents.iter().map(|(vantage, address)| (vantage.clone(), board(address))).collect()
    }

    /// Looks at the boards now, and again at every change that an agent logs, until they are as wanted.
    fn wait_for(&mut self, what: &str, wanted: impl Fn(&BTreeMap<String, Value>) -> bool) -> BTreeMap<String, Value> {
        loop {
            let boards = self.boards();
            if wanted(&boards) {
                return boards;
            }
            let line = self.log.next().unwrap_or_else(|| panic!("the lab ended while waiting for {what}"));
            assert!(!line.unwrap().contains("\"level\":\"ERROR\""));
        }
    }

    fn runs(&self, vantage: &str, check: &str) -> u64 {
        let address = &self.agents.iter().find(|(name, _)| name == vantage).unwrap().1;
        let text = http(address, "GET", "/metrics").2;
        let line = format!("fencepost_check_runs_total{{check=\"{check}\"}} ");
        text.lines().find_map(|l| l.strip_prefix(&line)).unwrap().parse().unwrap()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn checks(board: &Value) -> impl Iterator<Item = &Value> {
    board["checks"].as_array().unwrap().iter()
}

fn is_healthy(boards: &BTreeMap<String, Value>) -> bool {
    boards
        .values()
        .flat_map(checks)
        .all(|check| check["verdict"] == "holds" && check["findings"] == Value::Array(vec![]))
}

/// The checks that an expectation speaks of, and whether the board shows each as expected.
fn shown<'a>(boards: &'a BTreeMap<String, Value>, row: &'a Expectation) -> Vec<(&'a str, &'a str, bool)> {
    let of_vantage = |(vantage, board): (&'a String, &'a Value)| {
        let named = checks(board).filter(|check| row.matches(vantage, check["check"].as_str().unwrap()));
        named
            .map(|check| (vantage.as_str(), check["check"].as_str().unwrap(), is_as_expected(check, row)))
            .collect::<Vec<_>>()
    };
    boards.iter().flat_map(of_vantage).collect()
}

fn is_as_expected(check: &Value, row: &Expectation) -> bool {
    let first = check["findings"].get(0).map(|finding| &finding["code"]);
    check["verdict"] == row.verdict.as_str()
        && check["public_fallback"] == row.fallback.as_str()
        && first.and_then(Value::as_str) == row.finding.as_deref()
}

#[test]
fn every_fault_shows_within_one_round_and_heals() {
    let mut lab = Lab::start();
    lab.wait_for("health", is_healthy);
    let world = World::hub_and_spoke();
    assert!(world.faults().count() >= 12);
    for (name, fault) in world.faults() {
        let before: Vec<(String, String, u64)> = {
            let boards = lab.boards();
            let rows = fault.expect.iter().flat_map(|row| shown(&boards, row));
            rows.map(|(vantage, check, _)| (vantage.to_owned(), check.to_owned(), lab.runs(vantage, check))).collect()
        };
        assert!(!before.is_empty(), "{name} expects nothing");
        let said = lab.order(&["break", name]);
        assert!(said.contains(&format!("broken: {name}")), "{said}");
        let boards = lab.wait_for(name, |boards| {
            fault.expect.iter().all(|row| shown(boards, row).iter().all(|(_, _, as_expected)| *as_expected))
        });
        // Counted, not timed: the look under way when the fault came, the one of the round, and one for the reading of it.
        for (vantage, check, runs) in before {
            let now = lab.runs(&vantage, &check);
            assert!(now <= runs + 3, "{name}: {check} at {vantage} took {} looks", now - runs);
        }
        agree_with_metrics(&lab, &boards, name);
        assert_eq!(lab.order(&["heal"]).trim(), "the lab is whole");
        lab.wait_for("health", is_healthy);
    }
    succeed(Command::new("kill").args(["-TERM", &lab.child.id().to_string()]));
    assert_eq!(lab.child.wait().unwrap().code(), Some(0));
}

/// What the board says of prod-app stands in the metrics too.
fn agree_with_metrics(lab: &Lab, boards: &BTreeMap<String, Value>, fault: &str) {
    let text = http(&lab.agents[0].1, "GET", "/metrics").2;
    for check in checks(&boards["prod-app"]) {
        let name = check["check"].as_str().unwrap();
        for (metric, label, value) in [
            ("check_verdict", "verdict", check["verdict"].as_str().unwrap()),
            ("check_public_fallback", "state", check["public_fallback"].as_str().unwrap()),
        ] {
            let line = format!("fencepost_{metric}{{check=\"{name}\",{label}=\"{value}\"}} 1");
            assert!(text.lines().any(|l| l == line), "{fault}: no line {line}\n{text}");
        }
    }
}

#[test]
fn the_matrix_of_a_lab_that_looks_once() {
    let (code, out, err) = outcome(fencepost().args(["lab", "--once"]));
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert_eq!(out.lines().count(), 8, "{out}");
    let (code, out, _) = outcome(fencepost().args(["lab", "--once", "--with", "public-fallback-usable"]));
    assert_eq!(code, 1);
    assert!(out.contains("private broken: public-answer (usable)"), "{out}");
    let (code, _, err) = outcome(fencepost().args(["lab", "--once", "--with", "zone-not-linkd"]));
    assert_eq!(code, 2);
    assert!(err.contains("zone-not-linked"), "{err}");
}

#[test]
fn orders_without_a_lab_say_so() {
    let nowhere = format!("127.0.0.1:{}", free_port());
    let (code, _, err) = outcome(fencepost().args(["lab", "heal", "--control", &nowhere]));
    assert_eq!(code, 2);
    assert!(err.contains("no lab runs there"), "{err}");
    let (code, out, _) = outcome(fencepost().args(["lab", "list", "--control", &nowhere]));
    assert_eq!(code, 0);
    for fault in [
        "zone-not-linked",
        "record-missing",
        "redirect-on",
        "forwarder-bypasses-azure",
        "public-access-left-on",
        "stale-address",
        "silent-resolver",
        "refused-port",
        "black-hole",
        "tls-inspection",
        "sandbox-reaches-prod",
        "public-ai-reachable",
    ] {
        assert!(out.contains(fault), "{fault} is missing in\n{out}");
    }
}
