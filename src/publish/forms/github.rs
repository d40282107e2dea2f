//! For GitHub Actions: lines for the log, then one annotation for each cause, as workflow commands (GitHub Docs, "Workflow
//! commands for GitHub Actions").
//!
//! A step may give ten annotations of a kind; what is beyond them stands in the last one, and all of it in the summary.

use super::{Concern, Gate, inert, machine_line};
use crate::publish::gate::Level;
use std::fmt::Write;

/// The most annotations of one kind that GitHub takes of a step (GitHub Docs, limits of workflow commands).
const MOST: usize = 10;

/// The longest title, in characters.
const LONGEST_TITLE: usize = 200;

pub fn github(gate: Gate<'_>) -> String {
    let mut text = format!("{}\n{}\n", line(&gate.headline()), line(gate.says()));
    if let Some(runner) = &gate.report.runner {
        let _ = writeln!(text, "{}", line(&machine_line(runner)));
    }
    let concerns = gate.concerns();
    for (kind, level) in [("error", Level::Fails), ("warning", Level::Warns), ("notice", Level::Passes)] {
        let of_kind: Vec<&Concern<'_>> = concerns.iter().filter(|concern| concern.level == level).collect();
        let shown = if of_kind.len() > MOST { MOST - 1 } else { of_kind.len() };
        for concern in &of_kind[..shown] {
            let message = concern.sentences(&gate.report.vantage).join("\n");
            text.push_str(&command(kind, &concern.title(), &message));
        }
        if let more @ 1.. = of_kind.len() - shown {
            let titles: Vec<String> = of_kind[shown..].iter().map(|concern| concern.title()).collect();
            text.push_str(&command(kind, &format!("{more} causes more"), &titles.join("\n")));
        }
    }
    if gate.lacks_checks() {
        text.push_str(&command("error", "nothing was looked at", gate.says()));
    }
    text
}

/// A line of the log that is no command.
fn line(text: &str) -> String {
    inert(&text.replace(['\n', '\r'], " ")).into_owned()
}

fn command(kind: &str, title: &str, message: &str) -> String {
    let title: String = title.chars().take(LONGEST_TITLE).collect();
    format!("::{kind} title={}::{}\n", property(&inert(&title)), data(&inert(message)))
}

/// What follows a command, as the runner reads it back.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command, which ends at a comma or a colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
