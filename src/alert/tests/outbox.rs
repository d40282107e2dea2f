//! What is sent, against receivers that come and go. Time is an argument, so an outage of an hour costs nothing.

use super::{Vantage, at, down, good};
use crate::alert::{Delivery, LONGEST_QUEUE, MOST_EVENTS, Notice, Outbox, Outcome, Parcel, RESOLVED_FOR, Status};
use crate::judge::Code;
use crate::plan::{Destination, DestinationKind, DestinationName, Url};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn destination(name: &str, kind: DestinationKind) -> Destination {
    let url = Url::parse(&format!("https://{name}.contoso.example/")).unwrap();
    Destination { name: DestinationName::new(name), kind, url, secret: None }
}

fn both() -> Vec<Destination> {
    vec![destination("am", DestinationKind::Alertmanager), destination("soc", DestinationKind::Webhook)]
}

/// How a receiver is doing.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mood {
    Up,
    Down,
    /// It takes what comes, and its answer is lost.
    Mute,
    /// Its owner has the wrong key.
    Locked,
}

impl Mood {
    fn outcome(self) -> Outcome {
        match self {
            Self::Up => Outcome::Delivered,
            Self::Down | Self::Mute => Outcome::Failed("no answer".to_owned()),
            Self::Locked => Outcome::Refused(401),
        }
    }

    fn takes(self) -> bool {
        matches!(self, Self::Up | Self::Mute)
    }
}

/// A vantage with one check for each target, an outbox, and both receivers.
struct World {
    vantage: Vantage,
    broken: Vec<bool>,
    outbox: Outbox,
    now: Timestamp,
    am: Mood,
    soc: Mood,
    /// Label `target` and the end of each alert, as Alertmanager knows them.
    alertmanager: BTreeMap<String, Timestamp>,
    /// What the webhook got, the first time each, in its order.
    events: Vec<Notice>,
    seen: BTreeSet<String>,
    acknowledged: BTreeSet<String>,
}

const TARGETS: [&str; 4] = ["chat", "foundry", "gateway", "search"];

impl World {
    fn new() -> Self {
        let mut vantage = Vantage::default();
        for target in TARGETS {
            let check = vantage.add(target, "private");
            vantage.look(check, good(), at(0));
        }
        let mut outbox = Outbox::default();
        outbox.settle(&both(), "prod-app", &vantage.desk, at(0));
        Self {
            vantage,
            broken: vec![false; TARGETS.len()],
            outbox,
            now: at(0),
            am: Mood::Up,
            soc: Mood::Up,
            alertmanager: BTreeMap::new(),
            events: Vec::new(),
            seen: BTreeSet::new(),
            acknowledged: BTreeSet::new(),
        }
    }

    fn turn(&mut self, check: usize) {
        let notices = self.news(check);
        assert!(self.outbox.take(&notices).is_empty());
        self.pump();
    }

    /// A check breaks or heals; what the desk tells of it.
    fn news(&mut self, check: usize) -> Vec<Notice> {
        self.broken[check] = !self.broken[check];
        let judged = if self.broken[check] { down(Code::ConnectTimeout) } else { good() };
        // Each incident is a new one, so that none waits for its end the longer the more there were.
        self.vantage.checks[check].standing = None;
        self.vantage.look(check, judged, self.now);
        self.vantage.reconcile(self.now)
    }

    /// Sends what is due now.
    fn pump(&mut self) {
        for delivery in self.outbox.due(&self.vantage.desk, self.now) {
            let outcome = self.receive(&delivery);
            if self.am == Mood::Up && matches!(delivery.parcel, Parcel::Alertmanager(_)) {
                assert_eq!(self.alertmanager_fires(), self.held(), "one delivery that arrives makes all good");
            }
            assert!(self.outbox.done(&delivery.destination, &outcome, self.now).notices.is_empty());
        }
    }

    fn receive(&mut self, delivery: &Delivery) -> Outcome {
        match &delivery.parcel {
            Parcel::Alertmanager(posted) => {
                for posted in posted.iter().filter(|_| self.am.takes()) {
                    assert!(posted.ends_at <= self.now + SignedDuration::from_mins(4));
                    self.alertmanager.insert(posted.alert.labels["target"].clone(), posted.ends_at);
                }
                self.am.outcome()
            }
            Parcel::Webhook(notices) => {
                assert!((1..=MOST_EVENTS).contains(&notices.len()));
                let fresh = notices.iter().filter(|notice| self.soc.takes() && self.seen.insert(notice.id.clone()));
                self.events.extend(fresh.cloned());
                if self.soc == Mood::Up {
                    for notice in notices {
                        assert!(self.acknowledged.insert(notice.id.clone()), "{} was acknowledged before", notice.id);
                    }
                }
                self.soc.outcome()
            }
        }
    }

