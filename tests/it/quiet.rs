//! Whom a network that loses packets wakes up: nobody, until something is broken for three rounds.

use crate::lossy::Weather;
use crate::year::{Followed, LOOKS_A_DAY, facts_under, stage};
use fencepost::alert::{Desk, Known, KnownCheck, Status, wanted};
use fencepost::judge::{Judgement, Verdict};
use fencepost::plan::CheckName;
use fencepost::standing::Standing;
use jiff::{SignedDuration, Timestamp};

/// The alerts of one check, held against every look.
#[derive(Debug, Default)]
pub struct Pager {
    desk: Desk,
    /// What was told, and with which alert.
    told: Vec<(Status, String)>,
}

impl Pager {
    pub fn follow(&mut self, check: &CheckName, judged: &Judgement, standing: &Standing, now: Timestamp) {
        let check = KnownCheck {
            check,
            target: "chat-prod",
            owner: "",
            environment: "",
            claim: "private",
            verdict: judged.verdict,
            verdict_since: standing.verdict_since,
            fallback: judged.fallback,
            fallback_since: standing.fallback_since,
            incident: standing.incident(),
            findings: &judged.findings,
            zone: None,
            exception: None,
        };
        let patience = SignedDuration::from_secs(60);
        let known = Known { vantage: "build", plan: "lab", patience, checks: vec![check], ..Known::default() };
        let alerts = wanted(&known, &self.desk, now);
        let notices = self.desk.reconcile(alerts, &known, now);
        self.told.extend(notices.into_iter().map(|n| (n.status, n.alert.labels["alertname"].clone())));
    }
}

#[tokio::test(start_paused = true)]
async fn a_day_of_one_lost_packet_in_a_hundred_pages_nobody_and_three_broken_rounds_do() {
    assert!((Weather::POOR_LINE.loss - 0.01).abs() < f64::EPSILON);
    let stage = stage();
    for seed in 0..8 {
        let mut day = Followed::new(&stage, Weather::POOR_LINE, seed).await;
        day.pager = Some(Pager::default());
        day.calm(LOOKS_A_DAY);
        assert_eq!(day.pager.as_ref().unwrap().told, [], "seed {seed}");
    }
    // What is judged, and how many rounds of it wake somebody, by which name.
    for (fault, rounds, name) in [
        ("record-missing", 3, "FencepostPrivatePathDown"),
        ("forwarder-bypasses-azure", 1, "FencepostPublicFallbackAnswered"),
        ("redirect-on", 1, "FencepostPublicFallbackAnswered"),
        ("public-fallback-usable", 1, "FencepostPublicFallbackUsable"),
        ("tls-inspection", 3, "FencepostPrivatePathDown"),
    ] {
        let mut day = Followed::new(&stage, Weather::CALM, 1).await;
        let bad = facts_under(&stage, fault, &day).await;
        day.facts = bad.clone();
        assert_eq!(day.judge().verdict, Verdict::Broken, "{fault}");
        day.facts = day.good.clone();
        day.pager = Some(Pager::default());
        for round in 1..=rounds {
            assert_eq!(day.pager.as_ref().unwrap().told, [], "{fault}, before round {round}");
            day.look_at(&bad);
        }
        assert_eq!(day.pager.as_ref().unwrap().told, [(Status::Firing, name.to_owned())], "{fault}");
        (0..10).for_each(|_| day.look_at(&bad));
        day.calm(10);
        let told = &day.pager.as_ref().unwrap().told;
        assert_eq!(told[1..], [(Status::Resolved, name.to_owned())], "{fault}: one page, one end");
    }
}
