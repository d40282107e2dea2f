//! The board as Prometheus metrics, made anew at every scrape: a check that left the plan leaves the metrics.
//!
//! The library does the encoding. Families are built and written in slices, one after the other, so that the page of
//! ten thousand checks never stands in memory as a whole.

mod agent;
mod checks;
mod family;
mod once;

pub use checks::series_per_check;
pub use once::{one_run, pushed};

use super::board::Board;
use super::meters::Meters;
use checks::PER_CHECK;
use family::Family;
use jiff::Timestamp;
use prometheus::TextEncoder;
use prometheus::proto::MetricType;
use std::sync::Arc;

/// How many checks' series are built before they are written out.
const SLICE: usize = 128;

/// A sample: its labels and its value.
type Sample<'a> = (Vec<(&'static str, &'a str)>, f64);
/// Everything `/metrics` says, piece by piece.
pub struct Pieces {
    board: Board,
    meters: Arc<Meters>,
    now: Timestamp,
    next: Option<Next>,
    family: Family,
    /// The bytes of the longest piece so far.
    longest: usize,
}

enum Next {
    Agent,
    /// A family of [`PER_CHECK`], from which check on, and whether it has its heading.
    Checks {
        family: usize,
        from: usize,
        headed: bool,
    },
    Meters,
}

impl Pieces {
    /// `now` tells whether the state on disk is fresh.
    pub fn new(board: Board, meters: Arc<Meters>, now: Timestamp) -> Self {
        Self { board, meters, now, next: Some(Next::Agent), family: Family::default(), longest: 0 }
    }

    fn slice(&mut self, place: usize, from: usize, mut headed: bool) -> Option<Result<String, prometheus::Error>> {
        let Some(described) = PER_CHECK.get(place) else {
            self.next = Some(Next::Meters);
            return None;
        };
        let to = (from + SLICE).min(self.board.checks.len());
        self.family.begin(described.name, described.help, described.kind);
        self.board.checks[from..to].iter().for_each(|entry| (described.samples)(entry, &mut self.family));
        // A text that grows is moved again and again.
        let mut text = String::with_capacity(self.longest);
        let written = self.family.write(!headed, &mut text);
        self.longest = self.longest.max(text.len());
        headed |= !text.is_empty();
        self.next = Some(if to < self.board.checks.len() {
            Next::Checks { family: place, from: to, headed }
        } else {
            Next::Checks { family: place + 1, from: 0, headed: false }
        });
        Some(written.map(|()| text))
    }
}

impl Iterator for Pieces {
    type Item = Result<String, prometheus::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let piece = match self.next.take()? {
                Next::Agent => {
                    self.next = Some(Next::Checks { family: 0, from: 0, headed: false });
                    Some(agent::families(&self.board, self.now))
                }
                Next::Checks { family, from, headed } => self.slice(family, from, headed),
                Next::Meters => {
                    let mut text = String::new();
                    let gathered = self.meters.registry.gather();
                    Some(TextEncoder::new().encode_utf8(&gathered, &mut text).map(|()| text))
                }
            };
            // An empty piece would end nothing, but there is no need to send it.
            match piece {
                Some(Ok(text)) if text.is_empty() => {}
                Some(piece) => return Some(piece),
                None => {}
            }
        }
    }
}

fn written<'a>(
    name: &str,
    help: &str,
    kind: MetricType,
    samples: impl IntoIterator<Item = Sample<'a>>,
) -> Result<String, prometheus::Error> {
    let (mut family, mut text) = (Family::default(), String::new());
    family.begin(name, help, kind);
    samples.into_iter().for_each(|(labels, value)| family.add(&labels, value));
    family.write(true, &mut text)?;
    Ok(text)
}

fn seconds(at: jiff::Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1e3
}

fn flag(on: bool) -> f64 {
    f64::from(u8::from(on))
}
