//! What is asked again, and what is kept.

use super::{at, estate, facts};
use crate::agent::carry::{KEPT, RESTED, known};
use crate::facts::{Facts, FollowUp, Inquired, Inquiry, LookupOutcome, Purpose};
use crate::plan::{HostName, ResolverName};
use std::sync::Arc;
use std::time::Duration;

fn inquiry(purpose: Purpose) -> Inquiry {
    Inquiry {
        purpose,
        resolver: ResolverName::new("r"),
        server: "10.0.0.4:53".parse().unwrap(),
        name: HostName::from_wire("privatelink.openai.azure.com"),
    }
}

/// A look at a time, with follow-ups that came to this.
fn looked(when: jiff::Timestamp, outcomes: &[LookupOutcome]) -> Facts {
    let estate = estate(when);
    let mut facts = facts(&estate.works[0], when, true);
    let purposes = [Purpose::ZoneAuthority, Purpose::Canary];
    let inquired = purposes.into_iter().zip(outcomes).map(|(purpose, outcome)| {
        let outcome = outcome.clone();
        Arc::new(Inquired { inquiry: inquiry(purpose), at: when, took: Duration::ZERO, outcome })
    });
    facts.follow_up = Some(Box::new(FollowUp { inquired: inquired.collect(), machine: None }));
    facts
}

#[test]
fn follow_ups_are_kept_while_they_are_recent_and_nothing_changes() {
    let before = at("2026-12-01T12:00:00");
    let after = |seconds| jiff::SignedDuration::from_secs(seconds);
    let unchanged = |facts: &mut Facts| facts.names.resolvers[0].a.took = Duration::from_millis(9);
    let other_answer = |facts: &mut Facts| facts.names.resolvers[0].a.outcome = LookupOutcome::Silent;
    let other_server = |facts: &mut Facts| facts.names.resolvers[0].server = "10.0.0.5:53".parse().unwrap();
    let fewer = |facts: &mut Facts| facts.names.resolvers.clear();
    type Change = fn(&mut Facts);
    let answer = looked(before, &[]).names.resolvers[0].a.outcome.clone();
    let (kept, rested) = (KEPT.as_secs(), RESTED.as_secs());
    let left_out = LookupOutcome::NotAsked("the resolver is at its limit".to_owned());
    for (what, outcome, passed, change, stays) in [
        ("the same picture", &answer, kept - 1, unchanged as Change, true),
        ("three minutes later", &answer, kept, unchanged, false),
        ("a clock set back by a day", &answer, -86_400, unchanged, false),
        ("silence a moment ago", &LookupOutcome::Silent, rested - 1, unchanged, true),
        ("silence a minute ago", &LookupOutcome::Silent, rested, unchanged, false),
        ("left out a moment ago", &left_out, 1, unchanged, false),
        ("another answer", &answer, 30, other_answer, false),
        ("another resolver", &answer, 30, other_server, false),
        ("no resolver", &answer, 30, fewer, false),
    ] {
        let mut now = looked(before + after(passed), &[]);
        change(&mut now);
        let earlier = looked(before, std::slice::from_ref(outcome));
        assert_eq!(known(Some(&earlier), &now).len(), usize::from(stays), "{what}");
    }
    // Each question on its own: what one resolver left unanswered does not ask the rest anew.
    let mixed = looked(before, &[answer, LookupOutcome::Silent]);
    let later: Vec<Purpose> = known(Some(&mixed), &looked(before + after(rested + 1), &[]))
        .iter()
        .map(|inquired| inquired.inquiry.purpose)
        .collect();
    assert_eq!(later, [Purpose::ZoneAuthority]);
    assert!(known(None, &mixed).is_empty());
}
