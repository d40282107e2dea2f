//! What must not matter to a judgement, and what must only ever make it worse.

use crate::facts_of::{gives, gives_by, resolver};
use crate::judge::judged;
use crate::judge_any::{any_claim, any_facts, any_witness, gist};
use fencepost::facts::{Facts, LookupOutcome, OsOutcome};
use fencepost::judge::PublicFallback;
use fencepost::plan::Claim;
use proptest::prelude::*;
use std::sync::Arc;

/// The same facts, each list in an order of its own.
fn shuffled(facts: Facts) -> impl Strategy<Value = Facts> {
    let (resolvers, paths) = (facts.names.resolvers.clone(), facts.paths.clone());
    (Just(facts), Just(resolvers).prop_shuffle(), Just(paths).prop_shuffle()).prop_map(
        |(mut facts, resolvers, paths)| {
            (facts.names.resolvers, facts.paths) = (resolvers, paths);
            facts
        },
    )
}

/// The same facts, with one of everything said twice.
fn repeated(facts: &Facts, which: prop::sample::Index) -> Facts {
    let mut twice = facts.clone();
    if !facts.names.resolvers.is_empty() {
        let again = facts.names.resolvers[which.index(facts.names.resolvers.len())].clone();
        twice.names.resolvers.insert(which.index(facts.names.resolvers.len() + 1), again);
    }
    for lookup in twice.names.resolvers.iter_mut().flat_map(|resolver| [&mut resolver.a, &mut resolver.aaaa]) {
        if let LookupOutcome::Answer(answer) = &mut lookup.outcome {
            let given = &mut Arc::make_mut(answer).addresses;
            given.extend_from_within(..given.len().min(1));
        }
    }
    if let Some(OsOutcome::Addresses(given)) = twice.names.os.as_mut().map(|os| &mut os.outcome) {
        given.extend_from_within(..);
    }
    if !facts.paths.is_empty() {
        twice.paths.push(facts.paths[which.index(facts.paths.len())].clone());
    }
    twice
}

const fn answers_publicly(state: PublicFallback) -> bool {
    matches!(state, PublicFallback::Answered | PublicFallback::Usable)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_order_matters(
        (facts, other) in any_facts().prop_flat_map(|facts| (Just(facts.clone()), shuffled(facts))),
        claim in any_claim(),
        witness in any_witness(),
    ) {
        prop_assert_eq!(gist(&judged(&claim, &facts, &witness)), gist(&judged(&claim, &other, &witness)));
    }

    #[test]
    fn saying_it_twice_changes_nothing(
        facts in any_facts(), which in any::<prop::sample::Index>(), claim in any_claim(), witness in any_witness(),
    ) {
        let twice = repeated(&facts, which);
        prop_assert_eq!(gist(&judged(&claim, &facts, &witness)), gist(&judged(&claim, &twice, &witness)));
    }

    /// Whoever answers publicly, and whatever else was seen: the state of public fallback only rises.
    #[test]
    fn a_further_public_answer_never_lowers_the_state_of_public_fallback(
        facts in any_facts(),
        claim in any_claim(),
        witness in any_witness(),
        by_alias in any::<bool>(),
        first in any::<bool>(),
    ) {
        let before = judged(&claim, &facts, &witness).fallback;
        let said = if by_alias { gives_by(&["x.privatelink.openai.azure.com"], &["20.99.9.9"]) } else { gives(&["20.99.9.9"]) };
        let further = resolver("further", said, gives(&[]));
        let mut worse = facts;
        if first { worse.names.resolvers.insert(0, further) } else { worse.names.resolvers.push(further) }
        let after = judged(&claim, &worse, &witness);
        prop_assert!(answers_publicly(after.fallback), "{:?}", after.fallback);
        let was_open = matches!(before, PublicFallback::Latent | PublicFallback::Usable);
        prop_assert!(!was_open || after.fallback == PublicFallback::Usable, "{before:?} became {:?}", after.fallback);
    }

    /// Silence is never better than an answer: a resolver that falls silent makes no broken check hold.
    #[test]
    fn a_resolver_that_falls_silent_mends_nothing(
        facts in any_facts(), which in any::<prop::sample::Index>(), witness in any_witness(),
    ) {
        let mut silent = facts;
        if silent.names.resolvers.is_empty() {
            return Ok(());
        }
        let place = which.index(silent.names.resolvers.len());
        let quiet = &mut silent.names.resolvers[place];
        let is_held_against = quiet.view.is_private();
        (quiet.a.outcome, quiet.aaaa.outcome) = (LookupOutcome::Silent, LookupOutcome::Silent);
        let judgement = judged(&Claim::Private, &silent, &witness);
        prop_assert!(!is_held_against || judgement.verdict != fencepost::judge::Verdict::Holds, "{:?}", gist(&judgement));
    }

    /// Facts are saved and read again without a loss.
    #[test]
    fn facts_are_the_same_when_they_were_saved(facts in any_facts(), claim in any_claim(), witness in any_witness()) {
        let again: Facts = serde_json::from_str(&serde_json::to_string(&facts).unwrap()).unwrap();
        prop_assert_eq!(&again, &facts);
        prop_assert_eq!(judged(&claim, &again, &witness), judged(&claim, &facts, &witness));
    }
}
