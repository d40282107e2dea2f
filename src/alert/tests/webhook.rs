//! The queue of a webhook: what waits, what gives way, and what is given up.

use super::outbox::{destination, notices};
use super::{Vantage, at, good, public};
use crate::alert::{Desk, LONGEST_QUEUE, MOST_EVENTS, Notice, Outbox, Outcome, Parcel, Status};
use crate::judge::{Cause, PublicFallback};
use crate::plan::{DestinationKind, DestinationName};

fn webhook() -> (Outbox, DestinationName) {
    let (mut outbox, desk) = (Outbox::default(), Desk::default());
    outbox.settle(&[destination("soc", DestinationKind::Webhook)], "prod-app", &desk, at(0));
    (outbox, DestinationName::new("soc"))
}

fn ids(notices: &[Notice]) -> Vec<String> {
    notices.iter().map(|notice| notice.id.clone()).collect()
}

#[test]
fn a_full_queue_gives_up_the_oldest_and_says_so() {
    let (mut outbox, soc) = webhook();
    let (desk, all) = (Desk::default(), notices(LONGEST_QUEUE + 3));
    assert!(outbox.take(&all[..LONGEST_QUEUE]).is_empty());
    // What is under way is not given up: it may arrive.
    let delivery = outbox.due(&desk, at(0)).remove(0);
    let Parcel::Webhook(first) = delivery.parcel else { panic!("{delivery:?}") };
    assert_eq!(ids(&first), ids(&all[..MOST_EVENTS]));
    let lost = outbox.take(&all[LONGEST_QUEUE..]);
    assert_eq!(lost[0].1.notices, ids(&all[MOST_EVENTS..MOST_EVENTS + 3]));
    outbox.done(&soc, &Outcome::Delivered, at(0));
    assert_eq!(outbox.queued().next().unwrap().1, LONGEST_QUEUE - MOST_EVENTS);
}

/// A receiver that cannot read one notice gets all others, and that one is given up and named.
#[test]
fn one_notice_that_cannot_be_read_holds_up_no_other() {
    let (mut outbox, soc) = webhook();
    let (desk, all) = (Desk::default(), notices(250));
    let poison = all[137].id.clone();
    assert!(outbox.take(&all).is_empty());
    let (mut now, mut got, mut lost) = (at(0), Vec::new(), Vec::new());
    while let Some(wait) = outbox.wait(&desk, now) {
        now += wait;
        assert!(now < at(15), "it comes to no end");
        let delivery = outbox.due(&desk, now).remove(0);
        let Parcel::Webhook(sent) = delivery.parcel else { panic!("{delivery:?}") };
        let readable = !ids(&sent).contains(&poison);
        let outcome = if readable { Outcome::Delivered } else { Outcome::Refused(400) };
        got.extend(ids(&sent).into_iter().filter(|_| readable));
        lost.extend(outbox.done(&soc, &outcome, now).notices);
    }
    let expected: Vec<String> = ids(&all).into_iter().filter(|id| *id != poison).collect();
    assert_eq!((got, lost), (expected, vec![poison]));
}

#[test]
fn a_receiver_with_the_wrong_key_loses_nothing() {
    for status in [301, 401, 403, 404] {
        let (mut outbox, soc) = webhook();
        let (desk, all) = (Desk::default(), notices(10));
        outbox.take(&all);
        let mut now = at(0);
        for _ in 0..50 {
            now += outbox.wait(&desk, now).unwrap();
            assert_eq!(outbox.due(&desk, now).len(), 1);
            assert!(outbox.due(&desk, now).is_empty(), "one is under way");
            assert!(outbox.done(&soc, &Outcome::Refused(status), now).notices.is_empty());
        }
        assert_eq!(outbox.queued().next().unwrap().1, 10, "{status}");
    }
}

/// A receiver that is away while a large plan breaks bit by bit finds the end of it, not every step.
#[test]
fn checks_that_join_one_after_the_other_wait_as_one_event() {
    let (mut outbox, soc) = webhook();
    let mut vantage = Vantage::default();
    let leak = || public(PublicFallback::Answered, Cause::ZoneNotLinked);
    let mut news = Vec::new();
    for minute in 0..50 {
        let check = vantage.add("chat", "private");
        vantage.look(check, leak(), at(minute));
        news.extend(vantage.reconcile(at(minute)));
    }
    let kinds = |notices: &[Notice]| notices.iter().map(|n| (n.status, n.alert.checks.len())).collect::<Vec<_>>();
    assert_eq!(news.len(), 50);
    assert!(outbox.take(&news[..40]).is_empty());
    let delivery = outbox.due(&vantage.desk, at(60)).remove(0);
    let Parcel::Webhook(sent) = delivery.parcel else { panic!("{delivery:?}") };
    assert_eq!(kinds(&sent), [(Status::Firing, 1), (Status::Changed, 40)]);
    // What is under way may have arrived, and is not touched.
    assert!(outbox.take(&news[40..]).is_empty());
    assert_eq!(outbox.queued().next().unwrap().1, 3);
    outbox.done(&soc, &Outcome::Failed("no answer".to_owned()), at(60));
    for check in 0..50 {
        vantage.look(check, good(), at(61));
        vantage.look(check, good(), at(62));
    }
    assert!(outbox.take(&vantage.reconcile(at(62))).is_empty());
    let delivery = outbox.due(&vantage.desk, at(70)).remove(0);
    let Parcel::Webhook(sent) = delivery.parcel else { panic!("{delivery:?}") };
    assert_eq!(kinds(&sent), [(Status::Firing, 1), (Status::Changed, 40), (Status::Resolved, 50)]);
}
