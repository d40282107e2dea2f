//! The shipped rules and dashboards on a real Prometheus that scrapes a lab, and the shipped inhibitions on a real
//! Alertmanager.

use crate::dashboards::{dashboards, expressions, panels, rules, word};
use crate::repository::{repo, text_of};
use crate::support::agent::http;
use crate::support::alertmanager::Alertmanager;
use crate::support::lab::{CHAT, LabProcess};
use crate::support::prometheus::Prometheus;
use crate::support::promql::named;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Metrics that rules and dashboards read and that no agent shows yet. One that is shown must leave this list.
const NOT_YET: &[&str] = &[
    "fencepost_check_incident",
    "fencepost_check_incidents_total",
    "fencepost_check_incident_opened_timestamp_seconds",
    "fencepost_checks_stale",
    "fencepost_plan_round_seconds",
    "fencepost_state_durable",
    "fencepost_state_writes_total",
    "fencepost_state_write_failures_total",
    "fencepost_exception_info",
    "fencepost_exception_covering_since_timestamp_seconds",
    "fencepost_exception_last_needed_timestamp_seconds",
    "fencepost_exception_renewals_total",
    "fencepost_alerts_firing",
    "fencepost_alerts_sent_total",
    "fencepost_alerts_failed_total",
    "fencepost_alerts_dropped_total",
    "fencepost_alerts_queued",
];

/// What may stay empty in the lab although its metrics are there, and why.
const MAY_BE_EMPTY: &[(&str, &str)] = &[
    ("FencepostCertificateExpiring", "certificates of the lab last for years"),
    ("fleet, Alerts, 1", "until agents show incidents, no alert of the lab fires within seconds"),
];

/// A check that cannot tell, at an agent whose witness works.
const UNKNOWN: &str =
    "fencepost_check_verdict{verdict=\"unknown\"} == 1 unless on (job, instance) instance:fencepost_witness:failing";

/// Every expression that is shipped, by the name of its rule or panel, with what Grafana would put in.
fn shipped() -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for rule in rules() {
        let name = format!("{}{}", word(&rule["alert"]), word(&rule["record"]));
        all.insert(name, word(&rule["expr"]).to_owned());
    }
    for (file, dashboard) in dashboards() {
        for panel in panels(&dashboard) {
            for (i, expression) in expressions(panel).enumerate() {
                let name = format!("{file}, {}, {}", word(&panel["title"]), i + 1);
                assert!(all.insert(name.clone(), substituted(expression)).is_none(), "there are two: {name}");
            }
        }
    }
    all
}

fn substituted(expression: &str) -> String {
    let check = format!("chat-prod/{CHAT}");
    let values = [
        ("$job", ".+"),
        ("$vantage", ".+"),
        ("$instance", ".+"),
        ("$check", check.as_str()),
        ("$__rate_interval", "10s"),
        ("$__range", "1m"),
    ];
    let text = values.iter().fold(expression.to_owned(), |text, (name, value)| text.replace(name, value));
    assert!(!text.contains('$'), "a variable that nobody knows: {text}");
    text
}

/// The metrics of agents that an expression reads, directly or by way of recorded ones.
fn sources(expression: &str) -> BTreeSet<String> {
    let of: BTreeMap<String, String> =
        rules().iter().map(|rule| (word(&rule["record"]).to_owned(), word(&rule["expr"]).to_owned())).collect();
    let mut found = BTreeSet::new();
    let mut open: Vec<String> = named(expression).metrics.into_keys().collect();
    while let Some(metric) = open.pop() {
        if found.insert(metric.clone()) {
            open.extend(of.get(&metric).into_iter().flat_map(|inner| named(inner).metrics.into_keys()));
        }
    }
    found
}

struct Scene {
    lab: LabProcess,
    prometheus: Prometheus,
    shipped: BTreeMap<String, String>,
    /// Those that have not given anything so far.
    empty: BTreeSet<String>,
}

