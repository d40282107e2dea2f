//! A finding as it is told: every word of it text, so that it can be saved, sent and told again elsewhere.

use super::confirm::{Ground, confirm};
use super::{Word, evidence, summary};
use crate::judge::{Cause, Code, Confidence, Finding, Severity, Side};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One finding in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Told {
    #[schemars(with = "String")]
    pub code: Word<Code>,
    #[schemars(with = "String")]
    pub severity: Word<Severity>,
    /// Where the fault most likely lies: `zone`, `resolver`, `path`, `service`, `agent`, `plan`.
    #[schemars(with = "String")]
    pub side: Word<Side>,
    /// The likely cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub cause: Option<Word<Cause>>,
    /// How far the cause may be relied on: `certain`, `inferred`, `undetermined`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub confidence: Option<Word<Confidence>>,
    pub summary: String,
    pub evidence: Vec<String>,
    /// What speaks for the cause.
    #[serde(default, rename = "for", skip_serializing_if = "Vec::is_empty")]
    pub supports: Vec<String>,
    /// What speaks against it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub against: Vec<String>,
    /// The first thing to try.
    #[serde(rename = "try")]
    pub first_try: String,
    /// Commands that would confirm it; a word in capitals stands for what only the reader knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub confirm: Vec<String>,
}

impl Told {
    /// What the finding means, in one sentence. One that a newer version found says it itself.
    pub fn sentence(&self) -> &str {
        match &self.code {
            Word::Known(code) => code.summary(),
            Word::Newer(_) => &self.summary,
        }
    }
}

pub fn told(finding: &Finding, ground: &Ground<'_>) -> Told {
    let words = |all: &[crate::judge::Evidence]| all.iter().map(evidence).collect();
    let diagnosis = finding.diagnosis.as_ref();
    Told {
        code: finding.code.into(),
        severity: finding.severity.into(),
        side: finding.side().into(),
        cause: finding.cause().map(Word::from),
        confidence: finding.confidence().map(Word::from),
        summary: summary(finding),
        evidence: words(&finding.evidence),
        supports: diagnosis.map(|d| words(&d.supports)).unwrap_or_default(),
        against: diagnosis.map(|d| words(&d.against)).unwrap_or_default(),
        first_try: finding.first_try().to_owned(),
        confirm: confirm(finding, ground),
    }
}
