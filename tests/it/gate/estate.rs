//! A runner in the build subnet of the estate: a gate that opens, one that a public answer shuts, and one that cannot tell
//! because the name server is down; each in every form, with its exit code.

use super::commands::{Order, of_azure, of_github};
use super::{FORMS, every_form_into, junit, prove, rows};
use crate::repository::text_of;
use crate::support::Folder;
use crate::support::agent::outcome;
use crate::support::exposition::Exposition;
use crate::support::town::Town;
use crate::support::town::faults::{GATEWAY, zone};
use crate::support::town::look::short_plan;
use crate::support::town::ways::Ways;
use fencepost::publish::report_schema;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};

const PACE: &str = "every: 6s, timeout: 1500ms";

/// What the runner's environment says; of its secrets nothing is told.
const RUNNER: &[(&str, &str)] = &[
    ("GITHUB_ACTIONS", "true"),
    ("RUNNER_NAME", "vnet-runner-7"),
    ("RUNNER_ENVIRONMENT", "self-hosted"),
    ("HTTP_PROXY", "http://ana:hunter2@10.0.0.8:3128/?key=hunter2"),
    ("NO_PROXY", ".azure.com,.azure-api.net"),
];

/// What is done to the estate, and what every form must then say.
struct State {
    name: &'static str,
    change: fn(&mut Ways),
    came_to: &'static str,
    /// The exit codes with `--fail-on` unknown, broken, never.
    codes: [i32; 3],
    /// Finding and cause that stand in every form that people read.
    why: &'static str,
    says: &'static str,
}

const STATES: [State; 3] = [
    State {
        name: "green",
        change: |_| {},
        came_to: "holds",
        codes: [0, 0, 0],
        why: "",
        says: "The network is as the plan says: all 6 checks hold.",
    },
    State {
        name: "red",
        change: |ways| zone(ways, "azure-api").links.clear(),
        came_to: "broken",
        codes: [1, 1, 0],
        why: "public-answer (zone-not-linked)",
        says: "This is the network, not your code: 1 of 6 checks is broken (public-answer)",
    },
    State {
        name: "unknown",
        change: |ways| ways.hub = Vec::new(),
        came_to: "unknown",
        codes: [3, 0, 0],
        why: "os-lookup-failing",
        says: "This says nothing of your code: all 6 checks could not be told (os-lookup-failing), most likely because of the network and the machine that this runs on.",
    },
];

/// All forms of one round, as files.
struct Round {
    state: &'static State,
    code: i32,
    folder: Folder,
    json: Value,
}

impl Round {
    fn text(&self, form: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(form)).unwrap()
    }

    fn count(&self, verdict: &str) -> u64 {
        self.json["summary"][verdict].as_u64().unwrap()
    }

    fn checks(&self) -> &Vec<Value> {
        self.json["checks"].as_array().unwrap()
    }
}

fn look(town: &Town, plan: &Path, state: &'static State, fail_on: &str) -> Round {
    let folder = Folder::new();
    let mut command = town.fencepost("runner", &["check", "--fail-on", fail_on, "--plan"]);
    let (code, out, err) = outcome(command.arg(plan).args(every_form_into(folder.path())));
    assert_eq!(err, "", "{}", state.name);
    let text = std::fs::read_to_string(folder.path().join("json")).unwrap();
    let round = Round { state, code, json: serde_json::from_str(&text).unwrap(), folder };
    assert_eq!(round.text("human"), out, "a file has what standard output has");
    round
}

/// What GitHub or Azure is told of one kind.
fn of_kind<'o>(orders: &'o [Order], kind: &str) -> Vec<&'o Order> {
    let is_kind = |order: &&Order| order.name == kind || order.properties.get("type").is_some_and(|t| t == kind);
    orders.iter().filter(is_kind).collect()
}

fn json_is_right(round: &Round, fail_on: &str) {
    let validator = jsonschema::validator_for(&report_schema()).unwrap();
    let faults: Vec<String> = validator.iter_errors(&round.json).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    let (gate, runner) = (&round.json["gate"], &round.json["runner"]);
    assert_eq!(gate["came_to"], round.state.came_to);
    assert_eq!((gate["fail_on"].as_str(), gate["passes"].as_bool()), (Some(fail_on), Some(round.code == 0)));
    assert_eq!(runner["addresses"], serde_json::json!(["10.20.8.10"]));
    assert_eq!(runner["resolvers"], serde_json::json!(["10.0.0.4:53"]));
    assert_eq!(runner["pipeline"]["runner"], "vnet-runner-7");
    assert_eq!(runner["proxies"][0], serde_json::json!({"variable": "HTTP_PROXY", "value": "http://10.0.0.8:3128"}));
    assert_eq!(round.checks().len(), 6);
}

