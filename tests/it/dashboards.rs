//! Rules and dashboards name only what exists, and dashboards keep the conventions of their makers' linter.

use crate::metrics::described;
use crate::repository::files_in;
use crate::support::promql::{Named, named};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What Prometheus itself adds.
const OF_PROMETHEUS: &[&str] = &["job", "instance", "le"];
const OF_ALERTS: &[&str] = &["alertname", "alertstate", "severity", "job", "vantage", "instance"];

pub fn dashboards() -> Vec<(String, Value)> {
    let files = files_in("dashboards/grafana", "json");
    files.into_iter().map(|(name, text)| (name, serde_json::from_str(&text).unwrap())).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The panels that show something: not the headings of rows.
pub fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    list(&dashboard["panels"]).iter().filter(|panel| panel["type"] != "row")
}

pub fn expressions(panel: &Value) -> impl Iterator<Item = &str> {
    list(&panel["targets"]).iter().map(|target| word(&target["expr"]))
}

/// Every rule of every file.
pub fn rules() -> Vec<Value> {
    let files = files_in("dashboards/rules", "yaml");
    let read = |text: &str| -> Value { serde_saphyr::from_str(text).unwrap() };
    let groups = files.iter().flat_map(|(_, text)| list(&read(text)["groups"]).to_vec());
    groups.flat_map(|group| list(&group["rules"]).to_vec()).collect()
}

/// Every series name of docs/metrics.md with its labels.
fn catalogue() -> BTreeMap<String, BTreeSet<String>> {
    let mut metrics = BTreeMap::new();
    for (name, family) in described() {
        if family.kind == "histogram" {
            let ends = ["_bucket", "_sum", "_count"].map(|end| (format!("{name}{end}"), family.labels.clone()));
            metrics.extend(ends);
        } else {
            metrics.insert(name, family.labels);
        }
    }
    metrics
}

/// What an expression names and nobody knows.
fn unknown(named: &Named, metrics: &BTreeMap<String, BTreeSet<String>>, recorded: &BTreeSet<String>) -> Vec<String> {
    let all: BTreeSet<&str> =
        metrics.values().flatten().map(String::as_str).chain(OF_PROMETHEUS.iter().copied()).collect();
    let mut unknown = Vec::new();
    for (metric, labels) in &named.metrics {
        let may_have = |label: &str| match metrics.get(metric) {
            Some(own) => own.contains(label) || OF_PROMETHEUS.contains(&label),
            // The client library's own; Prometheus' ALERTS carries what rules add.
            None if metric.starts_with("process_") => OF_PROMETHEUS.contains(&label),
            None if metric == "ALERTS" => OF_ALERTS.contains(&label),
            None => all.contains(label),
        };
        let is_known = metrics.contains_key(metric) || recorded.contains(metric);
        if !is_known && !metric.starts_with("process_") && metric != "ALERTS" {
            unknown.push(metric.clone());
        }
        unknown.extend(labels.iter().filter(|label| !may_have(label)).map(|label| format!("{metric}{{{label}}}")));
    }
    unknown.extend(named.grouped.iter().filter(|label| !all.contains(label.as_str())).cloned());
    unknown
}

fn recorded() -> BTreeSet<String> {
    rules().iter().filter_map(|rule| rule["record"].as_str().map(str::to_owned)).collect()
}

#[test]
fn rules_and_dashboards_name_only_metrics_and_labels_that_exist() {
    let (metrics, recorded) = (catalogue(), recorded());
    let mut trouble = Vec::new();
    for rule in rules() {
        let name = format!("{}{}", word(&rule["alert"]), word(&rule["record"]));
        trouble
            .extend(unknown(&named(word(&rule["expr"])), &metrics, &recorded).iter().map(|u| format!("{name}: {u}")));
        let said = word(&rule["annotations"]["description"]).split("$labels.").skip(1);
        let labels = said.map(|rest| rest.split(' ').next().unwrap_or_default());
        let is_label = |label: &str| label == "instance" || metrics.values().any(|own| own.contains(label));
        trouble.extend(labels.filter(|label| !is_label(label)).map(|label| format!("{name}: $labels.{label}")));
    }
    for (file, dashboard) in dashboards() {
        for panel in panels(&dashboard) {
            for expression in expressions(panel) {
                let found = unknown(&named(expression), &metrics, &recorded);
                trouble.extend(found.iter().map(|u| format!("{file}, {}: {u}", panel["title"])));
            }
        }
    }
    assert!(trouble.is_empty(), "{trouble:#?}");
}

