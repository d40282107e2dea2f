//! A world played to every vantage of a plan, by the agent's own path, and what its board then says.

use super::form::{Reason, Row};
use crate::repository::{CATALOG, read};
use fencepost::agent::{Estate, Grounds, once};
use fencepost::clock;
use fencepost::judge::Confidence;
use fencepost::lab::{Simulated, Stage, World};
use fencepost::observe::{Lens, Pacer, Trust};
use fencepost::plan::{Plan, Vantage};
use fencepost::publish::report;
use fencepost::story::{Record, WIDTH, Word, tale};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is said, by vantage and check.
pub type Round = BTreeMap<(String, String), Said>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub verdict: String,
    pub fallback: String,
    pub findings: BTreeSet<Reason>,
}

impl Said {
    fn wanted(row: &Row) -> Self {
        Self { verdict: row.verdict.clone(), fallback: row.fallback.clone(), findings: row.findings.clone() }
    }

    fn words(&self) -> String {
        let reasons = self.findings.iter().map(|reason| {
            let more = [&reason.cause, &reason.confidence].into_iter().flatten().cloned().collect::<Vec<_>>();
            if more.is_empty() { reason.code.clone() } else { format!("{} ({})", reason.code, more.join(", ")) }
        });
        format!("{}, {}, [{}]", self.verdict, self.fallback, reasons.collect::<Vec<_>>().join("; "))
    }
}

/// One round of every vantage; the error says why the world or the plan cannot be played.
pub async fn round(world: &str, plan: &str) -> Result<Round, String> {
    let world = World::read("world", world).map_err(|e| e.to_string())?;
    let stage = Stage::new(world).map_err(|e| e.to_string())?;
    let trust = Arc::new(Trust::new(Some(stage.authority().pem().as_bytes())).map_err(|e| e.to_string())?);
    let plan = read(plan).map_err(|e| e.to_string())?;
    let mut round = Round::new();
    for vantage in &plan.vantages {
        let estate = estate(plan.clone(), vantage, &stage, &trust)?;
        let board = once(&estate, 64, || {}).await;
        let report = report(&board);
        // `explain` tells the same record: what the board says must stand in the tale.
        report.records().try_for_each(|record| untold(&record))?;
        let shown = serde_json::to_value(report).map_err(|e| e.to_string())?;
        let checks = shown["checks"].as_array().cloned().unwrap_or_default();
        round.extend(checks.iter().map(|check| ((vantage.name.to_string(), text(&check["check"])), said(check))));
    }
    Ok(round)
}

/// What of a judgement is missing in its tale.
fn untold(record: &Record<'_>) -> Result<(), String> {
    let lines: Vec<String> = tale(record, WIDTH).into_iter().map(|line| line.text).collect();
    let text = lines.join("\n");
    let verdict = record.verdict.map(|verdict| verdict.word().to_uppercase()).unwrap_or_default();
    let causes = record.findings.iter().filter_map(|finding| finding.cause.as_ref().zip(finding.confidence.as_ref()));
    let causes = causes.map(|(cause, confidence)| match confidence {
        Word::Known(Confidence::Undetermined) => cause.word().to_owned(),
        Word::Known(Confidence::Inferred | Confidence::Certain) | Word::Newer(_) => {
            format!("{} ({})", cause.word(), confidence.word())
        }
    });
    let codes = record.findings.iter().map(|finding| format!("{} ({}", finding.code.word(), finding.severity.word()));
    let missing: Vec<String> =
        causes.chain(codes).chain([verdict]).filter(|word| !text.contains(word.as_str())).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("the tale does not say {missing:?}:\n{text}")) }
}

fn estate(plan: Plan, vantage: &Vantage, stage: &Arc<Stage>, trust: &Arc<Trust>) -> Result<Estate, String> {
    let source = vantage.within.first().and_then(|net| net.hosts().next());
    let source = source.ok_or_else(|| format!("{} lies nowhere", vantage.name))?;
    let net = Arc::new(Simulated::new(Arc::clone(stage), source));
    let lens = Lens { net, trust: Arc::clone(trust), pacer: Arc::new(Pacer::default()) };
    let grounds = Grounds::new(plan, CATALOG.clone(), Some(vantage.name.as_str()), &[]);
    Ok(Estate::new(grounds.map_err(|e| e.to_string())?, lens, clock::day(clock::now())))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("nothing").to_owned()
}

fn said(check: &Value) -> Said {
    let word = |finding: &Value, key: &str| finding[key].as_str().map(str::to_owned);
    let reason = |finding: &Value| Reason {
        code: text(&finding["code"]),
        cause: word(finding, "cause"),
        confidence: word(finding, "confidence"),
    };
    let findings = check["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
    Said {
        verdict: text(&check["verdict"]),
        fallback: text(&check["public_fallback"]),
        findings: findings.iter().map(reason).collect(),
    }
}

/// Where a round is not as its rows want it. The first row that matches a check decides.
pub fn disagreements(rows: &[Row], healthy: &Round, now: &Round) -> Vec<String> {
    let mut apart: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    let mut used = vec![false; rows.len()];
    for ((vantage, check), said) in now {
        let place = rows.iter().position(|row| row.vantage.matches(vantage) && row.check.matches(check));
        if let Some(place) = place {
            used[place] = true;
        }
        let before = || healthy.get(&(vantage.clone(), check.clone())).cloned();
        let wanted = place.map(|place| Said::wanted(&rows[place])).or_else(before);
        if wanted.as_ref() != Some(said) {
            let wanted = wanted.map_or_else(|| "nothing".to_owned(), |wanted| wanted.words());
            apart.entry((wanted, said.words())).or_default().push(format!("{vantage} {check}"));
        }
    }
    let told = |((wanted, said), checks): (_, Vec<String>)| {
        format!("wanted {wanted}\n    said   {said}\n    at     {}", checks.join("\n           "))
    };
    let mut troubles: Vec<String> = apart.into_iter().map(told).collect();
    let idle = rows.iter().zip(used).filter(|(_, used)| !used);
    troubles.extend(idle.map(|(row, _)| format!("the row for {:?} {:?} decides nothing", row.vantage, row.check)));
    troubles
}
