//! What happens to the machine while an agent runs: its clock is set, its descriptors and its memory run out, its disk
//! can only be read. None of it ends the agent, and none of it makes it say what it cannot know.

use crate::support::agent::{Running, Scraper, fencepost};
use crate::support::clock::WallClock;
use crate::support::disk::keeping_on_a_small_disk;
use crate::support::lab::LabProcess;
use crate::support::place::Place;
use crate::support::succeed;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The lab's plan with short rounds, and more lines.
fn lab_plan(lab: &LabProcess, pace: &str, more: &str) -> PathBuf {
    let text = std::fs::read_to_string(lab.plan()).unwrap();
    let usual = "every: 5s, timeout: 1s, confirm: 2";
    assert!(text.contains(usual), "{text}");
    let file = lab.plan().with_file_name("environment.yaml");
    std::fs::write(&file, format!("{}\n{more}\n", text.replace(usual, pace))).unwrap();
    file
}

fn checks(board: &Value) -> &Vec<Value> {
    board["checks"].as_array().unwrap()
}

/// How many looks the agent took at all of its checks, and at the one that was looked at least.
fn looks(agent: &Running) -> (f64, f64) {
    let metrics = agent.http("GET", "/metrics").2;
    let lines = metrics.lines().filter(|line| line.starts_with("fencepost_check_runs_total{"));
    let runs: Vec<f64> = lines.map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect();
    (runs.iter().sum(), runs.iter().copied().fold(f64::INFINITY, f64::min))
}

/// Asks for the board until every check was looked at so many times more; every board must satisfy.
fn for_rounds(agent: &Running, rounds: f64, satisfies: impl Fn(&Value)) {
    let wanted = looks(agent).1 + rounds;
    loop {
        satisfies(&agent.board());
        if looks(agent).1 >= wanted {
            return;
        }
    }
}

fn all_hold(board: &Value) {
    for check in checks(board) {
        assert_eq!(check["verdict"], "holds", "{}: {:#}", check["check"], check["findings"]);
        assert_eq!(check["stale"], Value::Null, "{}", check["check"]);
    }
}

/// From an hour ahead to an hour behind and back: no look is left out, none is told twice, nothing is old, no witness is
/// gone, and no clock of exposure counts the jump.
#[test]
fn a_clock_that_jumps_an_hour_changes_no_verdict_and_skips_no_round() {
    let lab = LabProcess::start();
    let clock = WallClock::new();
    let mut command = fencepost();
    clock.rule(&mut command);
    let plan = lab_plan(&lab, "every: 2s, timeout: 500ms", "");
    let mut agent = Running::spawn(command, &plan, "build", &[]);
    agent.wait_for_log("first round complete");
    agent.let_log_go();
    let claims: BTreeSet<String> = checks(&agent.board()).iter().map(|check| check["claim"].to_string()).collect();
    assert_eq!(claims.len(), 2, "a block that needs its witness, and a private check: {claims:?}");
    // A round, and what one look and its witness may take.
    let longest = 2.0 + 4.0 * 0.5;
    for jump in ["+1h", "+0", "-1h", "+0"] {
        let before = agent.metric("fencepost_public_exposure_seconds_total");
        let looked = looks(&agent).0;
        clock.set(jump);
        for_rounds(&agent, 2.0, |board| {
            all_hold(board);
            assert!(agent.metric("fencepost_checks_stale") < 0.5, "{jump}");
            assert_eq!(agent.http("GET", "/-/ready").0, 200);
        });
        let exposed = agent.metric("fencepost_public_exposure_seconds_total") - before;
        let most = (looks(&agent).0 - looked) * longest;
        assert!((0.0..=most).contains(&exposed), "{jump}: {exposed} s, {most} s at the most");
        assert!(agent.metric("fencepost_schedule_skipped_total") < 0.5, "{jump}");
        assert!(agent.metric("fencepost_alerts_firing") < 0.5, "{jump}");
    }
}

/// An exception whose days a wrong clock has passed is back with the right time.
#[test]
fn a_clock_that_jumps_days_ends_an_exception_only_for_as_long_as_it_is_wrong() {
    let lab = LabProcess::start();
    let clock = WallClock::new();
    let mut command = fencepost();
    clock.rule(&mut command);
    let tomorrow = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().tomorrow().unwrap();
    let exception = format!(
        "exceptions: {{EX-1: {{from: sandbox, to: chat-prod, claim: private, owner: ana, reason: a move, ends: {tomorrow}}}}}"
    );
    let plan = lab_plan(&lab, "every: 1s, timeout: 250ms", &exception);
    let mut agent = Running::spawn(command, &plan, "sandbox", &[]);
    agent.wait_for_log("first round complete");
    agent.let_log_go();
    let claim = || {
        let board = agent.board();
        let chat = checks(&board).iter().find(|check| check["target"] == "chat-prod").unwrap();
        chat["claim"].as_str().unwrap().to_owned()
    };
    for (jump, wanted) in [("+0", "private"), ("+3d", "blocked"), ("+0", "private"), ("-1h", "private")] {
        clock.set(jump);
        for_rounds(&agent, 2.0, |_| ());
        assert_eq!(claim(), wanted, "{jump}");
    }
}

/// The program, with so many descriptors at the most.
fn with_descriptors(most: &str) -> Command {
    let mut command = Command::new("prlimit");
    command.arg(format!("--nofile={most}")).arg(env!("CARGO_BIN_EXE_fencepost"));
    command
}

