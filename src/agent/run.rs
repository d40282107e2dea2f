//! The running agent: schedule, looks, reload, stop.

use super::courier::Courier;
use super::estate::{Estate, Interest, Work};
use super::keeper::{Keeper, blank};
use super::manager::Manager;
use super::renew::{Asked, PlanSource, Reading, Refresh, Renewal};
use super::scribe::Scribe;
use crate::alert::Alerting;
use crate::clock;
use crate::facts::{Facts, WitnessFacts};
use crate::publish::{Meters, ReloadRequest, SharedBoard};
use crate::schedule::{Due, Schedule};
use crate::state::Opened;
use jiff::Timestamp;
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

/// What comes to a running agent from outside.
pub struct Orders {
    pub reload: mpsc::Receiver<ReloadRequest>,
    pub stop: CancellationToken,
}

/// With what an agent runs.
pub struct Means {
    pub meters: Arc<Meters>,
    /// The most looks under way.
    pub at_a_time: usize,
    /// Whether everything is looked at within seconds of the start, before each check has its slot of the round. Whoever has
    /// just looked at everything needs no such opening, and from then on no two looks are further apart than a round.
    pub opens_at_once: bool,
    pub source: PlanSource,
    pub refresh: Refresh,
    /// Where it keeps what survives a restart, and what it found there.
    pub state: Option<Opened>,
    /// Who is told that it is ready and well.
    pub manager: Manager,
}

impl Means {
    /// Of an agent that keeps nothing, follows its plan by orders only, and that nobody manages.
    pub fn alone(meters: Arc<Meters>, at_a_time: usize, source: PlanSource) -> Self {
        let (refresh, manager) = (Refresh::default(), Manager::nobody());
        Self { meters, at_a_time, opens_at_once: true, source, refresh, state: None, manager }
    }
}

/// The board that [`run`] will write and others may already read.
pub fn shared_board(estate: &Estate) -> SharedBoard {
    SharedBoard::new(blank(estate, clock::now()))
}

