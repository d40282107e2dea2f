//! Where a plan comes from: standard input, a file, a folder, or an https address; whether it is the one that was meant;
//! and the copy that stands in for a server that does not answer. What the text means is the business of `plan`.
//!
//! Nothing here is in force by itself: [`Supply::get`] brings what is written now, and whoever read it as a plan says so
//! with [`Supply::accept`]. Only then it is the one that the next answer is held against, and only then a copy is kept.

mod copy;
mod fetch;
mod local;
mod origin;
mod pace;
mod pin;
mod supply;

#[cfg(test)]
mod tests;

pub use fetch::Fetcher;
pub use origin::Origin;
pub use pace::Pace;
pub use pin::Pin;
pub use supply::{Got, Supply};

use crate::plan;

/// What was written, before anybody read it as a plan.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    Text(String),
    /// Names without their folder, and texts; in the order of the names.
    Folder(Vec<(String, String)>),
}

impl Content {
    /// What a digest or a signature is for: the text itself, or the listing of the folder.
    pub fn sealed(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Folder(files) => plan::listing(files),
        }
    }
}

/// Why there is no plan to be had now, fit for an operator; without a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub why: String,
    /// Whether it may be gone when asked again in a moment.
    pub may_pass: bool,
}

impl Trouble {
    fn lasting(why: impl Into<String>) -> Self {
        Self { why: why.into(), may_pass: false }
    }

    fn passing(why: impl Into<String>) -> Self {
        Self { why: why.into(), may_pass: true }
    }
}
