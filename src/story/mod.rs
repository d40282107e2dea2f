//! One voice: findings and evidence told in plain words, the same in the table, in JSON, in logs and in alerts.
//!
//! It decides nothing; it only says what was decided and seen.

mod brief;
mod confirm;
mod evidence;
mod page;
mod word;
mod tale;
mod told;

pub use brief::{Brief, BriefResolver, Expectation, Past, Record};
pub use confirm::Ground;
pub use evidence::evidence;
pub use page::{about, index, page, surest};
pub use tale::{Line, Tone, WIDTH, tale, wrapped};
pub use told::{Told, told};
pub use word::{Listed, Word};

use crate::judge::{Confidence, Finding};

/// A finding's headline: its summary, with the cause where one is known.
pub fn summary(finding: &Finding) -> String {
    let Some(diagnosis) = &finding.diagnosis else { return finding.code.summary().to_owned() };
    let cause = diagnosis.cause.summary();
    let how = match diagnosis.confidence {
        Confidence::Certain => format!("Cause: {cause}."),
        Confidence::Inferred => format!("Probable cause (inferred): {cause}."),
        Confidence::Undetermined => "The cause is undetermined: what was seen fits more than one.".to_owned(),
    };
    format!("{} {how}", finding.code.summary())
}

/// One line for a log or a table: the code, and the first piece of evidence.
pub fn line(finding: &Finding) -> String {
    match finding.evidence.first() {
        Some(first) => format!("{}: {}", finding.code.word(), evidence(first)),
        None => format!("{}: {}", finding.code.word(), finding.code.summary()),
    }
}
