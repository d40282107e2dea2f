//! The board as Prometheus metrics, made anew at every scrape: a check that left the plan leaves the metrics.
//!
//! The library does the encoding. Families are built and written in slices, one after the other, so that the page of
//! ten thousand checks never stands in memory as a whole.

mod agent;
mod checks;

pub use checks::series_per_check;

use super::board::{Board, Entry};
use super::meters::Meters;
use checks::{PER_CHECK, PerCheck};
use jiff::Timestamp;
use prometheus::TextEncoder;
use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};
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
        Self { board, meters, now, next: Some(Next::Agent) }
    }

    fn slice(&mut self, family: usize, from: usize, mut headed: bool) -> Option<Result<String, prometheus::Error>> {
        let Some(described) = PER_CHECK.get(family) else {
            self.next = Some(Next::Meters);
            return None;
        };
        let to = (from + SLICE).min(self.board.checks.len());
        let text = piece(described, &self.board.checks[from..to], &mut headed);
        self.next = Some(if to < self.board.checks.len() {
            Next::Checks { family, from: to, headed }
        } else {
            Next::Checks { family: family + 1, from: 0, headed: false }
        });
        Some(text)
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

/// One slice of a family. The library heads every call with HELP and TYPE; a family has them once.
fn piece(family: &PerCheck, slice: &[Arc<Entry>], headed: &mut bool) -> Result<String, prometheus::Error> {
    let mut samples = Vec::new();
    slice.iter().for_each(|entry| (family.samples)(entry, &mut samples));
    let mut text = written(family.name, family.help, family.kind, samples)?;
    if *headed {
        let head = text.match_indices('\n').nth(1).map_or(0, |(at, _)| at + 1);
        text.drain(..head);
    }
    *headed |= !text.is_empty();
    Ok(text)
}

fn written<'a>(
    name: &str,
    help: &str,
    kind: MetricType,
    samples: impl IntoIterator<Item = Sample<'a>>,
) -> Result<String, prometheus::Error> {
    let mut text = String::new();
    let mut family = MetricFamily::default();
    family.set_metric(samples.into_iter().map(|sample| metric(sample, kind)).collect());
    if family.get_metric().is_empty() {
        return Ok(text);
    }
    family.set_name(format!("fencepost_{name}"));
    family.set_help(help.to_owned());
    family.set_field_type(kind);
    TextEncoder::new().encode_utf8(&[family], &mut text)?;
    Ok(text)
}

fn metric((labels, value): Sample<'_>, kind: MetricType) -> Metric {
    let pairs = labels.into_iter().map(|(name, value)| {
        let mut pair = LabelPair::default();
        pair.set_name(name.to_owned());
        pair.set_value(value.to_owned());
        pair
    });
    let mut metric = Metric::from_label(pairs.collect());
    if kind == MetricType::COUNTER {
        let mut counter = Counter::default();
        counter.set_value(value);
        metric.set_counter(counter);
    } else {
        let mut gauge = Gauge::default();
        gauge.set_value(value);
        metric.set_gauge(gauge);
    }
    metric
}

fn seconds(at: jiff::Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1e3
}

fn flag(on: bool) -> f64 {
    f64::from(u8::from(on))
}