#[test]
fn an_agent_with_few_descriptors_looks_at_everything_and_is_read_meanwhile() {
    let lab = LabProcess::start();
    let plan = lab_plan(&lab, "every: 2s, timeout: 500ms", "");
    let mut agent = Running::spawn(with_descriptors("24"), &plan, "build", &[]);
    agent.wait_for_log("first round complete");
    agent.let_log_go();
    assert!(checks(&agent.board()).len() > 6);
    // Every one of these boards came by a connection of its own.
    for_rounds(&agent, 3.0, all_hold);
}

#[test]
fn an_agent_without_descriptors_says_that_it_cannot_tell_until_it_has_some() {
    let lab = LabProcess::start();
    let plan = lab_plan(&lab, "every: 4s, timeout: 1s", "");
    let mut agent = Running::spawn(with_descriptors("256"), &plan, "build", &[]);
    agent.wait_for_log("first round complete");
    agent.let_log_go();
    let mut scraper = Scraper::connect(&agent.address);
    all_hold(&scraper.board());
    // No more than the three that every program has: what is open stays, and nothing new can be opened.
    let limit = |most: &str| succeed(Command::new("prlimit").args(["--pid", &agent.pid().to_string(), most]));
    limit("--nofile=3:256");
    loop {
        let board = scraper.board();
        let broken: Vec<&Value> = checks(&board).iter().filter(|check| check["verdict"] == "broken").collect();
        assert!(broken.is_empty(), "{:#}", broken[0]["findings"]);
        let says_why = |check: &Value| check["findings"][0]["code"] == "agent-overloaded";
        if checks(&board).iter().all(says_why) {
            assert_eq!(board["summary"]["unknown"], checks(&board).len());
            break;
        }
    }
    assert!(scraper.get("/metrics").contains("finding=\"agent-overloaded\""));
    limit("--nofile=256:256");
    while agent.board()["summary"]["holds"] != checks(&agent.board()).len() {
        std::thread::yield_now();
    }
    assert!(agent.metric("fencepost_alerts_firing") < 0.5);
}

#[test]
fn a_disk_that_can_only_be_read_is_told_and_looked_past() {
    let lab = LabProcess::start();
    let (folder, mut agent) = keeping_on_a_small_disk(&lab);
    let state = folder.path().to_str().unwrap();
    let inside = |words: &[&str]| {
        succeed(Command::new("nsenter").args(["--target", &agent.pid().to_string(), "--mount"]).args(words).arg(state));
    };
    // Laid over the one that the agent began with.
    inside(&["mount", "-t", "tmpfs", "-o", "ro", "read-only"]);
    agent.wait_for_metric("fencepost_state_durable 0");
    for_rounds(&agent, 2.0, all_hold);
    inside(&["umount"]);
    agent.wait_for_metric("fencepost_state_durable 1");
    assert!(agent.wait_for_log("the state cannot be kept on disk").contains("Read-only"));
    agent.wait_for_log("kept on disk again");
}

/// A plan with so many checks, of which one holds, and one more whose address never answers.
fn crowded_plan(place: &Place, many: usize) -> PathBuf {
    let (dns, tls) = (place.dns.port, place.tls.port);
    // Ports make them different endpoints; all but the first are refused.
    let mut targets = String::new();
    for i in 0..many {
        let port = if i == 0 { tls } else { 20 + u16::try_from(i).unwrap() };
        let _ = writeln!(
            targets,
            "  t{i}: {{service: azure-openai, port: {port}, endpoints: {{contoso.openai.azure.com: [127.0.0.2]}}}}"
        );
    }
    let text = format!(
        "plan: crowded\nsettings: {{every: 1s, timeout: 250ms, trust: ca.pem}}\n\
         networks: {{private: [127.0.0.2/31, 127.0.0.10/32], public: [127.0.0.4/30]}}\n\
         vantages: {{here: {{kind: test, resolvers: [unbound]}}}}\n\
         resolvers: {{unbound: {{address: '127.0.0.1:{dns}'}}}}\n\
         targets:\n{targets}  hole: {{service: azure-openai, port: {tls}, endpoints: {{three.openai.azure.com: [127.0.0.2, 127.0.0.3, 127.0.0.10]}}}}\n\
         rules: [{{name: all private, from: any, to: any, claim: private}}]\n"
    );
    place.folder.write("crowded.yaml", text)
}

/// What a process holds in memory, in KiB.
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Many rounds at the fastest pace, scraped all the time, within little memory: none is refused, and none is kept.
#[test]
fn an_agent_under_a_limit_of_memory_lives_and_does_not_grow() {
    const MANY: usize = 60;
    let place = Place::new();
    let plan = crowded_plan(&place, MANY);
    // Heap, stacks and all else that can be written, of a debug build.
    let mut command = Command::new("prlimit");
    command.arg(format!("--data={}", 96 << 20)).arg(env!("CARGO_BIN_EXE_fencepost"));
    let mut agent = Running::spawn(command, &plan, "here", &[]);
    agent.let_log_go();
    let many_looks = |rounds: f64| {
        let wanted = rounds * (MANY as f64 + 1.0);
        while looks(&agent).0 < wanted {
            agent.board();
        }
        resident(agent.pid())
    };
    let warm = many_looks(8.0);
    let after = many_looks(24.0);
    let wanted = serde_json::json!({"holds": 1, "broken": MANY, "unknown": 0});
    while agent.board()["summary"] != wanted {}
    assert!(after < warm + 1_024, "{warm} KiB after 8 rounds, {after} KiB after 24");
}
