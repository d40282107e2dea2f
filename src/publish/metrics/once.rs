//! A single round as a file for the textfile collector of node_exporter: only what one round can tell. Counters, incidents,
//! exposure and everything about an agent that goes on are an agent's; so are the other vantages of the plan, because
//! nobody should miss agents where none runs. No sample carries a time: the collector refuses those.

use super::agent;
use super::checks::PER_CHECK;
use super::family::Family;
use crate::publish::board::Board;
use prometheus::Error;

/// The families of a check that one round can tell.
const OF_ONE_ROUND: [&str; 7] = [
    "check_info",
    "check_verdict",
    "check_public_fallback",
    "check_finding",
    "check_last_run_timestamp_seconds",
    "dns_answers",
    "tls_not_after_timestamp_seconds",
];

/// Renders a board of one round.
pub fn one_run(board: &Board) -> Result<String, Error> {
    let mut text = [agent::place(board)?, agent::plan_info(board)?, agent::exceptions(board)?].concat();
    for described in PER_CHECK.iter().filter(|described| OF_ONE_ROUND.contains(&described.name)) {
        let mut family = Family::default();
        family.begin(described.name, described.help, described.kind);
        board.checks.iter().for_each(|entry| (described.samples)(entry, &mut family));
        family.write(true, &mut text)?;
    }
    Ok(text)
}
