//! For Azure Pipelines: lines for the log, then one issue for each cause, as logging commands (Microsoft Learn, "Logging
//! commands").

use super::{Gate, inert, machine_line};
use crate::publish::gate::Level;
use std::fmt::Write;

/// `summary` is a file of Markdown that the agent shows beside the run.
pub fn azure_pipelines(gate: Gate<'_>, summary: Option<&str>) -> String {
    let mut text = format!("{}\n{}\n", line(&gate.headline()), line(gate.says()));
    if let Some(runner) = &gate.report.runner {
        let _ = writeln!(text, "{}", line(&machine_line(runner)));
    }
    let concerns = gate.concerns();
    for concern in &concerns {
        let told = format!("{} — {}", concern.title(), concern.sentences(&gate.report.vantage).join(" "));
        let kind = match concern.level {
            Level::Fails => "error",
            Level::Warns => "warning",
            // A note is worth a line and no count of warnings.
            Level::Passes | Level::Skipped => {
                let _ = writeln!(text, "note: {}", line(&told));
                continue;
            }
        };
        let code = property(concern.finding.map_or("not-looked-at", |finding| finding.code.word()));
        let _ = writeln!(text, "##vso[task.logissue type={kind};code={code}]{}", data(&inert(&told)));
    }
    if gate.lacks_checks() {
        let _ = writeln!(text, "##vso[task.logissue type=error;code=nothing]{}", data(&inert(gate.says())));
    }
    if let Some(file) = summary {
        let _ = writeln!(text, "##vso[task.uploadsummary]{}", data(&inert(file)));
    }
    let warns = concerns.iter().any(|concern| concern.level == Level::Warns);
    let result = match gate.report.passes(gate.fail_on) {
        true if warns => Some("SucceededWithIssues"),
        true => None,
        false => Some("Failed"),
    };
    if let Some(result) = result {
        let _ = writeln!(text, "##vso[task.complete result={result}]{}", data(&inert(gate.says())));
    }
    text
}

/// A line of the log that is no command.
fn line(text: &str) -> String {
    inert(&text.replace(['\n', '\r'], " ")).into_owned()
}

/// What follows a command, as the agent reads it back.
fn data(text: &str) -> String {
    text.replace('%', "%AZP25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command, which ends at a semicolon or a bracket.
fn property(text: &str) -> String {
    data(text).replace(';', "%3B").replace(']', "%5D")
}
