//! The metrics of one round that no agent took: pushed, or written for the textfile collector of node_exporter. Only what one
//! round can tell is there; counters, incidents and exposure need an agent that goes on. What says that an agent stands
//! somewhere and follows a plan is left out as well: rules would take a pipeline's run for one, and miss it a minute
//! later. `run_info` says both instead. No sample carries a time: the collector refuses those.

use super::checks::PER_CHECK;
use super::family::Family;
use super::flag;
use crate::publish::board::Board;
use crate::publish::push::Series;
use prometheus::Error;
use prometheus::proto::MetricType;
use std::convert::Infallible;
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

/// The name and the meaning of a family.
type Named = (&'static str, &'static str);

/// A board of one round as a text of metrics.
pub fn one_run(board: &Board) -> Result<String, Error> {
    let mut text = String::new();
    each_family(board, |_, family| family.write(true, &mut text))?;
    Ok(text)
}

/// What a board of one round says, sample by sample.
pub fn pushed(board: &Board) -> Vec<(Arc<Series>, f64)> {
    let mut samples = Vec::new();
    let Ok(()) = each_family(board, |(name, help), family| {
        samples.extend(family.gauges().map(|(labels, value)| {
            let labels = labels.iter().map(|pair| (pair.name(), pair.value()));
            (Arc::new(Series::new(name, help, labels)), value)
        }));
        Ok::<_, Infallible>(())
    });
    samples
}

fn each_family<E>(board: &Board, mut take: impl FnMut(Named, &mut Family) -> Result<(), E>) -> Result<(), E> {
    let header = &board.header;
    let vantage = &header.vantage;
    let run = [
        ("plan", header.plan.as_str()),
        ("hash", &header.plan_hash),
        ("vantage", &vantage.name),
        ("kind", &vantage.kind),
        ("version", env!("CARGO_PKG_VERSION")),
    ];
    let mut family = Family::default();
    let mut told = |named: Named, fill: &dyn Fn(&mut Family)| {
        family.begin(named.0, named.1, MetricType::GAUGE);
        fill(&mut family);
        take(named, &mut family)
    };
    told(("run_info", "Where the run stood, and which plan it followed."), &|family| family.add(&run, 1.0))?;
    let witness = ("witness_up", "Whether the vantage's named witness succeeded when it was last tried.");
    told(witness, &|family| {
        if let Some(witness) = &board.witness {
            family.add(&[("witness", witness.name.as_str())], flag(witness.facts.succeeded));
        }
    })?;
    for described in PER_CHECK.iter().filter(|described| OF_ONE_ROUND.contains(&described.name)) {
        told((described.name, described.help), &|family| {
            board.checks.iter().for_each(|entry| (described.samples)(entry, family));
        })?;
    }
    Ok(())
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
