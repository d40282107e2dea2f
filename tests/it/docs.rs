//! Documents are true because a test says so: paths exist, the reference names every key, every alert has its runbook.

use crate::repository::{files_in, repo, text_of};
use fencepost::plan::language::{Form, KeyRule, TABLES, Table};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;

const DOCUMENTS: &[&str] = &[
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "README.md",
    "dashboards/README.md",
    "docs/plan.md",
    "docs/plan-sources.md",
    "docs/explain.md",
    "docs/findings/README.md",
    "docs/verdicts.md",
    "docs/failure-modes.md",
    "docs/fault-matrix.md",
    "docs/hostile-peers.md",
    "docs/metrics.md",
    "docs/performance.md",
    "docs/alerts.md",
    "docs/push.md",
    "docs/pipelines.md",
    "deploy/github/README.md",
    "deploy/azure-pipelines/README.md",
    "docs/threat-model.md",
    "docs/web-config.md",
    "deploy/helm/README.md",
    "deploy/kubernetes/README.md",
];

/// Folders whose names begin a path of this repository.
const FOLDERS: &[&str] =
    &["src", "tests", "probes", "dashboards", "docs", "scripts", "benches", "deploy", "fuzz", ".ci", ".config"];

fn looks_like_a_path(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_');
    let first = word.split('/').next().unwrap_or_default();
    let known = word.contains('/') && FOLDERS.contains(&first);
    let file =
        !word.contains('/') && [".md", ".toml", ".lock"].iter().any(|e| word.ends_with(e) && word.len() > e.len());
    word.chars().all(plain) && (known || file)
}

