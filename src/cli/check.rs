//! `fencepost check`: one round, then an exit code.

use super::args::{Check, CheckFormat, Place};
use super::out::say;
use super::supply::repeated;
use super::{Exit, Outcome, load, runtime, table};
use crate::agent;
use crate::judge::{self, Verdict};
use crate::publish::{Board, Entry, report};
use crate::story;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;

pub fn run(command: &Check) -> Outcome {
    let estate = load::estate_for_one_round(&command.place)?;
    let push = command.push.ready(&estate)?;
    let runtime = runtime::runtime()?;
    let bar = progress(estate.works.len());
    let board = runtime.block_on(agent::once(&estate, agent::most_looks(), || bar.inc(1)));
    bar.finish_and_clear();
    runtime::end(runtime);
    match command.format {
        CheckFormat::Human => {
            print(&board);
            hint(&board, &command.place);
        }
        CheckFormat::Json => say!("{}", serde_json::to_string_pretty(&report(&board).of_one_round())?),
    }
    push.one_run(&board, verdict(&board))
}

/// What a board comes to: broken before unknown before good. A board without checks tells nothing.
pub fn verdict(board: &Board) -> Exit {
    if board.count(Verdict::Broken) > 0 {
        Exit::Broken
    } else if board.count(Verdict::Unknown) > 0 || board.count(Verdict::Holds) == 0 || !board.is_complete() {
        Exit::Unknown
    } else {
        Exit::Good
    }
}

fn progress(looks: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(looks as u64);
    if let Ok(style) = ProgressStyle::with_template("looking {bar:30} {pos}/{len} {elapsed}") {
        bar.set_style(style);
    }
    bar
}

/// The table, and below it what is wrong and what to try.
pub fn print(board: &Board) {
    let mut shown = table::table(&["target", "endpoint", "claim", "verdict", "public fallback", "why"]);
    for entry in &board.checks {
        shown.add_row(row(entry));
    }
    table::print(&shown);
    for entry in &board.checks {
        explain(entry);
    }
    let [holds, broken, unknown] = Verdict::ALL.map(|verdict| board.count(verdict));
    say!(
        "\n{holds} hold, {broken} broken, {unknown} unknown — plan {}, vantage {}",
        board.header.plan,
        board.header.vantage.name
    );
}

/// Where the first check that does not hold is told in full.
fn hint(board: &Board, place: &Place) {
    let bad = |verdict| board.checks.iter().find(|entry| entry.verdict() == Some(verdict));
    let Some(entry) = bad(Verdict::Broken).or_else(|| bad(Verdict::Unknown)) else { return };
    let Some(plan) = repeated(&place.plan) else { return };
    let vantage = place.vantage.as_ref().map(|name| format!(" --vantage {name}")).unwrap_or_default();
    say!("In full: fencepost explain --plan {plan}{vantage} {}", entry.face.endpoint);
}

fn row(entry: &Entry) -> Vec<comfy_table::Cell> {
    let face = &entry.face;
    let verdict = entry.verdict().map_or("waiting", Verdict::word);
    let seen = entry.seen.as_ref();
    let fallback = seen.map_or("", |seen| seen.judgement.fallback.word());
    let codes: Vec<&str> = seen.iter().flat_map(|s| &s.judgement.findings).map(|finding| finding.code.word()).collect();
    let plain = [face.target.as_str(), face.endpoint.as_str(), face.claim].map(comfy_table::Cell::new);
    let judged = [table::word(verdict), table::word(fallback), comfy_table::Cell::new(codes.join(", "))];
    plain.into_iter().chain(judged).collect()
}

fn explain(entry: &Entry) {
    let Some(seen) = entry.seen.as_ref().filter(|seen| !seen.judgement.findings.is_empty()) else { return };
    say!("\n{} — {}, rule: {}", entry.face.check, seen.judgement.verdict.word(), entry.face.rule);
    for finding in &seen.judgement.findings {
        say!("  {} ({}): {}", finding.code.word(), finding.severity.word(), story::summary(finding));
        for evidence in &finding.evidence {
            say!("    seen: {}", story::evidence(evidence));
        }
        let diagnosis = finding.diagnosis.as_ref();
        // What the cause rests on was asked because of what was seen; some of it was seen already.
        let known = |evidence: &&judge::Evidence| !finding.evidence.contains(evidence);
        for support in diagnosis.iter().flat_map(|diagnosis| &diagnosis.supports).filter(known) {
            say!("    for:  {}", story::evidence(support));
        }
        for doubt in diagnosis.iter().flat_map(|diagnosis| &diagnosis.against).filter(known) {
            say!("    but:  {}", story::evidence(doubt));
        }
        say!("    try:  {}", finding.first_try());
    }
}
