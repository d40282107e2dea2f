//! From a broken link to a pager and back, with nothing simulated but Azure itself: a lab, a running agent, a real
//! Prometheus with the shipped rules, and a real Alertmanager that hears of it on both paths.

use crate::repository::{repo, text_of};
use crate::support::agent::Running;
use crate::support::alertmanager::Alertmanager;
use crate::support::lab::LabProcess;
use crate::support::prometheus::Prometheus;
use crate::support::receiver::Receiver;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The lab's own round.
const ROUND: Duration = Duration::from_secs(5);

const PATHS: [&str; 2] = ["direct", "Prometheus"];

/// The lab's plan as it is, with an Alertmanager.
fn plan(lab: &LabProcess, alertmanager: &Alertmanager) -> PathBuf {
    let text = std::fs::read_to_string(lab.plan()).unwrap();
    assert!(text.contains("every: 5s"), "{text}");
    let file = lab.plan().with_file_name("oncall.yaml");
    let alerts = format!("alerts: {{alertmanagers: {{main: {{url: 'http://{}'}}}}}}", alertmanager.address);
    std::fs::write(&file, format!("{text}\n{alerts}\n")).unwrap();
    file
}

/// The path by which an alert came.
fn path(alert: &Value) -> usize {
    usize::from(alert["labels"]["via"] != "agent")
}

fn is_fallback(alert: &Value) -> bool {
    alert["labels"]["alertname"].as_str().unwrap().starts_with("FencepostPublicFallback")
}

/// Reads pages until both paths have told of public fallback in this state; when each did.
fn both_told(pager: &Receiver, status: &str, since: Instant) -> [Duration; 2] {
    let mut told = [None; 2];
    while told.iter().any(Option::is_none) {
        let page = pager.next().json();
        for alert in page["alerts"].as_array().unwrap() {
            if is_fallback(alert) && alert["status"] == status {
                told[path(alert)].get_or_insert(since.elapsed());
            }
        }
    }
    told.map(Option::unwrap)
}

#[test]
fn one_broken_link_is_one_alert_on_each_path_and_none_when_it_is_healed() {
    let (lab, pager) = (LabProcess::start(), Receiver::start());
    let alertmanager = Alertmanager::start(&format!("http://{}/", pager.address));
    let mut agent = Running::start(&plan(&lab, &alertmanager), "prod-app");
    agent.wait_for_log("first round complete");
    let files = ["checks", "agents", "exceptions"].map(|name| repo(&format!("dashboards/rules/{name}.rules.yaml")));
    let prometheus = Prometheus::alerting(&[agent.address.clone()], &files, &alertmanager.address);
    prometheus.wait_for("count(fencepost_check_verdict{verdict=\"holds\"} == 1) == 7");
    assert!(!alertmanager.alerts().iter().any(is_fallback), "the lab is healthy");

    let broken = Instant::now();
    lab.order(&["break", "zone-not-linked"]);
    let fired = both_told(&pager, "firing", broken);
    let held: Vec<Value> = alertmanager.alerts().into_iter().filter(is_fallback).collect();
    for (at, name) in PATHS.iter().enumerate() {
        let of_path: Vec<&Value> = held.iter().filter(|alert| path(alert) == at).collect();
        assert_eq!(of_path.len(), 1, "{name}: {held:#?}");
        assert_eq!(of_path[0]["labels"]["alertname"], "FencepostPublicFallbackAnswered");
        assert_eq!(of_path[0]["labels"]["vantage"], "prod-app");
    }
    println!("firing after: direct {:.2?}, Prometheus {:.2?}", fired[0], fired[1]);
    assert!(fired[0] <= ROUND + Duration::from_secs(1), "one round and a second: {:?}", fired[0]);

    let healed = Instant::now();
    lab.order(&["heal"]);
    let resolved = both_told(&pager, "resolved", healed);
    println!("resolved after: direct {:.2?}, Prometheus {:.2?}", resolved[0], resolved[1]);
    assert!(!alertmanager.alerts().iter().any(is_fallback));
}

/// What the shipped configuration of Alertmanager holds back of one cause, and what it does not.
#[test]
fn one_cause_is_one_page_though_it_has_two_names() {
    let direct = |name: &str, cause: &str, extra: (&str, &str)| {
        let (alertname, zone) = (format!("Fencepost{name}"), "privatelink.openai.azure.com");
        let mut labels = json!({"alertname": alertname, "plan": "lab", "vantage": "build", "via": "agent",
            "severity": "critical", "cause": cause, "zone": zone, "owner": "ana"});
        labels[extra.0] = extra.1.into();
        json!({"labels": labels})
    };
    let rule = |name: &str, check: &str| json!({"labels": {"alertname": format!("Fencepost{name}"), "plan": "lab", "vantage": "sandbox", "check": check}});
    let (usable, answered) = ("PublicFallbackUsable", "PublicFallbackAnswered");
    let sent = [
        direct(usable, "zone-not-linked", ("test", "source")),
        direct(answered, "zone-not-linked", ("test", "held: the same cause")),
        direct(answered, "no-private-endpoint", ("test", "another cause")),
        direct(answered, "zone-not-linked", ("owner", "bob")),
        direct(answered, "zone-not-linked", ("vantage", "prod-app")),
        direct(usable, "undetermined", ("vantage", "branch")),
        direct(answered, "undetermined", ("vantage", "branch")),
        rule("PrivatePathDown", "chat"),
        rule("ResolversDisagree", "chat"),
        rule("ResolversDisagree", "held by nothing"),
    ];
    let alertmanager = Alertmanager::with_config(&text_of("dashboards/alertmanager/alertmanager.yaml"));
    alertmanager.post(&json!(sent));
    let told = |alert: &Value| {
        let of = |label: &str| alert["labels"][label].as_str().unwrap_or_default().to_owned();
        format!("{} {}{}", of("alertname"), of("test"), of("check"))
    };
    let held = loop {
        let all = alertmanager.alerts();
        let is_held = |alert: &&Value| alert["status"]["inhibitedBy"].as_array().is_some_and(|by| !by.is_empty());
        let held: BTreeSet<String> = all.iter().filter(is_held).map(told).collect();
        if all.len() == sent.len() && held.len() >= 2 {
            break held;
        }
        std::thread::yield_now();
    };
    let expected = ["FencepostPublicFallbackAnswered held: the same cause", "FencepostResolversDisagree chat"];
    assert_eq!(held, expected.map(str::to_owned).into());
}
