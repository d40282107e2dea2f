//! The shipped rules and dashboards on a real Prometheus that scrapes a lab and one agent more, and the shipped inhibitions on a real
//! Alertmanager.

use crate::dashboards::{dashboards, expressions, panels, rules, word};
use crate::metrics::{Described, Shown, described};
use crate::repository::repo;
use crate::support::agent::http;
use crate::support::alertmanager::Alertmanager;
use crate::support::exposition::Exposition;
use crate::support::lab::{CHAT, LabProcess};
use crate::support::prometheus::Prometheus;
use crate::support::teller::Teller;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

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

/// The alerts that Prometheus must come to hold, firing or waiting for its time, and for what.
type Expected<'a> = &'a [(&'a str, &'a str)];

/// What is wrong from the start: `branch-lan` is not scraped, and what [`Teller`] looks at is as it says.
const AT_ONCE: Expected<'_> = &[
    ("VantageMissing", "plan=\"lab\", vantage=\"branch-lan\", kind=\"outside\", owner=\"network\""),
    ("ExceptionExpiring", "plan=\"lab\", exception=\"EX-7\", owner=\"ana\""),
    ("ExceptionExpired", "plan=\"on-call\", exception=\"EX-1\", owner=\"ana\""),
    ("ExceptionUnused", "plan=\"on-call\", exception=\"EX-2\", owner=\"ana\""),
    ("CertificateExpiring", "vantage=\"spare\", check=\"chat/ending.openai.azure.com\""),
    ("ResolversDisagree", "vantage=\"spare\", check=\"split/contoso.openai.azure.com\""),
    ("PublicPathDown", "vantage=\"spare\", check=\"partner/denied.openai.azure.com\""),
    ("AlertsFailing", "vantage=\"spare\", destination=\"closed\""),
    ("AlertsFailing", "vantage=\"spare\", destination=\"nobody\""),
];

/// After one agent took a plan whose witness has no address, one was told to take none, and one has no room for its state.
const OF_AGENTS: Expected<'_> = &[
    ("WitnessFailing", "vantage=\"build\""),
    ("PlanReloadFailed", "vantage=\"sandbox\""),
    ("PlanSkew", "plan=\"lab\""),
    ("StateNotKept", "vantage=\"spare\""),
];