#[test]
fn a_word_that_nobody_knows_is_found() {
    let (metrics, recorded) = (catalogue(), recorded());
    let said = |expression: &str| unknown(&named(expression), &metrics, &recorded);
    assert_eq!(said("sum by (vantag) (fencepost_check_verdikt)"), ["fencepost_check_verdikt", "vantag"]);
    assert_eq!(
        said(r#"fencepost_check_verdict{state="fencepost_x"} * on (job) group_left () x"#),
        ["fencepost_check_verdict{state}"]
    );
    assert_eq!(said("check:fencepost_check_info:newest"), ["check:fencepost_check_info:newest"]);
    assert!(said(r#"rate(fencepost_dns_query_duration_seconds_bucket{job=~"$job", le="1"}[5m])"#).is_empty());
}

#[test]
fn every_recording_rule_is_well_named_and_used() {
    let boards = dashboards();
    let shown = boards.iter().flat_map(|(_, board)| panels(board)).flat_map(expressions).map(str::to_owned);
    let rules = rules();
    let told = rules.iter().filter(|rule| rule["alert"].is_string()).map(|rule| word(&rule["expr"]).to_owned());
    let used: BTreeSet<String> =
        shown.chain(told).flat_map(|expression| named(&expression).metrics.into_keys()).collect();
    for record in recorded() {
        let parts: Vec<&str> = record.split(':').collect();
        let [level, metric, operation] = parts[..] else { panic!("{record} is not level:metric:operation") };
        assert!(!level.is_empty() && metric.starts_with("fencepost_") && !operation.is_empty(), "{record}");
        assert!(used.contains(&record), "{record} is used by no alert and no dashboard");
    }
}

fn variable<'a>(dashboard: &'a Value, name: &str) -> Option<&'a Value> {
    list(&dashboard["templating"]["list"]).iter().find(|variable| variable["name"] == name)
}

/// The names of what can be chosen at the head of a dashboard.
pub fn variables(dashboard: &Value) -> BTreeSet<String> {
    list(&dashboard["templating"]["list"]).iter().map(|variable| word(&variable["name"]).to_owned()).collect()
}

#[test]
fn every_dashboard_has_its_variables() {
    for (file, dashboard) in dashboards() {
        assert_eq!(dashboard["editable"], false, "{file}");
        assert!(word(&dashboard["uid"]).starts_with("fencepost-") && !word(&dashboard["title"]).is_empty(), "{file}");
        assert!(dashboard["schemaVersion"].as_u64().is_some_and(|version| (36..=39).contains(&version)), "{file}");
        let of = |name: &str| variable(&dashboard, name).unwrap_or_else(|| panic!("{file} has no variable {name}"));
        assert_eq!(
            (&of("datasource")["type"], &of("datasource")["query"]),
            (&"datasource".into(), &"prometheus".into())
        );
        let instance = (file != "fleet").then_some("instance");
        for name in ["job", "vantage"].into_iter().chain(instance) {
            let variable = of(name);
            assert_eq!((&variable["multi"], &variable["includeAll"]), (&true.into(), &true.into()), "{file}: {name}");
            assert_eq!(word(&variable["allValue"]), ".+", "{file}: {name}");
        }
        assert_eq!(variable(&dashboard, "check").is_some(), file == "check");
        for variable in list(&dashboard["templating"]["list"]).iter().filter(|variable| variable["type"] == "query") {
            assert_eq!(variable["datasource"]["uid"], "${datasource}", "{file}: {}", variable["name"]);
            assert_eq!(variable["refresh"], 2, "{file}: {} must follow the time range", variable["name"]);
        }
    }
}

#[test]
fn every_panel_says_what_it_shows_and_in_which_unit() {
    let mut trouble = Vec::new();
    for (file, dashboard) in dashboards() {
        for panel in panels(&dashboard) {
            let mut wants = |is_right: bool, what: &str| {
                if !is_right {
                    trouble.push(format!("{file}, {}: {what}", panel["title"]));
                }
            };
            wants(!word(&panel["title"]).is_empty(), "a title");
            wants(word(&panel["description"]).ends_with('.'), "a description that ends with a dot");
            wants(!word(&panel["fieldConfig"]["defaults"]["unit"]).is_empty(), "a unit");
            wants(panel["datasource"]["uid"] == "${datasource}", "the data source of the variable");
            wants(!list(&panel["targets"]).is_empty(), "a target");
            for target in list(&panel["targets"]) {
                let expression = word(&target["expr"]);
                wants(target["datasource"]["uid"] == "${datasource}", "the data source of the variable on its target");
                wants(!expression.contains("job=\"") && !expression.contains("instance=\""), "no name of a job");
                let of_fleet = named(expression).metrics.keys().all(|metric| metric == "ALERTS");
                wants(of_fleet || expression.contains("job=~\"$job"), "the variable job");
                let ranges = expression.split('[').skip(1).all(|rest| rest.starts_with("$__r"));
                wants(ranges, "$__rate_interval or $__range and no fixed one");
                wants(!expression.contains("rate(") || expression.contains("$__rate_interval]"), "$__rate_interval");
            }
        }
    }
    assert!(trouble.is_empty(), "{trouble:#?}");
}

#[test]
fn panels_have_numbers_of_their_own_and_do_not_overlap() {
    for (file, dashboard) in dashboards() {
        let mut taken = BTreeSet::new();
        let mut numbers = BTreeSet::new();
        for panel in list(&dashboard["panels"]) {
            assert!(numbers.insert(panel["id"].as_u64()), "{file}: the number of {} is taken", panel["title"]);
            let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
            assert!(w > 0 && h > 0 && x + w <= 24, "{file}: {} is out of the grid", panel["title"]);
            for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
                assert!(taken.insert(cell), "{file}: {} lies over another panel", panel["title"]);
            }
        }
    }
}

#[test]
fn states_are_told_in_words_and_not_in_colours_alone() {
    for (file, dashboard) in dashboards() {
        for panel in panels(&dashboard).filter(|panel| panel["type"] == "state-timeline") {
            let mappings = list(&panel["fieldConfig"]["defaults"]["mappings"]);
            let words = mappings.iter().flat_map(|mapping| mapping["options"].as_object().unwrap().values());
            let said: Vec<&str> = words.map(|option| word(&option["text"])).collect();
            assert!(!said.is_empty() && said.iter().all(|text| !text.is_empty()), "{file}: {}", panel["title"]);
        }
    }
}
