//! `docs/failure-modes.md` is written from the scenario files, so that what it promises is what a test has seen.

use super::form::{Reason, Row, Scenario, Unseen, scenarios, unseen};
use crate::repository::text_of;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

const FILE: &str = "docs/failure-modes.md";

/// The chapters: what a mode begins with, or the span of its numbers.
const CHAPTERS: &[(&str, &str, Modes)] = &[
    ("Zones and records", "What goes wrong in Azure's own DNS data.", Modes::Numbers(&[1..=20])),
    (
        "Resolvers and machines",
        "What goes wrong between the machine and the zone.",
        Modes::Numbers(&[21..=32, 35..=40]),
    ),
    ("The path and the service", "What goes wrong although the name is right.", Modes::Numbers(&[33..=34, 41..=55])),
    (
        "What others take for a pass",
        "Defects that probers are known for; each is a scenario here.",
        Modes::Beginning("peers-"),
    ),
    ("Exceptions", "What becomes of a dated deviation from a rule.", Modes::Beginning("exceptions")),
    ("The agent's own place", "What is wrong with the machine, not with the service.", Modes::Beginning("agent")),
    ("What is no failure", "Worlds in which the claims hold.", Modes::Beginning("healthy")),
];

const INTRODUCTION: &str = "\
# Failure modes

What goes wrong with private endpoints, and what Fencepost says of it. This page is written from the files in
`tests/scenarios`: each changes one thing in a healthy network, and a test plays it to the agent of every vantage and holds
what the agent says against the file. In the healthy state every check holds, without a finding. A check that a file does
not name says what it said before, which in most files is that. Where a row names no public fallback, it is `none`.

The network has five vantages. `spoke` asks Azure's resolver (168.63.129.16), the hub's DNS server and, for the public
view, a resolver of the internet. `runner` is in the same network and asks what its resolv.conf names, which is the hub's
DNS server; Azure's resolver is asked only to learn a cause. `datacentre` asks a server of its own, which forwards Azure's
suffixes to an inbound endpoint in the hub. `sandbox` must be stopped by a firewall, `branch` by the service.

A finding is followed by its cause and by how sure it is: *inferred* from several answers, or *undetermined* where what
was seen fits more than one cause. `docs/verdicts.md` explains verdicts and causes. The last column says where a fact about
Azure comes from. None of it was checked against a live Azure tenant.
";

