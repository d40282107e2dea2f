//! The board: everything one agent knows, at one moment.

use crate::facts::{Facts, WitnessFacts};
use crate::judge::{Judgement, Verdict};
use crate::plan::{AddressClass, CheckName, HostName, TargetName};
use crate::standing::{Incident, Ledger, Standing};
use crate::story::Brief;
use ipnet::IpNet;
use jiff::Timestamp;
use jiff::civil::Date;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// What changes only with the plan.
#[derive(Clone, Debug)]
pub struct Header {
    pub plan: String,
    pub plan_hash: String,
    pub vantage: VantageFace,
    /// Every vantage of the plan, so that a missing agent can be seen.
    pub vantages: Vec<VantageFace>,
    pub exceptions: Vec<ExceptionFace>,
    /// Time between two looks at one check.
    pub round: Duration,
}

/// What the plan says of an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionFace {
    pub name: String,
    pub owner: String,
    pub approved_by: Option<String>,
    pub reason: String,
    pub claim: &'static str,
    pub begins: Option<Date>,
    pub ends: Date,
    /// The end of its last day.
    pub ends_at: Timestamp,
}

/// How the state on disk does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateHealth {
    /// Whether the agent was given a folder for it.
    pub wanted: bool,
    pub writes: u64,
    pub failures: u64,
    pub written: Option<Timestamp>,
    /// How long a writing counts as fresh.
    pub lasts: Duration,
    /// Why the last writing failed, where it did.
    pub trouble: Option<String>,
}

impl StateHealth {
    /// Whether a restart would lose nothing: the last writing succeeded, and lies not far back.
    pub fn is_durable(&self, now: Timestamp) -> bool {
        let is_fresh = |written: Timestamp| now.duration_since(written).unsigned_abs() <= self.lasts;
        self.trouble.is_none() && self.written.is_some_and(is_fresh)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VantageFace {
    pub name: String,
    pub kind: String,
    pub owner: String,
}

/// What a check is called and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Face {
    pub check: CheckName,
    pub target: TargetName,
    pub endpoint: HostName,
    pub claim: &'static str,
    pub rule: Arc<str>,
    pub exception: Option<String>,
    pub owner: String,
    pub environment: String,
    pub expected: Vec<IpNet>,
    /// What is asked of the check, for whoever tells of it.
    pub brief: Arc<Brief>,
}

impl Face {
    /// The class of an address beside what this check expects.
    pub fn class(&self, address: IpAddr) -> AddressClass {
        self.brief.networks.class(address, &self.expected)
    }
}

/// One check. Before its first look it has a face and nothing else.
#[derive(Clone, Debug)]
pub struct Entry {
    pub face: Arc<Face>,
    pub seen: Option<Seen>,
}

#[derive(Clone, Debug)]
pub struct Seen {
    /// When the look ended, by the clock that nobody sets: how old it is never depends on the time of day.
    pub looked: Instant,
    pub facts: Arc<Facts>,
    pub judgement: Judgement,
    pub standing: Standing,
}

impl Entry {
    pub fn verdict(&self) -> Option<Verdict> {
        self.seen.as_ref().map(|seen| seen.judgement.verdict)
    }

    /// The incident that is open.
    pub fn incident(&self) -> Option<&Incident> {
        self.seen.as_ref().and_then(|seen| seen.standing.incident())
    }
}

#[derive(Clone, Debug)]
pub struct WitnessEntry {
    pub name: String,
    /// When the look ended, by the clock that nobody sets.
    pub looked: Instant,
    pub facts: WitnessFacts,
}

/// How the last reload of the plan went.
#[derive(Clone, Debug)]
pub struct Reload {
    pub succeeded: bool,
    pub succeeded_at: Timestamp,
    /// What was wrong, where it failed.
    pub trouble: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Board {
    pub header: Arc<Header>,
    pub at: Timestamp,
    /// In the order of the plan.
    pub checks: Vec<Arc<Entry>>,
    pub witness: Option<WitnessEntry>,
    pub reload: Reload,
    /// Since when the agent follows this plan, by the clock that nobody sets.
    pub begun: Instant,
    pub ledger: Arc<Ledger>,
    pub state: StateHealth,
}

/// Rounds without a look after which a check is stale: what it says is then no longer news.
const STALE_ROUNDS: u32 = 3;

impl Board {
    /// Whether every check was looked at at least once, but for those that `claim: none` covers today.
    pub fn is_complete(&self) -> bool {
        self.checks.iter().all(|entry| entry.seen.is_some() || entry.face.claim == "none")
    }

    /// Whether a check should have been looked at long ago. A time of day that is set makes nothing old.
    pub fn is_stale(&self, entry: &Entry) -> bool {
        let last = entry.seen.as_ref().map_or(self.begun, |seen| seen.looked);
        entry.face.claim != "none" && last.elapsed() > self.header.round * STALE_ROUNDS
    }

    pub fn count_stale(&self) -> usize {
        self.checks.iter().filter(|entry| self.is_stale(entry)).count()
    }

    pub fn count(&self, verdict: Verdict) -> usize {
        self.checks.iter().filter(|entry| entry.verdict() == Some(verdict)).count()
    }
}

/// The board as the agent writes it and everyone else reads it.
#[derive(Clone, Debug)]
pub struct SharedBoard {
    board: Arc<RwLock<Board>>,
    changes: watch::Sender<u64>,
}

impl SharedBoard {
    pub fn new(board: Board) -> Self {
        Self { board: Arc::new(RwLock::new(board)), changes: watch::Sender::new(0) }
    }

    /// A snapshot; the entries are shared, not copied.
    pub fn snapshot(&self) -> Board {
        self.board.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// One entry of the board.
    pub fn entry(&self, place: usize) -> Option<Arc<Entry>> {
        self.board.read().unwrap_or_else(PoisonError::into_inner).checks.get(place).cloned()
    }

    pub fn witness(&self) -> Option<WitnessEntry> {
        self.board.read().unwrap_or_else(PoisonError::into_inner).witness.clone()
    }

    pub fn change(&self, by: impl FnOnce(&mut Board)) {
        by(&mut self.board.write().unwrap_or_else(PoisonError::into_inner));
        self.changes.send_modify(|changes| *changes += 1);
    }

    /// Waits until a snapshot satisfies a condition, looking again at every change.
    pub async fn wait_for(&self, condition: impl Fn(&Board) -> bool) -> Board {
        let mut changes = self.changes.subscribe();
        loop {
            changes.mark_unchanged();
            let board = self.snapshot();
            if condition(&board) {
                return board;
            }
            // The sender lives as long as this board does.
            let _ = changes.changed().await;
        }
    }
}
