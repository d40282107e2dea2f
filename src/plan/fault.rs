//! A fault of a plan: where, why, and what to write instead. Faults are gathered, never thrown one at a time.

use std::fmt;

/// A place in a plan; line and column are counted from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, serde::Serialize)]
pub struct Place {
    /// Which of the plan's files, counted from 0 in the order of their names.
    #[serde(skip)]
    pub file: usize,
    pub line: usize,
    pub column: usize,
}

impl Place {
    /// How a fault at this place speaks of another one: by its line, and by its file where that is another.
    pub(super) fn speaks_of(self, other: Self, files: &[String]) -> String {
        match files.get(other.file).filter(|_| other.file != self.file) {
            Some(file) => format!("line {} of {file}", other.line),
            None => format!("line {}", other.line),
        }
    }
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

/// All faults of a plan, in the order of their places.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Faults {
    /// What the plan as a whole is called: its file, or its folder.
    pub called: String,
    /// The files that [`Place::file`] counts.
    pub files: Vec<String>,
    pub faults: Vec<Fault>,
}

impl Faults {
    /// Of one file.
    pub fn new(file: &str, faults: Vec<Fault>) -> Self {
        Self::of_all(file, vec![file.to_owned()], faults)
    }

    /// Of several files, which are called something together.
    pub fn of_all(called: &str, files: Vec<String>, mut faults: Vec<Fault>) -> Self {
        faults.sort();
        faults.dedup();
        Self { called: called.to_owned(), files, faults }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.faults {
            let Place { file, line, column } = fault.place;
            let file = self.files.get(file).unwrap_or(&self.called);
            writeln!(f, "{file}:{line}:{column}: {}", fault.reason)?;
            writeln!(f, "    fix: {}", fault.fix)?;
        }
        let n = self.faults.len();
        write!(f, "{n} fault{} in {}", if n == 1 { "" } else { "s" }, self.called)
    }
}

impl std::error::Error for Faults {}
