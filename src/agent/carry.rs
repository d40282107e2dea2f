//! Answers to follow-up questions are kept for a while: a fault that lasts is not a reason to ask the same again in every
//! round of every check.

use crate::facts::{Facts, FollowUp, Inquiries, Lookup, LookupOutcome, NameFacts};
use jiff::SignedDuration;

/// How long follow-up answers are kept while the names answer alike.
pub const KEPT: SignedDuration = SignedDuration::from_mins(3);

/// The follow-up of an earlier look, where it still answers what is wanted now.
pub fn still_good<'b>(before: &'b Facts, now: &Facts, wanted: &Inquiries) -> Option<&'b FollowUp> {
    let known = before.follow_up.as_deref()?;
    let answered = |inquired: &&crate::facts::Inquired| inquired.answer().is_some();
    // A clock that was set back makes nothing young again.
    let is_recent = known.inquired.iter().all(|inquired| now.at.duration_since(inquired.at).abs() < KEPT);
    let has_all = wanted
        .questions
        .iter()
        .all(|question| known.inquired.iter().filter(answered).any(|inquired| inquired.inquiry == *question));
    // The machine's own files are read anew each time: that costs nobody anything.
    (is_recent && has_all && !wanted.machine && alike(&before.names, &now.names)).then_some(known)
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
