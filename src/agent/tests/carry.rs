//! What is asked again, and what is kept.

use super::{at, estate, facts};
use crate::agent::carry::{KEPT, still_good};
use crate::facts::{Facts, FollowUp, Inquired, Inquiries, Inquiry, LookupOutcome, Purpose};
use crate::plan::{HostName, ResolverName};
use std::time::Duration;

fn inquiry() -> Inquiry {
    Inquiry {
        purpose: Purpose::ZoneAuthority,
        resolver: ResolverName::new("r"),
        server: "10.0.0.4:53".parse().unwrap(),
        name: HostName::from_wire("privatelink.openai.azure.com"),
    }
}

fn asking(machine: bool) -> Inquiries {
    Inquiries { questions: vec![inquiry()], machine }
}

/// A look whose follow-up was answered, or not.
fn looked(when: jiff::Timestamp, answered: bool) -> Facts {
    let estate = estate(when);
    let mut facts = facts(&estate.works[0], when, true);
    let outcome = if answered { facts.names.resolvers[0].a.outcome.clone() } else { LookupOutcome::Silent };
    let inquired = vec![Inquired { inquiry: inquiry(), at: when, took: Duration::ZERO, outcome }];
    facts.follow_up = Some(Box::new(FollowUp { inquired, machine: None }));
    facts
}

#[test]
fn follow_ups_are_kept_while_they_are_recent_answered_and_nothing_changes() {
    let before = at("2026-12-01T12:00:00");
    let soon = before + KEPT - jiff::SignedDuration::from_secs(1);
    let late = before + KEPT;
    let unchanged = |facts: &mut Facts| facts.names.resolvers[0].a.took = Duration::from_millis(9);
    let other_answer = |facts: &mut Facts| facts.names.resolvers[0].a.outcome = LookupOutcome::Silent;
    let other_server = |facts: &mut Facts| facts.names.resolvers[0].server = "10.0.0.5:53".parse().unwrap();
    let fewer = |facts: &mut Facts| facts.names.resolvers.clear();
    type Change = fn(&mut Facts);
    for (what, answered, when, wanted, change, kept) in [
        ("the same picture", true, soon, asking(false), unchanged as Change, true),
        ("three minutes later", true, late, asking(false), unchanged, false),
        (
            "a clock set back by a day",
            true,
            before - jiff::SignedDuration::from_hours(24),
            asking(false),
            unchanged,
            false,
        ),
        ("no answer before", false, soon, asking(false), unchanged, false),
        ("this machine's files", true, soon, asking(true), unchanged, false),
        ("another answer", true, soon, asking(false), other_answer, false),
        ("another resolver", true, soon, asking(false), other_server, false),
        ("no resolver", true, soon, asking(false), fewer, false),
    ] {
        let mut now = looked(when, answered);
        now.follow_up = None;
        change(&mut now);
        assert_eq!(still_good(&looked(before, answered), &now, &wanted).is_some(), kept, "{what}");
    }
    let other = Inquiry { purpose: Purpose::Canary, ..inquiry() };
    let wanted = Inquiries { questions: vec![inquiry(), other], machine: false };
    assert!(still_good(&looked(before, true), &looked(soon, true), &wanted).is_none(), "a question more");
}
