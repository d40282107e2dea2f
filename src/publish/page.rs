//! The landing page: what this is, how it stands, which incidents are open, and where the rest is.

use super::board::Board;
use crate::judge::Verdict;
use std::fmt::Write as _;

/// Why stands in the log and on the board; words of a plan that was refused are not for a page.
const REFUSED: &str = "<p><b>The newest plan could not be read; this is the one before it.</b></p>\n";

/// A small page without scripts or outside parts.
pub fn landing(board: &Board) -> String {
    let header = &board.header;
    let version = env!("CARGO_PKG_VERSION");
    let count = |verdict| board.count(verdict);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Fencepost {vantage}</title></head>\n\
         <body><h1>Fencepost {version}</h1>\n\
         <p>Plan <b>{plan}</b>, vantage <b>{vantage}</b>: {holds} hold, {broken} broken, {unknown} unknown.</p>\n\
         {reload}{incidents}<ul><li><a href=\"/metrics\">/metrics</a></li><li><a href=\"/api/v1/board\">/api/v1/board</a></li>\n\
         <li><a href=\"/-/healthy\">/-/healthy</a></li><li><a href=\"/-/ready\">/-/ready</a></li></ul>\n\
         </body></html>\n",
        vantage = header.vantage.name,
        plan = header.plan,
        holds = count(Verdict::Holds),
        broken = count(Verdict::Broken),
        unknown = count(Verdict::Unknown),
        reload = if board.reload.succeeded { "" } else { REFUSED },
        incidents = incidents(board),
    )
}

/// The open incidents. Names come from the plan and codes from this program; nothing a peer said stands here.
fn incidents(board: &Board) -> String {
    let mut rows = String::new();
    for (entry, incident) in board.checks.iter().filter_map(|entry| Some((entry, entry.incident()?))) {
        // Writing into a text does not fail.
        let _ = writeln!(
            rows,
            "<li><b>{}</b> since {}, broken looks: {}, public fallback at worst {}: {}</li>",
            entry.face.check,
            incident.opened.strftime("%Y-%m-%dT%H:%M:%SZ"),
            incident.broken_looks,
            incident.peak.word(),
            incident.codes()
        );
    }
    if rows.is_empty() {
        "<p>No incident is open.</p>\n".to_owned()
    } else {
        format!("<h2>Incidents</h2>\n<ul>{rows}</ul>\n")
    }
}