impl Scene {
    /// A lab with short rounds, and a Prometheus that scrapes all its agents but one.
    fn start() -> Self {
        let lab = LabProcess::start();
        let scene_plan = std::fs::read_to_string(lab.plan()).unwrap();
        let soon = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date() + jiff::Span::new().days(3);
        let exception = format!(
            "\nexceptions:\n  EX-7: {{from: sandbox, to: chat-prod, claim: private, owner: ana, reason: a rehearsal, ends: {soon}}}\n"
        );
        let plan = scene_plan.replace("every: 5s, timeout: 1s", "every: 2s, timeout: 500ms") + &exception;
        assert!(plan.contains("every: 2s"), "{plan}");
        std::fs::write(lab.plan(), &plan).unwrap();
        let watched = ["prod-app", "build", "sandbox"].map(|vantage| lab.agent(vantage));
        for agent in &watched {
            assert_eq!(http(agent, "POST", "/-/reload").0, 200);
        }
        let files = ["checks", "agents", "exceptions"].map(|name| repo(&format!("dashboards/rules/{name}.rules.yaml")));
        let prometheus = Prometheus::start(&watched, &files);
        let shipped = shipped();
        let empty = shipped.keys().cloned().collect();
        let mut scene = Self { lab, prometheus, shipped, empty };
        scene.wait_for("count(vantage_verdict:fencepost_check_verdict:sum) == 9");
        scene.take_stock();
        // One agent follows another plan, whose witness has no address; one is told to read no plan at all.
        std::fs::write(scene.lab.plan(), plan.replace("status.contoso.example", "nobody.contoso.example")).unwrap();
        assert_eq!(http(&scene.lab.agent("build"), "POST", "/-/reload").0, 200);
        std::fs::write(scene.lab.plan(), "plan: [").unwrap();
        assert_eq!(http(&scene.lab.agent("sandbox"), "POST", "/-/reload").0, 422);
        scene.wait_for("fencepost_witness_up == 0 and on () fencepost_plan_last_reload_successful == 0");
        scene.take_stock();
        scene
    }

    fn wait_for(&self, expression: &str) {
        self.prometheus.wait_for(expression);
    }

    /// Breaks the lab, waits until the expression gives something, and heals it.
    fn play(&mut self, faults: &[&str], until: &str) {
        for fault in faults {
            self.lab.order(&["break", fault]);
        }
        self.wait_for(until);
        self.take_stock();
        self.lab.order(&["heal"]);
    }

    /// Evaluates everything; an error fails.
    fn take_stock(&mut self) {
        let mut errors = Vec::new();
        for (name, expression) in &self.shipped {
            match self.prometheus.query(expression) {
                Ok(samples) if samples.is_empty() => {}
                Ok(_) => {
                    self.empty.remove(name);
                }
                Err(error) => errors.push(format!("{name}: {error}")),
            }
        }
        for rule in self.prometheus.rules().iter().filter(|rule| rule["health"] == "err") {
            errors.push(format!("{}: {}", word(&rule["name"]), word(&rule["lastError"])));
        }
        assert!(errors.is_empty(), "{errors:#?}");
    }
}

#[test]
fn every_rule_and_panel_can_be_evaluated_and_shows_what_the_lab_does() {
    let mut scene = Scene::start();
    let private = "on (job, instance, check) check:fencepost_check_info:latest{claim=\"private\"}";
    scene.play(
        &["public-fallback-usable", "black-hole", "sandbox-reaches-prod"],
        &format!("fencepost_check_public_fallback{{state=\"usable\"}} == 1 and {private}"),
    );
    scene.play(
        &["public-access-left-on"],
        &format!("fencepost_check_public_fallback{{state=\"latent\"}} == 1 and {private}"),
    );
    scene.play(&["forwarder-bypasses-azure"], "fencepost_check_finding{finding=\"resolvers-disagree\"}");
    scene.play(&["silent-resolver"], UNKNOWN);

    let (_, _, metrics) = http(&scene.lab.agent("prod-app"), "GET", "/metrics");
    let shown: BTreeSet<&str> = metrics.lines().filter_map(|line| line.split(['{', ' ']).next()).collect();
    let there: Vec<_> = NOT_YET.iter().filter(|metric| shown.contains(*metric)).collect();
    assert!(there.is_empty(), "these are shown now; take them from NOT_YET: {there:?}");
    let waits = |name: &String| sources(&scene.shipped[name]).iter().any(|metric| NOT_YET.contains(&metric.as_str()));
    let excused = |name: &String| waits(name) || MAY_BE_EMPTY.iter().any(|(excused, _)| excused == name);
    let empty: Vec<&String> = scene.empty.iter().filter(|name| !excused(name)).collect();
    assert!(empty.is_empty(), "these gave nothing, whatever the lab broke: {empty:#?}");
    let unknown: Vec<_> = MAY_BE_EMPTY.iter().filter(|(name, _)| !scene.shipped.contains_key(*name)).collect();
    assert!(unknown.is_empty(), "no rule and no panel is called {unknown:?}");
}

