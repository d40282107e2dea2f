//! The options of the gate: files, choices, and what is refused before anything is looked at.

use super::{FORMS, every_form_into, junit, prove};
use crate::repository::text_of;
use crate::support::Folder;
use crate::support::agent::{fencepost, outcome};
use fencepost::publish::{FailOn, Report};
use serde_json::{Value, json};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A plan whose only resolver nobody runs, so that nothing can be told; from `quiet` nothing is claimed.
const PLAN: &str = "plan: files
settings: {every: 2s, timeout: 100ms, trust: ca.pem}
vantages:
  here: {kind: test, resolvers: [dead], witness: {connect: '127.0.0.1:1'}}
  quiet: {kind: quiet, resolvers: [dead]}
resolvers: {dead: {address: '127.0.0.1:1'}}
targets:
  chat-prod: {service: azure-openai, endpoints: {contoso.openai.azure.com: [127.0.0.2]}}
  search-prod: {service: https, endpoints: {search.example: [127.0.0.3], other.example: [127.0.0.4]}}
rules:
  - {name: nothing here, from: {kind: quiet}, to: any, claim: none}
  - {name: the rule, from: any, to: any, claim: private}
";

fn furnished() -> (Folder, PathBuf) {
    let folder = Folder::new();
    folder.write("ca.pem", crate::support::certificates::Authority::new("Test authority").pem());
    let plan = folder.write("plan.yaml", PLAN);
    (folder, plan)
}

fn check(plan: &Path, arguments: &[&str]) -> Command {
    let mut command = fencepost();
    command.args(["check", "--vantage", "here", "--plan"]).arg(plan).args(arguments);
    command
}

#[test]
fn what_is_not_chosen_is_neither_reported_nor_counted() {
    let (_folder, plan) = furnished();
    for (only, names) in [
        (vec!["--only", "chat-prod"], vec!["chat-prod/contoso.openai.azure.com"]),
        (vec!["--only", "OTHER.example."], vec!["search-prod/other.example"]),
        (vec!["--only", "search-prod"], vec!["search-prod/search.example", "search-prod/other.example"]),
        (
            vec!["--only", "search-prod/search.example,https://contoso.openai.azure.com/openai"],
            vec!["chat-prod/contoso.openai.azure.com", "search-prod/search.example"],
        ),
    ] {
        let (code, out, err) = outcome(check(&plan, &["--format", "json"]).args(&only));
        assert_eq!((code, err.as_str()), (3, ""), "{only:?}");
        let report: Value = serde_json::from_str(&out).unwrap();
        let told: Vec<&str> =
            report["checks"].as_array().unwrap().iter().map(|check| check["check"].as_str().unwrap()).collect();
        assert_eq!(told, names, "{only:?}");
        assert_eq!(report["summary"], json!({"holds": 0, "broken": 0, "unknown": names.len()}));
    }
}

#[test]
fn what_cannot_be_used_is_refused_at_once_with_what_to_do() {
    let (folder, plan) = furnished();
    let at = |name: &str| format!("junit={}", folder.path().join(name).display());
    for (arguments, says) in [
        (
            vec!["--only".to_owned(), "chat-prd".to_owned()],
            "--only chat-prd: the plan has no target, endpoint or check `chat-prd`; did you mean `chat-prod`?",
        ),
        (vec!["--only=search.exampl".to_owned(), "--only=nosuch".to_owned()], "--only nosuch: the plan has no target"),
        (vec!["--output".to_owned(), at("nosuch/x.xml")], "fix: make the folder first, or name another"),
        (vec!["--output".to_owned(), at("")], "it is a folder"),
        (vec!["--output".to_owned(), at("a"), "--output".to_owned(), at("./a")], "two results go there"),
        (vec!["--output".to_owned(), "junt=a".to_owned()], "did you mean `junit`?"),
        (vec!["--output".to_owned(), "junit=".to_owned()], "no file is named"),
        (vec!["--wait".to_owned(), "5".to_owned()], "write a whole number and a unit"),
        (vec!["--wait".to_owned(), "25h".to_owned()], "choose a time from"),
        (vec!["--fail-on".to_owned(), "holds".to_owned()], "[possible values: broken, unknown, never]"),
    ] {
        let mut command = check(&plan, &[]);
        let (code, out, err) = outcome(command.args(&arguments));
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}: nothing was looked at");
        assert!(err.contains(says), "{arguments:?}: {err}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left behind");
}

