//! Failure modes of private endpoints, each as a small change to a healthy world, held against what the agent says.

pub mod form;
mod page;
mod play;

use form::{Scenario, patched, scenarios, unseen};
use play::{Round, disagreements, round};
use serde_json::Value;
use std::collections::BTreeMap;

/// How many failure modes are numbered.
const MODES: usize = 55;

async fn healthy_under(plan: &str) -> Round {
    round(&patched("base-world", &Value::Null), plan).await.unwrap_or_else(|e| panic!("the base world: {e}"))
}

#[tokio::test(start_paused = true)]
async fn the_base_world_holds_without_a_finding() {
    let healthy = healthy_under(&patched("base-plan", &Value::Null)).await;
    assert_eq!(healthy.len(), 5 * 7);
    for ((vantage, check), said) in &healthy {
        assert!(said.verdict == "holds" && said.findings.is_empty(), "{vantage} {check}: {said:?}");
        let is_private = !check.starts_with("shadow-ai/") && vantage != "branch";
        assert!(!is_private || said.fallback == "none", "{vantage} {check}: {said:?}");
    }
}

/// Every disagreement of one scenario.
async fn trouble_of(scenario: &Scenario, base: &Round) -> Vec<String> {
    let plan = patched("base-plan", &scenario.plan);
    let under_its_plan = if scenario.plan.is_null() { base.clone() } else { healthy_under(&plan).await };
    let first = (&scenario.world, &scenario.expect);
    let moments = std::iter::once(first).chain(scenario.then.iter().map(|moment| (&moment.world, &moment.expect)));
    let mut troubles = Vec::new();
    for (number, (world, rows)) in moments.enumerate() {
        let found = match round(&patched("base-world", world), &plan).await {
            Ok(now) => disagreements(rows, &under_its_plan, &now),
            Err(why) => vec![why],
        };
        let when = if number == 0 { String::new() } else { format!("then {number}: ") };
        troubles.extend(found.into_iter().map(|trouble| format!("{when}{trouble}")));
    }
    troubles
}

#[tokio::test(start_paused = true)]
async fn every_scenario_shows_as_it_says() {
    let base = healthy_under(&patched("base-plan", &Value::Null)).await;
    let mut troubles = Vec::new();
    for (name, scenario) in scenarios() {
        let found = trouble_of(&scenario, &base).await;
        troubles.extend(found.into_iter().map(|trouble| format!("{name}:\n    {trouble}")));
    }
    assert!(troubles.is_empty(), "{} disagreements\n  {}", troubles.len(), troubles.join("\n  "));
}

#[test]
fn every_mode_has_its_scenario_or_a_reason_why_it_cannot_be_seen() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, scenario) in scenarios() {
        for mode in scenario.mode.words() {
            places.entry(mode.clone()).or_default().push(name.clone());
        }
    }
    let unseen = unseen();
    for number in 1..=MODES {
        let mode = format!("F{number}");
        let shown = places.remove(&mode).is_some();
        let excused = unseen.iter().any(|(name, _)| *name == mode);
        assert!(shown != excused, "{mode} must have scenarios, or stand in unseen.yaml, and not both");
    }
    assert!(unseen.iter().all(|(name, _)| numbered(name, "F", MODES)), "unseen.yaml names a mode that there is not");
    let others = ["healthy", "exceptions", "agent"];
    let known = |mode: &String| others.contains(&mode.as_str()) || numbered(mode, "peers-", 20);
    let strange: Vec<_> = places.into_iter().filter(|(mode, _)| !known(mode)).collect();
    assert!(strange.is_empty(), "{strange:?}");
}

fn numbered(mode: &str, before: &str, most: usize) -> bool {
    mode.strip_prefix(before).and_then(|number| number.parse().ok()).is_some_and(|number| (1..=most).contains(&number))
}
