//! A saved report, read again.

use super::chosen;
use crate::cli::{Fault, load};
use crate::publish::Report;
use serde_json::Value;
use std::path::Path;

const EXPECTED: &str = "a report is what `fencepost explain --format json`, `fencepost check --format json` or \
                        /api/v1/board prints; one line of the log of incidents holds one too";

/// Reads a report, and keeps what is asked for.
pub fn read(file: &Path, what: Option<&str>) -> Result<Report, Fault> {
    let name = if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() };
    let bytes = load::bytes(file)?;
    let mut report = parse(&name, &bytes)?;
    if report.checks.is_empty() {
        return Err(Fault(format!("{name} holds no check; {EXPECTED}")));
    }
    if let Some(what) = what {
        let wanted = chosen::bare(what)?;
        let known = chosen::names_of(&report.checks);
        report.keep(|check| chosen::is_check(&wanted, check));
        if report.checks.is_empty() {
            return Err(chosen::unknown(&wanted, &name, &known));
        }
    }
    Ok(report)
}

fn parse(name: &str, bytes: &[u8]) -> Result<Report, Fault> {
    let fault = |why: &str| Fault(format!("{name}: {why}; {EXPECTED}"));
    let text = std::str::from_utf8(bytes).map_err(|_| fault("the file is no text in UTF-8"))?;
    if text.trim().is_empty() {
        return Err(fault("the file is empty"));
    }
    let at = |e: &serde_json::Error| Fault(format!("{name}:{}:{}: {}; {EXPECTED}", e.line(), e.column(), reason(e)));
    // First whether it is JSON at all: a file that was cut off is told as such, whatever else it lacks.
    let mut value: Value = serde_json::from_str(text)
        .map_err(|e| if e.is_eof() { fault("the file ends early (cut off?)") } else { at(&e) })?;
    if !value.is_object() {
        return Err(fault("the file is JSON, but holds no report"));
    }
    // A line of the log of incidents holds the report of its check beside the incident.
    if let Some(logged) = value.get_mut("report").filter(|report| report.is_object()) {
        return serde_json::from_value(logged.take()).map_err(|e| fault(&reason(&e)));
    }
    serde_json::from_str(text).map_err(|e| at(&e))
}

/// What serde says, without its place and without names of this program.
fn reason(e: &serde_json::Error) -> String {
    let said = e.to_string();
    let said = said.split(" at line ").next().unwrap_or(&said);
    match said.split_once("expected struct ") {
        Some((before, _)) => format!("{before}expected an object"),
        None => said.to_owned(),
    }
}