/// Alerts of one vantage, with what makes each different.
fn posted(alerts: &[(&str, &[(&str, &str)])]) -> Value {
    alerts
        .iter()
        .map(|(name, labels)| {
            let mut all = json!({"alertname": format!("Fencepost{name}"), "severity": "critical", "plan": "contoso-ai", "vantage": "prod-app"});
            for (label, value) in *labels {
                all[*label] = (*value).into();
            }
            json!({"labels": all})
        })
        .collect()
}

/// The alerts that a real Alertmanager with the shipped configuration holds back.
fn held_back(alerts: &[(&str, &[(&str, &str)])], expected: &[&str]) {
    let alertmanager = Alertmanager::with_config(&text_of("dashboards/alertmanager/alertmanager.yaml"));
    alertmanager.post(&posted(alerts));
    let shown = |alert: &Value| {
        let labels = &alert["labels"];
        let extra = ["via", "check"].iter().filter_map(|label| labels[*label].as_str());
        let name = word(&labels["alertname"]).trim_start_matches("Fencepost");
        std::iter::once(name).chain(extra).collect::<Vec<_>>().join(" ")
    };
    // It takes the sources of inhibitions in beside taking the alerts in, and tells nobody when it has.
    loop {
        let all = alertmanager.alerts();
        let is_held = |alert: &&Value| alert["status"]["inhibitedBy"].as_array().is_some_and(|by| !by.is_empty());
        let held: BTreeSet<String> = all.iter().filter(is_held).map(shown).collect();
        if all.len() == alerts.len() && held.len() >= expected.len() {
            assert_eq!(held, expected.iter().map(|name| (*name).to_owned()).collect());
            return;
        }
        std::thread::yield_now();
    }
}

#[test]
fn without_a_witness_only_what_was_seen_is_told() {
    let (one, other) = ([("instance", "a")], [("instance", "b"), ("check", "other")]);
    held_back(
        &[
            ("WitnessFailing", &one),
            ("CheckUnknown", &one),
            ("PrivatePathDown", &one),
            ("PrivatePathDown", &other),
            ("PublicFallbackUsable", &one),
            ("BlockBroken", &one),
        ],
        &["CheckUnknown", "PrivatePathDown"],
    );
}

#[test]
fn a_vantage_that_is_gone_is_one_alert_and_its_own_agent_may_still_speak() {
    held_back(
        &[
            ("VantageMissing", &[]),
            ("PrivatePathDown", &[("instance", "a"), ("check", "chat")]),
            ("PublicFallbackUsable", &[("via", "agent")]),
            ("BlockBroken", &[("vantage", "sandbox")]),
        ],
        &["PrivatePathDown chat"],
    );
}

#[test]
fn what_leaves_outweighs_what_might() {
    let (chat, gateway) = ([("instance", "a"), ("check", "chat")], [("instance", "a"), ("check", "gateway")]);
    held_back(
        &[
            ("PublicFallbackUsable", &chat),
            ("PublicFallbackAnswered", &chat),
            ("ResolversDisagree", &chat),
            ("PublicSideOpen", &chat),
            ("PublicSideOpen", &gateway),
            ("CertificateExpiring", &chat),
        ],
        &["PublicFallbackAnswered chat", "PublicSideOpen chat", "ResolversDisagree chat"],
    );
}

#[test]
fn what_an_agent_sent_itself_is_not_told_twice() {
    held_back(
        &[
            ("PrivatePathDown", &[("via", "agent")]),
            ("PrivatePathDown", &[("instance", "a"), ("check", "chat")]),
            ("BlockBroken", &[("instance", "a"), ("check", "gateway")]),
            ("ExceptionExpired", &[("via", "agent"), ("exception", "EX-42")]),
            ("ExceptionExpired", &[("vantage", ""), ("exception", "EX-42"), ("check", "42")]),
            ("ExceptionExpired", &[("vantage", ""), ("exception", "EX-43"), ("check", "43")]),
        ],
        &["ExceptionExpired 42", "PrivatePathDown chat"],
    );
}
