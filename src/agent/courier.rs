//! Direct alerts: the desk is held against the board, and what is due goes out beside the looks, one delivery at a time to
//! each destination.

use super::alarm::Memory;
use super::estate::Estate;
use crate::alert::{Alerting, Lost, Notice, Outcome, Status, wanted};
use crate::clock;
use crate::plan::{CheckName, Destination, DestinationName};
use crate::publish::alerts::Post;
use crate::publish::{Meters, SharedBoard};
use crate::standing::Standing;
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

/// After a look the desk is held against the board within this time: soon enough for a pager, and seldom enough where
/// hundreds of looks end in a second.
const SOON: Duration = Duration::from_millis(250);

/// Where everything is broken, comparing takes longer; it gets no more than this part of the time.
const SHARE: u32 = 20;

/// How long deliveries under way may take when the agent stops.
const LAST_WORD: Duration = Duration::from_secs(2);

/// How long news wait for the disk before they go out all the same. What was sent is then known to a restart, which
/// neither loses it nor sends it under another name.
const LONGEST_HOLD: Duration = Duration::from_secs(1);

/// An attempt that ended; the name tells whose.
type Attempt = (DestinationName, Outcome);

pub struct Courier {
    board: SharedBoard,
    meters: Arc<Meters>,
    kept: Alerting,
    /// Counts what should not be forgotten.
    change: u64,
    /// How far the disk knows of it; nothing, where there is no disk.
    written: Option<u64>,
    /// News wait for the disk so long.
    hold: Option<Instant>,
    /// Whether something changed since it was last asked.
    news: bool,
    memory: Memory,
    post: Option<Arc<Post>>,
    under_way: JoinSet<Attempt>,
    /// Destinations whose last attempt failed; a failure is told once.
    failing: BTreeSet<DestinationName>,
    compared: Instant,
    /// How long the last comparison took.
    took: Duration,
    /// Whether a look ended since.
    stale: bool,
    every: Duration,
    /// After a start or with a new plan, what is held stays until every check was looked at, and at most until then: one
    /// round, and the time the last look of it may take.
    opening: Option<Instant>,
}

impl Courier {
    pub fn new(estate: &Estate, board: SharedBoard, meters: Arc<Meters>, kept: Alerting, now: Timestamp) -> Self {
        let mut courier = Self {
            board,
            meters,
            kept,
            change: 0,
            written: None,
            hold: None,
            news: false,
            memory: Memory::default(),
            post: None,
            under_way: JoinSet::new(),
            failing: BTreeSet::new(),
            compared: Instant::now(),
            took: Duration::ZERO,
            stale: true,
            every: estate.grounds.plan.settings.every,
            opening: None,
        };
        courier.settle(estate, now);
        courier
    }

    /// Takes the destinations of a plan.
    pub fn settle(&mut self, estate: &Estate, now: Timestamp) {
        self.post.clone_from(&estate.post);
        self.every = estate.grounds.plan.settings.every;
        self.memory.settle();
        self.cut();
        let destinations = self.post.as_ref().map(|post| post.destinations()).unwrap_or_default();
        self.tell_gone(destinations);
        let lost = self.kept.outbox.settle(destinations, &estate.header.vantage.name, &self.kept.desk, now);
        self.meters.alerts.settle(self.kept.outbox.destinations());
        self.tell_full(&lost);
        self.failing.retain(|failing| self.kept.outbox.destinations().any(|known| known == failing));
        self.opening = (!self.kept.desk.is_empty()).then(|| Instant::now() + estate.witness_lasts());
        (self.stale, self.news) = (true, true);
        self.count();
    }

    /// What is to be kept, and which state of it this is.
    pub fn kept(&self) -> (Alerting, u64) {
        (self.kept.clone(), self.change)
    }

    /// There is a disk, and news wait for it.
    pub fn waits_for_disk(&mut self) {
        self.written = Some(0);
    }

    /// A writing ended, well or not; whatever it was to keep waits no longer.
    pub fn written(&mut self, change: u64) {
        self.written = self.written.map(|_| change);
        if change >= self.change {
            self.hold = None;
        }
    }

    /// Whether something changed that should be kept.
    pub fn news(&mut self) -> bool {
        std::mem::take(&mut self.news)
    }

    /// Every check was looked at.
    pub fn round_complete(&mut self) {
        self.opening = None;
    }

    /// A look ended, or something else changed the board.
    pub fn look_ended(&mut self) {
        self.stale = true;
    }

    /// When there is something to do.
    pub fn next(&self) -> Instant {
        let compare = self.compare_at();
        let wait = self.kept.outbox.wait(&self.kept.desk, clock::now());
        let send = wait.map(|wait| self.hold.unwrap_or(Instant::now() + wait.unsigned_abs()));
        send.map_or(compare, |send| send.min(compare))
    }

    fn compare_at(&self) -> Instant {
        let soon = SOON.max(self.took * SHARE).min(self.every);
        let next = self.compared + if self.stale { soon } else { self.every };
        self.opening.map_or(next, |opening| opening.max(next))
    }

    /// Does what is due.
    pub fn act(&mut self, estate: &Estate, waiting: &HashMap<CheckName, Standing>) {
        let now = Instant::now();
        if now >= self.compare_at() {
            self.opening = None;
            self.compare(estate, waiting, clock::now());
        }
        if self.hold.is_none_or(|hold| now >= hold) {
            self.hold = None;
            self.send();
        }
    }

