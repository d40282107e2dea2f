//! A round as a gate of a pipeline: whether it opens, what each check means to it, and whether the network is what stops
//! the job.

use super::report::{CheckReport, Report};
use crate::judge::{Side, Verdict};
use crate::story::Told;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What shuts a gate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FailOn {
    /// A check that is broken. What could not be told is only warned of.
    Broken,
    /// A check that is broken, or that could not be told.
    #[default]
    Unknown,
    /// Nothing: the gate only tells.
    Never,
}

impl FailOn {
    pub const ALL: [Self; 3] = [Self::Broken, Self::Unknown, Self::Never];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Unknown => "unknown",
            Self::Never => "never",
        }
    }
}

/// What a round comes to: broken before unknown before good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Holds,
    Broken,
    Unknown,
    /// Nothing was looked at: the plan claims nothing from here today, or somebody interrupted. That is no pass.
    Nothing,
}

impl Outcome {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Broken => "broken",
            Self::Unknown => "unknown",
            Self::Nothing => "nothing",
        }
    }
}

/// What a check means to a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Passes,
    /// The plan claims nothing of it today.
    Skipped,
    /// Not as it should be, but the gate does not fail for it.
    Warns,
    Fails,
}

/// What the gate of a pipeline says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GateReport {
    /// `broken`, `unknown` or `never`.
    pub fail_on: String,
    /// `holds`, `broken`, `unknown`; `nothing` where nothing was looked at.
    pub came_to: String,
    /// Whether the gate opens: exit code 0.
    pub passes: bool,
    /// Whether the network is what stops the job, and how waiting ended.
    pub says: String,
    /// How waiting for it to open ended, where somebody waited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waited: Option<Waited>,
}

/// How waiting for a gate ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Waited {
    /// How long it took, in seconds.
    pub seconds: f64,
    /// `opened`, `time-over` or `interrupted`.
    pub ended: String,
}

/// What ends the waiting for a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Opened,
    TimeOver,
    Interrupted,
}

impl End {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::TimeOver => "time-over",
            Self::Interrupted => "interrupted",
        }
    }

    /// One sentence that follows on what the gate says of the network.
    fn says(self, after: Duration) -> String {
        let seconds = after.as_secs();
        let after = match (seconds / 60, seconds % 60) {
            (0, 0) => "less than 1 s".to_owned(),
            (0, s) => format!("{s} s"),
            (min, 0) => format!("{min} min"),
            (min, s) => format!("{min} min {s} s"),
        };
        match self {
            Self::Opened => format!("The gate opened after {after}."),
            Self::TimeOver => format!("The time to wait was over after {after}."),
            Self::Interrupted => {
                format!("Somebody interrupted the waiting after {after}; this is the last whole round.")
            }
        }
    }
}

impl Report {
    /// What the round comes to.
    pub fn outcome(&self) -> Outcome {
        let looked_at = || self.checks.iter().filter(|check| !is_skipped(check));
        let has = |verdict| looked_at().any(|check| check.known_verdict() == verdict);
        if looked_at().all(|check| check.verdict.is_none()) {
            Outcome::Nothing
        } else if has(Some(Verdict::Broken)) {
            Outcome::Broken
        } else if has(Some(Verdict::Unknown)) || has(None) {
            Outcome::Unknown
        } else {
            Outcome::Holds
        }
    }

    /// Whether a gate opens.
    pub fn passes(&self, fail_on: FailOn) -> bool {
        match (fail_on, self.outcome()) {
            (FailOn::Never, _) | (_, Outcome::Holds) | (FailOn::Broken, Outcome::Unknown) => true,
            (FailOn::Broken | FailOn::Unknown, Outcome::Broken | Outcome::Nothing)
            | (FailOn::Unknown, Outcome::Unknown) => false,
        }
    }

    /// Says what the gate does, and why.
    pub fn at_gate(&mut self, fail_on: FailOn, waited: Option<(End, Duration)>) {
        let whole = self.checks.iter().all(|check| is_skipped(check) || check.verdict.is_some());
        let told = waited.filter(|_| whole).map(|(end, after)| format!(" {}", end.says(after)));
        self.gate = Some(GateReport {
            fail_on: fail_on.word().to_owned(),
            came_to: self.outcome().word().to_owned(),
            passes: self.passes(fail_on),
            says: says(self) + &told.unwrap_or_default(),
            waited: waited.map(|(end, after)| Waited { seconds: after.as_secs_f64(), ended: end.word().to_owned() }),
        });
    }
}

