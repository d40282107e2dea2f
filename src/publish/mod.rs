//! One board, many faces: metrics, JSON and pages are rendered from the same snapshot and cannot disagree.

pub mod alerts;
mod board;
mod door;
pub mod forms;
mod gate;
mod http;
mod incidents;
mod meters;
mod metrics;
mod page;
pub mod push;
mod report;
mod runbooks;
mod saved;
mod serve;

pub use board::{
    Board, Entry, ExceptionFace, Face, Header, Reload, Seen, SharedBoard, StateHealth, VantageFace, WitnessEntry,
};
pub use door::{BETWEEN_LOOKS, Door, Readings, WebSource, guarded, of_this_machine_only};
pub use gate::{End, FailOn, GateReport, Level, Outcome, level};
pub use http::{MOST_RELOADS, ReloadRequest, router};
pub use incidents::{Incidents, TurnReport, incidents};
pub use meters::Meters;
pub use metrics::{Pieces, one_run, series_per_check};
pub use page::landing;
pub use report::{CheckReport, Report, report, report_schema};
pub use runbooks::{RUNBOOKS, runbook};
pub use saved::{Unread, saved};
pub use serve::{LONGEST_CONNECTION, LONGEST_HEAD, MOST_CONNECTIONS, MOST_OF_ONE_PEER, serve};
