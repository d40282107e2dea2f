//! For people: a table, below it what is wrong and what to try, and at the end whether it is the network.

use crate::cli::args::Place;
use crate::cli::supply::repeated;
use crate::cli::table;
use crate::judge::Verdict;
use crate::publish::{CheckReport, Report, forms};
use crate::story::Told;
use std::fmt::Write;

pub fn text(report: &Report, place: &Place, terminal: bool) -> String {
    let mut shown = table::table_for(&["target", "endpoint", "claim", "verdict", "public fallback", "why"], terminal);
    for check in &report.checks {
        shown.add_row(row(check));
    }
    let mut text = table::text(&shown);
    for check in report.checks.iter().filter(|check| !check.findings.is_empty()) {
        let verdict = check.known_verdict().map_or("waiting", Verdict::word);
        let _ = writeln!(text, "\n{} — {verdict}, rule: {}", check.check, check.rule);
        check.findings.iter().for_each(|finding| explain(finding, &mut text));
    }
    let summary = &report.summary;
    let _ = writeln!(
        text,
        "\n{} hold, {} broken, {} unknown — plan {}, vantage {}",
        summary.holds, summary.broken, summary.unknown, report.plan, report.vantage
    );
    if let Some(gate) = &report.gate {
        let _ = writeln!(text, "{}", gate.says);
    }
    if let Some(runner) = &report.runner {
        let told: Vec<String> =
            forms::machine(runner).into_iter().map(|(what, value)| format!("{what}: {value}")).collect();
        let _ = writeln!(text, "Looked from {}", told.join("; "));
    }
    if let Some(hint) = hint(report, place) {
        let _ = writeln!(text, "{hint}");
    }
    text
}

/// Where the first check that does not hold is told in full.
fn hint(report: &Report, place: &Place) -> Option<String> {
    let plan = repeated(&place.plan)?;
    let bad = |verdict| report.checks.iter().find(|check| check.known_verdict() == Some(verdict));
    let check = bad(Verdict::Broken).or_else(|| bad(Verdict::Unknown))?;
    let vantage = place.vantage.as_ref().map(|name| format!(" --vantage {name}")).unwrap_or_default();
    Some(format!("In full: fencepost explain --plan {plan}{vantage} {}", check.endpoint))
}

fn row(check: &CheckReport) -> Vec<comfy_table::Cell> {
    let verdict = check.known_verdict().map_or("waiting", Verdict::word);
    let fallback = check.public_fallback.as_ref().map_or("", |fallback| fallback.word());
    let codes: Vec<&str> = check.findings.iter().map(|finding| finding.code.word()).collect();
    let plain = [&check.target, &check.endpoint, &check.claim].map(comfy_table::Cell::new);
    let judged = [table::word(verdict), table::word(fallback), comfy_table::Cell::new(codes.join(", "))];
    plain.into_iter().chain(judged).collect()
}

fn explain(finding: &Told, text: &mut String) {
    let _ = writeln!(text, "  {} ({}): {}", finding.code.word(), finding.severity.word(), finding.summary);
    // What the cause rests on was asked because of what was seen; some of it was seen already.
    let fresh = |said: &&String| !finding.evidence.contains(said);
    let seen = finding.evidence.iter().map(|said| ("seen: ", said));
    let supports = finding.supports.iter().filter(fresh).map(|said| ("for:  ", said));
    let against = finding.against.iter().filter(fresh).map(|said| ("but:  ", said));
    for (what, said) in seen.chain(supports).chain(against) {
        let _ = writeln!(text, "    {what}{said}");
    }
    let _ = writeln!(text, "    try:  {}", finding.first_try);
}
