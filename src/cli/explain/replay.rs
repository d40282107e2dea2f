//! A saved report, read again.

use super::chosen;
use crate::cli::{Fault, load};
use crate::publish::Report;
use std::path::Path;

const EXPECTED: &str =
    "what `fencepost explain --format json`, `fencepost check --format json` or /api/v1/board prints";

/// Reads a report, and keeps what is asked for.
pub fn read(file: &Path, what: Option<&str>) -> Result<Report, Fault> {
    let name = if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() };
    let text = load::text(file)?;
    let mut report: Report = serde_json::from_str(&text).map_err(|e| {
        let said = e.to_string();
        let why = said.split(" at line ").next().unwrap_or(&said);
        Fault(format!("{name}:{}:{}: {why}; expected {EXPECTED}", e.line(), e.column()))
    })?;
    if report.checks.is_empty() {
        return Err(Fault(format!("{name} holds no check; expected {EXPECTED}")));
    }
    if let Some(what) = what {
        let wanted = chosen::bare(what);
        let known = chosen::names_of(&report.checks);
        report.keep(|check| chosen::is_check(&wanted, check));
        if report.checks.is_empty() {
            return Err(chosen::unknown(&wanted, &name, &known));
        }
    }
    Ok(report)
}
