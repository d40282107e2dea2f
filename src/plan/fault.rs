//! A fault of a plan: where, why, and what to write instead. Faults are gathered, never thrown one at a time.

use std::fmt;

/// A place in a plan file, both numbers counted from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, serde::Serialize)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

/// One thing wrong with a plan.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Serialize)]
pub struct Fault {
    #[serde(flatten)]
    pub place: Place,
    pub reason: String,
    /// What to write instead.
    pub fix: String,
}

impl Fault {
    pub fn new(place: Place, reason: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { place, reason: reason.into(), fix: fix.into() }
    }
}

/// All faults of one file, in the order of their places.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Faults {
    pub file: String,
    pub faults: Vec<Fault>,
}

impl Faults {
    pub fn new(file: &str, mut faults: Vec<Fault>) -> Self {
        faults.sort();
        faults.dedup();
        Self { file: file.to_owned(), faults }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.faults {
            let Place { line, column } = fault.place;
            writeln!(f, "{}:{line}:{column}: {}", self.file, fault.reason)?;
            writeln!(f, "    fix: {}", fault.fix)?;
        }
        let n = self.faults.len();
        write!(f, "{n} fault{} in {}", if n == 1 { "" } else { "s" }, self.file)
    }
}

impl std::error::Error for Faults {}
