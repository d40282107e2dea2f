//! One cause, one alert, from its first look to its last.

use super::{Check, Vantage, at, down, finding, good, judgement, public, spoken, unknown};
use crate::alert::{Alert, Desk};
use crate::facts::{Answer, Rcode};
use crate::judge::{Cause, Code, Evidence, Judgement, PublicFallback, Verdict, Weight};
use crate::plan::{AddressClass, ResolverName};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A resolver that says something else than another one.
fn disagree(gives_expected: bool, breaks: Code) -> Judgement {
    let class = if gives_expected { AddressClass::Expected } else { AddressClass::OtherPrivate };
    let answer = Answer {
        rcode: Rcode::NO_ERROR,
        chain: Vec::new(),
        addresses: Vec::new(),
        ttl: None,
        authoritative: false,
        truncated: false,
        recursion_available: true,
        authentic_data: false,
        extended_errors: Vec::new(),
        authority: None,
    };
    let seen = Evidence::Answered {
        resolver: ResolverName::new("hub"),
        addresses: vec![("10.20.3.5".parse().unwrap(), class)],
        answer: Arc::new(answer),
        family: crate::facts::Family::A,
    };
    let mut differ = finding(Code::ResolversDisagree, Weight::Notes);
    differ.evidence = vec![seen];
    judgement(Verdict::Broken, PublicFallback::None, vec![finding(breaks, Weight::Breaks), differ])
}

fn latent(verdict: Verdict) -> Judgement {
    judgement(verdict, PublicFallback::Latent, vec![finding(Code::PublicSideOpen, Weight::Notes)])
}

/// What is told of one private check, look by look, a minute apart.
#[test]
fn an_incident_has_the_name_of_what_is_seen_now() {
    use PublicFallback::{Answered, Usable};
    let not_linked = |state| public(state, Cause::ZoneNotLinked);
    let untold = || unknown(Code::ResolverSilent);
    let timeout = || down(Code::ConnectTimeout);
    let rows: Vec<(&str, Vec<(Judgement, &str)>)> = vec![
        (
            "answered becomes usable, and is over",
            vec![
                (not_linked(Answered), "+PublicFallbackAnswered"),
                (not_linked(Usable), "+PublicFallbackUsable -PublicFallbackAnswered"),
                (not_linked(Usable), ""),
                (good(), ""),
                (good(), "-PublicFallbackUsable"),
            ],
        ),
        (
            "closing the public side takes the leak away, not the wrong name",
            vec![
                (not_linked(Usable), "+PublicFallbackUsable"),
                (not_linked(Answered), "+PublicFallbackAnswered -PublicFallbackUsable"),
            ],
        ),
        (
            "while nobody can tell, the name stays",
            vec![
                (not_linked(Usable), "+PublicFallbackUsable"),
                (untold(), ""),
                (
                    judgement(
                        Verdict::Broken,
                        PublicFallback::Unknown,
                        vec![finding(Code::NameMissing, Weight::Breaks)],
                    ),
                    "",
                ),
                (good(), ""),
                (untold(), ""),
                (good(), "-PublicFallbackUsable"),
            ],
        ),
        (
            "the public answer goes and the path is down",
            vec![(not_linked(Usable), "+PublicFallbackUsable"), (timeout(), "+PrivatePathDown -PublicFallbackUsable")],
        ),
        (
            "a path that is down",
            vec![(timeout(), "+PrivatePathDown"), (untold(), ""), (good(), ""), (good(), "-PrivatePathDown")],
        ),
        (
            "resolvers that disagree, while one of them is right",
            vec![
                (disagree(true, Code::NameMissing), "+ResolversDisagree"),
                (timeout(), "+PrivatePathDown -ResolversDisagree"),
                (disagree(true, Code::NameMissing), ""),
            ],
        ),
        ("resolvers that disagree, and none is right", vec![(disagree(false, Code::NameMissing), "+PrivatePathDown")]),
        ("they disagree, and the way is closed too", vec![(disagree(true, Code::ConnectTimeout), "+PrivatePathDown")]),
        ("nothing is wrong", vec![(good(), ""), (latent(Verdict::Holds), "")]),
    ];
    for (what, steps) in rows {
        let mut vantage = Vantage::default();
        let check = vantage.add("chat", "private");
        for (minute, (judged, expected)) in (0..).zip(steps) {
            assert_eq!(vantage.told(check, judged, minute), expected, "{what}, look {minute}");
        }
    }
}

