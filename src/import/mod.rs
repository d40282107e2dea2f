//! A plan to start from, out of what another tool was told: blackbox_exporter's modules, and the Prometheus jobs that
//! name their targets.
//!
//! What such a prober asserts is less than what a plan says: it knows no private address and no place. So what comes out
//! is a beginning, and whatever was not carried over stands in it, with the reason.

mod addresses;
mod files;
mod gather;
mod known;
mod targets;
mod write;

use crate::catalog::Catalog;
use std::collections::BTreeSet;

/// What came of an import.
#[derive(Debug)]
pub struct Imported {
    /// A plan that reads, with everything that is left to do in its comments.
    pub plan: String,
    /// How many endpoints it has.
    pub endpoints: usize,
    pub notes: Vec<Note>,
}

/// Something that was not carried over, or not as it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// Whose it was: `module http_2xx`, `job web`.
    pub about: String,
    pub what: String,
}

/// The notes in the order in which they came up, each once.
#[derive(Debug, Default)]
struct Notes {
    kept: Vec<Note>,
    known: BTreeSet<Note>,
}

impl Notes {
    fn add(&mut self, about: impl Into<String>, what: impl Into<String>) {
        let note = Note { about: about.into(), what: what.into() };
        if self.known.insert(note.clone()) {
            self.kept.push(note);
        }
    }
}

/// Turns blackbox_exporter's configuration and the Prometheus configuration that uses it into a plan; each file with its
/// name, told apart by what they hold. The error says what is wrong with a file, or that nothing is left to look at.
pub fn blackbox(files: &[(String, String)], catalog: &Catalog) -> Result<Imported, String> {
    let read = files::read(files)?;
    let mut notes = Notes::default();
    let gathered = gather::gather(&read, &mut notes);
    let targets = targets::targets(&gathered.probes, catalog, &mut notes);
    if targets.is_empty() {
        let lines: Vec<String> = notes.kept.iter().map(|note| format!("\n  {}: {}", note.about, note.what)).collect();
        return Err(format!(
            "nothing of this can be carried over{}\n    fix: name the Prometheus configuration whose jobs use the modules, \
             and blackbox_exporter's own with the modules",
            lines.concat()
        ));
    }
    let endpoints = targets.iter().map(|target| target.endpoints.len()).sum();
    let plan = write::plan(&gathered, &targets, &notes.kept);
    Ok(Imported { plan, endpoints, notes: notes.kept })
}
