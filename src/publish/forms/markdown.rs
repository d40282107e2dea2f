//! Markdown for a job summary or a comment: one table of checks, what was seen, and the machine.
//!
//! What peers said stands in blocks of code, where nothing is a link, a mention or HTML. Names of the plan stand in cells,
//! with every mark of Markdown written as a character reference (CommonMark §2.5).

use super::{Gate, inert, machine, why};
use crate::publish::gate::{FailOn, Level};
use crate::publish::report::CheckReport;
use std::fmt::Write;

/// The most checks that the table lists. GitHub takes 1 MiB of a summary; a table of a thousand rows is read by nobody.
const MOST_ROWS: usize = 200;

/// The most checks of which everything seen is told.
const MOST_TOLD: usize = 50;

pub fn markdown(gate: Gate<'_>) -> String {
    let report = gate.report;
    let fail_on = match gate.fail_on {
        FailOn::Unknown => String::new(),
        other @ (FailOn::Broken | FailOn::Never) => format!(" (`--fail-on {}`)", other.word()),
    };
    let opens = if report.passes(gate.fail_on) { "passes" } else { "fails" };
    let mut text = format!("### Fencepost: the gate {opens}{fail_on}\n\n**{}**\n\n", cell(gate.says()));
    let _ = writeln!(text, "{}, {}.\n", cell(&gate.headline()), report.at.strftime("%Y-%m-%d %H:%M:%S UTC"));
    table(gate, &mut text);
    let off = || report.checks.iter().filter(|check| !check.findings.is_empty());
    for check in off().take(MOST_TOLD) {
        details(check, &mut text);
    }
    if let more @ 1.. = off().count().saturating_sub(MOST_TOLD) {
        let _ = writeln!(text, "{more} checks more have findings; the other forms tell them.\n");
    }
    if let Some(runner) = &report.runner {
        text.push_str("| looked from | |\n|---|---|\n");
        for (what, value) in machine(runner) {
            let _ = writeln!(text, "| {what} | {} |", cell(&value));
        }
    }
    inert(&text).into_owned()
}

fn table(gate: Gate<'_>, text: &mut String) {
    let checks = &gate.report.checks;
    if checks.is_empty() {
        return;
    }
    text.push_str("| | check | claim | verdict | public fallback | why | try first |\n|---|---|---|---|---|---|---|\n");
    // What is off comes first; a table that is cut loses what holds.
    let rank = |check: &&CheckReport| match gate.level(check) {
        Level::Fails => 0,
        Level::Warns => 1,
        Level::Passes => 2,
        Level::Skipped => 3,
    };
    let mut rows: Vec<&CheckReport> = checks.iter().collect();
    rows.sort_by_key(rank);
    for check in rows.iter().take(MOST_ROWS) {
        let worst = check.findings.first();
        let sign = match gate.level(check) {
            Level::Fails => "❌",
            Level::Warns => "⚠️",
            Level::Passes => "✅",
            Level::Skipped => "➖",
        };
        let fallback = check.public_fallback.as_ref().map_or("", |fallback| fallback.word());
        let why = worst.map(|finding| why(Some(finding))).unwrap_or_default();
        let first_try = worst.map(|finding| own_words(&finding.first_try)).unwrap_or_default();
        let (name, claim, verdict) = (cell(&check.check), cell(&check.claim), super::verdict(check));
        let _ = writeln!(text, "| {sign} | {name} | {claim} | {verdict} | {fallback} | {} | {first_try} |", cell(&why));
    }
    if let Some(more @ 1..) = rows.len().checked_sub(MOST_ROWS) {
        let _ = writeln!(text, "\n{more} checks more are not listed; the other forms have them.");
    }
    text.push('\n');
}

/// Everything that was found of a check, folded.
fn details(check: &CheckReport, text: &mut String) {
    let (name, rule) = (cell(&check.check), cell(&check.rule));
    let _ = writeln!(text, "<details><summary>{name}: {}, rule: {rule}</summary>\n\n```text", super::verdict(check));
    for finding in &check.findings {
        let mut say = |line: String| {
            // Nothing ends the block but its own end.
            let _ = writeln!(text, "{}", line.replace('`', "'").replace(['\n', '\r'], " "));
        };
        say(format!("{} ({}): {}", why(Some(finding)), finding.severity.word(), finding.summary));
        finding.evidence.iter().for_each(|seen| say(format!("  seen: {seen}")));
        finding.supports.iter().for_each(|seen| say(format!("  for:  {seen}")));
        finding.against.iter().for_each(|seen| say(format!("  but:  {seen}")));
        say(format!("  try:  {}", finding.first_try));
        finding.confirm.iter().for_each(|command| say(format!("  confirm: {command}")));
    }
    text.push_str("```\n\n</details>\n\n");
}

/// Text in which nothing is a mark of Markdown or HTML.
fn cell(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' => cell.push(' '),
            c if c.is_ascii_punctuation() && !" ,.-()/;=".contains(c) => {
                let _ = write!(cell, "&#{};", u32::from(c));
            }
            c => cell.push(c),
        }
    }
    // GitHub makes a link of whatever begins so (GitHub Flavored Markdown §6.9).
    cell.replace("www.", "www&#46;")
}

/// The program's own sentence, whose backquotes are meant: in a cell only the bar needs care.
fn own_words(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace(['\n', '\r'], " ")
}
