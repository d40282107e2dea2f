//! A fault of a plan: where, why, and what to write instead. Faults are gathered, never thrown one at a time.

use std::fmt;

/// A place in a plan file, both numbers counted from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, serde::Serialize)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

/// Neither a control character nor one that turns the direction of the text: fit for a terminal, a log, a page.
pub fn is_harmless(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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
    /// What the plan says is repeated in a reason; nothing of it moves the cursor of whoever reads that.
    pub fn new(place: Place, reason: impl Into<String>, fix: impl Into<String>) -> Self {
        let shown = |text: String| match text.chars().all(is_harmless) {
            true => text,
            false => text.chars().map(|c| if is_harmless(c) { c } else { char::REPLACEMENT_CHARACTER }).collect(),
        };
        Self { place, reason: shown(reason.into()), fix: shown(fix.into()) }
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