/// Runs until it is told to stop; then ends within one timeout.
pub async fn run(estate: Estate, board: SharedBoard, means: Means, mut orders: Orders) {
    let now = clock::now();
    let mut keeper = Keeper::new(board.clone(), &estate, now);
    let mut alerting = Alerting::default();
    let folder = means.state.map(|opened| {
        if let Some(trouble) = opened.trouble {
            tracing::error!(trouble, "the state is not whole; what could not be read begins anew");
        }
        alerting = keeper.restore(&estate, opened.records);
        opened.folder
    });
    let scribe = Scribe::new(folder);
    keeper.state_is(scribe.health());
    let mut courier = Courier::new(&estate, board.clone(), Arc::clone(&means.meters), alerting, now);
    if scribe.keeps() {
        courier.waits_for_disk();
    }
    let mut renewal = Renewal::new(means.source, &means.refresh);
    let desks = Desks { keeper, scribe, courier };
    let mut agent = Agent::new(Arc::new(estate), desks, means.meters, means.at_a_time, means.opens_at_once);
    let mut manager = means.manager;
    manager.ready(&board);
    if let Some((why, of)) = means.refresh.behind {
        agent.begin_behind(&why, of);
    }
    let mut reload_open = true;
    loop {
        let due = agent.next_look();
        let writing_due = agent.scribe.due();
        let alerts_due = agent.courier.next();
        let reading_due = renewal.due();
        tokio::select! {
            () = orders.stop.cancelled() => break,
            request = orders.reload.recv(), if reload_open && renewal.is_free() => match request {
                Some(answer) => {
                    manager.reloading();
                    renewal.begin(Asked::ByOrder, Some(answer));
                }
                None => reload_open = false,
            },
            () = until(reading_due) => renewal.begin(Asked::ByTime, None),
            reading = renewal.ended() => {
                let asked = reading.asked;
                agent.renew(reading);
                match asked {
                    Asked::ByOrder => manager.ready(&board),
                    Asked::ByTime => manager.looked(),
                }
            }
            () = until(due) => agent.begin(),
            Some(done) = agent.looks.join_next() => {
                agent.take(done);
                manager.looked();
            }
            () = until(manager.next()) => manager.act(&board),
            () = until(writing_due) => agent.write(),
            (health, change) = agent.scribe.written() => {
                agent.keeper.state_is(health);
                agent.courier.written(change);
            }
            () = sleep_until(alerts_due) => agent.courier.act(&agent.estate, agent.keeper.waiting()),
            attempt = agent.courier.attempt() => agent.courier.take(attempt),
        }
        agent.follow_news();
    }
    manager.stopping();
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

/// Those who work beside the looks.
struct Desks {
    keeper: Keeper,
    scribe: Scribe,
    courier: Courier,
}

struct Agent {
    estate: Arc<Estate>,
    keeper: Keeper,
    scribe: Scribe,
    courier: Courier,
    meters: Arc<Meters>,
    at_a_time: usize,
    schedule: Schedule,
    epoch: Instant,
    looks: JoinSet<Done>,
    under_way: HashSet<String>,
}

impl Agent {
    fn new(estate: Arc<Estate>, desks: Desks, meters: Arc<Meters>, at_a_time: usize, opens_at_once: bool) -> Self {
        let Desks { keeper, scribe, courier } = desks;
        let epoch = Instant::now();
        let opening = if opens_at_once { opening(&estate) } else { estate.grounds.plan.settings.every };
        let schedule = schedule(&estate, opening, Duration::ZERO);
        let (looks, under_way) = (JoinSet::new(), HashSet::new());
        Self { estate, keeper, scribe, courier, meters, at_a_time, schedule, epoch, looks, under_way }
    }

    fn write(&mut self) {
        self.scribe.begin(self.keeper.kept(&self.estate, self.courier.kept()));
    }

    /// What turned is written at once, and alerts follow it.
    fn follow_news(&mut self) {
        let news = self.keeper.news();
        if news.any {
            // What stays as it is need not be held against the alerts at every look of a large plan.
            self.courier.look_ended();
        }
        if self.courier.news() || news.any {
            self.scribe.hurry();
        }
        if self.keeper.is_complete(&self.estate) {
            self.courier.round_complete();
        }
        for (place, turn) in news.turned {
            self.scribe.turned(|| self.keeper.turn_line(place, turn));
        }
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
                if !self.keeper.is_looked_at(&estate, &work, clock::now()) {
                    return;
                }
                if !self.under_way.insert(work.name.to_string()) {
                    self.meters.skip(1);
                    return;
                }
                tracing::debug!(check = work.name.as_str(), "look begins");
                let before = self.keeper.before(&work);
                self.looks.spawn(async move {
                    let facts = estate.examine(&work, &before, clock::day(clock::now()), Interest::Watching).await;
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
    }

    /// The plan that the agent begins with is not the newest one.
    fn begin_behind(&mut self, why: &str, of: Timestamp) {
        self.keeper.begin_behind(&self.estate, why, of, clock::now());
        self.courier.look_ended();
        tracing::error!(why, %of, "the agent begins with the copy of its plan");
    }

    /// Takes what a reading of the plan came to.
    fn renew(&mut self, reading: Reading) {
        let Reading { asked, is_telling, outcome, answer } = reading;
        let outcome = match outcome {
            Ok(Some(estate)) => {
                self.follow(estate);
                Ok(())
            }
            Ok(None) => {
                if self.keeper.reload_confirmed(&self.estate, clock::now()) {
                    self.courier.look_ended();
                    tracing::info!(hash = self.estate.header.plan_hash, "the plan in force is the newest again");
                }
                Ok(())
            }
            Err(why) if !is_telling => {
                tracing::info!(why, "the plan could not be read again; it is tried again soon");
                Err(why)
            }
            Err(why) => {
                let is_news = self.keeper.reload_failed(&self.estate, &why, clock::now());
                // What is as wrong as it was is not told with each refresh.
                if is_news || asked == Asked::ByOrder {
                    self.courier.look_ended();
                    tracing::error!(why, "the plan could not be reloaded; the old one stays");
                }
                Err(why)
            }
        };
        if let Some(answer) = answer {
            // The asker may have gone; the reload stands all the same.
            let _ = answer.send(outcome);
        }
    }

    fn follow(&mut self, estate: Estate) {
        let old = std::mem::replace(&mut self.estate, Arc::new(estate));
        // Looks under way belong to the old plan; everything is looked at again in the opening.
        self.looks = JoinSet::new();
        self.under_way.clear();
        self.keeper.resettle(&old, &self.estate, clock::now());
        self.courier.settle(&self.estate, clock::now());
        self.schedule = schedule(&self.estate, opening(&self.estate), self.epoch.elapsed());
        tracing::info!(plan = self.estate.header.plan, hash = self.estate.header.plan_hash, "plan reloaded");
    }

    /// Looks under way may end within one timeout; then they are cut.
    async fn stop(mut self) {
        let deadline = Instant::now() + self.estate.grounds.plan.settings.timeout;
        while let Ok(Some(done)) = timeout_at(deadline, self.looks.join_next()).await {
            self.take(done);
        }
        self.looks.shutdown().await;
        self.courier.stop(&self.estate, self.keeper.waiting()).await;
        self.follow_news();
        let (keeper, courier, estate) = (&self.keeper, &self.courier, &self.estate);
        self.scribe.end(|| keeper.kept(estate, courier.kept())).await;
    }
}

/// The checks, and behind them the witness where there is one.
/// Within what time everything is looked at for the first time.
fn opening(estate: &Estate) -> Duration {
    let looks = u32::try_from(estate.works.len()).unwrap_or(u32::MAX);
    OPENING.max(OPENING_PER_LOOK.saturating_mul(looks))
}

fn schedule(estate: &Estate, opening: Duration, now: Duration) -> Schedule {
    let names = estate.works.iter().map(|work| work.name.as_str());
    let witness = estate.vantage().witness.as_ref().map(|_| WITNESS);
    Schedule::new(names.chain(witness), estate.grounds.plan.settings.every, opening, now)
}