#[test]
fn every_path_in_a_document_exists() {
    let mut missing = Vec::new();
    for document in DOCUMENTS {
        let text = text_of(document);
        let quoted = text.split('`').skip(1).step_by(2).filter(|word| looks_like_a_path(word));
        missing.extend(quoted.filter(|path| !repo(path).exists()).map(|path| format!("{document}: `{path}`")));
        let folder = repo(document).parent().unwrap().to_owned();
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let local = links.filter(|link| !link.contains("://") && !link.starts_with('#'));
        missing.extend(local.filter(|link| !folder.join(link).exists()).map(|link| format!("{document}: ({link})")));
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// What may stand under a key, in a reader's words.
fn in_words(form: &Form) -> String {
    match form {
        Form::Text => "text".to_owned(),
        Form::Name => "a name".to_owned(),
        Form::Host => "a host name".to_owned(),
        Form::Time => "a time".to_owned(),
        Form::Count(low, high) => format!("{low} to {high}"),
        Form::Day => "a day".to_owned(),
        Form::Server => "`ADDRESS` or `ADDRESS:PORT`".to_owned(),
        Form::Prefix => "an address or prefix".to_owned(),
        Form::HostPort => "`HOST:PORT`".to_owned(),
        Form::OneOf(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
        Form::List(item) => format!("list: {}", in_words(item)),
        Form::Table(table) => table.called.to_owned(),
        Form::Named(item) => format!("names, each with {}", in_words(item)),
        Form::Endpoints => "host names, each with addresses or prefixes".to_owned(),
        Form::Selector(table) => format!("`any`, a name, a list of names, or {}", table.called),
    }
}

fn reference_row(key: &KeyRule) -> String {
    let needed = if key.required { "yes" } else { "" };
    format!("| `{}` | {} | {needed} | {} |", key.name, in_words(&key.form), key.doc)
}

/// What a page lacks of the rows of these tables, and what it has beside them.
fn lacks(page: &str, tables: &[&Table]) -> String {
    let text = text_of(page);
    let mut missing = String::new();
    for table in tables {
        let heading = format!("## In {}\n", table.called);
        let section = text.split_once(&heading).map(|(_, rest)| rest.split("\n## ").next().unwrap_or_default());
        if section.is_none() {
            let _ = write!(missing, "\n{heading}\n| key | value | required | meaning |\n|---|---|---|---|\n");
        }
        let rows: Vec<&str> = section.unwrap_or_default().lines().filter(|line| line.starts_with("| `")).collect();
        let wanted: Vec<String> = table.keys.iter().map(reference_row).collect();
        for row in wanted.iter().filter(|row| !rows.contains(&row.as_str())) {
            let _ = writeln!(missing, "{row}");
        }
        for row in rows.iter().filter(|row| !wanted.iter().any(|w| w == **row)) {
            let _ = writeln!(missing, "not in the language: {row}");
        }
    }
    missing
}

#[test]
fn the_references_name_every_key() {
    for (page, tables) in [("docs/plan.md", TABLES), ("docs/web-config.md", fencepost::web::language::TABLES)] {
        let missing = lacks(page, tables);
        assert!(missing.is_empty(), "{page} lacks:\n{missing}");
    }
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

fn alerts() -> Vec<Value> {
    let files = files_in("dashboards/rules", "yaml");
    let groups = files.iter().flat_map(|(_, text)| yaml(text)["groups"].as_array().unwrap().clone());
    groups.flat_map(|group| group["rules"].as_array().unwrap().clone()).filter(|r| r["alert"].is_string()).collect()
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

#[test]
fn every_alert_says_what_it_is_and_has_a_runbook_and_a_test() {
    let tests: String = files_in("dashboards/tests", "yaml").into_iter().map(|(_, text)| text).collect();
    for alert in alerts() {
        let name = word(&alert["alert"]);
        assert!(name.starts_with("Fencepost"), "{name}");
        assert!(matches!(word(&alert["labels"]["severity"]), "critical" | "warning" | "info"), "{name}");
        assert!(!word(&alert["annotations"]["summary"]).contains("{{"), "{name}: the summary must not vary");
        assert!(word(&alert["annotations"]["description"]).contains("{{"), "{name}: the description must say where");
        let page = format!("{name}.md");
        assert!(word(&alert["annotations"]["runbook_url"]).ends_with(&format!("/{page}")), "{name}");
        assert!(repo("docs/runbooks").join(&page).exists(), "{name} has no runbook");
        let tested = |line: &str| line.trim() == format!("alertname: {name}");
        assert!(tests.lines().any(tested), "{name} has no promtool test");
    }
}

/// An alert that an agent sends itself is the alert of the rules: same name, same severity, same summary, same runbook.
#[test]
fn both_paths_have_the_same_alerts() {
    use fencepost::alert::AlertName;
    // One agent cannot see that another is missing, or follows another plan, or that nothing of its own arrives.
    const ONLY_RULES: [&str; 3] = ["FencepostAlertsFailing", "FencepostPlanSkew", "FencepostVantageMissing"];
    let alerts = alerts();
    let told = |alert: &'_ Value| {
        [&alert["alert"], &alert["labels"]["severity"], &alert["annotations"]["summary"]]
            .map(|text| word(text).to_owned())
    };
    let mut by_rules: Vec<[String; 3]> = alerts.iter().map(told).collect();
    by_rules.retain(|[name, ..]| !ONLY_RULES.contains(&name.as_str()));
    by_rules.sort_unstable();
    by_rules.dedup();
    let mut direct: Vec<[String; 3]> = AlertName::ALL
        .iter()
        .map(|name| [name.word(), name.severity().word(), name.summary()].map(str::to_owned))
        .collect();
    direct.sort_unstable();
    assert_eq!(direct, by_rules);
}

#[test]
fn every_runbook_belongs_to_an_alert_and_fits_on_a_page() {
    let alerts = alerts();
    let names: BTreeSet<&str> = alerts.iter().map(|alert| word(&alert["alert"])).collect();
    for (name, text) in files_in("docs/runbooks", "md") {
        assert!(names.contains(name.as_str()), "no alert is called {name}");
        assert!(text.starts_with(&format!("# {name}\n")), "{name}: the heading is not the alert's name");
        assert!(text.lines().count() <= 60, "{name} is longer than a page");
    }
}

#[test]
fn the_page_about_verdicts_counts_as_the_program_does() {
    use fencepost::standing::{MOST_RECOVER, SOON_AGAIN};
    let text = text_of("docs/verdicts.md").replace('\n', " ");
    for sentence in [format!("before {SOON_AGAIN} good looks"), format!("32, at most {MOST_RECOVER} (")] {
        assert!(text.contains(&sentence), "docs/verdicts.md does not say: {sentence}");
    }
    let settings = fencepost::plan::Settings::default();
    let (confirm, recover) = (settings.confirm, settings.recover);
    assert!(text.contains(&format!("broken looks in a row ({confirm}, unless")));
    assert!(text.contains(&format!("good looks in a row ({recover}, unless")));
}

#[test]
fn the_page_about_rules_names_every_alert_under_its_severity() {
    let text = text_of("dashboards/README.md");
    let alerts = alerts();
    assert!(text.contains(&format!("{} alerts", alerts.len())), "it counts other alerts than there are");
    for alert in &alerts {
        let (name, severity) =
            (word(&alert["alert"]).trim_start_matches("Fencepost"), word(&alert["labels"]["severity"]));
        let row = text.lines().find(|line| line.starts_with(&format!("| {severity} |"))).unwrap();
        assert!(row.split([' ', ',']).any(|word| word == name), "{name} is not in the row of {severity}");
    }
}
