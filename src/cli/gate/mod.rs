//! A round as the gate of a pipeline: what is looked at, for how long, in which forms it is told, and the exit code.

pub mod args;
mod human;
pub mod only;
pub mod outputs;
pub mod wait;

use super::Exit;
use crate::observe::runner;
use crate::plan::CheckName;
use crate::publish::{Board, End, FailOn, Report, report};
use std::time::Duration;

/// What a round came to, as it is told.
pub struct Taken {
    pub board: Board,
    pub report: Report,
    pub fail_on: FailOn,
}

impl Taken {
    /// Of a board, keeps what was chosen; what only witnessed is not told.
    pub fn new(
        mut board: Board,
        chosen: Option<&[CheckName]>,
        fail_on: FailOn,
        waited: Option<(End, Duration)>,
    ) -> Self {
        // Told first and narrowed then: a block names its witness, whether that was chosen or not.
        let mut report = told(&board, chosen);
        if let Some(chosen) = chosen {
            board.checks.retain(|entry| chosen.contains(&entry.face.check));
        }
        report.runner = Some(runner());
        report.at_gate(fail_on, waited);
        Self { board, report, fail_on }
    }

    pub fn exit(&self) -> Exit {
        if self.report.passes(self.fail_on) {
            return Exit::Good;
        }
        self.report.outcome().into()
    }
}

/// The report of what was chosen.
fn told(board: &Board, chosen: Option<&[CheckName]>) -> Report {
    let mut report = report(board).of_one_round();
    if let Some(chosen) = chosen {
        report.keep(|check| chosen.iter().any(|name| name.as_str() == check.check));
    }
    report
}
