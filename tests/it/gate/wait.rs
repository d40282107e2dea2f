//! `--wait`: it ends within one round of the repair, with the time, and with Ctrl-C; and `--only` beside a block.

use super::{junit, prove};
use crate::support::Folder;
use crate::support::agent::{fencepost, outcome};
use crate::support::lab::LabProcess;
use crate::support::succeed;
use jiff::Timestamp;
use serde_json::Value;
use std::io::{BufRead, BufReader, Lines, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

struct Waiting {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
}

impl Waiting {
    fn start(plan: &Path, arguments: &[&str]) -> Self {
        let mut command = fencepost();
        command.args(["check", "--vantage", "prod-app", "--format", "json", "--log-format", "json"]);
        command.args(["--log", "fencepost=debug", "--plan"]).arg(plan).args(arguments);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, log }
    }

    /// Reads the log until a line says this.
    fn until(&mut self, message: &str) {
        let found = self.log.by_ref().map_while(Result::ok).any(|line| line.contains(message));
        assert!(found, "it ended without saying {message}");
    }

    /// The exit code, the report, and when each look began from here on.
    fn end(mut self) -> (i32, Value, Vec<Timestamp>) {
        let mut looks = Vec::new();
        for line in self.log.by_ref().map_while(Result::ok) {
            let line: Value = serde_json::from_str(&line).unwrap();
            if line["message"] == "look begins" {
                looks.push(line["timestamp"].as_str().unwrap().parse().unwrap());
            }
        }
        let mut out = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        (code, serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}")), looks)
    }

    fn signal(&self, signal: &str) {
        succeed(Command::new("kill").args([signal, &self.child.id().to_string()]));
    }
}

/// Whether waiting ended so, after a time that can be.
fn ended(report: &Value, wanted: &str) -> bool {
    let waited = &report["gate"]["waited"];
    waited["ended"] == wanted && waited["seconds"].as_f64().is_some_and(|seconds| seconds > 0.0)
}

fn says(report: &Value) -> &str {
    report["gate"]["says"].as_str().unwrap()
}

#[test]
fn who_waits_is_let_in_by_the_first_look_after_the_repair() {
    let lab = LabProcess::start();
    lab.order(&["break", "zone-not-linked"]);
    let plan = lab.gateway_plan("every: 2s, timeout: 500ms");
    let mut waiting = Waiting::start(&plan, &["--wait", "1h"]);
    waiting.until("look begins");
    waiting.until("look begins");
    lab.order(&["heal"]);
    let healed = Timestamp::now();
    let (code, report, looks) = waiting.end();
    assert_eq!((code, report["gate"]["came_to"].as_str()), (0, Some("holds")), "{report:#}");
    assert!(ended(&report, "opened") && says(&report).contains(" The gate opened after "), "{report:#}");
    let after = looks.iter().filter(|look| **look > healed).count();
    assert!(after <= 1, "{after} looks after {healed}: {looks:?}");
    // One check, looked at once a round: two looks are never closer than half a round.
    let close = looks.windows(2).filter(|two| two[1].duration_since(two[0]).as_millis() < 1_000).count();
    assert_eq!(close, 0, "{looks:?}");
    assert!(report["checks"][0].get("incident").is_none());
    // What describes a machine is for whoever ran it, and stands on no page.
    let board: Value = serde_json::from_str(&lab.board("prod-app")).unwrap();
    assert!(report.get("runner").is_some() && board.get("runner").is_none() && board.get("gate").is_none());
}

