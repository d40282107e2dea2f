//! The landing page: what this is, how it stands, and where the rest is.

use super::board::Board;
use crate::judge::Verdict;

/// A small page without scripts or outside parts.
pub fn landing(board: &Board) -> String {
    let header = &board.header;
    let version = env!("CARGO_PKG_VERSION");
    let count = |verdict| board.count(verdict);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Fencepost {vantage}</title></head>\n\
         <body><h1>Fencepost {version}</h1>\n\
         <p>Plan <b>{plan}</b>, vantage <b>{vantage}</b>: {holds} hold, {broken} broken, {unknown} unknown.</p>\n\
         <ul><li><a href=\"/metrics\">/metrics</a></li><li><a href=\"/api/v1/board\">/api/v1/board</a></li>\n\
         <li><a href=\"/-/healthy\">/-/healthy</a></li><li><a href=\"/-/ready\">/-/ready</a></li></ul>\n\
         </body></html>\n",
        vantage = header.vantage.name,
        plan = header.plan,
        holds = count(Verdict::Holds),
        broken = count(Verdict::Broken),
        unknown = count(Verdict::Unknown),
    )
}
