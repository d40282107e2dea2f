//! The families that an agent has once.

use super::{Sample, flag, seconds, written};
use crate::publish::board::Board;
use crate::standing::ExceptionPast;
use jiff::Timestamp;
use prometheus::Error;
use prometheus::proto::MetricType;

/// Everything about the agent, the plan, and what both know beside the checks.
pub fn families(board: &Board, now: Timestamp) -> Result<String, Error> {
    let pieces = [about_plan(board)?, about_agent(board, now)?, about_exceptions(board)?];
    Ok(pieces.concat())
}

fn gauge<'a>(name: &str, help: &str, samples: impl IntoIterator<Item = Sample<'a>>) -> Result<String, Error> {
    written(name, help, MetricType::GAUGE, samples)
}

fn counter<'a>(name: &str, help: &str, samples: impl IntoIterator<Item = Sample<'a>>) -> Result<String, Error> {
    written(name, help, MetricType::COUNTER, samples)
}

/// The one sample of a family without labels.
fn plain(value: f64) -> [Sample<'static>; 1] {
    [(Vec::new(), value)]
}

fn about_plan(board: &Board) -> Result<String, Error> {
    let header = &board.header;
    let vantages = header.vantages.iter();
    let vantages = vantages
        .map(|v| (vec![("vantage", v.name.as_str()), ("kind", v.kind.as_str()), ("owner", v.owner.as_str())], 1.0));
    let reload = &board.reload;
    let pieces = [
        plan_info(board)?,
        gauge("plan_vantage_info", "Every vantage of the plan, whether an agent runs there or not.", vantages)?,
        gauge("plan_round_seconds", "Time between two looks at one check.", plain(header.round.as_secs_f64()))?,
        gauge(
            "plan_last_reload_successful",
            "Whether the last attempt to read the plan succeeded.",
            plain(flag(reload.succeeded)),
        )?,
        gauge(
            "plan_last_reload_success_timestamp_seconds",
            "When the plan was last read without a fault.",
            plain(seconds(reload.succeeded_at)),
        )?,
    ];
    Ok(pieces.concat())
}

/// The plan that is followed.
pub fn plan_info(board: &Board) -> Result<String, Error> {
    let plan = vec![("plan", board.header.plan.as_str()), ("hash", &board.header.plan_hash)];
    gauge("plan_info", "The plan this agent follows; agents of one fleet show one hash.", [(plan, 1.0)])
}

/// The program, where it stands, and whether its witness worked.
pub fn place(board: &Board) -> Result<String, Error> {
    let header = &board.header;
    let vantage = &header.vantage;
    let place = vec![("vantage", vantage.name.as_str()), ("kind", &vantage.kind), ("plan", &header.plan)];
    let version = vec![("version", env!("CARGO_PKG_VERSION"))];
    let witness = board.witness.iter().map(|w| (vec![("witness", w.name.as_str())], flag(w.facts.succeeded)));
    let pieces = [
        gauge("build_info", "The program.", [(version, 1.0)])?,
        gauge("vantage_info", "Where this agent stands.", [(place, 1.0)])?,
        gauge("witness_up", "Whether the vantage's named witness succeeded when it was last tried.", witness)?,
    ];
    Ok(pieces.concat())
}

fn about_agent(board: &Board, now: Timestamp) -> Result<String, Error> {
    let state = &board.state;
    let pieces = [
        place(board)?,
        gauge("checks_stale", "Checks that were not looked at for three rounds.", plain(board.count_stale() as f64))?,
        gauge(
            "state_durable",
            "Whether a restart would keep standings and incidents.",
            plain(flag(state.is_durable(now))),
        )?,
        counter("state_writes_total", "Attempts to write the state to disk.", plain(state.writes as f64))?,
        counter(
            "state_write_failures_total",
            "Attempts to write the state to disk that failed.",
            plain(state.failures as f64),
        )?,
    ];
    Ok(pieces.concat())
}

/// What the plan says of its exceptions.
pub fn exceptions(board: &Board) -> Result<String, Error> {
    let faces = || board.header.exceptions.iter();
    let info =
        faces().map(|e| (vec![("exception", e.name.as_str()), ("owner", e.owner.as_str()), ("claim", e.claim)], 1.0));
    let ends = faces().map(|e| (vec![("exception", e.name.as_str())], seconds(e.ends_at)));
    let pieces = [
        gauge("exception_info", "An exception of the plan, and whose it is.", info)?,
        gauge("exception_ends_timestamp_seconds", "When an exception of the plan ends.", ends)?,
    ];
    Ok(pieces.concat())
}

fn about_exceptions(board: &Board) -> Result<String, Error> {
    let faces = || board.header.exceptions.iter();
    let known = |value: fn(&ExceptionPast) -> Option<f64>| {
        faces().filter_map(move |e| Some((vec![("exception", e.name.as_str())], value(board.ledger.past(&e.name)?)?)))
    };
    let pieces = [
        exceptions(board)?,
        gauge(
            "exception_covering_since_timestamp_seconds",
            "The first look here for which an exception decided.",
            known(|past| past.covering_since.map(seconds)),
        )?,
        gauge(
            "exception_last_needed_timestamp_seconds",
            "The last look here that held under the exception and would have been broken without it; 0 for none.",
            known(|past| past.covering_since.map(|_| past.needed.map_or(0.0, seconds))),
        )?,
        counter(
            "exception_renewals_total",
            "How often the plan moved the end of an exception later.",
            known(|past| Some(f64::from(past.renewals))),
        )?,
    ];
    Ok(pieces.concat())
}
