//! What an alert says. Addresses may stand here, and never in labels.

use super::known::Known;
use super::name::AlertName;
use super::wanted::Wanted;
use crate::judge::{Confidence, Evidence, Finding};
use crate::story;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The longest text of an annotation, in characters: long enough for an answer with its aliases, short enough for a pager.
pub const LONGEST_TEXT: usize = 500;

/// The most checks an annotation names.
const MOST_NAMED: usize = 10;

/// The longest name of a check in a description: what follows from the trouble must survive the clipping.
const LONGEST_NAME: usize = 100;

/// Said while the latest look saw nothing of it: it was good, or could not tell, or the agent has just begun.
const WAITING: &str = " The alert waits for looks that show whether it is over.";

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
            evidence: seen(&finding.evidence),
            first_try: finding.first_try().to_owned(),
            cause: diagnosis.map(|diagnosis| diagnosis.cause.summary().to_owned()),
            confidence: finding.confidence(),
        }
    }

    pub fn plain(what: impl Into<String>, first_try: &str) -> Self {
        Self { what: what.into(), first_try: first_try.to_owned(), ..Self::default() }
    }
}

/// As many pieces of evidence as fit: one resolver's answer is not the other's, and who issued a certificate stands beside
/// what is wrong with it.
fn seen(evidence: &[Evidence]) -> Option<String> {
    let mut pieces = evidence.iter().map(story::evidence);
    let mut text = pieces.next()?;
    let mut left_out = 0_usize;
    for piece in pieces {
        // What is left out must still be countable within the bound.
        let fits = text.chars().count() + piece.chars().count() + 20 <= LONGEST_TEXT;
        if fits && left_out == 0 {
            text = format!("{text}; {piece}");
        } else {
            left_out += 1;
        }
    }
    if left_out > 0 {
        text = format!("{}; {left_out} more", shortened(&text, LONGEST_TEXT - 20));
    }
    Some(text)
}

/// One line of bounded length: what a peer said may hold anything.
pub fn clipped(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    shortened(&line, LONGEST_TEXT)
}

fn shortened(text: &str, longest: usize) -> String {
    let mut short: String = text.chars().take(longest).collect();
    if text.chars().nth(longest).is_some() {
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
        ("description", Some(description(leading, words, checks, since, known))),
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

fn description(leading: &Wanted, words: &Words, checks: &[String], since: Timestamp, known: &Known<'_>) -> String {
    let when = since.strftime("%Y-%m-%d %H:%M:%S UTC");
    let again = match leading.flaps {
        0 => String::new(),
        1 => " (closed once and came back)".to_owned(),
        times => format!(" (closed {times} times and came back)"),
    };
    let whom = match checks {
        [] => String::new(),
        [one] => format!(", check {}", shortened(one, LONGEST_NAME)),
        [first, more @ ..] => {
            format!(", {} checks ({} and {} more)", checks.len(), shortened(first, LONGEST_NAME), more.len())
        }
    };
    let follows = if leading.fresh { consequence(leading.key.name) } else { WAITING };
    let aside = leading.aside.as_ref().map(|aside| format!(" {aside}")).unwrap_or_default();
    format!("From vantage {}{whom}, since {when}{again}: {}{follows}{aside}", known.vantage, words.what)
}

/// What follows for data and for applications, where the name alone makes it sure.
fn consequence(name: AlertName) -> &'static str {
    if name == AlertName::PublicFallbackUsable {
        " The public side accepts requests from here: data can leave over the internet now."
    } else if name == AlertName::PublicFallbackAnswered {
        " The public side was not seen to accept requests: applications that meet this answer fail, and leak as soon as \
         public access is opened."
    } else {
        ""
    }
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