/// What a check means to a gate.
pub fn level(check: &CheckReport, fail_on: FailOn) -> Level {
    match (check.known_verdict(), fail_on) {
        (Some(Verdict::Holds), _) => Level::Passes,
        (Some(Verdict::Broken), FailOn::Broken | FailOn::Unknown) => Level::Fails,
        (Some(Verdict::Broken), FailOn::Never) => Level::Warns,
        (None, _) if is_skipped(check) => Level::Skipped,
        (Some(Verdict::Unknown) | None, FailOn::Unknown) => Level::Fails,
        (Some(Verdict::Unknown) | None, FailOn::Broken | FailOn::Never) => Level::Warns,
    }
}

fn is_skipped(check: &CheckReport) -> bool {
    check.verdict.is_none() && check.claim == "none"
}

/// Whom a fault stops, and where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Network,
    Service,
    Machine,
    Plan,
}

impl Whose {
    const ALL: [Self; 4] = [Self::Network, Self::Service, Self::Machine, Self::Plan];

    const fn is(self) -> &'static str {
        match self {
            Self::Network => "the network",
            Self::Service => "the service",
            Self::Machine => "the machine that this runs on",
            Self::Plan => "the plan",
        }
    }

    fn of(finding: &Told) -> Option<Self> {
        Some(match finding.side.known()? {
            Side::Zone | Side::Resolver | Side::Path => Self::Network,
            Side::Service => Self::Service,
            Side::Agent => Self::Machine,
            Side::Plan => Self::Plan,
        })
    }
}

/// Where findings lie, in words.
fn whose<'r>(findings: impl Iterator<Item = &'r Told>) -> Option<String> {
    let seen: Vec<Whose> = findings.filter_map(Whose::of).collect();
    let named: Vec<&str> = Whose::ALL.iter().filter(|one| seen.contains(one)).map(|one| one.is()).collect();
    if named.is_empty() { None } else { Some(named.join(" and ")) }
}

/// Whether the network is what stops a job that runs here. It rests on the worst finding of each check: whose side it is
/// on, and whether the claim is one that a job depends on.
fn says(report: &Report) -> String {
    let all = report.checks.iter().filter(|check| !is_skipped(check)).count();
    let of = |verdict| report.checks.iter().filter(move |check| check.known_verdict() == Some(verdict));
    match report.outcome() {
        Outcome::Nothing if all > 0 => "Nothing was looked at: somebody interrupted it.".to_owned(),
        Outcome::Nothing => format!("Nothing was looked at: the plan claims nothing from {} today.", report.vantage),
        Outcome::Holds => format!(
            "The network is as the plan says: {}. If the job fails all the same, look for another reason first.",
            counted(all, all, "holds", "hold")
        ),
        Outcome::Unknown => {
            let untold: Vec<&CheckReport> =
                report.checks.iter().filter(|c| !is_skipped(c) && c.known_verdict() != Some(Verdict::Holds)).collect();
            let because = whose(untold.iter().flat_map(|check| &check.findings));
            let because = because.map(|whose| format!(", most likely because of {whose}")).unwrap_or_default();
            format!(
                "This says nothing of your code: {} not be told{}{because}.",
                counted(untold.len(), all, "could", "could"),
                codes(&untold)
            )
        }
        Outcome::Broken => {
            let broken: Vec<&CheckReport> = of(Verdict::Broken).collect();
            let needed: Vec<&CheckReport> = broken.iter().copied().filter(|check| check.claim != "blocked").collect();
            if needed.is_empty() {
                return format!(
                    "This stops no code of yours: {} broken because a block is not as the plan says{}.",
                    counted(broken.len(), all, "is", "are"),
                    codes(&broken)
                );
            }
            let whose = whose(needed.iter().filter_map(|check| check.findings.first()));
            format!(
                "This is {}, not your code: {} broken{}, and none of your code takes part in them.",
                whose.unwrap_or_else(|| "what lies around the job".to_owned()),
                counted(broken.len(), all, "is", "are"),
                codes(&needed)
            )
        }
    }
}

/// `2 of 3 checks are`.
fn counted(some: usize, all: usize, one: &str, many: &str) -> String {
    match (some, all) {
        (1, 1) => format!("the one check {one}"),
        (some, all) if some == all => format!("all {all} checks {many}"),
        (1, all) => format!("1 of {all} checks {one}"),
        (some, all) => format!("{some} of {all} checks {many}"),
    }
}

/// The worst findings of checks, each once, in brackets.
fn codes(checks: &[&CheckReport]) -> String {
    let mut codes: Vec<&str> = Vec::new();
    for code in checks.iter().filter_map(|check| check.findings.first()).map(|finding| finding.code.word()) {
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    if codes.is_empty() { String::new() } else { format!(" ({})", codes.join(", ")) }
}
