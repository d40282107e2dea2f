//! The running agent: schedule, looks, reload, stop.

use super::courier::{Courier, Kept};
use super::estate::{Estate, Work};
use super::keeper::{Keeper, blank};
use crate::clock;
use crate::facts::{Facts, WitnessFacts};
use crate::publish::{Meters, ReloadRequest, SharedBoard};
use crate::schedule::{Due, Schedule};
use std::collections::HashSet;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

/// A new agent's first looks fall into this much time, or into one round where that is shorter.
const OPENING: Duration = Duration::from_secs(2);

/// A large plan opens more slowly: no more than 500 looks begin in a second.
const OPENING_PER_LOOK: Duration = Duration::from_millis(2);

/// The name under which the witness has its slot.
const WITNESS: &str = "(witness)";

/// Reads the plan again; the error is fit for an operator.
pub type PlanSource = Box<dyn Fn() -> Result<Estate, String> + Send>;

/// What comes to a running agent from outside.
pub struct Orders {
    pub reload: mpsc::Receiver<ReloadRequest>,
    pub stop: CancellationToken,
}

/// The board that [`run`] will write and others may already read.
pub fn shared_board(estate: &Estate) -> SharedBoard {
    SharedBoard::new(blank(estate, clock::now()))
}

/// Runs until it is told to stop; then ends within one timeout, and two seconds more where alerts are under way.
pub async fn run(
    estate: Estate,
    board: SharedBoard,
    meters: Arc<Meters>,
    at_a_time: usize,
    source: PlanSource,
    mut orders: Orders,
) {
    let keeper = Keeper::new(board.clone(), &estate, clock::now());
    let courier = Courier::new(&estate, board, Arc::clone(&meters), Kept::default(), clock::now());
    let mut agent = Agent::new(Arc::new(estate), keeper, courier, meters, at_a_time);
    let mut reload_open = true;
    loop {
        let due = agent.next_look();
        let alerts = agent.courier.next();
        tokio::select! {
            () = orders.stop.cancelled() => break,
            request = orders.reload.recv(), if reload_open => match request {
                Some(answer) => {
                    // The asker may have gone; the reload stands all the same.
                    let _ = answer.send(agent.reload(&source));
                }
                None => reload_open = false,
            },
            () = until(due) => agent.begin(),
            Some(done) = agent.looks.join_next() => agent.take(done),
            () = sleep_until(alerts) => agent.courier.act(&agent.estate),
            attempt = agent.courier.attempt() => agent.courier.take(attempt),
        }
    }
    agent.stop().await;
}

async fn until(due: Option<Instant>) {
    match due {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}

enum Done {
    Look(Arc<Work>, Box<Facts>),
    Witness(Option<WitnessFacts>),
}

struct Agent {
    estate: Arc<Estate>,
    keeper: Keeper,
    courier: Courier,
    meters: Arc<Meters>,
    at_a_time: usize,
    schedule: Schedule,
    epoch: Instant,
    looks: JoinSet<Done>,
    under_way: HashSet<String>,
}

impl Agent {
    fn new(estate: Arc<Estate>, keeper: Keeper, courier: Courier, meters: Arc<Meters>, at_a_time: usize) -> Self {
        let epoch = Instant::now();
        let schedule = schedule(&estate, Duration::ZERO);
        let (looks, under_way) = (JoinSet::new(), HashSet::new());
        Self { estate, keeper, courier, meters, at_a_time, schedule, epoch, looks, under_way }
    }

    /// When the next look is due, while there is room for it.
    fn next_look(&self) -> Option<Instant> {
        let room = self.looks.len() < self.at_a_time;
        self.schedule.next().filter(|_| room).map(|at| self.epoch + at)
    }

    /// Begins every look that is due, as far as there is room.
    fn begin(&mut self) {
        let now = self.epoch.elapsed();
        while self.looks.len() < self.at_a_time {
            let works = &self.estate.works;
            let name_of = |index: usize| works.get(index).map_or(WITNESS.to_owned(), |work| work.name.to_string());
            let Some(due) = self.schedule.take(name_of, now) else { return };
            self.meters.late(now.saturating_sub(due.slot));
            self.meters.skip(u64::from(due.skipped));
            self.spawn(due);
        }
    }

    fn spawn(&mut self, due: Due) {
        let estate = Arc::clone(&self.estate);
        match estate.works.get(due.index).cloned() {
            Some(work) => {
                if !estate.is_looked_at(&work, clock::day(clock::now())) {
                    return;
                }
                if !self.under_way.insert(work.name.to_string()) {
                    self.meters.skip(1);
                    return;
                }
                tracing::debug!(check = work.name.as_str(), "look begins");
                let before = self.keeper.facts(&work);
                self.looks.spawn(async move {
                    let facts = estate.examine(&work, before.as_deref(), clock::day(clock::now()), false).await;
                    Done::Look(work, Box::new(facts))
                });
            }
            None => {
                self.looks.spawn(async move { Done::Witness(estate.look_at_witness().await) });
            }
        }
    }

    fn take(&mut self, done: Result<Done, tokio::task::JoinError>) {
        let now = clock::now();
        match done {
            Ok(Done::Look(work, facts)) => {
                self.under_way.remove(work.name.as_str());
                self.meters.observe(&facts);
                self.keeper.take(&self.estate, &work, *facts, now);
            }
            Ok(Done::Witness(Some(facts))) => self.keeper.take_witness(&self.estate, facts, now),
            Ok(Done::Witness(None)) => {}
            Err(e) => {
                // A look that panicked lost its name; let all be looked at again rather than one never.
                tracing::error!(error = %e, "a look ended abnormally");
                self.under_way.clear();
            }
        }
        self.courier.look_ended();
    }

    fn reload(&mut self, source: &PlanSource) -> Result<(), String> {
        match source() {
            Ok(estate) => {
                let old = std::mem::replace(&mut self.estate, Arc::new(estate));
                // Looks under way belong to the old plan; everything is looked at again in the opening.
                self.looks = JoinSet::new();
                self.under_way.clear();
                self.keeper.resettle(&old, &self.estate, clock::now());
                self.courier.settle(&self.estate, clock::now());
                self.schedule = schedule(&self.estate, self.epoch.elapsed());
                tracing::info!(plan = self.estate.header.plan, hash = self.estate.header.plan_hash, "plan reloaded");
                Ok(())
            }
            Err(why) => {
                self.keeper.reload_failed(&self.estate, &why, clock::now());
                self.courier.look_ended();
                tracing::error!(why, "the plan could not be reloaded; the old one stays");
                Err(why)
            }
        }
    }

    /// Looks under way may end within one timeout; then they are cut.
    async fn stop(mut self) {
        let deadline = Instant::now() + self.estate.grounds.plan.settings.timeout;
        while let Ok(Some(done)) = timeout_at(deadline, self.looks.join_next()).await {
            self.take(done);
        }
        self.looks.shutdown().await;
        self.courier.stop(&self.estate).await;
    }
}

/// The checks, and behind them the witness where there is one.
fn schedule(estate: &Estate, now: Duration) -> Schedule {
    let names = estate.works.iter().map(|work| work.name.as_str());
    let witness = estate.vantage().witness.as_ref().map(|_| WITNESS);
    let looks = u32::try_from(estate.works.len()).unwrap_or(u32::MAX);
    let opening = OPENING.max(OPENING_PER_LOOK.saturating_mul(looks));
    Schedule::new(names.chain(witness), estate.grounds.plan.settings.every, opening, now)
}