enum Modes {
    Numbers(&'static [std::ops::RangeInclusive<usize>]),
    Beginning(&'static str),
}

impl Modes {
    fn hold(&self, mode: &str) -> bool {
        match self {
            Self::Numbers(spans) => number(mode).is_some_and(|number| spans.iter().any(|span| span.contains(&number))),
            Self::Beginning(start) => mode.starts_with(start),
        }
    }
}

fn number(mode: &str) -> Option<usize> {
    mode.strip_prefix('F')?.parse().ok()
}

fn reason(reason: &Reason) -> String {
    let more: BTreeSet<&String> = [&reason.cause, &reason.confidence].into_iter().flatten().collect();
    let more: Vec<&str> = more.into_iter().map(String::as_str).collect();
    match (&reason.cause, more.as_slice()) {
        (_, []) => format!("`{}`", reason.code),
        (Some(cause), _) if reason.confidence.as_ref() != Some(cause) => {
            let sure = reason.confidence.as_ref().map(|sure| format!(", {sure}")).unwrap_or_default();
            format!("`{}` ({cause}{sure})", reason.code)
        }
        (_, words) => format!("`{}` ({})", reason.code, words.join(", ")),
    }
}

/// What a row lets the agent say, without where.
fn words(row: &Row) -> String {
    let reasons: Vec<String> = row.findings.iter().map(reason).collect();
    let fallback = match row.fallback.as_str() {
        "none" => String::new(),
        state => format!("; public fallback {state}"),
    };
    format!("{}, {}{fallback}", row.verdict, reasons.join(", "))
}

/// What the agent says in one moment, each saying once with the vantages that it comes from. Where a vantage says more
/// than one thing, the checks are named too.
fn sayings(rows: &[Row]) -> Vec<String> {
    let telling: Vec<&Row> = rows.iter().filter(|row| !row.findings.is_empty()).collect();
    let vantages: Vec<&String> = telling.iter().flat_map(|row| row.vantage.words()).collect();
    let says_more = vantages.iter().collect::<BTreeSet<_>>().len() < vantages.len();
    let mut said: Vec<(String, Vec<String>)> = Vec::new();
    for row in telling {
        let checks: Vec<String> = row.check.words().iter().map(|check| format!("`{check}`")).collect();
        let place = if says_more { format!(" ({})", checks.join(", ")) } else { String::new() };
        let words = format!("{place}: {}", words(row));
        let vantages = row.vantage.words().iter().map(|name| if name == "*" { "everywhere" } else { name }.to_owned());
        match said.iter_mut().find(|(known, _)| *known == words) {
            Some((_, known)) => known.extend(vantages),
            None => said.push((words, vantages.collect())),
        }
    }
    said.into_iter().map(|(words, vantages)| format!("*{}*{words}", vantages.join(", "))).collect()
}

/// A scenario as a row: the mode and the source only in a chapter of numbered modes.
fn line(scenario: &Scenario, is_numbered: bool) -> String {
    let told = |rows: &[Row]| match sayings(rows).as_slice() {
        [] => "nothing: what must hold, holds".to_owned(),
        several => several.join("<br>"),
    };
    let later = scenario.then.iter().map(|moment| format!("<br>**{}** {}", moment.story, told(&moment.expect)));
    let says = told(&scenario.expect) + &later.collect::<String>();
    let happened = format!("**{}.** {}", scenario.title, scenario.story);
    if !is_numbered {
        return format!("| {happened} | {says} |");
    }
    let modes = scenario.mode.words().iter().filter(|mode| number(mode).is_some());
    let modes = modes.map(String::as_str).collect::<Vec<_>>().join(", ");
    format!("| {modes} | {happened} | {says} | {} |", scenario.source.as_deref().unwrap_or_default())
}

fn page() -> String {
    let mut all: Vec<Scenario> = scenarios().into_iter().map(|(_, scenario)| scenario).collect();
    // By number; the order of the files decides among those that share one.
    let first = |scenario: &Scenario| scenario.mode.words().iter().find_map(|mode| number(mode));
    all.sort_by_key(first);
    let mut text = INTRODUCTION.to_owned();
    for (title, about, modes) in CHAPTERS {
        let in_chapter = |scenario: &&Scenario| modes.hold(&scenario.mode.words()[0]);
        let is_numbered = matches!(modes, Modes::Numbers(_));
        let heading = if is_numbered {
            "| mode | what happened | what Fencepost says | known from |\n|---|---|---|---|"
        } else {
            "| what happened | what Fencepost says |\n|---|---|"
        };
        let _ = writeln!(text, "\n## {title}\n\n{about}\n\n{heading}");
        for scenario in all.iter().filter(in_chapter) {
            let _ = writeln!(text, "{}", line(scenario, is_numbered));
        }
    }
    text.push_str("\n## What cannot be seen\n\nNo agent in a subnet can tell these.\n\n");
    text.push_str("| mode | what happened | why it cannot be seen |\n|---|---|---|\n");
    let mut hidden: Vec<(String, Unseen)> = unseen();
    hidden.sort_by_key(|(mode, _)| number(mode));
    for (mode, unseen) in hidden {
        let _ = writeln!(text, "| {mode} | **{}.** | {} |", unseen.title, unseen.reason);
    }
    text
}

#[test]
fn the_page_of_failure_modes_is_the_one_that_the_scenarios_make() {
    let wanted = page();
    let differs = text_of(FILE) != wanted;
    let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("failure-modes.md");
    if differs {
        std::fs::write(&fresh, wanted).unwrap();
    }
    assert!(
        !differs,
        "{FILE} is not what the scenarios say; look at the new text, then: cp {} {FILE}",
        fresh.display()
    );
}

#[test]
fn every_scenario_has_its_chapter_and_every_fact_its_source() {
    for (name, scenario) in scenarios() {
        let modes = scenario.mode.words();
        assert!(CHAPTERS.iter().any(|(_, _, chapter)| chapter.hold(&modes[0])), "{name} is in no chapter");
        assert!(scenario.story.ends_with('.') && !scenario.title.ends_with('.'), "{name}");
        let is_about_azure = modes.iter().any(|mode| number(mode).is_some());
        assert_eq!(
            is_about_azure,
            scenario.source.is_some(),
            "{name}: a failure mode of Azure, and only it, has a source"
        );
    }
}
