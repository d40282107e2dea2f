//! The desk, with what is known as an argument.

mod agent;
mod desk;
mod outbox;
mod webhook;
mod words;

use super::{Desk, Known, KnownCheck, Notice, wanted};
use crate::judge::{Cause, Code, Diagnosis, Evidence, Finding, Judgement, PublicFallback, Verdict, Weight};
use crate::plan::{CheckName, HostName};
use crate::standing::{Standing, Terms, stand};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

const ZONE: &str = "privatelink.openai.azure.com";

fn at(minutes: i64) -> Timestamp {
    "2026-12-01T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

/// One check of a test, and what it came to.
struct Check {
    name: CheckName,
    target: &'static str,
    claim: &'static str,
    owner: &'static str,
    zone: Option<&'static str>,
    exception: Option<&'static str>,
    standing: Option<Standing>,
    judgement: Judgement,
}

fn judgement(verdict: Verdict, fallback: PublicFallback, findings: Vec<Finding>) -> Judgement {
    Judgement { verdict, fallback, seen_twice: true, findings, reached: Vec::new() }
}

fn good() -> Judgement {
    judgement(Verdict::Holds, PublicFallback::None, Vec::new())
}

fn finding(code: Code, weight: Weight) -> Finding {
    Finding::new(code, weight, vec![Evidence::Witness(format!("{} at 10.20.3.5", code.word()))])
}

fn because(code: Code, cause: Cause) -> Finding {
    let diagnosis = Some(Diagnosis::inferred(cause, Vec::new(), Vec::new()));
    Finding { diagnosis, ..finding(code, Weight::Breaks) }
}

/// Broken without a public answer.
fn down(code: Code) -> Judgement {
    judgement(Verdict::Broken, PublicFallback::None, vec![finding(code, Weight::Breaks)])
}

/// A public answer with a cause.
fn public(fallback: PublicFallback, cause: Cause) -> Judgement {
    judgement(Verdict::Broken, fallback, vec![because(Code::PublicAnswer, cause)])
}

fn unknown(code: Code) -> Judgement {
    judgement(Verdict::Unknown, PublicFallback::Unknown, vec![finding(code, Weight::Unclear)])
}

/// A vantage with some checks, and its desk.
#[derive(Default)]
struct Vantage {
    checks: Vec<Check>,
    desk: Desk,
}

impl Vantage {
    fn add(&mut self, target: &'static str, claim: &'static str) -> usize {
        let host = HostName::from_wire(&format!("host-{}.openai.azure.com", self.checks.len()));
        self.checks.push(Check {
            name: CheckName::new(&format!("{target}/{host}")),
            target,
            claim,
            owner: "ana",
            zone: Some(ZONE),
            exception: None,
            standing: None,
            judgement: good(),
        });
        self.checks.len() - 1
    }

    /// One look; an incident opens with the first broken one and closes with the second good one.
    fn look(&mut self, place: usize, judged: Judgement, now: Timestamp) {
        let check = &mut self.checks[place];
        let longest = Duration::from_secs(60);
        let terms = Terms { confirm: 1, recover: 2, private: check.claim == "private", longest };
        check.standing = Some(stand(check.standing.as_ref(), &judged, now, &terms).0);
        check.judgement = judged;
    }

    fn known(&self) -> Known<'_> {
        let checks = self.checks.iter().filter_map(|check| {
            let standing = check.standing.as_ref()?;
            Some(KnownCheck {
                check: &check.name,
                target: check.target,
                owner: check.owner,
                environment: "prod",
                claim: check.claim,
                verdict: check.judgement.verdict,
                verdict_since: standing.verdict_since,
                fallback: check.judgement.fallback,
                fallback_since: standing.fallback_since,
                incident: standing.incident(),
                findings: &check.judgement.findings,
                zone: check.zone,
                exception: check.exception,
            })
        });
        let patience = SignedDuration::from_mins(1);
        let runbooks = "https://wiki.example/runbooks";
        Known { vantage: "prod-app", plan: "contoso", runbooks, patience, checks: checks.collect(), ..Known::default() }
    }

    fn reconcile(&mut self, now: Timestamp) -> Vec<Notice> {
        self.reconcile_with(now, |_| {})
    }

    fn reconcile_with(&mut self, now: Timestamp, change: impl Fn(&mut Known<'_>)) -> Vec<Notice> {
        let mut desk = std::mem::take(&mut self.desk);
        let mut known = self.known();
        change(&mut known);
        let wanted = wanted(&known, &desk, now);
        let notices = desk.reconcile(wanted, &known, now);
        self.desk = desk;
        notices
    }

    /// A look at one check, and what is told of it: `+Name`, `~Name`, `-Name`.
    fn told(&mut self, place: usize, judged: Judgement, minutes: i64) -> String {
        self.look(place, judged, at(minutes));
        spoken(&self.reconcile(at(minutes)))
    }
}

fn spoken(notices: &[Notice]) -> String {
    let sign = |notice: &Notice| match notice.status {
        super::Status::Firing => '+',
        super::Status::Changed => '~',
        super::Status::Resolved => '-',
    };
    let name = |notice: &Notice| notice.alert.labels["alertname"].trim_start_matches("Fencepost").to_owned();
    notices.iter().map(|notice| format!("{}{}", sign(notice), name(notice))).collect::<Vec<_>>().join(" ")
}
