//! Keeping the board: facts come in, are judged with the witness of the round, and become entries. When the witness
//! changes, what depended on it is judged again from the same facts.

mod newest;

use super::estate::{Before, Estate, Work, witness_name};
use super::scribe::Kept;
use super::tell;
use crate::alert::Alerting;
use crate::clock;
use crate::facts::{Facts, WitnessFacts};
use crate::judge::{Code, Judgement, Verdict, Witnessing};
use crate::plan::{CheckName, Claim};
use crate::publish::{Board, Entry, Reload, Seen, SharedBoard, StateHealth, TurnReport, WitnessEntry};
use crate::standing::{Change, Ledger, Standing, Turn, rejudged, stand};
use crate::state::Record;
use jiff::{Timestamp, civil::Date};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tokio::time::Instant;

/// The board of an estate before anything was looked at.
pub fn blank(estate: &Estate, now: Timestamp) -> Board {
    let today = clock::day(now);
    let entry = |work: &Arc<Work>| Arc::new(Entry { face: Arc::new(estate.face(work, today)), seen: None });
    Board {
        header: Arc::clone(&estate.header),
        at: now,
        checks: estate.works.iter().map(entry).collect(),
        witness: None,
        reload: Reload { succeeded: true, succeeded_at: now, trouble: None },
        begun: Instant::now(),
        ledger: Arc::default(),
        state: StateHealth::default(),
    }
}

/// The last success that can witness for blocked claims.
#[derive(Clone, Debug)]
struct LastSuccess {
    check: CheckName,
    looked: Instant,
}

/// Writes the board of one agent.
pub struct Keeper {
    board: SharedBoard,
    places: HashMap<CheckName, usize>,
    success: Option<LastSuccess>,
    witnessed: bool,
    /// The day the faces on the board are of; exceptions begin and end with days.
    day: Date,
    /// Checks that were not looked at since the agent started or took this plan.
    unseen: HashSet<CheckName>,
    /// Why the newest plan could not be read, while it cannot.
    stale: Option<String>,
    /// Standings of checks that the newest plan has looked at otherwise, until their first look under it.
    waiting: HashMap<CheckName, Standing>,
    /// Places of the board at which an incident turned, until somebody asks.
    turned: Vec<(usize, Turn)>,
    /// Whether anything changed that should not be forgotten.
    news: bool,
}

/// What changed since it was last asked for.
pub struct News {
    pub any: bool,
    pub turned: Vec<(usize, Turn)>,
}

impl Keeper {
    pub fn new(board: SharedBoard, estate: &Estate, now: Timestamp) -> Self {
        let day = clock::day(now);
        board.change(|board| Arc::make_mut(&mut board.ledger).settle(&estate.grounds.plan.exceptions));
        Self {
            board,
            places: places(estate),
            success: None,
            witnessed: false,
            day,
            unseen: names(estate, day),
            stale: None,
            waiting: HashMap::new(),
            turned: Vec::new(),
            news: false,
        }
    }

    /// Takes what was kept over a restart. A standing waits for the first look at its check, under the same claim.
    pub fn restore(&mut self, estate: &Estate, records: Vec<Record<'static>>) -> Alerting {
        let mut alerting = Alerting::default();
        let (mut standings, mut incidents) = (0, 0);
        let mut ledger = Ledger::default();
        for record in records {
            match record {
                Record::Head { .. } => {}
                Record::Alerting(kept) => alerting = kept.into_owned(),
                Record::Exception { exception, past } => ledger.restore(exception.into_owned(), past.into_owned()),
                Record::Standing { check, claim, standing } => {
                    let work = self.places.get(check.as_ref()).map(|place| &estate.works[*place]);
                    let goes_on = work.is_some_and(|work| estate.claims(work, self.day) == Some(claim.as_ref()));
                    let open = standing.incident().is_some();
                    if goes_on {
                        (standings, incidents) = (standings + 1, incidents + u64::from(open));
                        // Looks are counted since the agent started.
                        let standing = Standing { runs: 0, ..standing.into_owned() };
                        self.waiting.insert(check.into_owned(), standing);
                    } else if let Some(incident) = standing.incident() {
                        tell::left_one(&estate.header.vantage.name, &check, incident);
                    }
                }
            }
        }
        ledger.settle(&estate.grounds.plan.exceptions);
        self.board.change(|board| board.ledger = Arc::new(ledger));
        if standings > 0 {
            tracing::info!(
                checks = standings,
                open_incidents = incidents,
                "what was known before the start is taken up"
            );
        }
        alerting
    }

