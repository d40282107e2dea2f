//! Writing the state: at once when something turned, else four times a round; one writing at a time, beside the looks.
//! A disk that is full, slow or gone costs the memory of a restart and nothing else.

use super::estate::Estate;
use crate::alert::Alerting;
use crate::clock;
use crate::plan::CheckName;
use crate::publish::{Board, StateHealth};
use crate::standing::Standing;
use crate::state::{FORM, Folder, Record};
use jiff::Timestamp;
use jiff::civil::Date;
use std::borrow::Cow;
use std::collections::HashMap;
use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

/// Writings without news in one round. A check's last look is then never older than one round and a quarter when the
/// agent is killed, and the first look after the restart counts the time since: see [`crate::standing::Terms::longest`].
const WRITINGS_PER_ROUND: u32 = 4;

/// The most turns of incidents that wait for a writing; what turns beyond them is in the state, and not in the log.
const MOST_TURNS: usize = 1_000;

/// How long the last writing may take when the agent stops.
const LAST_WRITING: Duration = Duration::from_secs(2);

/// Everything that is written, as of one moment.
pub struct Kept {
    pub estate: Arc<Estate>,
    pub board: Board,
    pub waiting: HashMap<CheckName, Standing>,
    pub day: Date,
    pub alerting: Alerting,
    /// Which state of the alerts it is.
    pub change: u64,
}

pub struct Scribe {
    folder: Option<Arc<Folder>>,
    writing: Option<JoinHandle<(io::Result<()>, Vec<String>)>>,
    /// The state of the alerts that is under way to the disk, or came there last.
    change: u64,
    next: Instant,
    turns: Vec<String>,
    turns_left_out: usize,
    health: StateHealth,
}

impl Scribe {
    pub fn new(folder: Option<Folder>) -> Self {
        let health = StateHealth { wanted: folder.is_some(), ..StateHealth::default() };
        Self {
            folder: folder.map(Arc::new),
            writing: None,
            change: 0,
            next: Instant::now(),
            turns: Vec::new(),
            turns_left_out: 0,
            health,
        }
    }

    /// How the state does before anything was written.
    pub fn health(&self) -> StateHealth {
        self.health.clone()
    }

    /// When the next writing is due, while none is under way.
    pub fn due(&self) -> Option<Instant> {
        (self.folder.is_some() && self.writing.is_none()).then_some(self.next)
    }

    /// Something turned that should not wait.
    pub fn hurry(&mut self) {
        self.next = self.next.min(Instant::now());
    }

    /// A line for the log of incidents, made only if there is a log and room.
    pub fn turned(&mut self, line: impl FnOnce() -> Option<String>) {
        if self.folder.is_none() {
            return;
        }
        if self.turns.len() < MOST_TURNS {
            self.turns.extend(line());
        } else {
            self.turns_left_out += 1;
        }
    }

    /// Begins to write.
    #[expect(
        clippy::disallowed_methods,
        reason = "files block; one writing at a time, and stopping waits for it so long"
    )]
    pub fn begin(&mut self, kept: Kept) {
        let Some(folder) = self.folder.clone() else { return };
        let round = kept.board.header.round;
        self.health.lasts = round + round / 2;
        self.next = Instant::now() + round / WRITINGS_PER_ROUND;
        self.change = kept.change;
        let turns = std::mem::take(&mut self.turns);
        let left_out = std::mem::take(&mut self.turns_left_out);
        if left_out > 0 {
            tracing::warn!(left_out, "more incidents turned at once than the log of incidents takes");
        }
        self.writing = Some(tokio::task::spawn_blocking(move || {
            let outcome = folder.write(kept.records(clock::now())).and_then(|()| folder.log(&turns));
            // What is not in the log waits for the next writing.
            let left = if outcome.is_ok() { Vec::new() } else { turns };
            (outcome, left)
        }));
    }

    /// Whether there is a disk that something can wait for.
    pub fn keeps(&self) -> bool {
        self.folder.is_some()
    }

    /// Waits for the writing under way; says how the state does now, and which state of the alerts was tried.
    pub async fn written(&mut self) -> (StateHealth, u64) {
        let Some(writing) = &mut self.writing else { return pending().await };
        let ended = writing.await;
        self.writing = None;
        self.health.writes += 1;
        let (outcome, left) = ended.unwrap_or_else(|e| (Err(io::Error::other(e)), Vec::new()));
        self.turns.splice(..0, left);
        self.turns_left_out += self.turns.len().saturating_sub(MOST_TURNS);
        self.turns.truncate(MOST_TURNS);
        match outcome {
            Ok(()) => {
                if self.health.trouble.take().is_some() {
                    tracing::info!("the state is kept on disk again");
                }
                self.health.written = Some(clock::now());
            }
            Err(e) => {
                self.health.failures += 1;
                if self.health.trouble.is_none() {
                    tracing::error!(error = %e, "the state cannot be kept on disk; a restart would forget what changes now");
                }
                self.health.trouble = Some(e.to_string());
            }
        }
        (self.health.clone(), self.change)
    }

    /// Writes for the last time.
    pub async fn end(&mut self, kept: impl FnOnce() -> Kept) {
        if self.folder.is_none() || self.writing.is_some() && timeout(LAST_WRITING, self.written()).await.is_err() {
            return;
        }
        self.begin(kept());
        // A disk that does not end holds up nobody.
        let _ = timeout(LAST_WRITING, self.written()).await;
    }
}

impl Kept {
    fn records(&self, now: Timestamp) -> impl Iterator<Item = Record<'_>> {
        let header = &self.board.header;
        let head = Record::Head {
            form: FORM,
            plan: Cow::Borrowed(&header.plan),
            vantage: Cow::Borrowed(&header.vantage.name),
            written: now,
        };
        let seen = self.board.checks.iter().zip(&self.estate.works).filter_map(|(entry, work)| {
            let standing = entry.seen.as_ref().map(|seen| &seen.standing).or_else(|| self.waiting.get(&work.name))?;
            Some(Record::Standing {
                check: Cow::Borrowed(&work.name),
                claim: Cow::Borrowed(self.estate.claims(work, self.day)?),
                standing: Cow::Borrowed(standing),
            })
        });
        let exceptions = self.board.ledger.iter();
        let exceptions = exceptions
            .map(|(name, past)| Record::Exception { exception: Cow::Borrowed(name), past: Cow::Borrowed(past) });
        let alerting = Record::Alerting(Cow::Borrowed(&self.alerting));
        std::iter::once(head).chain(seen).chain(exceptions).chain(std::iter::once(alerting))
    }
}
