//! The shipped inhibitions on a real Alertmanager.

use crate::dashboards::word;
use crate::repository::text_of;
use crate::support::alertmanager::Alertmanager;
use serde_json::{Value, json};
use std::collections::BTreeSet;

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