/// What was found is still told where a file turns out not to take it.
#[test]
fn a_file_that_takes_nothing_costs_no_result() {
    let (folder, plan) = furnished();
    let (code, out, err) = outcome(&mut check(&plan, &["--format", "tap", "--output", "junit=/dev/full"]));
    assert_eq!(code, 2, "{err}");
    assert!(out.starts_with("TAP version 13\n1..3\nnot ok 1"), "{out}");
    assert!(err.starts_with("--output /dev/full: ") && err.contains("fix: "), "{err}");
    // A device stays one.
    let null = folder.path().join("null");
    crate::support::succeed(Command::new("mknod").arg(&null).args(["c", "1", "3"]));
    let (code, _, err) = outcome(&mut check(&plan, &["--output", &format!("junit={}", null.display())]));
    assert_eq!((code, err.as_str()), (3, ""));
    assert!(std::fs::metadata(&null).unwrap().file_type().is_char_device());
    // The pipe that this output goes into has no name but that of the link.
    let (code, out, err) = outcome(&mut check(&plan, &["--format", "tap", "--output", "markdown=/dev/stdout"]));
    assert_eq!((code, err.as_str()), (3, ""));
    assert!(out.starts_with("### Fencepost: ") && out.contains("TAP version 13\n"), "{out}");
}

#[test]
fn a_file_is_replaced_whole_and_a_link_is_followed() {
    let (folder, plan) = furnished();
    let results = folder.path().join("results");
    std::fs::create_dir(&results).unwrap();
    let old = folder.write("results/old.xml", "old ".repeat(100_000));
    let link = folder.path().join("link.xml");
    std::os::unix::fs::symlink(&old, &link).unwrap();
    let reading = std::fs::File::open(&old).unwrap();
    let (code, _, err) = outcome(&mut check(&plan, &["--output", &format!("junit={}", link.display())]));
    assert_eq!((code, err.as_str()), (3, ""));
    assert_eq!(junit(&old)["errors"], 3);
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    let before = std::io::read_to_string(reading).unwrap();
    assert!(before.len() == 400_000 && before.ends_with("old "), "who was reading reads the old file to its end");
    assert_eq!(std::fs::read_dir(&results).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn a_gate_that_looks_at_nothing_lets_nothing_pass() {
    let (folder, plan) = furnished();
    for (fail_on, wanted) in [("broken", 3), ("unknown", 3), ("never", 0)] {
        let mut command = fencepost();
        command.args(["check", "--vantage", "quiet", "--fail-on", fail_on, "--plan"]).arg(&plan);
        let (code, out, err) = outcome(command.args(every_form_into(folder.path())));
        assert_eq!((code, err.as_str()), (wanted, ""), "{fail_on}");
        assert!(out.contains("Nothing was looked at: the plan claims nothing from quiet today."), "{out}");
        let text = |form: &str| std::fs::read_to_string(folder.path().join(form)).unwrap();
        assert_eq!(prove(&text("tap")).0, code == 0, "{fail_on}");
        assert_eq!(junit(&folder.path().join("junit"))["errors"], u8::from(code != 0), "{fail_on}");
        assert_eq!(text("github").contains("::error title=nothing was looked at::"), code != 0, "{fail_on}");
        assert_eq!(text("azure-pipelines").contains("##vso[task.complete result=Failed]"), code != 0, "{fail_on}");
        assert!(text("markdown").contains(if code == 0 { "the gate passes" } else { "the gate fails" }));
    }
}

/// The page about pipelines counts as the program does.
#[test]
fn the_page_about_pipelines_has_every_form_and_every_exit_code() {
    let text = text_of("docs/pipelines.md");
    for form in FORMS {
        assert!(text.lines().any(|line| line.starts_with(&format!("| `{form}` |"))), "{form} has no row");
    }
    let report = |verdicts: &[&str]| -> Report {
        let check = |verdict: &&str| {
            json!({"check": "a/b", "target": "a", "endpoint": "b", "claim": "private", "verdict": verdict,
                   "public_fallback": "none", "rule": "", "findings": [], "facts": null})
        };
        let checks: Vec<Value> = verdicts.iter().map(check).collect();
        serde_json::from_value(json!({"plan": "p", "plan_hash": "", "vantage": "v", "at": "2026-11-23T06:00:00Z",
            "checks": checks, "summary": {"holds": 0, "broken": 0, "unknown": 0}}))
        .unwrap()
    };
    for (what, verdicts, code) in [
        ("everything holds", &["holds", "holds"][..], 0),
        ("something is broken", &["holds", "unknown", "broken"], 1),
        ("something could not be told, nothing is broken", &["holds", "unknown"], 3),
        ("nothing was looked at", &[], 3),
    ] {
        let told = report(verdicts);
        let codes = [FailOn::Unknown, FailOn::Broken, FailOn::Never].map(|on| if told.passes(on) { 0 } else { code });
        let row = format!("| {what} | {} | {} | {} |", codes[0], codes[1], codes[2]);
        assert!(text.contains(&row), "docs/pipelines.md does not say: {row}");
    }
}