    /// Standings of checks that wait for their first look.
    pub fn waiting(&self) -> &HashMap<CheckName, Standing> {
        &self.waiting
    }

    /// Whether everything was looked at since the agent started or took this plan, the named witness included.
    pub fn is_complete(&self, estate: &Estate) -> bool {
        self.unseen.is_empty() && (estate.vantage().witness.is_none() || self.board.witness().is_some())
    }

    /// What changed since this was last asked.
    pub fn news(&mut self) -> News {
        News { any: std::mem::take(&mut self.news), turned: std::mem::take(&mut self.turned) }
    }

    /// The line for the log of incidents about a check whose incident turned.
    pub fn turn_line(&self, place: usize, turn: Turn) -> Option<String> {
        let board = self.board.snapshot();
        serde_json::to_string(&TurnReport::new(&board, place, turn)?).ok()
    }

    pub fn state_is(&self, health: StateHealth) {
        self.board.change(|board| board.state = health);
    }

    /// Everything that should survive a restart, with the alerts and their state.
    pub fn kept(&self, estate: &Arc<Estate>, (alerting, change): (Alerting, u64)) -> Kept {
        let (estate, board, waiting) = (Arc::clone(estate), self.board.snapshot(), self.waiting.clone());
        Kept { estate, board, waiting, day: self.day, alerting, change }
    }

    /// Takes a new estate. What was seen of a check stays where the same is looked at under the same claim. Its standing,
    /// and with it its incident, stays where the claim does, however it is looked at.
    pub fn resettle(&mut self, old: &Estate, estate: &Estate, now: Timestamp) {
        self.stale = None;
        let mut fresh = blank(estate, now);
        self.day = clock::day(now);
        self.unseen = names(estate, self.day);
        let old_places = std::mem::replace(&mut self.places, places(estate));
        let same_claim = |work: &Work, before: &Work| estate.claims(work, self.day) == old.claims(before, self.day);
        let mut not_looked_at = std::mem::take(&mut self.waiting);
        let mut waiting = HashMap::new();
        let before = self.board.snapshot();
        self.board.change(|board| {
            for (entry, work) in fresh.checks.iter_mut().zip(&estate.works) {
                let place = old_places.get(&work.name).filter(|place| same_claim(work, &old.works[**place]));
                let Some((place, known)) = place.and_then(|place| Some((*place, board.checks.get(*place)?))) else {
                    continue;
                };
                if work.subject == old.works[place].subject {
                    let face = Arc::clone(&entry.face);
                    *entry = Arc::new(Entry { face, seen: known.seen.clone() });
                }
                let standing = known.seen.as_ref().map(|seen| seen.standing.clone());
                if let Some(standing) = standing.or_else(|| not_looked_at.remove(&work.name))
                    && entry.seen.is_none()
                {
                    waiting.insert(work.name.clone(), standing);
                }
            }
            let named = estate.vantage().witness.as_ref().map(witness_name);
            fresh.ledger = Arc::clone(&board.ledger);
            Arc::make_mut(&mut fresh.ledger).settle(&estate.grounds.plan.exceptions);
            fresh.state = board.state.clone();
            fresh.witness = board.witness.take().filter(|witness| Some(&witness.name) == named.as_ref());
            *board = fresh;
        });
        self.waiting = waiting;
        self.turned.clear();
        self.news = true;
        tell::left(&before, &self.board.snapshot(), &self.waiting);
        self.judge_all_again(estate, now);
    }

    /// What is known of a check before its next look.
    pub fn before(&self, work: &Work) -> Before {
        let entry = self.places.get(&work.name).and_then(|place| self.board.entry(*place));
        let seen = entry.as_ref().and_then(|entry| entry.seen.as_ref());
        let standing = seen.map(|seen| &seen.standing).or_else(|| self.waiting.get(&work.name));
        Before {
            facts: seen.map(|seen| Arc::clone(&seen.facts)),
            incident_open: standing.is_some_and(|standing| standing.incident().is_some()),
        }
    }