    /// Holds the desk against the board.
    fn compare(&mut self, estate: &Estate, waiting: &HashMap<CheckName, Standing>, now: Timestamp) {
        (self.compared, self.stale) = (Instant::now(), false);
        let board = self.board.snapshot();
        let runbooks = self.post.as_ref().map(|post| post.runbooks()).unwrap_or_default();
        let known = self.memory.known(estate, &board, waiting, runbooks, now);
        let wanted = wanted(&known, &self.kept.desk, now);
        let notices = self.kept.desk.reconcile(wanted, &known, now);
        notices.iter().for_each(tell);
        if !notices.is_empty() {
            self.change += 1;
            self.news = true;
            // Older news already wait; none waits longer than so long.
            let latest = Instant::now() + LONGEST_HOLD;
            self.hold = self.written.map(|_| self.hold.unwrap_or(latest));
        }
        let lost = self.kept.outbox.take(&notices);
        self.tell_full(&lost);
        self.count();
        self.took = self.compared.elapsed();
    }

    /// What still waited for a destination that left the plan goes with it.
    fn tell_gone(&self, destinations: &[Destination]) {
        for (gone, given_up) in self.kept.outbox.queued() {
            if given_up > 0 && destinations.iter().all(|destination| destination.name != *gone) {
                tracing::warn!(destination = %gone, given_up, "it left the plan; what waited for it is given up");
            }
        }
    }

    fn tell_full(&self, lost: &[(DestinationName, Lost)]) {
        for (destination, lost) in lost {
            let (given_up, ids) = (lost.notices.len(), lost.notices.join(", "));
            tracing::error!(%destination, given_up, ids, "the queue is full; the oldest notices are given up");
            self.meters.alerts.drop(destination, given_up);
        }
    }

    /// Cuts what is under way and sends it again: what comes of it could no longer be told from what is sent next.
    fn cut(&mut self) {
        self.under_way = JoinSet::new();
        self.kept.outbox.resume();
    }

    fn send(&mut self) {
        let Some(post) = &self.post else { return };
        let now = clock::now();
        for delivery in self.kept.outbox.due(&self.kept.desk, now) {
            let post = Arc::clone(post);
            self.under_way.spawn(async move {
                let outcome = post.send(&delivery, now).await;
                (delivery.destination, outcome)
            });
        }
    }

    /// The next attempt that ended; waits for ever while none is under way.
    pub async fn attempt(&mut self) -> Result<Attempt, tokio::task::JoinError> {
        match self.under_way.join_next().await {
            Some(attempt) => attempt,
            None => std::future::pending().await,
        }
    }

    /// Takes what came of an attempt.
    pub fn take(&mut self, attempt: Result<Attempt, tokio::task::JoinError>) {
        let now = clock::now();
        let (destination, outcome) = match attempt {
            Ok(attempt) => attempt,
            Err(e) => {
                // It lost its name; all are tried again rather than one never.
                tracing::error!(error = %e, "a delivery ended abnormally");
                self.cut();
                return;
            }
        };
        self.meters.alerts.attempt(&destination, outcome == Outcome::Delivered);
        self.news |= outcome == Outcome::Delivered;
        let lost = self.kept.outbox.done(&destination, &outcome, now);
        self.tell_attempt(&destination, &outcome);
        if !lost.notices.is_empty() {
            let ids = lost.notices.join(", ");
            tracing::error!(%destination, ids, "the receiver refused this notice several times; it is given up");
            self.meters.alerts.drop(&destination, lost.notices.len());
        }
        self.count();
    }

    /// The first failure and the end of failing are news, what lies between is not.
    fn tell_attempt(&mut self, destination: &DestinationName, outcome: &Outcome) {
        let why = match outcome {
            Outcome::Delivered => {
                if self.failing.remove(destination) {
                    tracing::info!(%destination, "alerts can be delivered again");
                }
                tracing::debug!(%destination, "alerts delivered");
                return;
            }
            Outcome::Refused(status) => format!("refused with status {status}"),
            Outcome::Failed(why) => why.clone(),
        };
        if self.failing.insert(destination.clone()) {
            tracing::warn!(%destination, why, "alerts cannot be delivered; trying again");
        } else {
            tracing::debug!(%destination, why, "alerts cannot be delivered");
        }
    }

    fn count(&self) {
        self.meters.alerts.firing(self.kept.desk.len());
        for (destination, waiting) in self.kept.outbox.queued() {
            self.meters.alerts.queue(destination, waiting);
        }
    }

    /// The last looks are told of, and what is under way may end within two seconds.
    pub async fn stop(&mut self, estate: &Estate, waiting: &HashMap<CheckName, Standing>) {
        if self.opening.is_none() {
            self.compare(estate, waiting, clock::now());
        }
        self.send();
        let deadline = Instant::now() + LAST_WORD;
        while let Ok(Some(attempt)) = timeout_at(deadline, self.under_way.join_next()).await {
            self.take(attempt);
        }
        self.under_way.shutdown().await;
    }
}

fn tell(notice: &Notice) {
    let label = |name: &str| notice.alert.labels.get(name).map(String::as_str).unwrap_or_default();
    let (alert, vantage, finding) = (label("alertname"), label("vantage"), label("finding"));
    let (since, checks) = (notice.alert.starts_at, notice.alert.checks.len());
    match notice.status {
        Status::Firing => tracing::warn!(vantage, alert, finding, %since, checks, "alert raised"),
        Status::Changed => tracing::info!(vantage, alert, finding, %since, checks, "alert has more checks"),
        Status::Resolved => tracing::info!(vantage, alert, finding, %since, checks, "alert resolved"),
    }
}
