//! The lane of an Alertmanager: all that fires, again each minute; all that ended, until it was taken.
//!
//! Alertmanager keeps alerts in memory and ends what it hears no more of. So the state is sent, not the news: one that
//! was away for an hour knows everything again with the first delivery.

use super::super::desk::{Desk, Notice, Status};
use super::pace::{Pace, Wait};
use super::{Lost, Outcome, Posted};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How often what fires is sent again.
pub const RESEND: SignedDuration = SignedDuration::from_mins(1);

/// How long what was sent stands by itself: three lost deliveries end nothing.
pub const FIRING_LASTS: SignedDuration = SignedDuration::from_mins(4);

/// How long an end is told of. By then Alertmanager has ended the alert itself, [`FIRING_LASTS`] after it last heard of it.
pub const RESOLVED_FOR: SignedDuration = SignedDuration::from_mins(15);

/// The most ends that wait; what is beyond them ends by itself.
const MOST_ENDED: usize = 1_000;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertmanagerLane {
    pace: Pace,
    /// Whether there is news that was not taken yet.
    news: bool,
    /// Since when the state that was sent is on its way to be sent again.
    again: Option<Wait>,
    /// What ended and was not taken yet.
    ended: Vec<Posted>,
    /// What ended and is under way.
    #[serde(skip)]
    under_way: Option<Vec<Posted>>,
}

impl AlertmanagerLane {
    pub fn new(salt: u32) -> Self {
        Self { pace: Pace::new(salt), news: false, again: None, ended: Vec::new(), under_way: None }
    }

    pub fn resume(&mut self) {
        self.under_way = None;
        self.pace.succeeded();
        self.again = None;
    }

    pub fn take(&mut self, notices: &[Notice]) -> Lost {
        let mut lost = Lost::default();
        for notice in notices {
            // What fires again has not ended.
            self.ended.retain(|ended| ended.alert.labels != notice.alert.labels);
            if notice.status == Status::Resolved {
                self.ended.push(Posted { alert: notice.alert.clone(), ends_at: notice.at });
                if self.ended.len() > MOST_ENDED {
                    self.ended.remove(0);
                    lost.notices.push(notice.id.clone());
                }
            }
            self.news = true;
        }
        lost
    }

    /// How long until the next delivery.
    pub fn wait(&self, desk: &Desk, now: Timestamp) -> Option<SignedDuration> {
        let idle = desk.is_empty() && self.ended.is_empty();
        if self.under_way.is_some() || idle {
            return None;
        }
        let again = self.again.filter(|_| !self.news).map_or(SignedDuration::ZERO, |wait| wait.left(now));
        Some(again.max(self.pace.left(now)))
    }

    pub fn begin(&mut self, desk: &Desk, now: Timestamp) -> Option<Vec<Posted>> {
        self.ended.retain(|ended| now.duration_since(ended.ends_at) < RESOLVED_FOR);
        if desk.is_empty() && self.ended.is_empty() && self.under_way.is_none() {
            self.news = false;
        }
        if !self.wait(desk, now)?.is_zero() {
            return None;
        }
        self.news = false;
        self.again = Some(Wait { from: now, length: RESEND });
        self.under_way = Some(self.ended.clone());
        let until = now.checked_add(FIRING_LASTS).unwrap_or(Timestamp::MAX);
        let firing = desk.firing().map(|alert| Posted { alert: alert.clone(), ends_at: until });
        Some(firing.chain(self.ended.iter().cloned()).collect())
    }

    pub fn done(&mut self, outcome: &Outcome, now: Timestamp) {
        let Some(told) = self.under_way.take() else { return };
        match outcome {
            Outcome::Delivered => {
                self.pace.succeeded();
                self.ended.retain(|ended| !told.contains(ended));
            }
            // Also one that refuses is tried again: it is the state that is sent, so that nothing piles up.
            Outcome::Refused(_) | Outcome::Failed(_) => {
                self.news = true;
                self.pace.failed(now);
            }
        }
    }

    pub fn queued(&self) -> usize {
        self.ended.len() + usize::from(self.news)
    }
}
