//! The form of a scenario file, and how its patches become a world and a plan.

use crate::repository::{files_in, text_of};
use fencepost::clock;
use jiff::ToSpan;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use wildmatch::WildMatch;

pub const FOLDER: &str = "tests/scenarios";

/// One scenario: what somebody did to the base world, and what an agent must say of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    pub mode: Few,
    pub title: String,
    /// What somebody did, in one sentence.
    pub story: String,
    /// Where the fact about Azure comes from.
    pub source: Option<String>,
    #[serde(default)]
    pub world: Value,
    #[serde(default)]
    pub plan: Value,
    /// Checks that no row names are as in the base world under the same plan.
    pub expect: Vec<Row>,
    /// Later moments, each the base world under a patch of its own.
    #[serde(default)]
    pub then: Vec<Moment>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moment {
    /// What happened since, in one sentence.
    pub story: String,
    #[serde(default)]
    pub world: Value,
    pub expect: Vec<Row>,
}

/// What becomes of the checks that match.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Names or patterns, in which `*` stands for any characters.
    pub vantage: Few,
    pub check: Few,
    pub verdict: String,
    pub fallback: String,
    /// Exactly these, in any order.
    #[serde(default)]
    pub findings: BTreeSet<Reason>,
}

/// A finding, as far as a scenario speaks of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    pub code: String,
    pub cause: Option<String>,
    pub confidence: Option<String>,
}

/// A word, or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Few {
    One(String),
    Several(Vec<String>),
}

impl Few {
    pub fn words(&self) -> &[String] {
        match self {
            Self::One(word) => std::slice::from_ref(word),
            Self::Several(words) => words,
        }
    }

    pub fn matches(&self, name: &str) -> bool {
        self.words().iter().any(|pattern| WildMatch::new(pattern).matches(name))
    }
}

/// A failure mode that nobody can see from a subnet.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unseen {
    pub title: String,
    pub reason: String,
}

/// Every scenario with the name of its file, in the order of the names.
pub fn scenarios() -> Vec<(String, Scenario)> {
    let of_a_scenario = |name: &String| !name.starts_with("base-") && name != "unseen";
    let files = files_in(FOLDER, "yaml").into_iter().filter(|(name, _)| of_a_scenario(name));
    let read = |text: &str| serde_saphyr::from_str::<Scenario>(text);
    let mut all: Vec<(String, Scenario)> =
        files.map(|(name, text)| (name.clone(), read(&text).unwrap_or_else(|e| panic!("{name}.yaml: {e}")))).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

pub fn unseen() -> Vec<(String, Unseen)> {
    let text = text_of(&format!("{FOLDER}/unseen.yaml"));
    let read: std::collections::BTreeMap<String, Unseen> = serde_saphyr::from_str(&text).unwrap();
    read.into_iter().collect()
}

/// A base document under a patch, as JSON text, which is YAML too.
pub fn patched(base: &str, patch: &Value) -> String {
    let text = text_of(&format!("{FOLDER}/{base}.yaml"));
    let mut document: Value = serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("{base}.yaml: {e}"));
    if !patch.is_null() {
        merge(&mut document, patch);
    }
    date(&mut document);
    document.to_string()
}

/// RFC 7396: objects are merged, `null` removes, everything else replaces.
fn merge(into: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *into = patch.clone();
        return;
    };
    if !into.is_object() {
        *into = Value::Object(serde_json::Map::new());
    }
    let Value::Object(members) = into else { return };
    for (key, change) in changes {
        if change.is_null() {
            members.remove(key);
        } else {
            merge(members.entry(key.clone()).or_insert(Value::Null), change);
        }
    }
}

/// Days are written `today+3` or `today-3`.
fn date(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(days) = text.strip_prefix("today").and_then(|days| days.parse::<i64>().ok()) {
                *text = clock::day(clock::now()).checked_add(days.days()).unwrap().to_string();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(date),
        Value::Object(members) => members.values_mut().for_each(date),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn what_is_misspelt_is_refused() {
    let good = "{mode: healthy, title: a, story: b., expect: [{vantage: c, check: d, verdict: e, fallback: f}]}";
    assert!(serde_saphyr::from_str::<Scenario>(good).is_ok());
    for (word, wrong) in [("mode", "mod"), ("expect", "expects"), ("check", "checks"), ("fallback", "fall_back")] {
        assert!(serde_saphyr::from_str::<Scenario>(&good.replace(word, wrong)).is_err(), "{wrong} was accepted");
    }
}

#[test]
fn patches_merge_as_rfc_7396_says() {
    for (before, patch, after) in [
        (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
        (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
        (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
        (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
        (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
        (r#"{"a":"foo"}"#, r#"{"b":{"c":null}}"#, r#"{"a":"foo","b":{}}"#),
    ] {
        let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let mut document = json(before);
        merge(&mut document, &json(patch));
        assert_eq!(document, json(after), "{before} under {patch}");
    }
}