    /// Whether a check is looked at now. It is asked at every slot, so the day also turns where the last exception
    /// ended and no look is left to tell.
    pub fn is_looked_at(&mut self, estate: &Estate, work: &Work, now: Timestamp) -> bool {
        self.turn_day(estate, now);
        estate.is_looked_at(work, self.day)
    }

    /// Takes the facts of one look.
    pub fn take(&mut self, estate: &Estate, work: &Work, facts: Facts, now: Timestamp) {
        let Some(place) = self.places.get(&work.name).copied() else { return };
        self.turn_day(estate, now);
        let today = self.day;
        let witness = self.witness(estate);
        let Some(judgement) = estate.judge(work, &facts, &witness, today, self.stale.as_deref()) else { return };
        let before = self.board.entry(place).and_then(|entry| entry.seen.as_ref().map(|seen| seen.standing.clone()));
        let before = before.or_else(|| {
            // What waited is looked at again, and its clock should not run from the look of long ago.
            self.news |= self.waiting.contains_key(&work.name);
            self.waiting.remove(&work.name)
        });
        let (mut standing, change) = stand(before.as_ref(), &judgement, now, &estate.terms(work, today));
        let facts = Arc::new(facts);
        self.note(place, change);
        if let Some(turn) = change.incident {
            standing.course.transcribe(turn, &facts);
        }
        self.note_exception(estate, work, &judgement, now);
        let is_private = estate.claims(work, today) == Some(&Claim::Private);
        let holds = judgement.verdict == Verdict::Holds;
        tell::change(estate, work, &judgement, before.as_ref(), change);
        tell::incident(estate, work, &standing, change);
        let seen = Seen { looked: Instant::now(), facts, judgement, standing };
        self.board.change(|board| {
            board.at = now;
            let face = Arc::clone(&board.checks[place].face);
            board.checks[place] = Arc::new(Entry { face, seen: Some(seen) });
        });
        if self.unseen.remove(&work.name) && self.unseen.is_empty() {
            tracing::info!(plan = estate.header.plan, checks = self.places.len(), "first round complete");
        }
        if is_private {
            self.remember(work, holds);
            self.follow_witness(estate, now);
        }
    }

    pub fn take_witness(&mut self, estate: &Estate, facts: WitnessFacts, now: Timestamp) {
        let Some(witness) = &estate.vantage().witness else { return };
        let entry = WitnessEntry { name: witness_name(witness), looked: Instant::now(), facts };
        self.board.change(|board| board.witness = Some(entry));
        self.follow_witness(estate, now);
    }

    /// On a new day exceptions begin and end: every face is made anew, and what is known is judged by what is claimed now.
    fn turn_day(&mut self, estate: &Estate, now: Timestamp) {
        let today = clock::day(now);
        if today == self.day {
            return;
        }
        self.day = today;
        let before = self.board.snapshot();
        self.board.change(|board| {
            for (entry, work) in board.checks.iter_mut().zip(&estate.works) {
                let face = Arc::new(estate.face(work, today));
                let mut seen = entry.seen.clone().filter(|_| estate.is_looked_at(work, today));
                if entry.face.claim != face.claim {
                    // What broke one claim is no trouble of another.
                    let standings = seen.as_mut().map(|seen| &mut seen.standing);
                    standings.into_iter().chain(self.waiting.get_mut(&work.name)).for_each(Standing::leave);
                }
                *entry = Arc::new(Entry { face, seen });
            }
        });
        tell::left(&before, &self.board.snapshot(), &self.waiting);
        self.news = true;
        self.judge_all_again(estate, now);
    }

    fn note(&mut self, place: usize, change: Change) {
        self.news |= change != Change::default();
        self.turned.extend(change.incident.map(|turn| (place, turn)));
    }

    /// An exception that decided for a look is needed if its rule alone would have been broken. A look that could not tell
    /// says nothing of it.
    fn note_exception(&self, estate: &Estate, work: &Work, judgement: &Judgement, now: Timestamp) {
        let Some(exception) = estate.case(work, self.day).and_then(|case| case.decision.exception) else { return };
        if judgement.verdict == Verdict::Unknown {
            return;
        }
        // Trouble that breaks the one claim and the other needs no exception.
        let unused = judgement.findings.iter().any(|finding| finding.code == Code::ExceptionUnused);
        let needed = judgement.verdict == Verdict::Holds && !unused;
        self.board.change(|board| Arc::make_mut(&mut board.ledger).looked(&exception.name, needed, now));
    }

