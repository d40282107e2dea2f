//! The state on disk as a running agent keeps it: a disk that is full or damaged costs memory, and no look.

use crate::support::Folder;
use crate::support::agent::{Running, fencepost, outcome};
use crate::support::disk::{fill, keeping_on_a_small_disk};
use crate::support::lab::{LabProcess, gateway_check};
use std::fs;

/// Waits for two looks more.
fn goes_on_looking(agent: &Running) {
    let runs = || agent.metric(&format!("fencepost_check_runs_total{{check=\"{}\"", gateway_check()));
    let before = runs();
    while runs() < before + 2.0 {
        std::thread::yield_now();
    }
}

#[test]
fn a_full_disk_is_told_and_looked_past_and_used_again_when_it_has_room() {
    let lab = LabProcess::start();
    let (folder, mut agent) = keeping_on_a_small_disk(&lab);
    assert!(agent.metric("fencepost_state_write_failures_total") < 0.5);

    let filler = fill(&agent, folder.path());
    agent.wait_for_log("the state cannot be kept on disk");
    agent.wait_for_metric("fencepost_state_durable 0");
    assert!(agent.metric("fencepost_state_write_failures_total") > 0.5);
    goes_on_looking(&agent);
    assert_eq!(agent.board()["summary"]["holds"], 1);

    fs::remove_file(&filler).unwrap();
    agent.wait_for_log("kept on disk again");
    agent.wait_for_metric("fencepost_state_durable 1");
}

#[test]
fn a_damaged_state_is_told_and_begun_anew() {
    let lab = LabProcess::start();
    let plan = lab.gateway_plan("every: 1s, timeout: 250ms");
    let folder = Folder::new();
    let garbage = b"\x00\x01 not a state \xff".repeat(100);
    let file = folder.write("prod-app.state", &garbage);
    let options = ["--state", folder.path().to_str().unwrap()];
    let mut agent = Running::start_with(&plan, "prod-app", &options);
    agent.wait_for_metric("fencepost_state_durable 1");
    goes_on_looking(&agent);
    assert_eq!(fs::read(folder.path().join("prod-app.state.damaged")).unwrap(), garbage);
    while !fs::read_to_string(&file).unwrap().contains(&gateway_check()) {
        std::thread::yield_now();
    }

    // While it lives, nobody else writes there.
    let mut second = fencepost();
    second.args(["run", "--vantage", "prod-app", "--listen", "127.0.0.1:0", "--plan"]).arg(&plan).args(options);
    let (code, _, err) = outcome(&mut second);
    assert_eq!(code, 2);
    assert!(err.contains("in use by another agent"), "{err}");

    // What turns is logged with all that was seen, and told again by those who read it later.
    lab.order(&["break", "zone-not-linked"]);
    agent.wait_for_log("incident opened");
    lab.order(&["heal"]);
    agent.wait_for_log("incident closed");
    agent.signal("-TERM");
    assert!(agent.wait().success());
    let log = fs::read_to_string(folder.path().join("prod-app.incidents.jsonl")).unwrap();
    let turns: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let words: Vec<&str> = turns.iter().map(|turn| turn["turn"].as_str().unwrap()).collect();
    assert_eq!(words, ["opened", "closed"]);
    assert_eq!(turns[0]["incident"]["id"], turns[1]["incident"]["id"]);
    // The line as it stands in the log, or the report taken out of it.
    let line = folder.write("line.json", log.lines().next().unwrap());
    let report = folder.write("report.json", serde_json::to_vec(&turns[0]["report"]).unwrap());
    for saved in [line, report] {
        let (code, told, err) = outcome(fencepost().args(["explain", "--replay"]).arg(saved));
        assert_eq!(code, 1, "{err}");
        assert!(
            told.contains("public-answer") && told.contains("Asked again at once: a public address again"),
            "{told}"
        );
    }
}

#[test]
fn without_a_folder_the_agent_says_that_it_forgets() {
    let lab = LabProcess::start();
    let plan = lab.gateway_plan("every: 1s, timeout: 250ms");
    let agent = Running::start(&plan, "prod-app");
    goes_on_looking(&agent);
    assert!(agent.http("GET", "/metrics").2.lines().any(|line| line == "fencepost_state_durable 0"));
}
