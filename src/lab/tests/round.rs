//! One round of every vantage: look, then judge, as the agent does.

use crate::agent::{Estate, Grounds, once};
use crate::catalog::Catalog;
use crate::clock;
use crate::lab::World;
use crate::observe::Lens;
use crate::plan::{Plan, Vantage};
use crate::publish::Entry;
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Vantage and check, and what came of it.
pub type Round = BTreeMap<(String, String), Said>;

/// A judgement in the words that a world file uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub claim: &'static str,
    pub verdict: &'static str,
    /// The code of the finding that comes first, and its cause.
    pub finding: Option<(&'static str, Option<&'static str>)>,
    pub fallback: &'static str,
}

pub fn plan(text: &str, catalog: &Catalog) -> Plan {
    crate::plan::read("lab.yaml", text, &catalog.outlines()).unwrap_or_else(|faults| panic!("{faults}"))
}

pub async fn round(plan: &Plan, catalog: &Catalog, lens_of: impl Fn(&Vantage) -> Lens) -> Round {
    let vantages = plan.vantages.iter().map(|vantage| round_of(plan, catalog, vantage, lens_of(vantage)));
    join_all(vantages).await.into_iter().flatten().collect()
}

async fn round_of(plan: &Plan, catalog: &Catalog, vantage: &Vantage, lens: Lens) -> Round {
    let grounds = Grounds::new(plan.clone(), catalog.clone(), Some(vantage.name.as_str()), &[]).unwrap();
    let estate = Estate::new(grounds, lens, clock::day(clock::now()));
    let board = once(&estate, 64, || {}).await;
    let said = |entry: &Arc<Entry>| {
        let judgement = &entry.seen.as_ref()?.judgement;
        let first = judgement.findings.first();
        let said = Said {
            claim: entry.face.claim,
            verdict: judgement.verdict.word(),
            finding: first.map(|finding| (finding.code.word(), finding.cause().map(|cause| cause.word()))),
            fallback: judgement.fallback.word(),
        };
        Some(((vantage.name.to_string(), entry.face.check.to_string()), said))
    };
    board.checks.iter().filter_map(said).collect()
}

/// In the healthy world everything holds, without a finding, and nothing private has a public answer.
pub fn assert_healthy(round: &Round) {
    for (check, said) in round {
        assert_eq!((said.verdict, said.finding), ("holds", None), "{check:?} in the healthy world");
        assert!(said.claim != "private" || said.fallback == "none", "{check:?} has fallback {}", said.fallback);
    }
}

/// A fault does exactly what its rows say, and nothing else.
pub fn assert_fault(world: &World, name: &str, healthy: &Round, now: &Round) {
    let (_, fault) = world.faults().find(|(known, _)| *known == name).unwrap();
    let mut troubles = Vec::new();
    for row in &fault.expect {
        if !now.keys().any(|(vantage, check)| row.matches(vantage, check)) {
            troubles.push(format!("the row for {} {} matches no check", row.vantage, row.check));
        }
    }
    for ((vantage, check), said) in now {
        let before = &healthy[&(vantage.clone(), check.clone())];
        let wanted = fault.expect.iter().find(|row| row.matches(vantage, check));
        let (verdict, finding, cause, fallback) = match wanted {
            Some(row) => (row.verdict.as_str(), row.finding.as_deref(), row.cause.as_deref(), row.fallback.as_str()),
            None => (before.verdict, before.finding.map(|f| f.0), before.finding.and_then(|f| f.1), before.fallback),
        };
        let seen = (said.verdict, said.finding.map(|f| f.0), said.finding.and_then(|f| f.1), said.fallback);
        if seen != (verdict, finding, cause, fallback) {
            troubles.push(format!("{vantage} {check}: {seen:?}, expected {:?}", (verdict, finding, cause, fallback)));
        }
    }
    assert!(troubles.is_empty(), "fault {name}:\n  {}", troubles.join("\n  "));
}
