//! What an alert says. Addresses may stand here, and never in labels.

use super::known::Known;
use super::wanted::Wanted;
use crate::judge::{Confidence, Finding};
use crate::story;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The longest text of an annotation, in characters: long enough for an answer with its aliases, short enough for a pager.
pub const LONGEST_TEXT: usize = 500;

/// The most checks an annotation names.
const MOST_NAMED: usize = 10;

/// What was seen, in words that can be kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// What it is, in one sentence.
    pub what: String,
    pub evidence: Option<String>,
    pub first_try: String,
    pub cause: Option<String>,
    pub confidence: Option<Confidence>,
}

impl Words {
    pub fn of(finding: &Finding) -> Self {
        let diagnosis = finding.diagnosis.as_ref();
        Self {
            what: finding.code.summary().to_owned(),
            evidence: finding.evidence.first().map(story::evidence),
            first_try: finding.first_try().to_owned(),
            cause: diagnosis.map(|diagnosis| diagnosis.cause.summary().to_owned()),
            confidence: finding.confidence(),
        }
    }

    pub fn plain(what: impl Into<String>, first_try: &str) -> Self {
        Self { what: what.into(), first_try: first_try.to_owned(), ..Self::default() }
    }
}

/// One line of bounded length: what a peer said may hold anything.
pub fn clipped(text: &str) -> String {
    let line = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut short: String = line.take(LONGEST_TEXT).collect();
    if text.chars().nth(LONGEST_TEXT).is_some() {
        short.pop();
        short.push('…');
    }
    short
}

/// The annotations of an alert, led by one of its members.
pub fn annotations(
    leading: &Wanted,
    words: &Words,
    checks: &[String],
    since: Timestamp,
    known: &Known<'_>,
) -> BTreeMap<String, String> {
    let name = leading.key.name;
    let runbook = format!("{}/{}.md", known.runbooks, name.word());
    let said = [
        ("summary", Some(name.summary().to_owned())),
        ("description", Some(description(words, checks, since, known))),
        ("evidence", words.evidence.clone()),
        ("try", Some(words.first_try.clone())),
        ("checks", (!checks.is_empty()).then(|| named(checks))),
        ("cause", words.cause.clone()),
        ("confidence", words.confidence.map(|confidence| confidence.word().to_owned())),
        ("runbook_url", Some(runbook)),
    ];
    let said = said.into_iter().filter_map(|(key, text)| Some((key.to_owned(), clipped(&text?))));
    said.filter(|(_, text)| !text.is_empty()).collect()
}

fn description(words: &Words, checks: &[String], since: Timestamp, known: &Known<'_>) -> String {
    let when = since.strftime("%Y-%m-%d %H:%M:%S UTC");
    let whom = match checks {
        [] => String::new(),
        [one] => format!(", check {one}"),
        several => format!(", {} checks", several.len()),
    };
    format!("From vantage {}{whom}, since {when}: {}", known.vantage, words.what)
}

fn named(checks: &[String]) -> String {
    let shown = checks.iter().take(MOST_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match checks.len().checked_sub(MOST_NAMED) {
        None | Some(0) => shown,
        Some(more) => {
            // The number must survive the clipping.
            let shown: String = shown.chars().take(LONGEST_TEXT - 30).collect();
            format!("{shown} and {more} more")
        }
    }
}
