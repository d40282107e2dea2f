//! A saved report, read again: what `check` and `explain` printed, what the board served, a line of the log of incidents.

use super::report::Report;
use crate::plan::is_harmless;
use serde_json::Value;

/// Why a text is no report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Line and column, both counted from 1; `None` where it is not one place that is wrong.
    pub place: Option<(usize, usize)>,
    /// Fit to follow the name of the file.
    pub reason: String,
}

/// Reads a report, or one line of the log of incidents, which holds one.
pub fn saved(bytes: &[u8]) -> Result<Report, Unread> {
    let text = std::str::from_utf8(bytes).map_err(|_| unread("the file is no text in UTF-8"))?;
    if text.trim().is_empty() {
        return Err(unread("the file is empty"));
    }
    // First whether it is JSON at all: a file that was cut off is told as such, whatever else it lacks.
    let mut value: Value = serde_json::from_str(text)
        .map_err(|e| if e.is_eof() { unread("the file ends early (cut off?)") } else { at(&e) })?;
    if !value.is_object() {
        return Err(unread("the file is JSON, but holds no report"));
    }
    // A line of the log of incidents holds the report of its check beside the incident.
    if let Some(logged) = value.get_mut("report").filter(|report| report.is_object()) {
        return serde_json::from_value(logged.take()).map_err(|e| unread(&reason(&e)));
    }
    serde_json::from_str(text).map_err(|e| at(&e))
}

fn unread(reason: &str) -> Unread {
    Unread { place: None, reason: reason.to_owned() }
}

fn at(e: &serde_json::Error) -> Unread {
    Unread { place: Some((e.line(), e.column().max(1))), reason: reason(e) }
}

/// What serde says, without its place and without names of this program. It repeats words of the file.
fn reason(e: &serde_json::Error) -> String {
    let said: String = e.to_string().chars().filter(|c| is_harmless(*c)).collect();
    let said = said.split(" at line ").next().unwrap_or(&said);
    match said.split_once("expected struct ") {
        Some((before, _)) => format!("{before}expected an object"),
        None => said.to_owned(),
    }
}
