//! One board, many faces: metrics, JSON and pages are rendered from the same snapshot and cannot disagree.

pub mod alerts;
mod board;
mod http;
mod meters;
mod metrics;
mod page;
mod report;
mod runbooks;

pub use board::{Board, Entry, Face, Header, Reload, Seen, SharedBoard, VantageFace, WitnessEntry};
pub use http::{ReloadRequest, router};
pub use meters::Meters;
pub use metrics::{Pieces, series_per_check};
pub use page::landing;
pub use report::{CheckReport, Report, report, report_schema};
pub use runbooks::{RUNBOOKS, runbook};
