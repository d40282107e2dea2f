//! What the agent itself gives cause to alert about, and what counts only once it has lasted.

use super::{Vantage, at, down, finding, good, judgement, spoken, unknown};
use crate::alert::{Known, KnownException, Trouble};
use crate::facts::Certificate;
use crate::judge::{Code, Evidence, Judgement, PublicFallback, Verdict, Weight};
use crate::plan::CheckName;
use jiff::{SignedDuration, Timestamp};

fn trouble(minutes: i64) -> Option<Trouble> {
    Some(Trouble { since: at(minutes), said: "connect:10.0.0.9:443".to_owned() })
}

/// One private check and what the agent knows, after so many minutes: what is told then.
fn told(judged: &Judgement, minutes: i64, change: impl Fn(&mut Known<'_>)) -> String {
    let mut vantage = Vantage::default();
    let check = vantage.add("chat", "private");
    vantage.look(check, judged.clone(), at(0));
    spoken(&vantage.reconcile_with(at(minutes), change))
}

#[test]
fn what_may_pass_by_itself_gets_some_time() {
    let latent = judgement(Verdict::Holds, PublicFallback::Latent, vec![finding(Code::PublicSideOpen, Weight::Notes)]);
    let silent = unknown(Code::ResolverSilent);
    for (what, judged, minutes, expected) in [
        ("latent", &latent, 9, ""),
        ("latent", &latent, 10, "+PublicSideOpen"),
        ("unknown", &silent, 9, ""),
        ("unknown", &silent, 10, "+CheckUnknown"),
        ("broken and unknown", &down(Code::ConnectTimeout), 10, "+PrivatePathDown"),
        // What the vantage itself suffers from has its own alert, and its own time.
        ("no witness", &unknown(Code::WitnessFailing), 0, ""),
        ("no witness", &unknown(Code::WitnessFailing), 1, "+WitnessFailing"),
        ("offline", &unknown(Code::AgentOffline), 10, "+WitnessFailing"),
    ] {
        assert_eq!(told(judged, minutes, |_| {}), expected, "{what} for {minutes} minutes");
    }
}

#[test]
fn while_the_witness_fails_what_cannot_be_told_is_not_told_twice() {
    let silent = unknown(Code::ResolverSilent);
    for (since, expected) in [(9, "+WitnessFailing"), (10, "+CheckUnknown")] {
        assert_eq!(told(&silent, 10, |known| known.witness_failing = trouble(since)), expected, "{since}");
    }
    let mut vantage = Vantage::default();
    let check = vantage.add("chat", "private");
    vantage.look(check, silent, at(0));
    assert_eq!(spoken(&vantage.reconcile(at(10))), "+CheckUnknown");
    let failing = |known: &mut Known<'_>| known.witness_failing = trouble(10);
    assert_eq!(spoken(&vantage.reconcile_with(at(11), failing)), "+WitnessFailing -CheckUnknown");
    assert_eq!(spoken(&vantage.reconcile(at(12))), "+CheckUnknown -WitnessFailing");
}

/// A new plan, a restart and a clock that is set back all lose since when it lasts. It lasts all the same.
#[test]
fn what_is_told_already_gets_no_time_a_second_time() {
    let failing = |since: i64| move |known: &mut Known<'_>| known.witness_failing = trouble(since);
    let mut vantage = Vantage::default();
    assert_eq!(spoken(&vantage.reconcile_with(at(1), failing(0))), "+WitnessFailing");
    for minutes in [2, -60] {
        assert_eq!(spoken(&vantage.reconcile_with(at(minutes), failing(2))), "", "{minutes}");
    }
    assert_eq!(spoken(&vantage.reconcile(at(3))), "-WitnessFailing");
    assert_eq!(spoken(&vantage.reconcile_with(at(4), failing(4))), "");

    let latent = judgement(Verdict::Holds, PublicFallback::Latent, vec![finding(Code::PublicSideOpen, Weight::Notes)]);
    for (judged, raised, ended) in [
        (unknown(Code::ResolverSilent), "+CheckUnknown", "-CheckUnknown"),
        (unknown(Code::AgentOffline), "+WitnessFailing", "-WitnessFailing"),
        (latent, "+PublicSideOpen", "-PublicSideOpen"),
    ] {
        let mut vantage = Vantage::default();
        let check = vantage.add("chat", "private");
        vantage.look(check, judged.clone(), at(0));
        assert_eq!(spoken(&vantage.reconcile(at(10))), raised);
        assert_eq!(vantage.told(check, judged, -60), "", "{raised}");
        assert_eq!(vantage.told(check, good(), -59), ended);
    }
}

/// Where no witness is named, the private checks are the witness. One that is broken is the cause.
#[test]
fn a_broken_private_check_is_not_told_a_second_time_as_a_witness_that_fails() {
    let mut vantage = Vantage::default();
    let (private, blocked) = (vantage.add("chat", "private"), vantage.add("public-ai", "blocked"));
    vantage.look(private, down(Code::ConnectTimeout), at(0));
    vantage.look(blocked, unknown(Code::WitnessFailing), at(0));
    assert_eq!(spoken(&vantage.reconcile(at(20))), "+PrivatePathDown");
    vantage.look(private, good(), at(21));
    vantage.look(private, good(), at(22));
    assert_eq!(spoken(&vantage.reconcile(at(22))), "+WitnessFailing -PrivatePathDown");
}

#[test]
fn the_agents_own_troubles() {
    let stale = CheckName::new("chat/host");
    type Change<'c> = &'c dyn Fn(&mut Known<'_>);
    let rows: [(&str, Change<'_>); 4] = [
        ("+PlanReloadFailed", &|known| known.reload_failed = trouble(5)),
        ("+StateNotKept", &|known| known.state_not_kept = trouble(5)),
        ("", &|known| known.stale_since = Some(at(5))),
        ("+ChecksStale", &|known| {
            known.stale_since = Some(at(5));
            known.stale = vec![stale.clone()];
        }),
    ];
    for (expected, change) in rows {
        assert_eq!(told(&good(), 5, change), expected);
    }
}

fn exception(begins: Option<Timestamp>, ends: Timestamp) -> KnownException<'static> {
    KnownException { name: "EX-42", owner: "ana", begins, ends, covering_since: None, last_needed: None }
}

#[test]
fn an_exception_is_told_before_its_end_after_it_and_while_nobody_needs_it() {
    let days = |days: i64| at(days * 24 * 60);
    let used = |covering, needed: Option<i64>, ends| KnownException {
        covering_since: Some(days(covering)),
        last_needed: needed.map(days),
        ..exception(None, days(ends))
    };
    let minute = SignedDuration::from_mins(1);
    for (what, exception, now, expected) in [
        ("long before its end", exception(None, days(8)), days(1) - minute, ""),
        ("a week before its end", exception(None, days(8)), days(1), "+ExceptionExpiring"),
        ("not begun", exception(Some(days(3)), days(4)), days(2), ""),
        ("begun", exception(Some(days(3)), days(4)), days(3), "+ExceptionExpiring"),
        ("over", exception(None, days(4)), days(4), "+ExceptionExpired"),
        ("long over", exception(None, days(4)), days(400), "+ExceptionExpired"),
        ("used a little", used(0, None, 30), days(7) - minute, ""),
        ("never needed for a week", used(0, None, 30), days(7), "+ExceptionUnused"),
        ("needed once", used(0, Some(1), 30), days(7), ""),
        ("never needed, on its last day", used(0, None, 3), days(2), "+ExceptionExpiring +ExceptionUnused"),
        ("has just begun its only day", used(2, None, 3), days(2), "+ExceptionExpiring"),
    ] {
        let mut vantage = Vantage::default();
        let notices = vantage.reconcile_with(now, |known| known.exceptions = vec![exception]);
        assert_eq!(spoken(&notices), expected, "{what}");
        for notice in notices {
            assert_eq!(
                (notice.alert.labels["exception"].as_str(), notice.alert.labels["owner"].as_str()),
                ("EX-42", "ana")
            );
        }
    }
}

#[test]
fn a_certificate_is_told_once_for_its_target_and_from_the_bound_on() {
    let ends = at(13 * 24 * 60);
    let certificate = Certificate {
        subject: String::new(),
        issuer: String::new(),
        names: Vec::new(),
        not_before: at(-1),
        not_after: ends,
        chain_length: 1,
        sha256: String::new(),
    };
    let mut expiring = finding(Code::TlsExpiring, Weight::Notes);
    expiring.evidence = vec![Evidence::Certificate { certificate: certificate.into(), troubles: Vec::new() }];
    let judged = judgement(Verdict::Holds, PublicFallback::None, vec![expiring]);
    let mut vantage = Vantage::default();
    for target in ["chat", "chat", "foundry"] {
        let check = vantage.add(target, "private");
        vantage.look(check, judged.clone(), at(0));
    }
    let notices = vantage.reconcile(at(0));
    assert_eq!(spoken(&notices), "+CertificateExpiring +CertificateExpiring");
    assert_eq!(notices[0].alert.starts_at, ends - crate::judge::EXPIRY_WARNING);
    // A look that did not come as far as the certificate does not renew it; one that holds without the finding does.
    let said = vantage.desk.firing().map(|alert| alert.annotations["evidence"].clone()).collect::<Vec<_>>();
    for unseen in [unknown(Code::ResolverSilent), down(Code::ConnectTimeout), judged] {
        let told = vantage.told(2, unseen, 1);
        assert!(!told.contains("CertificateExpiring"), "{told}");
    }
    let still =
        vantage.desk.firing().filter_map(|alert| alert.annotations.get("evidence").cloned()).collect::<Vec<_>>();
    assert!(said.iter().all(|said| still.contains(said)), "{still:?}");
    assert!(vantage.told(2, good(), 2).contains("-CertificateExpiring"));
}
