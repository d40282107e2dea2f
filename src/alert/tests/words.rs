//! What an alert says.

use super::{Vantage, ZONE, at, because, down, finding, good, judgement, public};
use crate::alert::{KnownException, Trouble};
use crate::judge::{Cause, Code, Evidence, Finding, Judgement, PublicFallback, Verdict, Weight};

#[test]
fn labels_name_and_annotations_tell() {
    let mut vantage = Vantage::default();
    let (first, second) = (vantage.add("chat", "private"), vantage.add("chat", "private"));
    vantage.checks[second].owner = "bob";
    let mut long = because(Code::PublicAnswer, Cause::ZoneNotLinked);
    long.evidence = vec![Evidence::Witness(format!("hub answered\n10.20.3.5 {}", "x".repeat(5_000)))];
    let judged = judgement(Verdict::Broken, PublicFallback::Usable, vec![long]);
    for check in [first, second] {
        vantage.look(check, judged.clone(), at(0));
    }
    let notices = vantage.reconcile(at(0));
    let alert = &notices[0].alert;
    let labels: Vec<(&str, &str)> = alert.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let expected = [
        ("alertname", "FencepostPublicFallbackUsable"),
        ("cause", "zone-not-linked"),
        ("environment", "prod"),
        ("finding", "public-answer"),
        ("plan", "contoso"),
        ("severity", "critical"),
        ("vantage", "prod-app"),
        ("via", "agent"),
        ("zone", ZONE),
    ];
    assert_eq!(labels, expected, "owners differ, so there is none");
    for (name, text) in &alert.annotations {
        assert!(text.chars().count() <= 500 && !text.contains('\n'), "{name}: {text}");
    }
    let told: Vec<&str> = alert.annotations.keys().map(String::as_str).collect();
    assert_eq!(told, ["cause", "checks", "confidence", "description", "evidence", "runbook_url", "summary", "try"]);
    let runbook = "https://wiki.example/runbooks/FencepostPublicFallbackUsable.md";
    assert_eq!(alert.annotations["runbook_url"], runbook);
    assert_eq!(alert.annotations["confidence"], "inferred");
    assert!(
        alert.annotations["description"]
            .contains("host-0.openai.azure.com and 1 more), since 2026-12-01 12:00:00 UTC: "),
        "{alert:#?}"
    );
}

/// What an on-call reads first: since when, whether it came back, and whether data leaves.
#[test]
fn a_description_tells_what_follows_and_whether_it_came_back() {
    use PublicFallback::{Answered, Usable};
    let mut vantage = Vantage::default();
    let check = vantage.add("chat", "private");
    let mut said = |judged: Judgement, minutes: i64| {
        vantage.look(check, judged, at(minutes));
        vantage.reconcile(at(minutes));
        vantage.desk.firing().next().map(|alert| alert.annotations["description"].clone()).unwrap_or_default()
    };
    let leaks = "since 2026-12-01 12:00:00 UTC: The name resolves to a public address instead of its private endpoint. \
                 The public side accepts requests from here: data can leave over the internet now.";
    let usable = said(public(Usable, Cause::ZoneNotLinked), 0);
    assert!(usable.ends_with(leaks), "{usable}");
    let waiting = said(good(), 1);
    assert!(
        waiting.ends_with("private endpoint. The alert waits for looks that show whether it is over."),
        "{waiting}"
    );
    assert_eq!(said(good(), 2), "", "it is over");
    let again = said(public(Answered, Cause::ZoneNotLinked), 3);
    assert!(again.contains("12:00:00 UTC (closed once and came back): ") && !again.contains("now"), "{again}");
    assert!(again.ends_with("leak as soon as public access is opened."), "{again}");
}

/// The answer of one resolver says little without that of the other.
#[test]
fn evidence_holds_as_many_pieces_as_fit() {
    let piece = |text: &str, length: usize| Evidence::Witness(format!("{text}{}", "x".repeat(length)));
    let rows = [
        (vec![piece("one", 0), piece("two", 0)], "one; two".to_owned()),
        (vec![piece("one", 0), piece("two", 490), piece("three", 0)], "one; 2 more".to_owned()),
        (vec![piece("one", 600), piece("two", 0)], format!("one{}…; 1 more", "x".repeat(476))),
        (Vec::new(), String::new()),
    ];
    for (evidence, expected) in rows {
        let mut vantage = Vantage::default();
        let check = vantage.add("chat", "private");
        let seen = Finding { evidence, ..finding(Code::TlsUntrusted, Weight::Breaks) };
        vantage.look(check, judgement(Verdict::Broken, PublicFallback::None, vec![seen]), at(0));
        let notices = vantage.reconcile(at(0));
        let said = notices[0].alert.annotations.get("evidence").cloned().unwrap_or_default();
        assert_eq!(said, expected);
    }
}

