//! The board as Prometheus metrics, made anew at every scrape: a check that left the plan leaves the metrics.
//!
//! The library does the encoding. Families are built and written in slices, one after the other, so that the page of
//! ten thousand checks never stands in memory as a whole.

use super::board::{Board, Entry, Header, Seen};
use super::meters::Meters;
use crate::judge::{PublicFallback, Verdict};
use crate::plan::AddressClass;
use prometheus::TextEncoder;
use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most series one check has, with `resolvers` resolvers and `findings` findings at once: three verdicts, five
/// fallback states, five exposures, info, runs, last run, since, certificate; and per resolver two families with four
/// classes at the most.
pub const fn series_per_check(resolvers: usize, findings: usize) -> usize {
    3 + 5 + 5 + 5 + 8 * resolvers + findings
}

/// How many checks' series are built before they are written out.
const SLICE: usize = 128;

/// A sample: its labels and its value.
type Sample<'a> = (Vec<(&'static str, &'a str)>, f64);

/// A family over all checks.
struct PerCheck {
    name: &'static str,
    help: &'static str,
    kind: MetricType,
    samples: for<'a> fn(&'a Entry, &mut Vec<Sample<'a>>),
}

const fn gauge(
    name: &'static str,
    help: &'static str,
    samples: for<'a> fn(&'a Entry, &mut Vec<Sample<'a>>),
) -> PerCheck {
    PerCheck { name, help, kind: MetricType::GAUGE, samples }
}

const fn counter(
    name: &'static str,
    help: &'static str,
    samples: for<'a> fn(&'a Entry, &mut Vec<Sample<'a>>),
) -> PerCheck {
    PerCheck { name, help, kind: MetricType::COUNTER, samples }
}

static PER_CHECK: &[PerCheck] = &[
    gauge("check_info", "A check and whose it is; join on check.", info),
    gauge("check_verdict", "What the last look came to: 1 for the verdict that stands.", verdicts),
    gauge("check_public_fallback", "The state of public fallback: 1 for the state that stands.", fallbacks),
    gauge("check_finding", "1 while a finding is active.", findings),
    counter("check_runs_total", "Looks at the check since the agent started.", |entry, out| {
        one(entry, out, |seen| seen.standing.runs as f64);
    }),
    gauge(
        "check_last_run_timestamp_seconds",
        "When the check was last looked at. Values of the check are as of this time.",
        |entry, out| one(entry, out, |seen| seconds(seen.standing.last_run)),
    ),
    gauge("check_verdict_since_timestamp_seconds", "Since when the verdict stands.", |entry, out| {
        one(entry, out, |seen| seconds(seen.standing.verdict_since));
    }),
    counter("public_exposure_seconds_total", "Seconds spent in each state of public fallback.", exposures),
    gauge(
        "dns_answers",
        "Addresses in the last answer, by class beside the expected set. The classes expected and public are always \
         there, the others while seen.",
        answers,
    ),
    gauge(
        "tls_not_after_timestamp_seconds",
        "When the certificate of an expected address ends; the earliest of them.",
        |entry, out| {
            if let Some(ends) = not_after(entry) {
                out.push((vec![("check", entry.face.check.as_str())], seconds(ends)));
            }
        },
    ),
];

