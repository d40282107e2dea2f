//! `--wait`: an agent that watches until the gate opens. It looks at the pace of the plan, as every agent does, so waiting
//! costs the resolvers no more than watching.

use super::told;
use crate::agent::{self, Estate, Means, Orders, PlanSource};
use crate::cli::Fault;
use crate::cli::args::Gate;
use crate::judge::Verdict;
use crate::plan::CheckName;
use crate::publish::{Board, End, FailOn, Meters, SharedBoard};
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// How often the time that is left is shown.
const TICK: Duration = Duration::from_millis(500);

/// Looks at once, then round for round until the gate opens, the time is over, or somebody interrupts. Returns the last
/// board on which everything was looked at, what ended it and when; only who interrupts the first round gets one with holes.
pub async fn until_it_opens(
    estate: Estate,
    chosen: Option<&[CheckName]>,
    gate: &Gate,
    patience: Duration,
) -> Result<(Board, (End, Duration)), Fault> {
    let begun = Instant::now();
    let deadline = begun + patience;
    let ended = |end| (end, begun.elapsed());
    // With --fail-on never the gate is open at once; who waits all the same waits for everything to hold.
    let fail_on = match gate.fail_on.into() {
        FailOn::Never => FailOn::Unknown,
        other @ (FailOn::Broken | FailOn::Unknown) => other,
    };
    let opens = |board: &Board| board.is_complete() && told(board, chosen).passes(fail_on);
    let mut interrupted = Box::pin(interruption()?);
    let first = tokio::select! {
        board = agent::once(&estate, agent::most_looks(), || {}) => board,
        () = &mut interrupted => return Ok((agent::shared_board(&estate).snapshot(), ended(End::Interrupted))),
    };
    if opens(&first) {
        return Ok((first, ended(End::Opened)));
    }
    let board = agent::shared_board(&estate);
    let (_orders, reload) = mpsc::channel(1);
    let source: PlanSource = Box::new(|_| Box::pin(async { Err("a gate reads its plan once".to_owned()) }));
    let means = Means { opens_at_once: false, ..Means::alone(Arc::new(Meters::new()?), agent::most_looks(), source) };
    let orders = Orders { reload, stop: CancellationToken::new() };
    // Looks under way end with the agent, where they stand: nobody waits for them any more.
    let (open, end) = tokio::select! {
        () = agent::run(estate, board.clone(), means, orders) => (None, End::Interrupted),
        open = board.wait_for(opens) => (Some(open), End::Opened),
        () = sleep_until(deadline) => (None, End::TimeOver),
        () = &mut interrupted => (None, End::Interrupted),
        () = show(&first, &board, chosen, deadline) => (None, End::TimeOver),
    };
    let last = open.or_else(|| Some(board.snapshot()).filter(Board::is_complete)).unwrap_or(first);
    let end = if opens(&last) { End::Opened } else { end };
    Ok((last, ended(end)))
}

/// Ends with Ctrl-C, SIGTERM, or the terminal.
fn interruption() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}

/// Shows on a terminal how far it is, for ever. In a pipe it is quiet; `--log info` tells every change there.
async fn show(first: &Board, board: &SharedBoard, chosen: Option<&[CheckName]>, deadline: Instant) {
    if !std::io::stderr().is_terminal() {
        return std::future::pending().await;
    }
    // It goes with whoever stops waiting.
    let bar = ProgressBar::new_spinner().with_finish(ProgressFinish::AndClear);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    let is_chosen = |name: &CheckName| chosen.is_none_or(|chosen| chosen.contains(name));
    loop {
        let now = Some(board.snapshot()).filter(Board::is_complete);
        let shown = now.as_ref().unwrap_or(first);
        let entries = || shown.checks.iter().filter(|entry| is_chosen(&entry.face.check));
        let [holds, broken, unknown] =
            Verdict::ALL.map(|verdict| entries().filter(|entry| entry.verdict() == Some(verdict)).count());
        let left = deadline.saturating_duration_since(Instant::now()).as_secs();
        bar.set_message(format!(
            "waiting: {holds} hold, {broken} broken, {unknown} unknown; looks again within {:?}; {} min {} s left",
            shown.header.round,
            left / 60,
            left % 60
        ));
        bar.tick();
        tokio::time::sleep(TICK).await;
    }
}
