//! A saved report, read again.

use super::chosen;
use crate::cli::{Fault, load};
use crate::publish::{Report, Unread, saved};
use std::path::Path;

const EXPECTED: &str = "a report is what `fencepost explain --format json`, `fencepost check --format json` or \
                        /api/v1/board prints; one line of the log of incidents holds one too";

/// Reads a report, and keeps what is asked for.
pub fn read(file: &Path, what: Option<&str>) -> Result<Report, Fault> {
    let name = if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() };
    let bytes = load::report(file)?;
    let mut report = saved(&bytes).map_err(|Unread { place, reason }| {
        let place = place.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
        Fault(format!("{name}{place}: {reason}; {EXPECTED}"))
    })?;
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