    /// Time passes, and whatever falls due in it is sent.
    fn pass(&mut self, time: SignedDuration) {
        let until = self.now + time;
        while let Some(wait) = self.outbox.wait(&self.vantage.desk, self.now).filter(|wait| self.now + *wait <= until) {
            self.now += wait;
            self.pump();
        }
        self.now = until;
    }

    fn held(&self) -> BTreeSet<String> {
        self.vantage.desk.firing().map(|alert| alert.labels["target"].clone()).collect()
    }

    fn alertmanager_fires(&self) -> BTreeSet<String> {
        let firing = self.alertmanager.iter().filter(|(_, ends)| **ends > self.now);
        firing.map(|(target, _)| target.clone()).collect()
    }

    /// What somebody believes who read all events in their order.
    fn webhook_believes(&self) -> BTreeSet<String> {
        let mut firing = BTreeSet::new();
        for event in &self.events {
            let target = event.alert.labels["target"].clone();
            match event.status {
                Status::Firing => assert!(firing.insert(target), "raised twice"),
                Status::Changed => assert!(firing.contains(&target), "changed before it was raised"),
                Status::Resolved => assert!(firing.remove(&target), "resolved before it was raised"),
            }
        }
        firing
    }

    fn recover(&mut self) {
        (self.am, self.soc) = (Mood::Up, Mood::Up);
        // The longest backoff, and the rest of what Alertmanager was told before.
        self.pass(SignedDuration::from_mins(5));
    }
}

#[derive(Clone, Debug)]
enum Step {
    Turn(usize),
    Pass(i64),
    Alertmanager(Mood),
    Webhook(Mood),
    /// Alertmanager keeps alerts in memory.
    AlertmanagerRestarts,
    /// The agent restarts from what it kept.
    AgentRestarts,
}

