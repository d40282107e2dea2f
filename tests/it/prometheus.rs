//! The shipped rules and dashboards on a real Prometheus that scrapes a lab and two agents more.

use crate::dashboards::{dashboards, expressions, panels, rules, variables, word};
use crate::metrics::{Described, Shown, described};
use crate::repository::repo;
use crate::support::agent::{Running, http};
use crate::support::exposition::Exposition;
use crate::support::lab::{CHAT, LabProcess};
use crate::support::prometheus::Prometheus;
use crate::support::teller::Teller;
use std::collections::{BTreeMap, BTreeSet};

/// Every expression that is shipped, by the name of its rule or panel, with what Grafana would put in.
fn shipped() -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for rule in rules() {
        let name = format!("{}{}", word(&rule["alert"]), word(&rule["record"]));
        all.insert(name, word(&rule["expr"]).to_owned());
    }
    for (name, expression) in queries() {
        let text = substituted(&expression, &chosen());
        assert!(all.insert(name.clone(), text).is_none(), "there are two: {name}");
    }
    all
}

/// Every query of a panel as it is written, by dashboard, title and place.
fn queries() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (file, dashboard) in dashboards() {
        for panel in panels(&dashboard) {
            let named =
                |(i, text): (usize, &str)| (format!("{file}, {}, {}", word(&panel["title"]), i + 1), text.to_owned());
            all.extend(expressions(panel).enumerate().map(named));
        }
    }
    all
}

/// What is chosen at the head of a dashboard.
fn chosen() -> BTreeMap<&'static str, String> {
    let all = || ".+".to_owned();
    BTreeMap::from([
        ("$job", all()),
        ("$vantage", all()),
        ("$instance", all()),
        ("$check", format!("chat-prod/{CHAT}")),
        ("$__rate_interval", "10s".to_owned()),
        ("$__range", "1m".to_owned()),
    ])
}

fn substituted(expression: &str, values: &BTreeMap<&str, String>) -> String {
    let text = values.iter().fold(expression.to_owned(), |text, (name, value)| text.replace(name, value));
    assert!(!text.contains('$'), "a variable that nobody knows: {text}");
    text
}

/// What must come about.
struct Expected<'a> {
    /// Alerts that Prometheus holds, firing or waiting for their time, and for what.
    alerts: &'a [(&'a str, &'a str)],
    /// Queries of panels, and what they show.
    panels: &'a [(&'a str, &'a str)],
}

/// What is wrong from the start: `branch-lan` is not scraped, and what [`Teller`] looks at is as it says.
const AT_ONCE: Expected<'_> = Expected {
    alerts: &[
        ("VantageMissing", "plan=\"lab\", vantage=\"branch-lan\", kind=\"outside\", owner=\"network\""),
        ("ExceptionExpiring", "plan=\"lab\", exception=\"EX-7\", owner=\"ana\""),
        ("ExceptionExpired", "plan=\"on-call\", exception=\"EX-1\", owner=\"ana\""),
        ("ExceptionUnused", "plan=\"on-call\", exception=\"EX-2\", owner=\"ana\""),
        ("CertificateExpiring", "vantage=\"spare\", check=\"chat/ending.openai.azure.com\""),
        ("ResolversDisagree", "vantage=\"spare\", check=\"split/contoso.openai.azure.com\""),
        ("PublicPathDown", "vantage=\"spare\", check=\"partner/denied.openai.azure.com\""),
        ("AlertsFailing", "vantage=\"spare\", destination=\"closed\""),
        ("AlertsFailing", "vantage=\"spare\", destination=\"nobody\""),
    ],
    panels: &[
        ("agent, Agents that report, 1", "== 5"),
        ("agent, Failing witnesses, 1", "== 0"),
        ("agent, Plans not read, 1", "== 0"),
        ("agent, State not durable, 1", "== 4"),
        ("agent, Direct alerts: waiting and firing, 1", "> 0"),
        ("agent, Direct alerts: waiting and firing, 2", "> 0"),
        ("fleet, Data can leave, 1", "== 0"),
        ("fleet, Versions of the plan, 1", "== 1"),
        ("fleet, Exceptions, 3", "== 0"),
        ("fleet, Exceptions, 4", "== 1"),
    ],
};

