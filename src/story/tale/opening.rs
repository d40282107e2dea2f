//! How a tale begins: what the check came to, and what that means for whoever calls the service from here.

use super::leads::Leads;
use super::lines::{Lines, Tone, took};
use super::meaning::meaning;
use super::{has_public_side, repair};
use crate::judge::Verdict;
use crate::story::{Past, Record};

pub fn tell(record: &Record<'_>, lines: &mut Lines) {
    let (verdict, tone) = match record.verdict {
        Some(Verdict::Holds) => ("HOLDS", Tone::Good),
        Some(Verdict::Broken) => ("BROKEN", Tone::Bad),
        Some(Verdict::Unknown) => ("UNKNOWN", Tone::Doubtful),
        None if record.newer_verdict.is_some() => ("A NEWER VERDICT", Tone::Doubtful),
        None if record.facts.is_some() => ("NO VERDICT", Tone::Doubtful),
        None => ("NOT LOOKED AT YET", Tone::Doubtful),
    };
    lines.toned(tone, 0, &format!("{verdict}: {}, from {}", record.check, record.vantage));
    let state = record.fallback.filter(|_| has_public_side(record));
    let fallback = state.map(|state| format!(", public fallback {}", state.word())).unwrap_or_default();
    lines.beside(0, "claim", 9, &format!("{}{fallback}", claim(record)));
    let exception = record.exception.map(|name| format!(", suspended by the exception {name}")).unwrap_or_default();
    lines.beside(0, "rule", 9, &format!("{}{exception}", record.rule));
    lines.beside(0, "when", 9, &when(record));
    let leads = Leads::of(record);
    if let Some(place) = repair::place(record, &leads) {
        lines.beside(0, "where", 9, &place);
    }
    if let Some(owner) = record.owner {
        lines.beside(0, "owner", 9, owner);
    }
    if let Some(past) = record.incident.filter(|past| past.broken_looks > 1) {
        lines.beside(0, "incident", 9, &incident(&past));
    }
    lines.blank();
    if let Some(meaning) = meaning(record, &leads) {
        lines.say(0, &meaning);
    }
    repair::tell(record, &leads, lines);
}

fn claim(record: &Record<'_>) -> String {
    let by = record.brief.map(|brief| brief.by.as_slice()).unwrap_or_default();
    let layers: Vec<&str> = by.iter().map(|layer| layer.word()).collect();
    if layers.is_empty() { record.claim.to_owned() } else { format!("{} by {}", record.claim, layers.join(", ")) }
}

fn stamp(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// One look may be bad; what lasts, and what comes and goes, is told by the incident.
fn incident(past: &Past) -> String {
    let flaps = match past.flaps {
        0 => String::new(),
        1 => ", closed once and reopened".to_owned(),
        2 => ", closed twice and reopened".to_owned(),
        many => format!(", closed {many} times and reopened"),
    };
    let (opened, seen) = (stamp(past.opened), stamp(past.last_seen));
    let peak = past.peak.word();
    format!(
        "open since {opened}, last broken {seen}, {} broken looks; worst public fallback {peak}{flaps}",
        past.broken_looks
    )
}

fn when(record: &Record<'_>) -> String {
    let Some(facts) = record.facts else { return stamp(record.at) };
    let mut text = format!("looked at {}, in {}", stamp(facts.at), took(facts.took));
    // A single look stands since itself, which says nothing.
    if let Some(since) = record.since.filter(|since| facts.at.duration_since(*since).as_secs() >= 1) {
        let so = match record.verdict {
            Some(Verdict::Holds) => "holds",
            Some(Verdict::Broken) => "broken",
            Some(Verdict::Unknown) => "unknown",
            None => "so",
        };
        text.push_str(&format!("; {so} since {}", stamp(since)));
    }
    text
}
