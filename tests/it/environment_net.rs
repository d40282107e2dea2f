//! What happens to a machine's network while an agent runs on it: its resolv.conf is replaced, cut, removed and filled with
//! garbage, its interface goes down, its descriptors run out under getaddrinfo. On the runner of the town, whose agent asks
//! nobody but whom resolv.conf names.

use crate::support::agent::{Running, Scraper};
use crate::support::succeed;
use crate::support::town::Town;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

const PLAN: &str = "
plan: one
settings: {every: 2s, timeout: 500ms, trust: ca.pem}
vantages: {build: {kind: build, within: [10.20.8.0/26], resolvers: [host]}}
targets: {chat-prod: {service: azure-openai, endpoints: {contoso-chat.openai.azure.com: [10.20.3.5]}}}
rules: [{name: privately, from: any, to: any, claim: private}]
";

/// The town, an agent on its runner, and the folder that is `/etc` there.
fn runner() -> (Town, Running, PathBuf) {
    let town = Town::new();
    let plan = town.write("one.yaml", PLAN);
    let etc = town.host("runner").own_etc();
    let mut agent = Running::on(town.host("runner"), town.fencepost("runner", &[]), &plan, &[]);
    agent.let_log_go();
    until(&agent, &["holds"], "holds");
    (town, agent, etc)
}

/// Waits until the check comes to this verdict with this first finding; on the way it may only show what is named.
fn until(agent: &Running, on_the_way: &[&str], wanted: &str) -> Value {
    loop {
        let board = agent.board();
        let check = &board["checks"][0];
        let Some(verdict) = check["verdict"].as_str() else { continue };
        let finding = check["findings"][0]["code"].as_str().unwrap_or_default();
        let said = format!("{verdict} {finding}");
        if said.trim() == wanted {
            return check.clone();
        }
        assert!(
            on_the_way.iter().any(|begin| said.starts_with(begin)),
            "{said}, on the way to {wanted}: {:#}",
            check["findings"]
        );
    }
}

fn servers(check: &Value) -> Vec<&str> {
    let resolvers = check["facts"]["names"]["resolvers"].as_array().unwrap();
    resolvers.iter().map(|resolver| resolver["server"].as_str().unwrap()).collect()
}

#[test]
fn a_resolv_conf_that_is_replaced_cut_removed_or_garbage_is_followed() {
    let (_town, agent, etc) = runner();
    let file = etc.join("resolv.conf");
    let public = "broken public-answer";
    // By rename, as NetworkManager and systemd-resolved do.
    fs::write(etc.join("fresh"), "nameserver 9.9.9.9\n").unwrap();
    fs::rename(etc.join("fresh"), &file).unwrap();
    let check = until(&agent, &["holds"], public);
    assert_eq!(servers(&check), ["9.9.9.9:53"]);
    // In place: for a moment it is empty.
    fs::write(&file, "nameserver 10.0.0.4\n").unwrap();
    until(&agent, &[public, "unknown os-lookup-failing"], "holds");
    fs::remove_file(&file).unwrap();
    let check = until(&agent, &["holds"], "unknown os-lookup-failing");
    assert_eq!(servers(&check), [""; 0]);
    fs::write(&file, b"\xff\x00nameserver\nnameserver nowhere\nsearch \n\n\x7fELF".repeat(99)).unwrap();
    let looked = agent.metric("fencepost_check_runs_total");
    while agent.metric("fencepost_check_runs_total") < looked + 2.0 {
        until(&agent, &[], "unknown os-lookup-failing");
    }
    fs::write(etc.join("fresh"), "nameserver 10.0.0.4\n").unwrap();
    fs::rename(etc.join("fresh"), &file).unwrap();
    let check = until(&agent, &["unknown os-lookup-failing"], "holds");
    assert_eq!(servers(&check), ["10.0.0.4:53"]);
}

#[test]
fn a_machine_whose_interface_is_down_is_offline_and_nothing_is_broken() {
    let (town, agent, _etc) = runner();
    let link = |script: &str| succeed(town.host("runner").command("sh").args(["-c", script]));
    link("ip link set eth0 down");
    // A look that was half over saw a way that is gone.
    until(&agent, &["holds", "unknown", "broken no-route", "broken connect-timeout"], "unknown agent-offline");
    let looked = agent.metric("fencepost_check_runs_total");
    while agent.metric("fencepost_check_runs_total") < looked + 2.0 {
        until(&agent, &[], "unknown agent-offline");
    }
    link("ip link set eth0 up && ip route add default dev eth0 src 10.20.8.10");
    until(&agent, &["unknown"], "holds");
}

#[test]
fn getaddrinfo_without_descriptors_is_no_fault_of_a_name() {
    let (_town, agent, _etc) = runner();
    let limit = |most: &str| succeed(Command::new("prlimit").args(["--pid", &agent.pid().to_string(), most]));
    // None to spare besides those that are open, or some: part of what a look opens fails, and part does not.
    for spare in 0..4 {
        let mut scraper = agent.connected(|| Scraper::connect(&agent.address));
        // An answer shows that the agent has taken the connection; without a descriptor it could not.
        scraper.board();
        let open = fs::read_dir(format!("/proc/{}/fd", agent.pid())).unwrap().count();
        limit(&format!("--nofile={}:4096", open + spare));
        let mut seen = BTreeSet::new();
        while seen.len() < 3 {
            let board = scraper.board();
            let check = &board["checks"][0];
            assert_ne!(check["verdict"], "broken", "{spare} to spare: {:#}", check["findings"]);
            seen.insert(check["facts"]["at"].to_string());
        }
        limit("--nofile=4096:4096");
        until(&agent, &["unknown"], "holds");
    }
}
