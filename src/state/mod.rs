//! What survives a restart: every standing with its incident and exposure clock, and what is known of exceptions,
//! and the alerts with what still waits to be sent.
//!
//! It is one file, replaced as a whole: written beside the old one, synced, renamed over it. Then incidents and
//! everything that speaks of them are of one moment, whenever the agent was killed. A database would bring pages, a log
//! and a repair of its own for some hundred kilobytes that one task writes; a journal would bring replay and compaction.
//! The price is that all of it is written again each time, which is why looks without news wait for a quarter of a round.

mod folder;
mod lines;
mod whole;

#[cfg(test)]
mod tests;

pub use folder::{Folder, InUse, Opened};
pub use lines::{line, records};
pub use whole::{read_whole, replace};

use crate::alert::Alerting;
use crate::plan::{CheckName, Claim, ExceptionName};
use crate::standing::{ExceptionPast, Standing};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The version of the file's form. A file of another form is not read.
pub const FORM: u32 = 1;

/// One line of the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Record<'a> {
    /// The first line.
    Head {
        form: u32,
        plan: Cow<'a, str>,
        vantage: Cow<'a, str>,
        written: Timestamp,
    },
    /// A check, and under which claim it was looked at.
    Standing {
        check: Cow<'a, CheckName>,
        claim: Cow<'a, Claim>,
        standing: Cow<'a, Standing>,
    },
    Exception {
        exception: Cow<'a, ExceptionName>,
        past: Cow<'a, ExceptionPast>,
    },
    /// The alerts that are held, and what still waits to be sent.
    Alerting(Cow<'a, Alerting>),
}