/// Everything `/metrics` says, piece by piece.
pub struct Pieces {
    board: Board,
    meters: Arc<Meters>,
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
    pub fn new(board: Board, meters: Arc<Meters>) -> Self {
        Self { board, meters, next: Some(Next::Agent) }
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
                    Some(about_agent(&self.board))
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

fn about_agent(board: &Board) -> Result<String, prometheus::Error> {
    let header: &Header = &board.header;
    let vantage = &header.vantage;
    let plain = |name, help, labels, value| written(name, help, MetricType::GAUGE, [(labels, value)]);
    let place = vec![("vantage", vantage.name.as_str()), ("kind", &vantage.kind), ("plan", &header.plan)];
    let plan = vec![("plan", header.plan.as_str()), ("hash", &header.plan_hash)];
    let vantages = header.vantages.iter();
    let vantages = vantages
        .map(|v| (vec![("vantage", v.name.as_str()), ("kind", v.kind.as_str()), ("owner", v.owner.as_str())], 1.0));
    let witness = board.witness.iter().map(|w| (vec![("witness", w.name.as_str())], flag(w.facts.succeeded)));
    let exceptions = header.exceptions.iter().map(|(name, ends)| (vec![("exception", name.as_str())], seconds(*ends)));
    let reload = &board.reload;
    let pieces = [
        plain("build_info", "The program.", vec![("version", env!("CARGO_PKG_VERSION"))], 1.0)?,
        plain("vantage_info", "Where this agent stands.", place, 1.0)?,
        plain("plan_info", "The plan this agent follows; agents of one fleet show one hash.", plan, 1.0)?,
        written(
            "plan_vantage_info",
            "Every vantage of the plan, whether an agent runs there or not.",
            MetricType::GAUGE,
            vantages,
        )?,
        plain(
            "plan_last_reload_successful",
            "Whether the last attempt to read the plan succeeded.",
            Vec::new(),
            flag(reload.succeeded),
        )?,
        plain(
            "plan_last_reload_success_timestamp_seconds",
            "When the plan was last read without a fault.",
            Vec::new(),
            seconds(reload.succeeded_at),
        )?,
        written(
            "witness_up",
            "Whether the vantage's named witness succeeded when it was last tried.",
            MetricType::GAUGE,
            witness,
        )?,
        written(
            "exception_ends_timestamp_seconds",
            "When an exception of the plan ends.",
            MetricType::GAUGE,
            exceptions,
        )?,
    ];
    Ok(pieces.concat())
}

fn one<'a>(entry: &'a Entry, out: &mut Vec<Sample<'a>>, value: fn(&Seen) -> f64) {
    if let Some(seen) = &entry.seen {
        out.push((vec![("check", entry.face.check.as_str())], value(seen)));
    }
}

fn info<'a>(entry: &'a Entry, out: &mut Vec<Sample<'a>>) {
    let face = &entry.face;
    out.push((
        vec![
            ("check", face.check.as_str()),
            ("target", face.target.as_str()),
            ("endpoint", face.endpoint.as_str()),
            ("claim", face.claim),
            ("owner", &face.owner),
            ("environment", &face.environment),
        ],
        1.0,
    ));
}

fn verdicts<'a>(entry: &'a Entry, out: &mut Vec<Sample<'a>>) {
    let Some(seen) = &entry.seen else { return };
    for verdict in Verdict::ALL {
        let labels = vec![("check", entry.face.check.as_str()), ("verdict", verdict.word())];
        out.push((labels, flag(seen.judgement.verdict == verdict)));
    }
}

fn fallbacks<'a>(entry: &'a Entry, out: &mut Vec<Sample<'a>>) {
    let Some(seen) = &entry.seen else { return };
    for state in PublicFallback::ALL {
        let labels = vec![("check", entry.face.check.as_str()), ("state", state.word())];
        out.push((labels, flag(seen.judgement.fallback == state)));
    }
}

fn findings<'a>(entry: &'a Entry, out: &mut Vec<Sample<'a>>) {
    for finding in entry.seen.iter().flat_map(|seen| &seen.judgement.findings) {
        let labels = vec![
            ("check", entry.face.check.as_str()),
            ("finding", finding.code.word()),
            ("severity", finding.severity.word()),
            ("cause", finding.cause().map_or("", |cause| cause.word())),
        ];
        out.push((labels, 1.0));
    }
}

fn exposures<'a>(entry: &'a Entry, out: &mut Vec<Sample<'a>>) {
    let Some(seen) = &entry.seen else { return };
    for (state, time) in PublicFallback::ALL.iter().zip(seen.standing.exposure) {
        out.push((vec![("check", entry.face.check.as_str()), ("state", state.word())], time.as_secs_f64()));
    }
}

fn answers<'a>(entry: &'a Entry, out: &mut Vec<Sample<'a>>) {
    let Some(seen) = &entry.seen else { return };
    for resolver in seen.facts.names.resolvers.iter().filter(|resolver| resolver.view.is_private()) {
        for lookup in resolver.lookups() {
            let mut counts: BTreeMap<AddressClass, usize> =
                [(AddressClass::Expected, 0), (AddressClass::Public, 0)].into_iter().collect();
            for address in lookup.answer().iter().flat_map(|answer| &answer.addresses) {
                *counts.entry(entry.face.class(*address)).or_default() += 1;
            }
            for (class, count) in counts {
                let labels = vec![
                    ("check", entry.face.check.as_str()),
                    ("resolver", resolver.resolver.as_str()),
                    ("family", lookup.family.word()),
                    ("class", class.word()),
                ];
                out.push((labels, count as f64));
            }
        }
    }
}

/// The earliest end among the certificates of expected addresses, or of all addresses where none is expected.
fn not_after(entry: &Entry) -> Option<jiff::Timestamp> {
    let facts = &entry.seen.as_ref()?.facts;
    let ends = |only_expected: bool| {
        let paths = facts
            .paths
            .iter()
            .filter(move |path| !only_expected || entry.face.class(path.address) == AddressClass::Expected);
        paths.filter_map(|path| Some(path.tls.as_ref()?.certificate.as_ref()?.not_after)).min()
    };
    ends(true).or_else(|| ends(false))
}
