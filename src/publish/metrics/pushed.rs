//! The samples of one round that are pushed: only what one round can tell. Counters, incidents and exposure need an agent
//! that goes on. What says that an agent stands somewhere and follows a plan is left out as well: rules would take a
//! pipeline's run for one, and miss it a minute later. `run_info` says both instead.

use super::checks::PER_CHECK;
use super::family::Family;
use super::flag;
use crate::publish::board::Board;
use crate::publish::push::Series;
use prometheus::proto::MetricType;
use std::sync::Arc;

/// The families of a check that one round can tell. All of them are gauges.
const OF_ONE_ROUND: [&str; 7] = [
    "check_info",
    "check_verdict",
    "check_public_fallback",
    "check_finding",
    "check_last_run_timestamp_seconds",
    "dns_answers",
    "tls_not_after_timestamp_seconds",
];

/// What a board of one round says, family by family.
pub fn pushed(board: &Board) -> Vec<(Arc<Series>, f64)> {
    let header = &board.header;
    let vantage = &header.vantage;
    let run = [
        ("plan", header.plan.as_str()),
        ("hash", &header.plan_hash),
        ("vantage", &vantage.name),
        ("kind", &vantage.kind),
        ("version", env!("CARGO_PKG_VERSION")),
    ];
    let mut samples = vec![(Series::new("run_info", "Where the run stood, and which plan it followed.", run), 1.0)];
    samples.extend(board.witness.iter().map(|witness| {
        let help = "Whether the vantage's named witness succeeded when it was last tried.";
        (Series::new("witness_up", help, [("witness", witness.name.as_str())]), flag(witness.facts.succeeded))
    }));
    let mut family = Family::default();
    for described in PER_CHECK.iter().filter(|described| OF_ONE_ROUND.contains(&described.name)) {
        family.begin(described.name, described.help, MetricType::GAUGE);
        board.checks.iter().for_each(|entry| (described.samples)(entry, &mut family));
        samples.extend(family.gauges().map(|(labels, value)| {
            let labels = labels.iter().map(|pair| (pair.name(), pair.value()));
            (Series::new(described.name, described.help, labels), value)
        }));
    }
    samples.into_iter().map(|(series, value)| (Arc::new(series), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_round_tells_gauges_that_there_are() {
        for name in OF_ONE_ROUND {
            let described = PER_CHECK.iter().find(|described| described.name == name).unwrap();
            assert_eq!(described.kind, MetricType::GAUGE, "{name}");
        }
    }
}