fn people_are_told(round: &Round) {
    for form in ["human", "tap", "github", "azure-pipelines", "junit", "markdown"] {
        // Markdown writes marks as references.
        let text = round.text(form).replace("&#58;", ":").replace("&apos;", "'");
        let State { name, why, says, .. } = round.state;
        for told in [*says, "10.20.8.10", "10.0.0.4", "vnet-runner-7", "HTTP_PROXY"] {
            let told = if form == "markdown" { told.replace('_', "&#95;") } else { told.to_owned() };
            assert!(text.contains(&told), "{name}: {form} does not say {told}:\n{text}");
        }
        // Comments have code and cause apart; people are told the cause as a sentence.
        let words = why.split([' ', '(', ')']).filter(|word| !word.is_empty());
        let whole = words.take(if form == "human" { 1 } else { 2 }).all(|word| text.contains(word));
        assert!(whole, "{name}: {form} does not say {why}:\n{text}");
        assert!(why.is_empty() || text.to_lowercase().contains("try"), "{name}: {form} says nothing to try");
    }
    for form in FORMS {
        assert!(!round.text(form).contains("hunter2"), "{form} tells a secret");
    }
}

/// Two kinds of readers of tests, and the exit code, agree.
fn harnesses_agree(round: &Round) {
    let (passed, said) = prove(&round.text("tap"));
    assert_eq!(passed, round.code == 0, "{}: {said}", round.state.name);
    assert!(said.contains("Tests=6,"), "{said}");
    let told = junit(&round.folder.path().join("junit"));
    let (broken, unknown) = (round.count("broken"), round.count("unknown"));
    let wanted = match (round.json["gate"]["fail_on"].as_str().unwrap(), round.state.came_to) {
        ("never", _) => [0, 0, broken + unknown],
        ("broken", _) => [broken, 0, unknown],
        _ => [broken, unknown, 0],
    };
    let counts = ["failures", "errors", "skipped"].map(|kind| told[kind].as_u64().unwrap());
    assert_eq!((told["tests"].as_u64(), counts), (Some(6), wanted), "{}: {told:#}", round.state.name);
    for (case, check) in told["cases"].as_array().unwrap().iter().zip(round.checks()) {
        assert_eq!(
            case["name"],
            format!("{} is {}", check["endpoint"].as_str().unwrap(), check["claim"].as_str().unwrap())
        );
        assert_eq!(case["classname"], format!("build.{}", check["target"].as_str().unwrap()));
        assert_eq!(case["bad"] == serde_json::json!([]), check["verdict"] == "holds", "{case:#}");
        if let Some(bad) = case["bad"].get(0) {
            assert_eq!(bad[1], check["findings"][0]["code"], "the type is the worst finding");
            let seen = check["findings"][0]["evidence"][0].as_str().unwrap();
            assert!(bad[3].as_str().unwrap().contains(seen), "{bad} lacks {seen}");
        }
    }
    assert_eq!(told["properties"]["addresses"], "10.20.8.10");
}

fn pipelines_are_told(round: &Round) {
    let never = round.json["gate"]["fail_on"] == "never";
    let fails = round.code != 0;
    let (errors, warnings) = match (round.state.came_to, fails) {
        ("holds", _) => (false, false),
        (_, true) => (true, false),
        (_, false) => (false, true),
    };
    let github = of_github(&round.text("github"));
    let azure = of_azure(&round.text("azure-pipelines"));
    for (orders, whose) in [(&github, "GitHub"), (&azure, "Azure")] {
        assert_eq!(!of_kind(orders, "error").is_empty(), errors, "{whose}: {orders:#?}");
        assert_eq!(!of_kind(orders, "warning").is_empty(), warnings, "{whose}: {orders:#?}");
    }
    if round.state.came_to == "broken" {
        let kind = if never { "warning" } else { "error" };
        let [annotation] = of_kind(&github, kind)[..] else { panic!("one cause, one annotation: {github:#?}") };
        assert_eq!(annotation.properties["title"], format!("{}: gateway/{GATEWAY}", round.state.why));
        let [issue] = of_kind(&azure, kind)[..] else { panic!("one cause, one issue: {azure:#?}") };
        assert_eq!(issue.properties["code"], "public-answer");
        for told in [
            "no private zone answers in the network",
            "Try first: See whether the zone exists",
            "answered A with 20.61.1.30",
        ] {
            assert!(annotation.data.contains(told) && issue.data.contains(told), "{told}: {annotation:?} {issue:?}");
        }
    }
    let result =
        azure.iter().find(|order| order.name == "task.complete").map(|order| order.properties["result"].as_str());
    assert_eq!(
        result,
        match (errors, warnings) {
            (true, _) => Some("Failed"),
            (_, true) => Some("SucceededWithIssues"),
            _ => None,
        }
    );
    let summary = azure.iter().find(|order| order.name == "task.uploadsummary").unwrap();
    assert_eq!(Path::new(&summary.data), std::fs::canonicalize(round.folder.path().join("markdown")).unwrap());
}