/// After one agent took a plan whose witness has no address, one was told to take none, and one has no room for its state.
const OF_AGENTS: Expected<'_> = Expected {
    alerts: &[
        ("WitnessFailing", "vantage=\"build\""),
        ("PlanReloadFailed", "vantage=\"sandbox\""),
        ("PlanSkew", "plan=\"lab\""),
        ("StateNotKept", "vantage=\"spare\""),
    ],
    panels: &[
        ("agent, Failing witnesses, 1", "== 1"),
        ("agent, Plans not read, 1", "== 1"),
        ("agent, State not durable, 1", "== 5"),
        ("agent, State writes, 2", "> 0"),
        ("fleet, Versions of the plan, 1", "== 2"),
    ],
};

/// Faults of the lab, and what they bring about. EX-7 has the sandbox look at one target as if it were private.
const PLAYS: &[(&[&str], Expected<'_>)] = &[
    // What an exception allows is open: it is needed.
    (&["sandbox-reaches-prod"], Expected { alerts: &[], panels: &[("fleet, Exceptions, 3", "> 0")] }),
    (
        &["public-fallback-usable", "black-hole", "sandbox-reaches-prod"],
        Expected {
            alerts: &[
                ("PublicFallbackUsable", "vantage=\"prod-app\", target=\"chat-prod\""),
                ("PublicFallbackAnswered", "vantage=\"prod-app\", check=\"foundry-prod/aif-contoso.openai.azure.com\""),
                ("PrivatePathDown", "vantage=\"prod-app\", endpoint=\"aif-contoso.cognitiveservices.azure.com\""),
                ("BlockBroken", "vantage=\"sandbox\", target=\"gateway\""),
            ],
            panels: &[
                ("fleet, Data can leave, 1", "== 3"),
                ("fleet, Public answers, 1", "== 2"),
                ("fleet, Vantages and targets, 1", "== 5"),
                ("fleet, Exposure in this time range, 1", "> 0"),
                ("check, Verdict, 1", "== 2"),
                ("check, Public fallback over time, 1", "== 4"),
                ("check, Incidents in this time range, 1", "> 0"),
                ("check, Exposure, 1", "> 0"),
            ],
        },
    ),
    (
        &["public-access-left-on"],
        Expected {
            alerts: &[("PublicSideOpen", "vantage=\"prod-app\", target=\"chat-prod\"")],
            panels: &[("fleet, Data can leave, 1", "== 0"), ("check, Public fallback over time, 1", "== 2")],
        },
    ),
    (
        &["silent-resolver"],
        Expected {
            alerts: &[("CheckUnknown", "vantage=\"prod-app\", target=\"gateway\"")],
            panels: &[("fleet, Checks that cannot tell, 1", "> 0"), ("check, Verdict, 1", "== 1")],
        },
    ),
];

/// After an agent hangs.
const HANGING: Expected<'_> =
    Expected { alerts: &[("ChecksStale", "vantage=\"spare\"")], panels: &[("agent, Agents that report, 1", "== 4")] };

/// What a variable of its dashboard does not narrow, on purpose: what is true of a whole plan, alerts, of which those on a
/// fleet have no such label, and times, which no agent keeps for each check.
const NOT_NARROWED: &[(&str, &str)] = &[
    ("check, Phases of all looks from here, 1", "$check"),
    ("check, Round trips of resolvers, 1", "$check"),
    ("fleet, Alerts, 1", "$job"),
    ("fleet, Alerts, 1", "$vantage"),
    ("fleet, Vantages without an agent, 1", "$job"),
    ("fleet, Versions of the plan, 1", "$vantage"),
    ("fleet, Exceptions, 1", "$vantage"),
    ("fleet, Exceptions, 2", "$vantage"),
    ("fleet, Exceptions, 3", "$vantage"),
    ("fleet, Exceptions, 4", "$vantage"),
];

/// The agents of the lab that Prometheus scrapes, and how many resolvers their private view has.
const WATCHED: [(&str, usize); 3] = [("prod-app", 2), ("build", 2), ("sandbox", 1)];

struct Scene {
    lab: LabProcess,
    /// A second agent at prod-app: what both see counts once.
    second: Running,
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
    /// A lab with short rounds and two agents beside it, and a Prometheus that scrapes them all but one.
    fn start() -> Self {
        let (lab, teller) = (LabProcess::start(), Teller::start());
        let files = ["checks", "agents", "exceptions"].map(|name| repo(&format!("dashboards/rules/{name}.rules.yaml")));
        let soon = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date() + jiff::Span::new().days(3);
        let exceptions = format!(
            "\nexceptions:\n  EX-7: {{from: sandbox, to: chat-prod, claim: private, owner: ana, reason: a rehearsal, ends: {soon}}}\n"
        );
        let plan = std::fs::read_to_string(lab.plan()).unwrap();
        let plan = plan.replace("every: 5s, timeout: 1s", "every: 1s, timeout: 250ms") + &exceptions;
        assert!(plan.contains("every: 1s"), "{plan}");
        std::fs::write(lab.plan(), &plan).unwrap();
        let mut watched = WATCHED.map(|(vantage, _)| lab.agent(vantage)).to_vec();
        for agent in &watched {
            assert_eq!(http(agent, "POST", "/-/reload").0, 200);
        }
        let web = lab.plan().with_file_name("web.yaml");
        std::fs::write(&web, "http_server_config: {headers: {X-Frame-Options: deny}}\n").unwrap();
        // The plan of the others turns bad; this agent is to go on with what it has.
        let options = ["--plan-refresh", "never", "--web.config.file", web.to_str().unwrap()];
        let mut second = Running::start_with(&lab.plan(), "prod-app", &options);
        second.let_log_go();
        watched.extend([second.address.clone(), teller.agent.address.clone()]);
        let prometheus = Prometheus::start(&watched, &files);
        let shipped = shipped();
        let empty = shipped.keys().cloned().collect();
        let (told, page, shown) = (BTreeSet::new(), described(), Shown::default());
        let scene = Self { lab, second, teller, prometheus, shipped, empty, told, page, shown };
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

    /// Waits until all of it came about, and evaluates everything.
    fn expect(&mut self, expected: &Expected<'_>) {
        for (name, labels) in expected.alerts {
            self.prometheus.wait_for(&format!("ALERTS{{alertname=\"Fencepost{name}\", {labels}}}"));
            self.told.insert(format!("Fencepost{name}"));
        }
        for (panel, shows) in expected.panels {
            self.prometheus.wait_for(&format!("({}) {shows}", self.shipped[*panel]));
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

    /// Chooses nobody by each variable in turn; what still shows something is not narrowed by it.
    fn not_narrowed(&self) -> BTreeSet<(String, &'static str)> {
        let variables: BTreeMap<String, BTreeSet<String>> =
            dashboards().iter().map(|(file, board)| (file.clone(), variables(board))).collect();
        let mut found = BTreeSet::new();
        for (name, expression) in queries() {
            let of_dashboard = &variables[name.split(',').next().unwrap()];
            for variable in ["$job", "$vantage", "$instance", "$check"] {
                if !of_dashboard.contains(&variable[1..]) {
                    continue;
                }
                let mut values = chosen();
                values.insert(variable, "nobody".to_owned());
                let samples = self.prometheus.query(&substituted(&expression, &values)).unwrap();
                if samples.iter().any(|sample| sample["value"][1] != "0") {
                    found.insert((name.clone(), variable));
                }
            }
        }
        found
    }

    /// Takes what every agent shows.
    fn read_metrics(&mut self) {
        let agents = WATCHED.map(|(vantage, resolvers)| (self.lab.agent(vantage), resolvers));
        let second = (self.second.address.clone(), WATCHED[0].1);
        let teller = (self.teller.agent.address.clone(), Teller::RESOLVERS);
        for (address, resolvers) in agents.into_iter().chain([second, teller]) {
            self.shown.take(&self.page, &Exposition::of(&address), resolvers);
        }
    }
}

#[test]
fn every_rule_and_panel_shows_something_and_every_metric_is_as_its_page_says() {
    let mut scene = Scene::start();
    let mut not_narrowed = BTreeSet::new();
    scene.expect(&AT_ONCE);
    scene.read_metrics();
    scene.trouble();
    scene.expect(&OF_AGENTS);
    for (faults, brought) in PLAYS {
        for fault in *faults {
            scene.lab.order(&["break", fault]);
        }
        scene.expect(brought);
        scene.read_metrics();
        not_narrowed.append(&mut scene.not_narrowed());
        scene.lab.order(&["heal"]);
    }
    scene.teller.agent.signal("-STOP");
    scene.expect(&HANGING);

    assert!(scene.empty.is_empty(), "these gave nothing, whatever was broken: {:#?}", scene.empty);
    let alerts: BTreeSet<String> =
        rules().iter().filter_map(|rule| rule["alert"].as_str().map(str::to_owned)).collect();
    assert_eq!(scene.told, alerts, "every alert is waited for");
    let on_purpose = NOT_NARROWED.iter().map(|(name, variable)| ((*name).to_owned(), *variable)).collect();
    assert_eq!(not_narrowed, on_purpose, "every variable narrows what its dashboard shows");
    let trouble = scene.shown.trouble(&scene.page);
    assert!(trouble.is_empty(), "{trouble:#?}");
}