#[test]
fn a_claim_has_its_alert() {
    for (claim, judged, expected) in [
        ("blocked", down(Code::BlockOpen), "+BlockBroken"),
        (
            "blocked",
            judgement(Verdict::Broken, PublicFallback::Usable, vec![finding(Code::BlockOpen, Weight::Breaks)]),
            "+BlockBroken",
        ),
        ("blocked", judgement(Verdict::Holds, PublicFallback::Answered, Vec::new()), ""),
        ("public", down(Code::PublicSideClosed), "+PublicPathDown"),
        ("private", down(Code::RecordMissing), "+PrivatePathDown"),
    ] {
        let mut vantage = Vantage::default();
        let check = vantage.add("chat", claim);
        assert_eq!(vantage.told(check, judged, 0), expected, "{claim}");
    }
}

/// Which checks share an alert: those of one zone, those of one resolver, and else those of one target.
#[test]
fn one_cause_is_one_alert_as_far_as_it_reaches() {
    let rows = [
        (public(PublicFallback::Usable, Cause::ZoneNotLinked), "zone", 1),
        (public(PublicFallback::Usable, Cause::ForwarderBypassesAzure), "", 1),
        (public(PublicFallback::Usable, Cause::NoPrivateEndpoint), "target", 2),
        (down(Code::ConnectTimeout), "target", 2),
        (down(Code::RecordMissing), "zone", 1),
        (down(Code::OsLookupFailing), "", 1),
    ];
    for (judged, label, alerts) in rows {
        let mut vantage = Vantage::default();
        for target in ["chat", "chat", "foundry"] {
            let check = vantage.add(target, "private");
            vantage.look(check, judged.clone(), at(0));
        }
        let notices = vantage.reconcile(at(0));
        let code = judged.findings[0].code.word();
        assert_eq!(notices.len(), alerts, "{code}: {}", spoken(&notices));
        let scoped: BTreeSet<&str> =
            ["zone", "target"].into_iter().filter(|l| notices[0].alert.labels.contains_key(*l)).collect();
        assert_eq!(scoped, BTreeSet::from_iter((!label.is_empty()).then_some(label)), "{code}");
        assert_eq!(notices.iter().map(|notice| notice.alert.checks.len()).sum::<usize>(), 3, "{code}");
    }
    // A zone that the catalogue does not know is told by the target.
    let mut vantage = Vantage::default();
    let check = vantage.add("chat", "private");
    vantage.checks[check].zone = None;
    vantage.told(check, down(Code::RecordMissing), 0);
    assert_eq!(vantage.desk.firing().next().unwrap().labels["target"], "chat");
}

#[test]
fn a_cause_that_becomes_known_later_pages_nobody_again() {
    // Whichever of the two stands first in the plan.
    later_known([0, 1]);
    later_known([1, 0]);
}

