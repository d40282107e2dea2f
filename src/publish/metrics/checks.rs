//! The families that every check has.

use super::family::Family;
use super::{flag, seconds};
use crate::judge::{PublicFallback, Verdict};
use crate::plan::AddressClass;
use crate::publish::board::{Entry, Seen};
use prometheus::proto::MetricType;

/// The most series one check has, with `resolvers` resolvers and `findings` findings at once: three verdicts, five
/// fallback states, five exposures, info, runs, last run, since, certificate, three of incidents; and per resolver two
/// families with four classes at the most.
pub const fn series_per_check(resolvers: usize, findings: usize) -> usize {
    3 + 5 + 5 + 5 + 3 + 8 * resolvers + findings
}
/// A family over all checks.
pub struct PerCheck {
    pub name: &'static str,
    pub help: &'static str,
    pub kind: MetricType,
    pub samples: fn(&Entry, &mut Family),
}

const fn gauge(name: &'static str, help: &'static str, samples: fn(&Entry, &mut Family)) -> PerCheck {
    PerCheck { name, help, kind: MetricType::GAUGE, samples }
}

const fn counter(name: &'static str, help: &'static str, samples: fn(&Entry, &mut Family)) -> PerCheck {
    PerCheck { name, help, kind: MetricType::COUNTER, samples }
}

pub static PER_CHECK: &[PerCheck] = &[
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
    gauge("check_incident", "1 while an incident is open.", |entry, out| {
        one(entry, out, |seen| flag(seen.standing.incident().is_some()));
    }),
    counter("check_incidents_total", "Incidents that were opened, also before a restart.", |entry, out| {
        one(entry, out, |seen| seen.standing.course.incidents() as f64);
    }),
    gauge(
        "check_incident_opened_timestamp_seconds",
        "The first broken look of the incident that is open.",
        |entry, out| {
            if let Some(incident) = entry.incident() {
                out.add(&[("check", entry.face.check.as_str())], seconds(incident.opened));
            }
        },
    ),
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
                out.add(&[("check", entry.face.check.as_str())], seconds(ends));
            }
        },
    ),
];

fn one(entry: &Entry, out: &mut Family, value: fn(&Seen) -> f64) {
    if let Some(seen) = &entry.seen {
        out.add(&[("check", entry.face.check.as_str())], value(seen));
    }
}

fn info(entry: &Entry, out: &mut Family) {
    let face = &entry.face;
    out.add(
        &[
            ("check", face.check.as_str()),
            ("target", face.target.as_str()),
            ("endpoint", face.endpoint.as_str()),
            ("claim", face.claim),
            ("owner", &face.owner),
            ("environment", &face.environment),
        ],
        1.0,
    );
}

fn verdicts(entry: &Entry, out: &mut Family) {
    let Some(seen) = &entry.seen else { return };
    for verdict in Verdict::ALL {
        let labels = [("check", entry.face.check.as_str()), ("verdict", verdict.word())];
        out.add(&labels, flag(seen.judgement.verdict == verdict));
    }
}

fn fallbacks(entry: &Entry, out: &mut Family) {
    let Some(seen) = &entry.seen else { return };
    for state in PublicFallback::ALL {
        let labels = [("check", entry.face.check.as_str()), ("state", state.word())];
        out.add(&labels, flag(seen.judgement.fallback == state));
    }
}

fn findings(entry: &Entry, out: &mut Family) {
    for finding in entry.seen.iter().flat_map(|seen| &seen.judgement.findings) {
        let labels = [
            ("check", entry.face.check.as_str()),
            ("finding", finding.code.word()),
            ("severity", finding.severity.word()),
            ("cause", finding.cause().map_or("", |cause| cause.word())),
        ];
        out.add(&labels, 1.0);
    }
}

fn exposures(entry: &Entry, out: &mut Family) {
    let Some(seen) = &entry.seen else { return };
    for (state, time) in PublicFallback::ALL.iter().zip(seen.standing.exposure) {
        out.add(&[("check", entry.face.check.as_str()), ("state", state.word())], time.as_secs_f64());
    }
}

fn answers(entry: &Entry, out: &mut Family) {
    let Some(seen) = &entry.seen else { return };
    for resolver in seen.facts.names.resolvers.iter().filter(|resolver| resolver.view.is_private()) {
        for lookup in resolver.lookups() {
            let mut counts = [0_u32; AddressClass::ALL.len()];
            for address in lookup.answer().into_iter().flat_map(|answer| &answer.addresses) {
                counts[entry.face.class(*address) as usize] += 1;
            }
            for (class, count) in AddressClass::ALL.into_iter().zip(counts) {
                if count == 0 && !matches!(class, AddressClass::Expected | AddressClass::Public) {
                    continue;
                }
                let labels = [
                    ("check", entry.face.check.as_str()),
                    ("resolver", resolver.resolver.as_str()),
                    ("family", lookup.family.word()),
                    ("class", class.word()),
                ];
                out.add(&labels, f64::from(count));
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
