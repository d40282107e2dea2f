//! `fencepost check`: one round, or rounds until it holds; then an exit code.

use super::args::Check;
use super::gate::{Taken, only, outputs, wait};
use super::{Outcome, load, runtime};
use crate::agent;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;

pub fn run(command: &Check) -> Outcome {
    let gate = &command.gate;
    outputs::ready(&gate.output)?;
    let place = &command.place;
    let mut estate = if gate.wait.is_some() { load::estate(place)? } else { load::estate_for_one_round(place)? };
    let push = command.push.ready(&estate)?;
    let chosen = only::narrow(&mut estate, &gate.only)?;
    let runtime = runtime::runtime()?;
    let looked = match gate.wait {
        Some(patience) => {
            let looked = runtime.block_on(wait::until_it_opens(estate, chosen.as_deref(), gate, patience));
            looked.map(|(board, end)| (board, Some(end)))
        }
        None => {
            let bar = progress(estate.works.len());
            let board = runtime.block_on(agent::once(&estate, agent::most_looks(), || bar.inc(1)));
            bar.finish_and_clear();
            Ok((board, None))
        }
    };
    runtime::end(runtime);
    let (board, waited) = looked?;
    let taken = Taken::new(board, chosen.as_deref(), gate.fail_on.into(), waited);
    outputs::write(command, &taken)?;
    push.one_run(&taken.board, taken.exit())
}

fn progress(looks: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(looks as u64);
    if let Ok(style) = ProgressStyle::with_template("looking {bar:30} {pos}/{len} {elapsed}") {
        bar.set_style(style);
    }
    bar
}