fn later_known([first, second]: [usize; 2]) {
    let mut vantage = Vantage::default();
    for target in ["chat", "foundry"] {
        vantage.add(target, "private");
    }
    let state = PublicFallback::Answered;
    assert_eq!(vantage.told(first, public(state, Cause::Undetermined), 0), "+PublicFallbackAnswered");
    assert_eq!(vantage.told(first, public(state, Cause::ZoneNotLinked), 1), "");
    // The next check shows the cause at once, and belongs to what is already held.
    assert_eq!(vantage.told(second, public(state, Cause::ZoneNotLinked), 2), "~PublicFallbackAnswered");
    let alert: Vec<&Alert> = vantage.desk.firing().collect();
    assert_eq!(alert[0].labels["cause"], "undetermined", "labels stay, or it would be another alert");
    assert!(alert[0].annotations["cause"].contains("no private zone answers"), "{:#?}", alert[0].annotations);
    // The one that raised it ends, and the other one still holds it.
    assert_eq!(vantage.told(first, good(), 3), "");
    assert_eq!(vantage.told(first, good(), 4), "");
    assert_eq!(vantage.desk.firing().next().unwrap().checks, [vantage.checks[second].name.to_string()]);
    assert_eq!(vantage.told(second, good(), 5), "");
    assert_eq!(vantage.told(second, good(), 6), "-PublicFallbackAnswered");
    assert!(vantage.desk.is_empty());
}

#[test]
fn it_starts_with_the_earliest_look_of_all_its_incidents() {
    let mut vantage = Vantage::default();
    let (first, second) = (vantage.add("chat", "private"), vantage.add("chat", "private"));
    // The second check broke first, and was confirmed later.
    vantage.look(second, down(Code::ConnectTimeout), at(0));
    let waiting = vantage.checks[second].standing.take();
    assert_eq!(vantage.told(first, down(Code::ConnectTimeout), 1), "+PrivatePathDown");
    assert_eq!(vantage.desk.firing().next().unwrap().starts_at, at(1));
    vantage.checks[second].standing = waiting;
    assert_eq!(spoken(&vantage.reconcile(at(2))), "~PrivatePathDown");
    assert_eq!(vantage.desk.firing().next().unwrap().starts_at, at(0));
}

/// A desk that is kept and restored goes on: no page again, and the same name.
#[test]
fn a_desk_survives_a_restart() {
    let mut vantage = Vantage::default();
    let check = vantage.add("chat", "private");
    vantage.told(check, public(PublicFallback::Usable, Cause::ZoneNotLinked), 0);
    let kept = serde_json::to_string(&vantage.desk).unwrap();
    vantage.desk = serde_json::from_str::<Desk>(&kept).unwrap();
    assert_eq!(vantage.told(check, good(), 1), "");
    assert_eq!(vantage.told(check, good(), 2), "-PublicFallbackUsable");
    // Without what was kept, an incident that waits for its end has the name of its worst.
    let mut vantage = Vantage::default();
    let check = vantage.add("chat", "private");
    vantage.look(check, public(PublicFallback::Usable, Cause::ZoneNotLinked), at(0));
    assert_eq!(vantage.told(check, good(), 1), "+PublicFallbackUsable");
    let alert = vantage.desk.firing().next().unwrap();
    assert_eq!(alert.labels["finding"], "public-answer");
    assert!(alert.annotations["try"].contains("az network private-dns link"), "{alert:#?}");
}

#[test]
fn every_notice_has_an_id_of_its_own() {
    let mut vantage = Vantage::default();
    let check = vantage.add("chat", "private");
    let mut ids = BTreeSet::new();
    let mut count = 0;
    for minute in 0..12 {
        // The same incident again and again: its first look, and so the alert's beginning, stays the same.
        let judged = if minute % 4 < 2 { down(Code::ConnectTimeout) } else { good() };
        vantage.look(check, judged, at(minute));
        if minute % 4 == 3 {
            vantage.checks[check].standing = None;
        }
        for notice in vantage.reconcile(at(minute)) {
            count += 1;
            ids.insert(notice.id);
        }
    }
    assert_eq!((ids.len(), count), (6, 6));
}

/// What a check says when it is new, for readers of this file.
#[test]
fn before_its_first_look_a_check_alerts_nobody() {
    let mut vantage = Vantage::default();
    vantage.add("chat", "private");
    let Check { standing, .. } = &vantage.checks[0];
    assert!(standing.is_none() && vantage.reconcile(at(60)).is_empty());
}
