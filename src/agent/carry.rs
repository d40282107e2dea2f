//! Answers to follow-up questions are kept for a while: a fault that lasts is not a reason to ask the same again in every
//! round of every check.

use crate::facts::{Facts, Inquired, Lookup, LookupOutcome, NameFacts};
use jiff::SignedDuration;
use std::sync::Arc;

/// How long an answer is kept while the names answer alike.
pub const KEPT: SignedDuration = SignedDuration::from_mins(3);

/// How long a resolver that did not answer a follow-up is spared that question.
pub const RESTED: SignedDuration = SignedDuration::from_mins(1);

/// What an earlier look brought that needs no asking now.
pub fn known(before: Option<&Facts>, now: &Facts) -> Vec<Arc<Inquired>> {
    let Some(before) = before.filter(|before| alike(&before.names, &now.names)) else { return Vec::new() };
    let inquired = before.follow_up.iter().flat_map(|follow_up| &follow_up.inquired);
    inquired.filter(|inquired| is_good(inquired, now)).cloned().collect()
}

fn is_good(inquired: &Inquired, now: &Facts) -> bool {
    // A clock that was set back makes nothing young again.
    let age = now.at.duration_since(inquired.at).abs();
    match &inquired.outcome {
        LookupOutcome::Answer(_) => age < KEPT,
        // It was left out because others came first; its turn comes with the next look.
        LookupOutcome::NotAsked(_) => false,
        LookupOutcome::Silent | LookupOutcome::PortClosed | LookupOutcome::Unreachable | LookupOutcome::Garbled(_) => {
            age < RESTED
        }
    }
}

/// Whether two looks at the names show the same picture, whatever the TTLs and the times.
fn alike(before: &NameFacts, now: &NameFacts) -> bool {
    let os = |names: &NameFacts| names.os.as_ref().map(|os| os.outcome.clone());
    os(before) == os(now)
        && before.resolvers.len() == now.resolvers.len()
        && before
            .resolvers
            .iter()
            .zip(&now.resolvers)
            .all(|(then, now)| then.server == now.server && same(&then.a, &now.a) && same(&then.aaaa, &now.aaaa))
}

fn same(then: &Lookup, now: &Lookup) -> bool {
    match (&then.outcome, &now.outcome) {
        (LookupOutcome::Answer(then), LookupOutcome::Answer(now)) => {
            let names =
                |answer: &crate::facts::Answer| -> Vec<_> { answer.chain.iter().map(|hop| hop.name.clone()).collect() };
            then.rcode == now.rcode && then.addresses == now.addresses && names(then) == names(now)
        }
        (then, now) => then == now,
    }
}
