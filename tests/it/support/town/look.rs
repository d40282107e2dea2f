//! What the vantages of the town say, with one plan.

use super::Town;
use super::faults::Fault;
use super::layout::VANTAGES;
use crate::support::agent::outcome;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::thread;
use wildmatch::WildMatch;

const PLAN: &str = include_str!("../../../../probes/hub-and-spoke.yaml");

/// The shipped plan, with the town's authority and shorter waits; without its exception, which covers only some days.
pub fn plan(town: &Town) -> PathBuf {
    town.write("plan.yaml", &plan_with("every: 8s, timeout: 2s"))
}

fn plan_with(pace: &str) -> String {
    let settings = "settings: {every: 30s, timeout: 5s, confirm: 3, recover: 2}";
    assert!(PLAN.contains(settings));
    let text = PLAN.replace(settings, &format!("settings: {{{pace}, trust: ca.pem}}"));
    text.split("\nexceptions:").next().unwrap().to_owned()
}

/// As [`plan`], with one public AI service instead of all that the catalogue knows, and further lines.
pub fn short_plan(town: &Town, pace: &str, more: &str) -> PathBuf {
    let text = plan_with(pace);
    let all = "unmanaged-ai: {service: public-ai}";
    assert!(text.contains(all));
    let one = "unmanaged-ai: {service: public-ai, endpoints: {api.openai.com: }}";
    town.write("short.yaml", &format!("{}\n{more}", text.replace(all, one)))
}

/// What is said of each check, by its vantage and its endpoint.
pub type Table = BTreeMap<(String, String), String>;

/// What a check comes to: verdict, state of public fallback, and the first finding with its cause.
fn said(check: &Value) -> String {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let first = &check["findings"][0];
    let parts = [&check["verdict"], &check["public_fallback"], &first["code"], &first["cause"]].map(word);
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Every check of every vantage, by the vantage and the endpoint. All four look at a time.
pub fn matrix(town: &Town, plan: &Path) -> Table {
    let looks = |host: &str| {
        let (_, out, err) = outcome(town.fencepost(host, &["check", "--format", "json", "--plan"]).arg(plan));
        serde_json::from_str::<Value>(&out).unwrap_or_else(|e| panic!("{host}: {e}\n{out}{err}"))
    };
    let reports: Vec<Value> = thread::scope(|scope| {
        let looking: Vec<_> = VANTAGES.iter().map(|(host, ..)| scope.spawn(move || looks(host))).collect();
        looking.into_iter().map(|look| look.join().unwrap()).collect()
    });
    table(&reports)
}

/// What the reports of all vantages say, by the vantage and the endpoint.
pub fn table(reports: &[Value]) -> Table {
    let mut table = BTreeMap::new();
    for (report, (host, vantage, _)) in reports.iter().zip(VANTAGES) {
        assert_eq!(report["vantage"], *vantage, "{host} takes the vantage of its own address");
        for check in report["checks"].as_array().unwrap() {
            let endpoint = check["endpoint"].as_str().unwrap().to_owned();
            table.insert(((*vantage).to_owned(), endpoint), said(check));
        }
    }
    table
}

/// What must be said under a fault, where this is said without it.
pub fn wanted(fault: &Fault, healthy: &Table) -> Table {
    let mut wanted = healthy.clone();
    for ((vantage, endpoint), says) in &mut wanted {
        let row = fault.rows.iter().find(|(vantages, endpoints, _)| {
            vantages.split('|').any(|one| one == vantage) && WildMatch::new(endpoints).matches(endpoint)
        });
        if let Some((.., said)) = row {
            *says = (*said).to_owned();
        }
    }
    wanted
}

/// The difference of two tables, one line for each check.
pub fn differences(what: &str, seen: &Table, wanted: &Table) -> Vec<String> {
    let differ = seen.iter().filter(|(key, said)| wanted.get(*key) != Some(said));
    let mut lines: Vec<String> = differ
        .map(|((vantage, endpoint), said)| {
            let wanted = wanted.get(&(vantage.clone(), endpoint.clone()));
            format!("{what}: {vantage} {endpoint} says \"{said}\", not {wanted:?}")
        })
        .collect();
    let missing = wanted.keys().filter(|key| !seen.contains_key(*key));
    lines.extend(missing.map(|(vantage, endpoint)| format!("{what}: {vantage} says nothing of {endpoint}")));
    lines
}
