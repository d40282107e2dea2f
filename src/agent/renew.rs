//! Reading the plan again: when ordered to, and from time to time by itself. One reading at a time, beside the looks.

use super::estate::Estate;
use crate::publish::ReloadRequest;
use crate::source::Pace;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use std::future::pending;
use std::hash::{BuildHasher, RandomState};
use tokio::time::Instant;

/// Why the plan is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Somebody ordered it: everything that belongs to the plan is read again, whether it changed or not.
    ByOrder,
    /// The time has come: only a plan that changed is of interest.
    ByTime,
}

/// Reads the plan again; nothing where it is the one in force. The error is fit for an operator.
pub type PlanSource = Box<dyn Fn(Asked) -> BoxFuture<'static, Result<Option<Estate>, String>> + Send>;

/// How a running agent follows its plan, beside orders.
#[derive(Debug, Default)]
pub struct Refresh {
    /// Nothing, where only orders make it read again.
    pub pace: Option<Pace>,
    /// Where it did not begin with the newest plan: why, and of when its plan is.
    pub behind: Option<(String, Timestamp)>,
}

/// So many readings in a row fail before one that nobody ordered is told: the next ones follow within seconds, and a server
/// that was away for a moment, or half a file, is no news.
const TOLD_AFTER: u32 = 3;

/// One reading that came to its end.
pub struct Reading {
    pub asked: Asked,
    /// Whether a failure is to be told.
    pub is_telling: bool,
    pub outcome: Result<Option<Estate>, String>,
    /// Who waits for the answer.
    pub answer: Option<ReloadRequest>,
}

struct UnderWay {
    asked: Asked,
    answer: Option<ReloadRequest>,
    reading: BoxFuture<'static, Result<Option<Estate>, String>>,
}

/// The one who reads the plan again.
pub struct Renewal {
    source: PlanSource,
    pace: Option<Pace>,
    under_way: Option<UnderWay>,
    failures: u32,
    next: Option<Instant>,
    chance: RandomState,
    readings: u64,
}

impl Renewal {
    pub fn new(source: PlanSource, refresh: &Refresh) -> Self {
        let (pace, failures) = (refresh.pace, u32::from(refresh.behind.is_some()));
        let chance = RandomState::new();
        let mut renewal = Self { source, pace, under_way: None, failures, next: None, chance, readings: 0 };
        renewal.settle();
        renewal
    }

    /// Whether an order would be followed at once.
    pub fn is_free(&self) -> bool {
        self.under_way.is_none()
    }

    /// When the plan is read again without an order.
    pub fn due(&self) -> Option<Instant> {
        self.next.filter(|_| self.is_free())
    }

    pub fn begin(&mut self, asked: Asked, answer: Option<ReloadRequest>) {
        self.under_way = Some(UnderWay { asked, answer, reading: (self.source)(asked) });
    }

    /// Waits for the reading under way. May be given up and asked for again.
    pub async fn ended(&mut self) -> Reading {
        let outcome = match &mut self.under_way {
            Some(under_way) => under_way.reading.as_mut().await,
            None => pending().await,
        };
        self.failures = if outcome.is_ok() { 0 } else { self.failures.saturating_add(1) };
        self.settle();
        let (asked, answer) = self.under_way.take().map_or((Asked::ByTime, None), |ended| (ended.asked, ended.answer));
        let is_telling = match asked {
            Asked::ByOrder => true,
            Asked::ByTime => self.failures >= TOLD_AFTER,
        };
        Reading { asked, is_telling, outcome, answer }
    }

    fn settle(&mut self) {
        self.readings += 1;
        // The share of the largest number: from 0 to 1.
        let chance = self.chance.hash_one(self.readings) as f64 / u64::MAX as f64;
        self.next = self.pace.map(|pace| Instant::now() + pace.wait(self.failures, chance));
    }
}
