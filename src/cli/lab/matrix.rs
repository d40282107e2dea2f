//! The matrix: every endpoint against every vantage, with what is claimed and what it came to.

use super::super::table;
use crate::judge::{PublicFallback, Verdict};
use crate::plan::HostName;
use crate::publish::{Board, Entry};
use comfy_table::{Cell, Color};

/// Prints the boards of all vantages side by side.
pub fn print(boards: &[Board]) {
    let vantages = boards.iter().map(|board| board.header.vantage.name.as_str());
    let heading: Vec<&str> = std::iter::once("endpoint").chain(vantages).collect();
    let mut shown = table::table(&heading);
    for endpoint in endpoints(boards) {
        let cells = boards.iter().map(|board| {
            let entry = board.checks.iter().find(|entry| entry.face.endpoint == endpoint);
            entry.map_or_else(|| Cell::new("-"), |entry| cell(entry))
        });
        let row: Vec<Cell> = std::iter::once(Cell::new(endpoint.as_str())).chain(cells).collect();
        shown.add_row(row);
    }
    table::print(&shown);
}

/// Every endpoint once, in the order in which the boards have them.
fn endpoints(boards: &[Board]) -> Vec<HostName> {
    let mut all: Vec<HostName> = Vec::new();
    for entry in boards.iter().flat_map(|board| &board.checks) {
        if !all.contains(&entry.face.endpoint) {
            all.push(entry.face.endpoint.clone());
        }
    }
    all
}

/// `private holds`, or `private broken: public-answer (usable)`.
fn cell(entry: &Entry) -> Cell {
    let claim = entry.face.claim;
    let Some(seen) = &entry.seen else { return Cell::new(format!("{claim} waiting")) };
    let judged = &seen.judgement;
    let mut text = format!("{claim} {}", judged.verdict.word());
    if let Some(finding) = judged.findings.first() {
        text.push_str(&format!(": {}", finding.code.word()));
    }
    if claim == "private" && judged.fallback != PublicFallback::None {
        text.push_str(&format!(" ({})", judged.fallback.word()));
    }
    let colour = match judged.verdict {
        Verdict::Holds if judged.findings.is_empty() => Color::Green,
        Verdict::Holds | Verdict::Unknown => Color::Yellow,
        Verdict::Broken => Color::Red,
    };
    Cell::new(text).fg(colour)
}
