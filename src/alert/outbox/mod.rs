//! What is to be sent, where, and when. One lane for each destination, and at most one delivery under way in each.
//!
//! A lane of an Alertmanager sends the state there is, again and again: what was missed is made good by the next
//! delivery. A lane of a webhook sends news, each once and in their order, and keeps them until they are taken.

mod alertmanager;
mod pace;
mod webhook;

pub use alertmanager::{FIRING_LASTS, RESEND, RESOLVED_FOR};
pub use pace::LONGEST_BACKOFF;
pub use webhook::{LONGEST_QUEUE, MOST_EVENTS};

use super::Alert;
use super::desk::{Desk, Notice};
use crate::plan::{Destination, DestinationKind, DestinationName};
use alertmanager::AlertmanagerLane;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use webhook::WebhookLane;

/// An alert as an Alertmanager is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    pub alert: Alert,
    /// When it ended, or until when it fires if nothing more is heard of it.
    pub ends_at: Timestamp,
}

/// What one delivery holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parcel {
    Alertmanager(Vec<Posted>),
    Webhook(Vec<Notice>),
}

/// One attempt to send something somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub destination: DestinationName,
    pub parcel: Parcel,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver said that it has it.
    Delivered,
    /// The receiver answered with this status, and not because it was busy.
    Refused(u16),
    /// No answer, an answer that says "later", or none at all in time.
    Failed(String),
}

/// What an attempt, or a new notice, has cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// The ids of notices that were given up.
    pub notices: Vec<String>,
}

impl Lost {
    fn some(self) -> Option<Self> {
        (!self.notices.is_empty()).then_some(self)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Way {
    Alertmanager(AlertmanagerLane),
    Webhook(WebhookLane),
}

impl Way {
    fn kind(&self) -> DestinationKind {
        match self {
            Self::Alertmanager(_) => DestinationKind::Alertmanager,
            Self::Webhook(_) => DestinationKind::Webhook,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Lane {
    name: DestinationName,
    /// Tells whether a plan that was read again means the same address.
    url: String,
    way: Way,
}

impl Lane {
    fn new(destination: &Destination, vantage: &str) -> Self {
        let salt = pace::salt(&destination.name, vantage);
        let way = match destination.kind {
            DestinationKind::Alertmanager => Way::Alertmanager(AlertmanagerLane::new(salt)),
            DestinationKind::Webhook => Way::Webhook(WebhookLane::new(salt)),
        };
        Self { name: destination.name.clone(), url: mark(destination), way }
    }
}

/// What tells one address from another without repeating it: an address may hold a key.
fn mark(destination: &Destination) -> String {
    let text = format!("{} {}", destination.kind.word(), destination.url.whole());
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// All destinations of one agent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outbox {
    lanes: Vec<Lane>,
}

impl Outbox {
    /// Takes the destinations of a plan. What waits stays with a name that goes on, also at another address: a wrong one
    /// is mended like this. A webhook that is new, or has moved, hears of everything that fires.
    pub fn settle(
        &mut self,
        destinations: &[Destination],
        vantage: &str,
        desk: &Desk,
        now: Timestamp,
    ) -> Vec<(DestinationName, Lost)> {
        let mut lost = Vec::new();
        let mut old = std::mem::take(&mut self.lanes);
        for destination in destinations {
            let same = |lane: &Lane| lane.name == destination.name && lane.way.kind() == destination.kind;
            let known = old.iter().position(same).map(|place| old.swap_remove(place));
            let heard = known.as_ref().is_some_and(|lane| lane.url == mark(destination));
            let mut lane = known.unwrap_or_else(|| Lane::new(destination, vantage));
            lane.url = mark(destination);
            if let Way::Webhook(way) = &mut lane.way
                && !heard
            {
                let given_up = way.introduce(desk.introduction(now));
                lost.extend(given_up.some().map(|given_up| (destination.name.clone(), given_up)));
            }
            self.lanes.push(lane);
        }
        lost
    }

    /// Nothing is under way any more, after a restart or because it was cut; it is sent again, without waiting.
    pub fn resume(&mut self) {
        for lane in &mut self.lanes {
            match &mut lane.way {
                Way::Alertmanager(lane) => lane.resume(),
                Way::Webhook(lane) => lane.resume(),
            }
        }
    }

    pub fn destinations(&self) -> impl Iterator<Item = &DestinationName> {
        self.lanes.iter().map(|lane| &lane.name)
    }

    /// Takes news for every destination; tells what had to be given up for it.
    pub fn take(&mut self, notices: &[Notice]) -> Vec<(DestinationName, Lost)> {
        let mut lost = Vec::new();
        for lane in &mut self.lanes {
            let given_up = match &mut lane.way {
                Way::Alertmanager(way) => way.take(notices),
                Way::Webhook(way) => way.take(notices),
            };
            lost.extend(given_up.some().map(|given_up| (lane.name.clone(), given_up)));
        }
        lost
    }

    /// How long until something is due; nothing, while nothing is.
    pub fn wait(&self, desk: &Desk, now: Timestamp) -> Option<SignedDuration> {
        let waits = self.lanes.iter().filter_map(|lane| match &lane.way {
            Way::Alertmanager(way) => way.wait(desk, now),
            Way::Webhook(way) => way.wait(now),
        });
        waits.min()
    }

    /// Everything that is due. What is handed out is under way until [`Outbox::done`] hears of it.
    pub fn due(&mut self, desk: &Desk, now: Timestamp) -> Vec<Delivery> {
        let lanes = self.lanes.iter_mut().filter_map(|lane| {
            let parcel = match &mut lane.way {
                Way::Alertmanager(way) => Parcel::Alertmanager(way.begin(desk, now)?),
                Way::Webhook(way) => Parcel::Webhook(way.begin(now)?),
            };
            Some(Delivery { destination: lane.name.clone(), parcel })
        });
        lanes.collect()
    }

    /// Hears what came of a delivery; tells what was given up.
    pub fn done(&mut self, destination: &DestinationName, outcome: &Outcome, now: Timestamp) -> Lost {
        let Some(lane) = self.lanes.iter_mut().find(|lane| lane.name == *destination) else { return Lost::default() };
        match &mut lane.way {
            Way::Alertmanager(way) => {
                way.done(outcome, now);
                Lost::default()
            }
            Way::Webhook(way) => way.done(outcome, now),
        }
    }

    /// How many notices wait for each destination.
    pub fn queued(&self) -> impl Iterator<Item = (&DestinationName, usize)> {
        self.lanes.iter().map(|lane| match &lane.way {
            Way::Alertmanager(way) => (&lane.name, way.queued()),
            Way::Webhook(way) => (&lane.name, way.queued()),
        })
    }
}
