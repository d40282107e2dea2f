//! Hostile peers on real sockets: one `check` of all of them, and a running agent with healthy checks beside them.

use super::rows;
use super::world::{World, is_playable};
use crate::support::agent::{Running, fencepost, outcome};
use serde_json::Value;
use std::path::Path;

/// What one connection may get rid of, the buffers of the kernel on both sides included.
const MOST_TAKEN: usize = 1 << 20;

/// What a hostile check may add to the agent, in KiB: what is kept of it, and what its looks need while they last.
const MOST_EACH: u64 = 64;

/// How much may be new in later rounds, in KiB, whatever the number of checks: what the allocator has not given back.
const MOST_LATER: u64 = 2 << 10;

fn named<'a>(report: &'a Value, check: &str) -> &'a Value {
    report["checks"].as_array().unwrap().iter().find(|c| c["check"] == check).unwrap()
}

/// What the program prints, which must steer no terminal.
fn said(plan: &Path, arguments: &[&str]) -> String {
    let (_, out, err) = outcome(fencepost().args(arguments).args(["--vantage", "here", "--plan"]).arg(plan));
    let steers = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
    assert!(!out.contains(steers) && !err.contains(steers), "{arguments:?}: {out:?}{err:?}");
    out
}

#[test]
fn real_sockets_tell_the_same() {
    let playable = rows().into_iter().filter(is_playable).collect();
    // All of them at once, on a machine that may be busy: what is counted here is not time.
    let world = World::new("every: 60s, timeout: 5s", 1, playable);
    let report: Value = serde_json::from_str(&said(&world.plan, &["check", "--format", "json"])).unwrap();
    assert_eq!(named(&report, &world.healthy[0])["verdict"], "holds");
    for (check, row, tallies) in &world.hostile {
        let found = named(&report, check);
        let code = found["findings"][0]["code"].as_str().unwrap_or_default();
        assert_eq!((found["verdict"].as_str().unwrap(), code), (row.verdict, row.finding), "{}: {found:#}", row.does);
        for tally in tallies.lock().unwrap().iter() {
            assert!(tally.of().2 <= MOST_TAKEN, "{} got rid of {} bytes", row.does, tally.of().2);
        }
    }
}

#[test]
fn what_peers_say_leaves_the_terminal_as_it_is() {
    const LOUD: &[(&str, &str)] = &[
        ("a body that would clear the screen", "[2J[31mred"),
        ("a body that turns the writing around", "liveon"),
        ("three hundred extended errors that would clear the screen", "[2J[31mred"),
        ("thirty aliases of the longest names, all of them control characters", "\\033"),
        ("an escape in the status line", "not HTTP"),
    ];
    let mut loud = rows();
    loud.retain(|row| is_playable(row) && LOUD.iter().any(|(does, _)| *does == row.does));
    let world = World::new("every: 60s, timeout: 5s", 1, loud);
    let table = said(&world.plan, &["check"]);
    for (does, words) in LOUD {
        assert!(table.contains(words), "{does}: {table}");
        let (check, ..) = world.hostile.iter().find(|(_, row, _)| row.does == *does).unwrap();
        let tale = said(&world.plan, &["explain", check.split('/').next().unwrap()]);
        assert!(tale.contains(words), "{does}: {tale}");
    }
}

/// The most that an agent had resident so far, in KiB.
fn most_resident(agent: &Running) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", agent.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Returns when so many looks at a check have begun.
fn wait_for_looks(agent: &mut Running, check: &str, many: usize) {
    for _ in 0..many {
        agent.wait_for_log(&format!("\"look begins\",\"check\":\"{check}\""));
    }
}

#[test]
fn healthy_checks_keep_their_schedule_beside_every_hostile_peer() {
    const SETTINGS: &str = "every: 4s, timeout: 800ms";
    let calm = World::new(SETTINGS, 8, Vec::new());
    let mut beside_nobody = Running::start(&calm.plan, "here");
    beside_nobody.wait_for_log("first round complete");
    let alone = most_resident(&beside_nobody);
    drop(beside_nobody);

    let world = World::new(SETTINGS, 8, rows().into_iter().filter(is_playable).collect());
    let mut agent = Running::start(&world.plan, "here");
    wait_for_looks(&mut agent, &world.healthy[0], 3);
    let early = most_resident(&agent);
    wait_for_looks(&mut agent, &world.healthy[0], 2);
    let late = most_resident(&agent);
    agent.let_log_go();
    let hostile = world.hostile.len() as u64;
    println!(
        "{hostile} hostile peers: {alone} KiB without them, {early} KiB in the third round, {late} KiB in the fifth"
    );
    assert!(late <= alone + hostile * MOST_EACH, "{late} KiB, and {alone} KiB without {hostile} hostile peers");
    assert!(late <= early + MOST_LATER, "{early} KiB in the third round, {late} KiB in the fifth");

    let metrics = agent.http("GET", "/metrics").2;
    assert!(metrics.lines().any(|line| line == "fencepost_schedule_skipped_total 0"), "a look was left out");
    // Of one moment: the rounds go on while this is read.
    let of = |metric: &str, check: &str| -> f64 {
        let begins = format!("fencepost_{metric}{{check=\"{check}\"}} ");
        metrics.lines().find_map(|line| line.strip_prefix(&begins)).unwrap().parse().unwrap()
    };
    let rounds = of("check_runs_total", &world.healthy[0]);
    assert!(rounds >= 4.0, "{rounds} rounds");
    for check in &world.healthy {
        let runs = of("check_runs_total", check);
        assert!((runs - rounds).abs() <= 1.0, "{check} had {runs} looks in {rounds} rounds");
        assert!(of("check_incidents_total", check) < 1.0, "{check} had an incident");
    }
    for (check, row, _) in &world.hostile {
        // A look that stalls ends later in its round.
        let runs = of("check_runs_total", check);
        assert!((runs - rounds).abs() <= 2.0, "{} had {runs} looks in {rounds} rounds", row.does);
    }
}
