//! The board as Prometheus metrics, made anew at every scrape: a check that left the plan leaves the metrics.
//!
//! The library does the encoding. Families are built and written in slices, so that ten thousand checks do not stand in
//! memory three times.

use super::board::{Board, Entry, Seen};
use super::meters::Meters;
use crate::judge::{PublicFallback, Verdict};
use crate::plan::{AddressClass, View};
use prometheus::TextEncoder;
use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};
use std::collections::BTreeMap;

/// The most series one check has, with `resolvers` resolvers and `findings` findings at once: three verdicts, five
/// fallback states, five exposures, info, runs, last run, since, certificate; and per resolver two families with four
/// classes at the most.
pub const fn series_per_check(resolvers: usize, findings: usize) -> usize {
    3 + 5 + 5 + 5 + 8 * resolvers + findings
}

/// How many checks' series are built before they are written out.
const SLICE: usize = 256;

/// Everything `/metrics` says.
pub fn encode(board: &Board, meters: &Meters) -> Result<String, prometheus::Error> {
    let mut page = Page { encoder: TextEncoder::new(), text: String::new() };
    about_agent(&mut page, board)?;
    about_checks(&mut page, board)?;
    let gathered = meters.registry.gather();
    page.encoder.encode_utf8(&gathered, &mut page.text)?;
    Ok(page.text)
}

struct Page {
    encoder: TextEncoder,
    text: String,
}

/// A sample: its labels and its value.
type Sample<'a> = (Vec<(&'static str, &'a str)>, f64);

impl Page {
    fn gauges<'a>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = Sample<'a>>,
    ) -> Result<(), prometheus::Error> {
        let metrics = samples.into_iter().map(|sample| metric(sample, MetricType::GAUGE)).collect();
        self.write(name, help, MetricType::GAUGE, metrics, true)
    }

    /// One family over all checks, slice by slice.
    fn per_check<'a>(
        &mut self,
        board: &'a Board,
        name: &str,
        help: &str,
        kind: MetricType,
        samples: impl Fn(&'a Entry, &mut Vec<Sample<'a>>),
    ) -> Result<(), prometheus::Error> {
        let mut first = true;
        for slice in board.checks.chunks(SLICE) {
            let mut values = Vec::new();
            slice.iter().for_each(|entry| samples(entry, &mut values));
            if !values.is_empty() {
                self.write(name, help, kind, values.into_iter().map(|sample| metric(sample, kind)).collect(), first)?;
                first = false;
            }
        }
        Ok(())
    }

    fn write(
        &mut self,
        name: &str,
        help: &str,
        kind: MetricType,
        metrics: Vec<Metric>,
        head: bool,
    ) -> Result<(), prometheus::Error> {
        if metrics.is_empty() {
            return Ok(());
        }
        let mut family = MetricFamily::default();
        family.set_name(format!("fencepost_{name}"));
        family.set_help(help.to_owned());
        family.set_field_type(kind);
        family.set_metric(metrics);
        let start = self.text.len();
        self.encoder.encode_utf8(&[family], &mut self.text)?;
        if !head {
            // The library heads every call with HELP and TYPE; a family has them once.
            let heads = self.text[start..].match_indices('\n').nth(1).map_or(0, |(at, _)| at + 1);
            self.text.replace_range(start..start + heads, "");
        }
        Ok(())
    }
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

fn about_agent(page: &mut Page, board: &Board) -> Result<(), prometheus::Error> {
    let header = &board.header;
    let version = env!("CARGO_PKG_VERSION");
    page.gauges("build_info", "The program.", [(vec![("version", version)], 1.0)])?;
    let vantage = &header.vantage;
    let labels = vec![("vantage", vantage.name.as_str()), ("kind", &vantage.kind), ("plan", &header.plan)];
    page.gauges("vantage_info", "Where this agent stands.", [(labels, 1.0)])?;
    let labels = vec![("plan", header.plan.as_str()), ("hash", &header.plan_hash)];
    page.gauges("plan_info", "The plan this agent follows; agents of one fleet show one hash.", [(labels, 1.0)])?;
    let all = header
        .vantages
        .iter()
        .map(|v| (vec![("vantage", v.name.as_str()), ("kind", &v.kind), ("owner", &v.owner)], 1.0));
    page.gauges("plan_vantage_info", "Every vantage of the plan, whether an agent runs there or not.", all)?;
    let reload = &board.reload;
    page.gauges(
        "plan_last_reload_successful",
        "Whether the last attempt to read the plan succeeded.",
        [(vec![], flag(reload.succeeded))],
    )?;
    page.gauges(
        "plan_last_reload_success_timestamp_seconds",
        "When the plan was last read without a fault.",
        [(vec![], seconds(reload.succeeded_at))],
    )?;
    let witness = board.witness.iter().map(|w| (vec![("witness", w.name.as_str())], flag(w.facts.succeeded)));
    page.gauges("witness_up", "Whether the vantage's named witness succeeded when it was last tried.", witness)?;
    let exceptions = header.exceptions.iter().map(|(name, ends)| (vec![("exception", name.as_str())], seconds(*ends)));
    page.gauges("exception_ends_timestamp_seconds", "When an exception of the plan ends.", exceptions)
}

