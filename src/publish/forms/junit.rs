//! JUnit XML, as Jenkins, Azure Pipelines, GitLab and GitHub's viewers read it.
//!
//! What is broken is a `failure`, what could not be told an `error`; both shut the gate, and every viewer shows both as
//! failed. What is off without shutting the gate is `skipped`, with its reason, because viewers count nothing else that is
//! neither. The type of each is the code of its worst finding.

use super::{Gate, NOTHING, inert, machine, why};
use crate::judge::Verdict;
use crate::publish::gate::Level;
use crate::publish::report::CheckReport;
use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

/// What XML has no room for (XML 1.0 §2.2), beside the control characters that the library leaves out.
const NO_CHARACTERS: [char; 2] = ['\u{fffe}', '\u{ffff}'];

pub fn junit(gate: Gate<'_>) -> Result<String, SerializeError> {
    let told = gate.report;
    let mut suite = TestSuite::new(format!("{}/{}", told.plan, told.vantage));
    let about = [
        ("plan", told.plan.clone()),
        ("plan_hash", told.plan_hash.clone()),
        ("vantage", told.vantage.clone()),
        ("at", told.at.to_string()),
        ("fail_on", gate.fail_on.word().to_owned()),
        ("says", gate.says().to_owned()),
    ];
    let machine = told.runner.iter().flat_map(machine);
    for (name, value) in about.into_iter().chain(machine) {
        suite.add_property((name, value.as_str()));
    }
    suite.add_test_cases(told.checks.iter().map(|check| case(gate, check)));
    if gate.lacks_checks() {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(gate.says()).set_type("nothing");
        suite.add_test_case(TestCase::new(NOTHING, status));
    }
    let mut report = Report::new("fencepost");
    report.add_test_suite(suite);
    // Marks of orders stand in texts and attributes alone, so the document stays what it is.
    report.to_string().map(|xml| inert(&xml).replace(NO_CHARACTERS, ""))
}

fn case(gate: Gate<'_>, check: &CheckReport) -> TestCase {
    let unknown = check.known_verdict() != Some(Verdict::Broken);
    let mut status = match gate.level(check) {
        Level::Passes => TestCaseStatus::success(),
        Level::Skipped | Level::Warns => TestCaseStatus::skipped(),
        Level::Fails if unknown => TestCaseStatus::non_success(NonSuccessKind::Error),
        Level::Fails => TestCaseStatus::non_success(NonSuccessKind::Failure),
    };
    let details = details(check);
    match gate.level(check) {
        Level::Passes => {}
        Level::Skipped => {
            status.set_message("the plan claims nothing of it today");
        }
        Level::Warns | Level::Fails => {
            let worst = check.findings.first();
            let held = match gate.level(check) {
                Level::Warns => format!(", not held against the gate with --fail-on {}", gate.fail_on.word()),
                Level::Passes | Level::Skipped | Level::Fails => String::new(),
            };
            let summary = worst.map_or("", |finding| &finding.summary);
            let verdict = super::verdict(check);
            status.set_message(format!("{verdict}{held}: {} — {summary}", why(worst)));
            status.set_type(worst.map_or("not-looked-at", |finding| finding.code.word()));
            status.set_description(details.as_str());
        }
    }
    let is_off = !matches!(status, TestCaseStatus::Success { .. });
    let mut case = TestCase::new(format!("{} is {}", check.endpoint, check.claim), status);
    case.set_classname(format!("{}.{}", gate.report.vantage, check.target));
    if let Some(facts) = &check.facts {
        case.set_time(facts.took);
    }
    if !is_off && !details.is_empty() {
        case.set_system_out(details);
    }
    case
}

/// Every finding with what was seen and what to try.
fn details(check: &CheckReport) -> String {
    let mut lines = Vec::new();
    for finding in &check.findings {
        lines.push(format!("{} ({}): {}", why(Some(finding)), finding.severity.word(), finding.summary));
        lines.extend(finding.evidence.iter().map(|seen| format!("  seen: {seen}")));
        lines.push(format!("  try:  {}", finding.first_try));
    }
    lines.join("\n")
}
