//! When the plan is read again: by the clock, by order, and after failures.

use crate::agent::renew::{Asked, PlanSource, Refresh, Renewal};
use crate::source::Pace;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

const EVERY: Duration = Duration::from_secs(300);

/// Follows a source that fails while it should, for so long; gives the waits between the readings.
async fn waits(refresh: Refresh, lasts: Duration, fails: impl Fn(usize) -> bool + Send + 'static) -> Vec<Duration> {
    let begun = Arc::new(Mutex::new(vec![Instant::now()]));
    let source = {
        let begun = Arc::clone(&begun);
        Box::new(move |asked| {
            assert_eq!(asked, Asked::ByTime);
            let mut begun = begun.lock().unwrap();
            begun.push(Instant::now());
            let outcome = if fails(begun.len() - 2) { Err("bad".to_owned()) } else { Ok(None) };
            Box::pin(std::future::ready(outcome)) as futures_util::future::BoxFuture<'static, _>
        })
    };
    let mut renewal = Renewal::new(source, &refresh);
    let end = Instant::now() + lasts;
    while let Some(due) = renewal.due().filter(|due| *due < end) {
        sleep_until(due).await;
        renewal.begin(Asked::ByTime, None);
        assert!(!renewal.is_free() && renewal.due().is_none());
        renewal.ended().await;
        assert!(renewal.is_free());
    }
    let begun = begun.lock().unwrap();
    begun.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[tokio::test(start_paused = true)]
async fn a_plan_is_read_again_within_the_time_that_was_asked_for() {
    let refresh = Refresh { pace: Some(Pace { every: EVERY }), behind: None };
    let waits = waits(refresh, Duration::from_secs(86_400), |_| false).await;
    // The clock of a runtime counts in milliseconds.
    let late = EVERY + Duration::from_millis(2);
    assert!(waits.iter().all(|wait| (EVERY / 2..=late).contains(wait)), "{waits:?}");
    assert!((288..=576).contains(&waits.len()), "{} readings in a day", waits.len());
    assert!(waits.iter().any(|wait| wait != &waits[0]), "a fleet stays together");
}

#[tokio::test(start_paused = true)]
async fn failures_are_tried_again_sooner_and_then_as_often_as_ever() {
    let refresh = Refresh { pace: Some(Pace { every: EVERY }), behind: None };
    let waits = waits(refresh, Duration::from_secs(7_200), |reading| reading < 12).await;
    for (failures, wait) in waits[1..13].iter().enumerate() {
        let bound = Duration::from_secs(5 << failures).min(EVERY) + Duration::from_millis(2);
        assert!(*wait <= bound && *wait * 2 >= bound - Duration::from_millis(4), "{failures}: {wait:?}");
    }
    assert!(waits[13] >= EVERY / 2, "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn the_third_failure_in_a_row_is_told_and_one_that_was_ordered_at_once() {
    let outcomes = Arc::new(Mutex::new(vec![true, false, false, true, false, false, false, false, true, false]));
    let left = Arc::clone(&outcomes);
    let source: PlanSource = Box::new(move |_| {
        let good = left.lock().unwrap().remove(0);
        Box::pin(std::future::ready(if good { Ok(None) } else { Err("away".to_owned()) }))
    });
    let mut renewal = Renewal::new(source, &Refresh { pace: Some(Pace { every: EVERY }), behind: None });
    let mut told = Vec::new();
    for asked in [[Asked::ByTime; 9].as_slice(), &[Asked::ByOrder]].concat() {
        renewal.begin(asked, None);
        let reading = renewal.ended().await;
        told.push(reading.outcome.is_err() && reading.is_telling);
    }
    assert_eq!(told, [false, false, false, false, false, false, true, true, false, true]);
    assert!(outcomes.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_begins_with_a_copy_tries_again_soon() {
    let behind = Some(("the server is down".to_owned(), jiff::Timestamp::UNIX_EPOCH));
    let refresh = Refresh { pace: Some(Pace { every: EVERY }), behind };
    let waits = waits(refresh, Duration::from_secs(600), |_| false).await;
    assert!(waits[0] <= Duration::from_secs(6) && waits[1] >= EVERY / 2, "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn without_a_pace_only_orders_count() {
    let waits = waits(Refresh::default(), Duration::from_secs(86_400), |_| false).await;
    assert!(waits.is_empty(), "{waits:?}");
}
