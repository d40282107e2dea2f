//! TAP version 13, which `prove` reads (the Test Anything Protocol's specification, version 13).
//!
//! A check that shuts the gate is `not ok`. One that is off without shutting it is `not ok` with a TODO, which harnesses
//! count as passed; so a harness and the exit code say the same. Everything else that is known stands in comments, which
//! carry no meaning, instead of YAML, of which harnesses read different parts.

use super::{Gate, NOTHING, inert, machine_line, name, verdict};
use crate::publish::gate::Level;
use crate::publish::report::CheckReport;
use std::fmt::Write;

pub fn tap(gate: Gate<'_>) -> String {
    let checks = &gate.report.checks;
    let lacks = gate.lacks_checks();
    let mut text = format!("TAP version 13\n1..{}\n", checks.len() + usize::from(lacks));
    for (place, check) in checks.iter().enumerate() {
        let (number, name) = (place + 1, plain(&name(check)));
        let fail_on = gate.fail_on.word();
        let line = match gate.level(check) {
            Level::Passes => format!("ok {number} - {name}"),
            Level::Skipped => format!("ok {number} - {name} # SKIP the plan claims nothing of it today"),
            Level::Warns => format!("not ok {number} - {name} # TODO {}, with --fail-on {fail_on}", verdict(check)),
            Level::Fails => format!("not ok {number} - {name}"),
        };
        text.push_str(&line);
        text.push('\n');
        comments(check, &mut text);
    }
    if lacks {
        let _ = writeln!(text, "not ok {} - {NOTHING}", checks.len() + 1);
    }
    for line in [gate.headline(), gate.says().to_owned()] {
        let _ = writeln!(text, "# {}", one_line(&line));
    }
    if let Some(runner) = &gate.report.runner {
        let _ = writeln!(text, "# {}", one_line(&machine_line(runner)));
    }
    text
}

/// What is known of a check that is off.
fn comments(check: &CheckReport, text: &mut String) {
    for finding in &check.findings {
        let cause = finding.cause.as_ref().map(|cause| format!(", cause {}", cause.word())).unwrap_or_default();
        let heading = format!("{} ({}{cause}): {}", finding.code.word(), finding.severity.word(), finding.summary);
        let seen = finding.evidence.iter().map(|seen| format!("  seen: {seen}"));
        for line in [heading].into_iter().chain(seen).chain([format!("  try: {}", finding.first_try)]) {
            let _ = writeln!(text, "# {}", one_line(&line));
        }
    }
}

/// A comment ends with its line.
fn one_line(text: &str) -> String {
    inert(&text.replace(['\n', '\r'], " ")).into_owned()
}

/// A description in which no directive begins.
fn plain(text: &str) -> String {
    one_line(text).replace('#', "")
}
