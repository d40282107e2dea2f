//! The lane of a webhook: news in their order, each kept until it was taken.
//!
//! Nothing is lost in silence. News are given up in two cases, and both are counted and logged: the queue is full, or the
//! receiver says of a single notice, several times, that it cannot be read. Any other refusal (a wrong key, a wrong
//! path) is the fault of a setting that somebody will mend, so the news wait for that.

use super::super::desk::{Notice, Status};
use super::pace::Pace;
use super::{Lost, Outcome};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// The most notices that wait for one receiver; the oldest go first.
pub const LONGEST_QUEUE: usize = 1_000;

/// The most notices in one delivery.
pub const MOST_EVENTS: usize = 100;

/// How often a receiver must refuse a single notice before it is given up.
const MOST_REFUSALS: u32 = 3;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookLane {
    pace: Pace,
    queue: VecDeque<Notice>,
    /// How many of the oldest are under way.
    #[serde(skip)]
    under_way: usize,
    /// How many go together; fewer while the receiver refuses, to find the one that it cannot read.
    together: usize,
    /// Refusals in a row of the oldest, on its own.
    refusals: u32,
}

/// Whether a status speaks of what was sent, not of who sent it or where.
const fn is_about_content(status: u16) -> bool {
    // Bad request, too large, cannot be processed (RFC 9110 §15.5).
    matches!(status, 400 | 413 | 422)
}

impl WebhookLane {
    pub fn new(salt: u32) -> Self {
        Self { pace: Pace::new(salt), queue: VecDeque::new(), under_way: 0, together: MOST_EVENTS, refusals: 0 }
    }

    pub fn resume(&mut self) {
        self.under_way = 0;
        self.pace.succeeded();
    }

    pub fn take(&mut self, notices: &[Notice]) -> Lost {
        let mut lost = Lost::default();
        for notice in notices {
            if notice.status != Status::Firing {
                self.replace(notice);
            }
            self.queue.push_back(notice.clone());
            if self.queue.len() > LONGEST_QUEUE {
                // What is under way may still arrive.
                lost.notices.extend(self.queue.remove(self.under_way).map(|oldest| oldest.id));
            }
        }
        lost
    }

    /// Further checks that joined an alert are told with the newest news of it. So a receiver that is away while a large
    /// plan breaks bit by bit finds the whole, not every step with all checks before it.
    fn replace(&mut self, news: &Notice) {
        let of_alert = |waiting: &Notice| waiting.alert.labels == news.alert.labels;
        let latest = self.queue.iter().rposition(of_alert).filter(|place| *place >= self.under_way);
        if let Some(place) = latest.filter(|place| self.queue[*place].status == Status::Changed) {
            self.queue.remove(place);
        }
    }

    /// Tells a receiver what fires, but for what it will hear of anyway.
    pub fn introduce(&mut self, firing: Vec<Notice>) -> Lost {
        let is_told = |news: &Notice| {
            let is_turn =
                |waiting: &&Notice| waiting.alert.labels == news.alert.labels && waiting.status != Status::Changed;
            self.queue.iter().rfind(is_turn).is_some_and(|latest| latest.status == Status::Firing)
        };
        let untold: Vec<Notice> = firing.into_iter().filter(|news| !is_told(news)).collect();
        untold.iter().for_each(|news| self.replace(news));
        self.take(&untold)
    }

    pub fn wait(&self, now: Timestamp) -> Option<SignedDuration> {
        (self.under_way == 0 && !self.queue.is_empty()).then(|| self.pace.left(now))
    }

    pub fn begin(&mut self, now: Timestamp) -> Option<Vec<Notice>> {
        if !self.wait(now)?.is_zero() {
            return None;
        }
        self.under_way = self.queue.len().min(self.together.max(1));
        Some(self.queue.iter().take(self.under_way).cloned().collect())
    }

    pub fn done(&mut self, outcome: &Outcome, now: Timestamp) -> Lost {
        let sent = std::mem::take(&mut self.under_way);
        let mut lost = Lost::default();
        if sent == 0 {
            return lost;
        }
        match outcome {
            Outcome::Delivered => {
                self.queue.drain(..sent.min(self.queue.len()));
                self.go_on();
            }
            Outcome::Refused(status) if is_about_content(*status) => {
                self.pace.failed(now);
                if sent > 1 {
                    self.together = sent / 2;
                    return lost;
                }
                self.refusals = self.refusals.saturating_add(1);
                if self.refusals >= MOST_REFUSALS {
                    lost.notices.extend(self.queue.pop_front().map(|unreadable| unreadable.id));
                    self.go_on();
                }
            }
            Outcome::Refused(_) | Outcome::Failed(_) => self.pace.failed(now),
        }
        lost
    }

    fn go_on(&mut self) {
        self.pace.succeeded();
        // Not all at once: the next one that cannot be read is found sooner.
        self.together = self.together.saturating_mul(2).min(MOST_EVENTS);
        self.refusals = 0;
    }

    pub fn queued(&self) -> usize {
        self.queue.len()
    }
}
