//! One board, many faces: metrics, JSON and pages are rendered from the same snapshot and cannot disagree.

pub mod alerts;
mod board;
mod http;
mod incidents;
mod meters;
mod metrics;
mod page;
mod report;
mod runbooks;

pub use board::{
    Board, Entry, ExceptionFace, Face, Header, Reload, Seen, SharedBoard, StateHealth, VantageFace, WitnessEntry,
};
pub use http::{ReloadRequest, router};
pub use incidents::{Incidents, TurnReport, incidents};
pub use meters::Meters;
pub use metrics::{Pieces, series_per_check};
pub use page::landing;
pub use report::{CheckReport, Report, report, report_schema};
pub use runbooks::{RUNBOOKS, runbook};