/// Whoever answers for the place is asked where nobody answers for the target.
#[test]
fn every_alert_has_an_owner_where_the_plan_names_one() {
    let mut vantage = Vantage::default();
    let check = vantage.add("unmanaged", "blocked");
    vantage.checks[check].owner = "";
    let open = || judgement(Verdict::Broken, PublicFallback::None, vec![finding(Code::BlockOpen, Weight::Breaks)]);
    vantage.look(check, open(), at(0));
    let trouble = Trouble { since: at(0), said: "no space".to_owned() };
    let notices = vantage.reconcile_with(at(0), |known| {
        known.owner = "payments";
        known.state_not_kept = Some(trouble.clone());
    });
    let owners: Vec<_> = notices.iter().map(|notice| notice.alert.labels.get("owner").map(String::as_str)).collect();
    assert_eq!(owners, [Some("payments"), Some("payments")], "{notices:#?}");

    // A resolver that is silent for the targets of two owners is a matter of the place; a path to each of them is not.
    for (code, expected) in [(Code::ResolverFailing, vec![Some("payments")]), (Code::ConnectTimeout, vec![None])] {
        let mut vantage = Vantage::default();
        for owner in ["ana", "bob"] {
            let check = vantage.add("chat", "private");
            vantage.checks[check].owner = owner;
            vantage.look(check, down(code), at(0));
        }
        let notices = vantage.reconcile_with(at(0), |known| known.owner = "payments");
        let owners: Vec<_> =
            notices.iter().map(|notice| notice.alert.labels.get("owner").map(String::as_str)).collect();
        assert_eq!(owners, expected, "{notices:#?}");
    }
}

#[test]
fn many_checks_are_counted_and_not_all_named() {
    let mut vantage = Vantage::default();
    for _ in 0..300 {
        let check = vantage.add("chat", "private");
        vantage.look(check, down(Code::ConnectTimeout), at(0));
    }
    let notices = vantage.reconcile(at(0));
    let alert = &notices[0].alert;
    assert_eq!((notices.len(), alert.checks.len()), (1, 300));
    assert!(alert.annotations["checks"].ends_with(" and 290 more"), "{}", alert.annotations["checks"]);
}

/// What an exception claims is not mended as the rule's own fault, and what it no longer covers was once allowed.
#[test]
fn an_exception_that_decides_or_has_ended_is_named() {
    let mut lapsed = finding(Code::ExceptionExpired, Weight::Notes);
    lapsed.evidence = vec![Evidence::Exception { name: "EX-7".to_owned(), ends: jiff::civil::date(2026, 11, 30) }];
    let rows = [
        (Some("EX-42"), "The exception EX-42 decides here in place of the rule."),
        (None, "The exception EX-7 covered it until 2026-11-30; now the rule decides again."),
    ];
    for (exception, expected) in rows {
        let mut vantage = Vantage::default();
        let check = vantage.add("chat", "blocked");
        vantage.checks[check].exception = exception;
        let findings = vec![finding(Code::BlockOpen, Weight::Breaks), lapsed.clone()];
        vantage.look(check, judgement(Verdict::Broken, PublicFallback::None, findings), at(0));
        let notices = vantage.reconcile(at(0));
        let description = &notices[0].alert.annotations["description"];
        assert!(description.ends_with(&format!("A path that must be blocked is open. {expected}")), "{description}");
    }
}

/// Owner and approver will be asked whether it is needed; the alert says what was seen of that.
#[test]
fn an_exception_that_ends_tells_of_its_use() {
    let exception = |covering_since, last_needed| KnownException {
        name: "EX-42",
        owner: "ana",
        begins: None,
        ends: at(4 * 24 * 60),
        covering_since,
        last_needed,
    };
    for (known_of_it, expected) in [
        (exception(None, None), "it was not seen to decide for a check of this vantage"),
        (
            exception(Some(at(0)), None),
            "it decided here since 2026-12-01 12:00 UTC, and the rule itself held all that time",
        ),
        (
            exception(Some(at(0)), Some(at(30))),
            "and was last needed at 2026-12-01 12:30 UTC: the rule itself was broken",
        ),
    ] {
        let notices = Vantage::default().reconcile_with(at(60), |known| known.exceptions = vec![known_of_it]);
        let said = &notices[0].alert.annotations;
        assert!(said["evidence"].contains(expected), "{said:#?}");
        assert!(said["description"].ends_with("The exception EX-42 ends at 2026-12-05 12:00 UTC."), "{said:#?}");
    }
}
