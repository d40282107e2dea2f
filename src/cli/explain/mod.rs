//! `fencepost explain`: one check told in full, live or from a saved report.

pub mod chosen;
mod planless;
mod replay;

use super::args::{CheckFormat, Explain, Place};
use super::out::{self, say};
use super::{Fault, Outcome, load, runtime, table};
use crate::agent::{self, Estate};
use crate::plan::CheckName;
use crate::publish::forms::inert_json;
use crate::publish::{Report, report};
use crate::story::{Expectation, Tone, tale};
use anstyle::{AnsiColor, Style};

pub fn run(command: &Explain) -> Outcome {
    let report = match (&command.replay, command.place()) {
        (Some(file), _) => {
            if let Some(option) = command.typed.first() {
                return Err(Fault(format!(
                    "--{option} says nothing to --replay, which looks at nothing; leave it out"
                )));
            }
            replay::read(file, command.what.as_deref())?
        }
        (None, Some(place)) => with_plan(command, &place)?,
        (None, None) => without_plan(command)?,
    };
    match command.format {
        CheckFormat::Human => print(&report),
        CheckFormat::Json => say!("{}", inert_json(&serde_json::to_string_pretty(&report)?)),
    }
    Ok(report.outcome().into())
}

/// What was written on the command line; without a plan or a saved report it must be a host.
fn what(command: &Explain) -> Result<&str, Fault> {
    command.what.as_deref().ok_or_else(|| Fault("say what to explain: a host name, a target or a check".to_owned()))
}

fn with_plan(command: &Explain, place: &Place) -> Result<Report, Fault> {
    if let Some(option) = command.of_no_plan() {
        return Err(Fault(format!(
            "--{option} is for names that no plan speaks of; leave it out, or leave out --plan"
        )));
    }
    let estate = load::estate_for_one_round(place)?;
    let chosen = chosen::checks(&estate, what(command)?)?;
    look(&estate, &chosen, Expectation::Plan)
}

fn without_plan(command: &Explain) -> Result<Report, Fault> {
    if command.typed.contains(&"vantage") {
        return Err(Fault(
            "--vantage is a place in a plan; name the plan with --plan, or leave --vantage out".to_owned(),
        ));
    }
    let (estate, expectation) = planless::estate(what(command)?, command)?;
    let all: Vec<CheckName> = estate.works.iter().map(|work| work.name.clone()).collect();
    look(&estate, &all, expectation)
}

fn look(estate: &Estate, chosen: &[CheckName], expectation: Expectation) -> Result<Report, Fault> {
    let runtime = runtime::runtime()?;
    let board = runtime.block_on(agent::once_at(estate, agent::most_looks(), chosen));
    runtime::end(runtime);
    let mut report = report(&board).of_one_round();
    report.keep(|check| chosen.iter().any(|name| name.as_str() == check.check));
    report.expect(expectation);
    // Told from what a file would hold, so that a replay tells the same.
    Ok(serde_json::from_str(&serde_json::to_string(&report)?)?)
}

fn print(report: &Report) {
    let mut text = String::new();
    let width = table::text_width();
    for (place, record) in report.records().enumerate() {
        if place > 0 {
            text.push_str(&format!("\n{}\n\n", "-".repeat(width)));
        }
        for line in tale(&record, width) {
            let style = style(line.tone);
            text.push_str(&if style.is_plain() { line.text } else { format!("{style}{}{style:#}", line.text) });
            text.push('\n');
        }
    }
    out::write(format_args!("{text}"));
}

/// Colours; standard output drops them where there is no terminal.
fn style(tone: Tone) -> Style {
    let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
    match tone {
        Tone::Plain => Style::new(),
        Tone::Heading => Style::new().bold(),
        Tone::Good => colour(AnsiColor::Green).bold(),
        Tone::Bad => colour(AnsiColor::Red).bold(),
        Tone::Doubtful => colour(AnsiColor::Yellow).bold(),
    }
}
