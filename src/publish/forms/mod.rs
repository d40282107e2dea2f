//! A report in the forms that pipelines read. Each is a text made of the report alone, so none can say what another does not.
//!
//! What peers said stands in all of them. A pipeline takes orders from what a job prints, so each form writes such words
//! in a way in which its reader finds no order, and [`inert`] takes from them what any pipeline would take for one.

mod azure_pipelines;
mod github;
mod inert;
mod junit;
mod markdown;
mod tap;

pub use azure_pipelines::azure_pipelines;
pub use github::github;
pub use inert::{inert, inert_json};
pub use junit::junit;
pub use markdown::markdown;
pub use tap::tap;

use super::gate::{FailOn, Level, level};
use super::report::{CheckReport, Report};
use crate::facts::Runner;
use crate::story::Told;

/// A report at a gate.
#[derive(Clone, Copy)]
pub struct Gate<'r> {
    pub report: &'r Report,
    pub fail_on: FailOn,
}

/// Checks that the gate does not simply let pass, joined where their worst finding and its cause are the same: one cause,
/// one annotation.
struct Concern<'r> {
    level: Level,
    /// The verdict, in its word.
    verdict: &'static str,
    finding: Option<&'r Told>,
    checks: Vec<&'r CheckReport>,
}

/// What stays shut where no check shuts the gate.
const NOTHING: &str = "something was looked at";

impl<'r> Gate<'r> {
    fn level(self, check: &CheckReport) -> Level {
        level(check, self.fail_on)
    }

    /// Whether the gate stays shut although no check shuts it: nothing was looked at.
    fn lacks_checks(self) -> bool {
        let fails = |check: &CheckReport| self.level(check) == Level::Fails;
        !self.report.passes(self.fail_on) && !self.report.checks.iter().any(fails)
    }

    /// What there is to say of checks, the worst first, then in the order of the plan.
    fn concerns(self) -> Vec<Concern<'r>> {
        let mut concerns: Vec<Concern<'r>> = Vec::new();
        let key = |finding: Option<&Told>| finding.map(|f| (f.code.clone(), f.cause.clone()));
        for check in &self.report.checks {
            let (level, finding) = (self.level(check), check.findings.first());
            if level == Level::Skipped || (level == Level::Passes && finding.is_none()) {
                continue;
            }
            let verdict = verdict(check);
            let same = |one: &&mut Concern<'_>| {
                (one.level, one.verdict) == (level, verdict) && key(one.finding) == key(finding)
            };
            match concerns.iter_mut().find(same) {
                Some(concern) => concern.checks.push(check),
                None => concerns.push(Concern { level, verdict, finding, checks: vec![check] }),
            }
        }
        concerns.sort_by_key(|concern| match concern.level {
            Level::Fails => 0,
            Level::Warns => 1,
            Level::Passes | Level::Skipped => 2,
        });
        concerns
    }

    /// The count, and whether it is the network.
    fn headline(self) -> String {
        let counted = &self.report.summary;
        let Report { plan, vantage, .. } = self.report;
        format!(
            "{} hold, {} broken, {} unknown — plan {plan}, vantage {vantage}",
            counted.holds, counted.broken, counted.unknown
        )
    }

    fn says(self) -> &'r str {
        self.report.gate.as_ref().map_or("", |gate| gate.says.as_str())
    }
}

impl Concern<'_> {
    /// `public-answer (zone-not-linked): chat-prod/contoso.openai.azure.com and 4 more`.
    fn title(&self) -> String {
        let first = self.checks.first().map_or("", |check| check.check.as_str());
        let more = match self.checks.len() {
            0 | 1 => String::new(),
            many => format!(" and {} more", many - 1),
        };
        format!("{}: {first}{more}", why(self.finding))
    }

    /// What is known of it, a sentence each: verdict, finding with its cause, what was seen, what to try.
    fn sentences(&self, vantage: &str) -> Vec<String> {
        let names: Vec<&str> = self.checks.iter().map(|check| check.check.as_str()).collect();
        let mut told = vec![format!("{} from {vantage}: {}.", self.verdict, names.join(", "))];
        if let Some(finding) = self.finding {
            told.push(finding.summary.clone());
            told.extend(finding.evidence.first().map(|seen| format!("Seen: {seen}.")));
            told.push(format!("Try first: {}", finding.first_try));
        }
        told
    }
}

/// A finding's code, with its cause where one is known.
fn why(finding: Option<&Told>) -> String {
    let Some(finding) = finding else { return "not looked at".to_owned() };
    let cause = finding.cause.as_ref().map(|cause| format!(" ({})", cause.word())).unwrap_or_default();
    format!("{}{cause}", finding.code.word())
}

/// The word of a check's verdict.
fn verdict(check: &CheckReport) -> &'static str {
    match check.known_verdict() {
        Some(verdict) => verdict.word(),
        None => "not looked at",
    }
}

/// `chat-prod/contoso.openai.azure.com is private`, which stays the same from run to run.
fn name(check: &CheckReport) -> String {
    format!("{} is {}", check.check, check.claim)
}

/// The most that is listed of a kind in one line.
const MOST_LISTED: usize = 6;

/// What the machine says of itself, as pairs of a word and its value.
pub fn machine(runner: &Runner) -> Vec<(&'static str, String)> {
    let listed = |all: Vec<String>| match all.split_at_checked(MOST_LISTED) {
        Some((some, more)) if !more.is_empty() => format!("{} and {} more", some.join(", "), more.len()),
        Some(_) | None => all.join(", "),
    };
    let or_none = |text: String| if text.is_empty() { "none".to_owned() } else { text };
    let mut told = Vec::new();
    if let Some(pipeline) = &runner.pipeline {
        let runner = pipeline.runner.as_ref().map(|name| format!(", runner {name}")).unwrap_or_default();
        let hosted = pipeline.hosted.as_ref().map(|word| format!(" ({word})")).unwrap_or_default();
        told.push(("pipeline", format!("{}{runner}{hosted}", pipeline.system)));
    }
    told.extend(runner.hostname.clone().map(|name| ("host", name)));
    told.push(("addresses", or_none(listed(runner.addresses.iter().map(ToString::to_string).collect()))));
    let server = |at: &std::net::SocketAddr| if at.port() == 53 { at.ip().to_string() } else { at.to_string() };
    told.push(("resolvers", or_none(listed(runner.resolvers.iter().map(server).collect()))));
    if !runner.search.is_empty() {
        told.push(("search domains", listed(runner.search.clone())));
    }
    let proxies = runner.proxies.iter().map(|proxy| format!("{}={}", proxy.variable, proxy.value));
    told.push(("proxy variables", or_none(listed(proxies.collect()))));
    told
}

/// As [`machine`], in one line.
fn machine_line(runner: &Runner) -> String {
    let told: Vec<String> = machine(runner).into_iter().map(|(what, value)| format!("{what}: {value}")).collect();
    told.join("; ")
}
