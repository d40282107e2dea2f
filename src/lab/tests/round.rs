//! One round of every vantage: look, then judge, as the agent does.

use crate::catalog::Catalog;
use crate::clock;
use crate::facts::Facts;
use crate::judge::{Asked, Judgement, Verdict, Witnessing, judge};
use crate::lab::World;
use crate::observe::{Lens, look, look_at_witness, resolvers_of, subject_of};
use crate::plan::{Case, Claim, Plan, Vantage};
use futures_util::future::join_all;
use std::collections::BTreeMap;

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
    let mut round = Round::new();
    let day = clock::day(clock::now());
    let cases = plan.cases(&vantage.name, day);
    let looks = cases.into_iter().map(|case| {
        let lens = lens.clone();
        async move {
            let service = catalog.service(&case.target.service).unwrap();
            let facts = look(&lens, &subject_of(plan, &case, service)).await;
            (case, facts)
        }
    });
    let seen: Vec<(Case<'_>, Facts)> = join_all(looks).await;
    let witness = witness(plan, catalog, vantage, &lens, &seen).await;
    for (case, facts) in &seen {
        let judgement = judged(plan, catalog, case, facts, &witness);
        round.insert((vantage.name.to_string(), case.name().to_string()), said(case, &judgement));
    }
    round
}

async fn witness(
    plan: &Plan,
    catalog: &Catalog,
    vantage: &Vantage,
    lens: &Lens,
    seen: &[(Case<'_>, Facts)],
) -> Witnessing {
    let Some(named) = &vantage.witness else {
        let holds = seen
            .iter()
            .filter(|(case, _)| *case.decision.claim() == Claim::Private)
            .any(|(case, facts)| judged(plan, catalog, case, facts, &Witnessing::NotSeen).verdict == Verdict::Holds);
        return if holds { Witnessing::Succeeded("a private check".to_owned()) } else { Witnessing::NotSeen };
    };
    let resolvers = resolvers_of(plan, vantage);
    let facts =
        look_at_witness(lens, named, &resolvers, vantage.uses_host(), &plan.networks, plan.settings.timeout).await;
    let tried = facts.tried.join(", ");
    if facts.succeeded { Witnessing::Succeeded(tried) } else { Witnessing::Failed(tried) }
}

fn judged(plan: &Plan, catalog: &Catalog, case: &Case<'_>, facts: &Facts, witness: &Witnessing) -> Judgement {
    let asked = Asked {
        claim: case.decision.claim(),
        target: case.target,
        endpoint: case.endpoint,
        service: catalog.service(&case.target.service).unwrap(),
        networks: &plan.networks,
    };
    judge(&asked, facts, witness)
}

fn said(case: &Case<'_>, judgement: &Judgement) -> Said {
    let first = judgement.findings.first();
    Said {
        claim: case.decision.claim().word(),
        verdict: judgement.verdict.word(),
        finding: first.map(|finding| (finding.code.word(), finding.cause.map(|cause| cause.word()))),
        fallback: judgement.fallback.word(),
    }
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