#[test]
fn whoever_stops_waiting_gets_the_last_whole_board_and_its_exit_code() {
    let lab = LabProcess::start();
    lab.order(&["break", "zone-not-linked"]);
    let plan = lab.gateway_plan("every: 2s, timeout: 500ms");
    let file = lab.plan().with_file_name("junit.xml");
    let output = format!("junit={}", file.display());
    for signal in ["-INT", "-TERM", "-HUP"] {
        let mut waiting = Waiting::start(&plan, &["--wait", "1h", "--output", &output]);
        waiting.until("first round complete");
        waiting.signal(signal);
        let (code, report, _) = waiting.end();
        assert_eq!(code, 1, "{signal}");
        assert_eq!(report["summary"]["broken"], 1, "{signal}: {report:#}");
        assert!(ended(&report, "interrupted"), "{signal}: {report:#}");
        assert!(says(&report).contains(" Somebody interrupted the waiting after "), "{signal}: {report:#}");
        assert_eq!(report["checks"][0]["findings"][0]["code"], "public-answer", "{signal}");
        assert_eq!(junit(&file)["failures"], 1, "{signal}");
        std::fs::remove_file(&file).unwrap();
    }
    // The time is over, and a gate that is told to let pass does so.
    for (fail_on, wanted) in [("unknown", 1), ("broken", 1), ("never", 0)] {
        let (code, report, _) = Waiting::start(&plan, &["--wait", "1ms", "--fail-on", fail_on]).end();
        assert_eq!((code, report["gate"]["came_to"].as_str()), (wanted, Some("broken")), "{fail_on}");
        assert!(
            ended(&report, "time-over") && says(&report).contains(" The time to wait was over after "),
            "{report:#}"
        );
    }
}

/// Before the first round ended there is nothing to tell, and nothing that could open a gate.
#[test]
fn an_interrupted_first_round_opens_no_gate() {
    for fail_on in ["unknown", "broken"] {
        let folder = Folder::new();
        let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        silent.set_read_timeout(Some(Duration::from_secs(50))).unwrap();
        let plan = folder.write(
            "plan.yaml",
            format!(
                "plan: silent\nsettings: {{every: 1h, timeout: 1m}}\n\
                 vantages: {{prod-app: {{kind: test, resolvers: [silent]}}}}\n\
                 resolvers: {{silent: {{address: '{}'}}}}\n\
                 targets: {{it: {{service: https, endpoints: {{a.example: [127.0.0.2]}}}}}}\n\
                 rules: [{{name: all, from: any, to: any, claim: private}}]\n",
                silent.local_addr().unwrap()
            ),
        );
        let tap = folder.path().join("tap");
        let output = format!("tap={}", tap.display());
        let waiting = Waiting::start(&plan, &["--wait", "1h", "--fail-on", fail_on, "--output", &output]);
        // It asks, and nobody will answer.
        silent.recv_from(&mut [0; 512]).unwrap();
        waiting.signal("-INT");
        let (code, report, _) = waiting.end();
        assert_eq!((code, report["gate"]["came_to"].as_str()), (3, Some("nothing")), "{report:#}");
        assert_eq!(report["gate"]["says"], "Nothing was looked at: somebody interrupted it.");
        assert!(ended(&report, "interrupted"), "{report:#}");
        assert!(!prove(&std::fs::read_to_string(&tap).unwrap()).0, "{fail_on}");
    }
}

/// A block among the chosen needs a witness; where the plan names none, private checks are looked at, and not told.
#[test]
fn a_chosen_block_has_its_witness() {
    let lab = LabProcess::start();
    let text = std::fs::read_to_string(lab.plan()).unwrap();
    let unnamed: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("witness:"))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_ne!(text, unnamed);
    let plan = lab.plan().with_file_name("unnamed.yaml");
    std::fs::write(&plan, unnamed).unwrap();
    for wait in [&[][..], &["--wait", "1m"]] {
        let mut command = fencepost();
        command.args(["check", "--vantage", "prod-app", "--format", "json", "--only", "unmanaged-ai", "--plan"]);
        let (code, out, err) = outcome(command.arg(&plan).args(wait));
        assert_eq!((code, err.as_str()), (0, ""), "{out}");
        let report: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(report["summary"]["holds"], 2, "{report:#}");
        for check in report["checks"].as_array().unwrap() {
            assert_eq!((check["target"].as_str(), check["claim"].as_str()), (Some("unmanaged-ai"), Some("blocked")));
            assert!(check["witnessed_by"].as_str().unwrap().ends_with(" holds"), "{check:#}");
        }
    }
}