/// Faults of the lab, and what they bring about.
const PLAYS: &[(&[&str], Expected<'_>)] = &[
    (
        &["public-fallback-usable", "black-hole", "sandbox-reaches-prod"],
        &[
            ("PublicFallbackUsable", "vantage=\"prod-app\", target=\"chat-prod\""),
            ("PublicFallbackAnswered", "vantage=\"prod-app\", check=\"foundry-prod/aif-contoso.openai.azure.com\""),
            ("PrivatePathDown", "vantage=\"prod-app\", endpoint=\"aif-contoso.cognitiveservices.azure.com\""),
            ("BlockBroken", "vantage=\"sandbox\", target=\"gateway\""),
        ],
    ),
    (&["public-access-left-on"], &[("PublicSideOpen", "vantage=\"prod-app\", target=\"chat-prod\"")]),
    (&["silent-resolver"], &[("CheckUnknown", "vantage=\"prod-app\", target=\"gateway\"")]),
];

/// After an agent hangs.
const HANGING: Expected<'_> = &[("ChecksStale", "vantage=\"spare\"")];

/// The agents of the lab that Prometheus scrapes, and how many resolvers their private view has.
const WATCHED: [(&str, usize); 3] = [("prod-app", 2), ("build", 2), ("sandbox", 1)];

struct Scene {
    lab: LabProcess,
    teller: Teller,
    prometheus: Prometheus,
    shipped: BTreeMap<String, String>,
    /// Those that have not given anything so far.
    empty: BTreeSet<String>,
    /// The alerts that were waited for.
    told: BTreeSet<String>,
    page: BTreeMap<String, Described>,
    shown: Shown,
}

impl Scene {
    /// A lab with short rounds and an agent beside it, and a Prometheus that scrapes them all but one.
    fn start() -> Self {
        let (lab, teller) = (LabProcess::start(), Teller::start());
        let files = ["checks", "agents", "exceptions"].map(|name| repo(&format!("dashboards/rules/{name}.rules.yaml")));
        let mut watched = vec![teller.agent.address.clone()];
        watched.extend(WATCHED.map(|(vantage, _)| lab.agent(vantage)));
        let soon = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date() + jiff::Span::new().days(3);
        let exceptions = format!(
            "\nexceptions:\n  EX-7: {{from: sandbox, to: chat-prod, claim: private, owner: ana, reason: a rehearsal, ends: {soon}}}\n"
        );
        let plan = std::fs::read_to_string(lab.plan()).unwrap();
        let plan = plan.replace("every: 5s, timeout: 1s", "every: 1s, timeout: 250ms") + &exceptions;
        assert!(plan.contains("every: 1s"), "{plan}");
        std::fs::write(lab.plan(), &plan).unwrap();
        for agent in &watched {
            assert_eq!(http(agent, "POST", "/-/reload").0, 200);
        }
        let prometheus = Prometheus::start(&watched, &files);
        let shipped = shipped();
        let empty = shipped.keys().cloned().collect();
        let (told, page, shown) = (BTreeSet::new(), described(), Shown::default());
        let scene = Self { lab, teller, prometheus, shipped, empty, told, page, shown };
        scene.prometheus.wait_for("count(vantage_verdict:fencepost_check_verdict:sum) == 12");
        scene
    }

    /// Troubles three agents.
    fn trouble(&self) {
        let reload = |vantage, status| assert_eq!(http(&self.lab.agent(vantage), "POST", "/-/reload").0, status);
        let plan = std::fs::read_to_string(self.lab.plan()).unwrap();
        std::fs::write(self.lab.plan(), plan.replace("status.contoso.example", "nobody.contoso.example")).unwrap();
        reload("build", 200);
        std::fs::write(self.lab.plan(), "plan: [").unwrap();
        reload("sandbox", 422);
        self.prometheus.wait_for("fencepost_state_durable == 1");
        self.teller.fill_disk();
    }

    /// Waits until Prometheus holds these alerts, and evaluates everything.
    fn expect(&mut self, alerts: Expected<'_>) {
        for (name, labels) in alerts {
            self.prometheus.wait_for(&format!("ALERTS{{alertname=\"Fencepost{name}\", {labels}}}"));
            self.told.insert(format!("Fencepost{name}"));
        }
        self.take_stock();
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

    /// Takes what every agent shows.
    fn read_metrics(&mut self) {
        let agents = WATCHED.map(|(vantage, resolvers)| (self.lab.agent(vantage), resolvers));
        let teller = (self.teller.agent.address.clone(), Teller::RESOLVERS);
        for (address, resolvers) in agents.into_iter().chain([teller]) {
            self.shown.take(&self.page, &Exposition::of(&address), resolvers);
        }
    }
}

#[test]
fn every_rule_and_panel_shows_something_and_every_metric_is_as_its_page_says() {
    let mut scene = Scene::start();
    scene.expect(AT_ONCE);
    scene.read_metrics();
    scene.trouble();
    scene.expect(OF_AGENTS);
    for (faults, brought) in PLAYS {
        for fault in *faults {
            scene.lab.order(&["break", fault]);
        }
        scene.expect(brought);
        scene.read_metrics();
        scene.lab.order(&["heal"]);
    }
    scene.teller.agent.signal("-STOP");
    scene.expect(HANGING);

    assert!(scene.empty.is_empty(), "these gave nothing, whatever was broken: {:#?}", scene.empty);
    let alerts: BTreeSet<String> =
        rules().iter().filter_map(|rule| rule["alert"].as_str().map(str::to_owned)).collect();
    assert_eq!(scene.told, alerts, "every alert is waited for");
    let trouble = scene.shown.trouble(&scene.page);
    assert!(trouble.is_empty(), "{trouble:#?}");
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
    let alertmanager = Alertmanager::start(&repo("dashboards/alertmanager/alertmanager.yaml"));
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
