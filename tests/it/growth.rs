//! Two days in simulated time, on a poor line and with a fault every few hours: whatever the agent keeps, shows and would
//! write is as large after two days as it was after one.

use crate::lossy::Weather;
use crate::year::{paced_estate, run_beside, stage, standing};
use fencepost::clock;
use fencepost::plan::Settings;
use fencepost::publish::{Meters, Pieces, SharedBoard, incidents, report};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// How large things are: lines of metrics, and bytes of what is told and kept.
fn sizes(board: &SharedBoard, meters: &Arc<Meters>) -> (usize, [usize; 4]) {
    let snapshot = board.snapshot();
    let metrics: String = Pieces::new(snapshot.clone(), Arc::clone(meters), clock::now()).map(Result::unwrap).collect();
    let kept = snapshot.checks.iter().map(|entry| serde_json::to_string(standing(entry)).unwrap().len());
    let told = serde_json::to_string(&report(&snapshot)).unwrap().len();
    let past = serde_json::to_string(&incidents(&snapshot)).unwrap().len();
    (metrics.lines().count(), [metrics.len(), told, past, kept.sum()])
}

#[tokio::test(start_paused = true)]
async fn after_two_days_the_agent_is_as_large_as_after_one() {
    let stage = stage();
    // A debug build takes some milliseconds for a look; what an agent keeps is counted in looks, not in seconds.
    let every = Duration::from_secs(120);
    let settings = Settings { every, ..Settings::default() };
    let agent = paced_estate(&stage, "build", &["chat-prod"], (Weather::POOR_LINE, 3), settings);
    let mut days = Vec::new();
    let (checks, _) = run_beside(agent, async |board, meters| {
        for _ in 0..2 {
            for fault in ["redirect-on", "record-missing", "tls-inspection"] {
                sleep(HOUR * 7).await;
                stage.break_with(fault).unwrap();
                sleep(every * 5).await;
                stage.heal();
                sleep(HOUR - every * 5).await;
            }
            days.push(sizes(board, meters));
        }
    })
    .await;
    let standing = standing(&checks[0]);
    assert!(standing.runs > 1_400 && standing.course.incidents() == 6, "{standing:?}");
    let [(lines, first), (lines_after, second)] = days[..] else { panic!("{days:?}") };
    assert_eq!(lines, lines_after, "series");
    // Figures have more digits after a while; nothing else may come.
    for (first, second) in first.into_iter().zip(second) {
        assert!(second <= first + first / 20 + 64, "{days:?}");
    }
}