fn step() -> impl Strategy<Value = Step> {
    let mood = || prop_oneof![Just(Mood::Up), Just(Mood::Down), Just(Mood::Mute), Just(Mood::Locked)];
    prop_oneof![
        4 => (0..TARGETS.len()).prop_map(Step::Turn),
        4 => (1..1_500_i64).prop_map(Step::Pass),
        2 => mood().prop_map(Step::Alertmanager),
        2 => mood().prop_map(Step::Webhook),
        1 => Just(Step::AlertmanagerRestarts),
        1 => Just(Step::AgentRestarts),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    /// Whatever comes and goes: in the end everybody believes what the desk holds, and nobody acknowledged a thing twice.
    #[test]
    fn after_any_outage_every_receiver_agrees_with_the_desk(steps in proptest::collection::vec(step(), 0..60)) {
        let mut world = World::new();
        for step in steps {
            match step {
                Step::Turn(check) => world.turn(check),
                Step::Pass(seconds) => world.pass(SignedDuration::from_secs(seconds)),
                Step::Alertmanager(mood) => world.am = mood,
                Step::Webhook(mood) => world.soc = mood,
                Step::AlertmanagerRestarts => world.alertmanager.clear(),
                Step::AgentRestarts => {
                    let kept = serde_json::to_string(&(&world.outbox, &world.vantage.desk)).unwrap();
                    (world.outbox, world.vantage.desk) = serde_json::from_str(&kept).unwrap();
                    world.outbox.resume();
                }
            }
            prop_assert!(world.outbox.queued().all(|(_, waiting)| waiting <= LONGEST_QUEUE));
        }
        world.recover();
        prop_assert_eq!(world.alertmanager_fires(), world.held());
        prop_assert_eq!(world.webhook_believes(), world.held());
        prop_assert!(world.outbox.queued().all(|(_, waiting)| waiting == 0));
    }
}

#[test]
fn what_fires_never_ends_between_two_deliveries() {
    let mut world = World::new();
    world.turn(0);
    for _ in 0..600 {
        world.pass(SignedDuration::from_secs(7));
        assert_eq!(world.alertmanager_fires(), world.held());
    }
    // Three deliveries in a row may fail.
    world.am = Mood::Down;
    world.pass(SignedDuration::from_secs(170));
    assert_eq!(world.alertmanager_fires(), world.held());
}

#[test]
fn news_that_did_not_arrive_are_not_left_until_the_next_minute() {
    let mut world = World::new();
    world.am = Mood::Down;
    world.turn(0);
    world.am = Mood::Up;
    world.pass(SignedDuration::from_secs(1));
    assert_eq!(world.alertmanager_fires(), world.held());
}

/// Away for longer than ends are told of, in the middle of an incident: afterwards it holds exactly what is true.
#[test]
fn an_alertmanager_that_was_away_for_an_hour_knows_everything_again() {
    for forgets in [true, false] {
        let mut world = World::new();
        world.turn(0);
        world.turn(1);
        world.am = Mood::Down;
        world.pass(SignedDuration::from_mins(2));
        world.turn(1);
        world.pass(RESOLVED_FOR + SignedDuration::from_mins(45));
        if forgets {
            world.alertmanager.clear();
        }
        world.am = Mood::Up;
        world.pass(crate::alert::LONGEST_BACKOFF);
        assert_eq!(world.alertmanager_fires(), BTreeSet::from(["chat".to_owned()]), "forgets: {forgets}");
    }
}

/// So many news of one check.
pub(super) fn notices(many: usize) -> Vec<Notice> {
    let mut world = World::new();
    let all: Vec<Notice> = (0..many)
        .flat_map(|_| {
            world.now += SignedDuration::from_secs(1);
            world.news(0)
        })
        .collect();
    assert_eq!(all.len(), many);
    all
}

/// A wrong address is mended in the plan. What waited for that goes to the new one, and what the old one knows of is told.
#[test]
fn a_webhook_that_moves_takes_along_what_waits() {
    let mut world = World::new();
    world.turn(0);
    world.turn(1);
    world.soc = Mood::Locked;
    for check in [0, 2] {
        world.turn(check);
    }
    // More of what was raised before is told with its introduction.
    let joined = world.vantage.add("foundry", "private");
    world.vantage.look(joined, down(Code::ConnectTimeout), world.now);
    let notices = world.vantage.reconcile(world.now);
    assert_eq!(super::spoken(&notices), "~PrivatePathDown");
    assert!(world.outbox.take(&notices).is_empty());
    let mut moved = both();
    moved[1].url = Url::parse("https://elsewhere.contoso.example/").unwrap();
    // A new plan waits for no backoff.
    world.outbox.resume();
    world.outbox.settle(&moved, "prod-app", &world.vantage.desk, world.now);
    world.soc = Mood::Up;
    let before = world.events.len();
    world.pump();
    let told = |event: &Notice| (event.status, event.alert.labels["target"].clone());
    assert_eq!(
        world.events[before..].iter().map(told).collect::<Vec<_>>(),
        [(Status::Resolved, "chat"), (Status::Firing, "gateway"), (Status::Firing, "foundry")]
            .map(|(status, target)| (status, target.to_owned()))
    );
}

#[test]
fn a_plan_that_is_read_again_keeps_what_waits_and_tells_a_new_webhook_everything() {
    let mut world = World::new();
    world.soc = Mood::Down;
    world.turn(0);
    let waiting = |outbox: &Outbox| outbox.queued().map(|(name, many)| (name.to_string(), many)).collect::<Vec<_>>();
    let with = |added: Vec<Destination>| [both(), added].concat();
    let settle = |world: &mut World, destinations: &[Destination]| {
        world.outbox.settle(destinations, "prod-app", &world.vantage.desk, world.now);
    };
    settle(&mut world, &with(vec![destination("new", DestinationKind::Webhook)]));
    let names =
        |rows: &[(&str, usize)]| rows.iter().map(|(name, many)| ((*name).to_owned(), *many)).collect::<Vec<_>>();
    assert_eq!(waiting(&world.outbox), names(&[("am", 0), ("soc", 1), ("new", 1)]));
    // The same name at another address is another receiver, which heard of nothing yet.
    world.turn(1);
    let mut moved = both();
    moved[1].url = Url::parse("https://elsewhere.contoso.example/").unwrap();
    settle(&mut world, &moved);
    assert_eq!(waiting(&world.outbox), names(&[("am", 0), ("soc", 2)]));
    settle(&mut world, &[]);
    assert!(world.outbox.wait(&world.vantage.desk, world.now).is_none());
}