fn the_summary_has_every_check(round: &Round) {
    let rows = rows(&round.text("markdown"));
    let (checks, machine) = rows.split_at(8);
    assert!(checks.iter().all(|row| row.len() == 7) && machine.iter().all(|row| row.len() == 2), "{rows:#?}");
    for check in round.checks() {
        let row = checks.iter().find(|row| row[1] == check["check"].as_str().unwrap()).unwrap();
        assert_eq!(
            (row[2].as_str(), row[3].as_str()),
            (check["claim"].as_str().unwrap(), check["verdict"].as_str().unwrap())
        );
    }
}

fn the_collector_takes_the_metrics(round: &Round) {
    let file = std::fs::File::open(round.folder.path().join("textfile")).unwrap();
    let mut promtool = Command::new("promtool");
    let checked = promtool.args(["check", "metrics"]).stdin(Stdio::from(file)).output().unwrap();
    assert!(checked.status.success() && checked.stderr.is_empty(), "{checked:?}");
    let text = round.text("textfile");
    let page = text_of("docs/pipelines.md");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let value = line.rsplit_once("} ").map_or(line, |(_, value)| value);
        assert_eq!(value.split(' ').count(), 1, "a sample with a time: {line}");
        let family = line.split('{').next().unwrap().trim_start_matches("fencepost_");
        assert!(page.contains(&format!("`{family}`")), "docs/pipelines.md does not name {family}");
    }
    if round.state.name == "red" {
        // Everything that the page names is there.
        let kinds = Exposition::read(&text).kinds;
        let section = page.split("\n## Metrics of one run\n").nth(1).unwrap();
        let list = section.split("find it: ").nth(1).unwrap().split("each beginning").next().unwrap();
        let named: Vec<&str> = list.split('`').skip(1).step_by(2).collect();
        assert!(named.len() > 7, "{named:?}");
        let missing: Vec<&&str> =
            named.iter().filter(|name| !kinds.contains_key(&format!("fencepost_{name}"))).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
    for check in round.checks() {
        let name = check["check"].as_str().unwrap();
        for verdict in ["holds", "broken", "unknown"] {
            let on = u8::from(check["verdict"] == verdict);
            let sample = format!("fencepost_check_verdict{{check=\"{name}\",verdict=\"{verdict}\"}} {on}");
            assert!(text.lines().any(|line| line == sample), "no {sample}:\n{text}");
        }
    }
}

#[test]
fn a_gate_opens_shuts_or_cannot_tell_and_says_so_in_every_form() {
    let mut town = Town::new();
    let plan = short_plan(&town, PACE, "");
    for state in &STATES {
        town.change(|ways| {
            *ways = Ways { runner_environment: RUNNER, ..Ways::default() };
            (state.change)(ways);
        });
        for (fail_on, wanted) in ["unknown", "broken", "never"].into_iter().zip(state.codes) {
            let round = look(&town, &plan, state, fail_on);
            assert_eq!(round.code, wanted, "{} with --fail-on {fail_on}: {}", state.name, round.text("human"));
            json_is_right(&round, fail_on);
            people_are_told(&round);
            harnesses_agree(&round);
            pipelines_are_told(&round);
            the_summary_has_every_check(&round);
            the_collector_takes_the_metrics(&round);
        }
        // Standard output has the form that is asked for, and the exit code is the same in each.
        if state.name == "red" {
            for form in FORMS {
                let (code, out, err) =
                    outcome(town.fencepost("runner", &["check", "--format", form, "--plan"]).arg(&plan));
                assert_eq!((code, err.as_str()), (state.codes[0], ""), "{form}");
                let begins = match form {
                    "json" => "{\n  \"plan\"",
                    "junit" => "<?xml ",
                    "tap" => "TAP version 13\n1..6\n",
                    "markdown" => "### Fencepost: the gate ",
                    "textfile" => "# HELP fencepost_run_info ",
                    "human" => " target ",
                    _ => "5 hold, 1 broken",
                };
                assert!(out.starts_with(begins), "{form}: {out}");
            }
        }
    }
}