fn about_checks(page: &mut Page, board: &Board) -> Result<(), prometheus::Error> {
    let gauge = MetricType::GAUGE;
    page.per_check(board, "check_info", "A check and whose it is; join on check.", gauge, |entry, out| {
        let face = &entry.face;
        out.push((
            vec![
                ("check", face.check.as_str()),
                ("target", &face.target),
                ("endpoint", &face.endpoint),
                ("claim", face.claim),
                ("owner", &face.owner),
                ("environment", &face.environment),
            ],
            1.0,
        ));
    })?;
    page.per_check(
        board,
        "check_verdict",
        "What the last look came to: 1 for the verdict that stands.",
        gauge,
        |entry, out| {
            if let Some(seen) = &entry.seen {
                for verdict in Verdict::ALL {
                    let labels = vec![("check", entry.face.check.as_str()), ("verdict", verdict.word())];
                    out.push((labels, flag(seen.judgement.verdict == verdict)));
                }
            }
        },
    )?;
    page.per_check(
        board,
        "check_public_fallback",
        "The state of public fallback: 1 for the state that stands.",
        gauge,
        |entry, out| {
            if let Some(seen) = &entry.seen {
                for state in PublicFallback::ALL {
                    let labels = vec![("check", entry.face.check.as_str()), ("state", state.word())];
                    out.push((labels, flag(seen.judgement.fallback == state)));
                }
            }
        },
    )?;
    page.per_check(board, "check_finding", "1 while a finding is active.", gauge, |entry, out| {
        for finding in entry.seen.iter().flat_map(|seen| &seen.judgement.findings) {
            let cause = finding.cause.map_or("", |cause| cause.word());
            let labels = vec![
                ("check", entry.face.check.as_str()),
                ("finding", finding.code.word()),
                ("severity", finding.severity.word()),
                ("cause", cause),
            ];
            out.push((labels, 1.0));
        }
    })?;
    per_look(page, board)?;
    page.per_check(board, "dns_answers", "Addresses in the last answer, by class beside the expected set. The classes expected and public are always there, the others while seen.", gauge, answers)?;
    page.per_check(
        board,
        "tls_not_after_timestamp_seconds",
        "When the certificate of an expected address ends; the earliest of them.",
        gauge,
        |entry, out| {
            if let Some(ends) = not_after(entry) {
                out.push((vec![("check", entry.face.check.as_str())], seconds(ends)));
            }
        },
    )
}

fn per_look(page: &mut Page, board: &Board) -> Result<(), prometheus::Error> {
    let mut one = |name: &str, help: &str, kind, value: fn(&Seen) -> f64| {
        page.per_check(board, name, help, kind, move |entry, out| {
            if let Some(seen) = &entry.seen {
                out.push((vec![("check", entry.face.check.as_str())], value(seen)));
            }
        })
    };
    one("check_runs_total", "Looks at the check since the agent started.", MetricType::COUNTER, |seen| {
        seen.standing.runs as f64
    })?;
    one(
        "check_last_run_timestamp_seconds",
        "When the check was last looked at. Values of the check are as of this time.",
        MetricType::GAUGE,
        |seen| seconds(seen.standing.last_run),
    )?;
    one("check_verdict_since_timestamp_seconds", "Since when the verdict stands.", MetricType::GAUGE, |seen| {
        seconds(seen.standing.verdict_since)
    })?;
    page.per_check(
        board,
        "public_exposure_seconds_total",
        "Seconds spent in each state of public fallback.",
        MetricType::COUNTER,
        |entry, out| {
            for (state, time) in
                PublicFallback::ALL.iter().zip(entry.seen.iter().flat_map(|seen| seen.standing.exposure))
            {
                out.push((vec![("check", entry.face.check.as_str()), ("state", state.word())], time.as_secs_f64()));
            }
        },
    )
}

fn answers<'a>(entry: &'a Entry, out: &mut Vec<Sample<'a>>) {
    let Some(seen) = &entry.seen else { return };
    for resolver in seen.facts.names.resolvers.iter().filter(|resolver| resolver.view == View::Private) {
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