    fn remember(&mut self, work: &Work, holds: bool) {
        if holds {
            self.success = Some(LastSuccess { check: work.name.clone(), looked: Instant::now() });
        } else if self.success.as_ref().is_some_and(|success| success.check == work.name) {
            self.success = self.another_success();
        }
    }

    fn another_success(&self) -> Option<LastSuccess> {
        let board = self.board.snapshot();
        let held = board.checks.iter().filter(|e| e.face.claim == "private" && e.verdict() == Some(Verdict::Holds));
        let latest = held.filter_map(|e| Some((e, e.seen.as_ref()?.looked))).max_by_key(|(_, looked)| *looked);
        latest.map(|(entry, looked)| LastSuccess { check: entry.face.check.clone(), looked })
    }

    fn witness(&self, estate: &Estate) -> Witnessing {
        let fresh = |looked: Instant| looked.elapsed() <= estate.witness_lasts();
        if estate.vantage().witness.is_some() {
            let board = self.board.witness();
            return match board.filter(|entry| fresh(entry.looked)) {
                Some(entry) if entry.facts.succeeded => Witnessing::Succeeded(entry.facts.tried.join(", ")),
                Some(entry) => Witnessing::Failed(entry.facts.tried.join(", ")),
                None => Witnessing::NotSeen,
            };
        }
        match self.success.as_ref().filter(|success| fresh(success.looked)) {
            Some(success) => Witnessing::Succeeded(format!("{} holds", success.check)),
            None => Witnessing::NotSeen,
        }
    }

    /// When the witness comes or goes, what it stands for is judged again.
    fn follow_witness(&mut self, estate: &Estate, now: Timestamp) {
        let witnessed = matches!(self.witness(estate), Witnessing::Succeeded(_));
        if witnessed != self.witnessed {
            self.witnessed = witnessed;
            self.judge_again(estate, now, |claim| *claim != Claim::Private);
        }
    }

    /// Everything, under new claims: the private checks first, because one that holds witnesses for the others.
    fn judge_all_again(&mut self, estate: &Estate, now: Timestamp) {
        self.judge_again(estate, now, |claim| *claim == Claim::Private);
        self.success = self.another_success();
        self.witnessed = matches!(self.witness(estate), Witnessing::Succeeded(_));
        self.judge_again(estate, now, |claim| *claim != Claim::Private);
    }

    /// The checks of some claims, from the facts there are.
    fn judge_again(&mut self, estate: &Estate, now: Timestamp, concerns: impl Fn(&Claim) -> bool) {
        let witness = self.witness(estate);
        let board = self.board.snapshot();
        for (place, (entry, work)) in board.checks.iter().zip(&estate.works).enumerate() {
            if !estate.claims(work, self.day).is_some_and(&concerns) {
                continue;
            }
            let Some(seen) = &entry.seen else { continue };
            let Some(judgement) = estate.judge(work, &seen.facts, &witness, self.day, self.stale.as_deref()) else {
                continue;
            };
            if judgement == seen.judgement {
                continue;
            }
            let mut standing = seen.standing.clone();
            let change = rejudged(&mut standing, &judgement, now, &estate.terms(work, self.day));
            if let Some(turn) = change.incident {
                standing.course.transcribe(turn, &seen.facts);
            }
            self.note(place, change);
            tell::change(estate, work, &judgement, Some(&seen.standing), change);
            tell::incident(estate, work, &standing, change);
            let again = Seen { looked: seen.looked, facts: Arc::clone(&seen.facts), judgement, standing };
            let face = Arc::clone(&entry.face);
            self.board.change(|board| board.checks[place] = Arc::new(Entry { face, seen: Some(again) }));
        }
    }
}

fn places(estate: &Estate) -> HashMap<CheckName, usize> {
    estate.works.iter().enumerate().map(|(place, work)| (work.name.clone(), place)).collect()
}

/// The checks that are looked at on a day.
fn names(estate: &Estate, day: Date) -> HashSet<CheckName> {
    estate.works.iter().filter(|work| estate.is_looked_at(work, day)).map(|work| work.name.clone()).collect()
}
