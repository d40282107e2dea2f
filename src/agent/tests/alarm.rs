//! What the alerts rest on, read off the board.

use super::{at, estate, facts};
use crate::agent::alarm::Memory;
use crate::agent::keeper::{Keeper, blank};
use crate::alert::Trouble;
use crate::facts::WitnessFacts;
use crate::plan::ExceptionName;
use crate::publish::{SharedBoard, WitnessEntry};
use jiff::SignedDuration;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, advance};

/// By the clock that nobody sets, and that stands still while the machine sleeps: a time of day that jumps ages nothing.
#[tokio::test(start_paused = true)]
async fn looks_are_overdue_after_three_rounds_and_one_to_be_sure() {
    let begun = at("2026-12-01T12:00:00");
    let estate = estate(begun);
    let board = SharedBoard::new(blank(&estate, begun));
    let mut keeper = Keeper::new(board.clone(), &estate, begun);
    let (mut memory, waiting) = (Memory::default(), HashMap::new());
    let (every, timeout) = (estate.grounds.plan.settings.every, estate.grounds.plan.settings.timeout);
    let settle = std::cell::Cell::new(false);
    let mut overdue = |seconds: i64| {
        if settle.take() {
            memory.settle();
        }
        let snapshot = board.snapshot();
        let known = memory.known(&estate, &snapshot, &waiting, "", begun + SignedDuration::from_secs(seconds));
        assert_eq!(known.stale.is_empty(), known.stale_since.is_none());
        known.stale.len()
    };
    advance(every * 3).await;
    assert_eq!(overdue(90), 0, "three rounds are not too long");
    advance(Duration::from_secs(1)).await;
    assert_eq!(overdue(91), 0, "it was seen only now");
    advance(every).await;
    assert_eq!(overdue(121), 0, "looks that began in this round may take their time");
    advance(timeout * 4).await;
    assert_eq!(overdue(141), 3);
    // One was looked at.
    let now = begun + SignedDuration::from_secs(142);
    keeper.take(&estate, &estate.works[0], facts(&estate.works[0], now, true), now);
    assert_eq!(overdue(143), 2);
    settle.set(true);
    assert_eq!(overdue(143), 0, "with a new plan they have time to be looked at");
    advance(every + timeout * 4).await;
    assert_eq!(overdue(193), 2, "and no more than that");
    for work in &estate.works {
        keeper.take(&estate, work, facts(work, now, true), now);
    }
    // The clock jumps, either way, and stays there.
    for jump in [3_600, -3_600] {
        assert_eq!(overdue(194 + jump), 0);
        advance(every * 3 / 2).await;
        assert_eq!(overdue(239 + jump), 0, "it makes nothing old");
    }
    // Nor does it keep anything fresh.
    advance(every).await;
    assert_eq!(overdue(-3_300), 0, "it was seen only now");
    advance(every + timeout * 4).await;
    assert_eq!(overdue(-3_200), 3);
}

#[tokio::test]
async fn troubles_are_known_since_they_were_first_seen() {
    let begun = at("2026-12-01T12:00:00");
    let minute = SignedDuration::from_mins(1);
    let (estate, board) = (estate(begun), SharedBoard::new(blank(&estate(begun), begun)));
    let (mut memory, waiting) = (Memory::default(), HashMap::new());
    board.change(|board| {
        let ledger = Arc::make_mut(&mut board.ledger);
        ledger.settle(&estate.grounds.plan.exceptions);
        ledger.looked(&ExceptionName::new("EX"), false, begun);
    });
    let witness = |succeeded, minutes| {
        let facts =
            WitnessFacts { at: begun + minute * minutes, succeeded, tried: vec!["connect:10.0.0.9:443".to_owned()] };
        board
            .change(|board| board.witness = Some(WitnessEntry { name: "w".to_owned(), looked: Instant::now(), facts }));
    };
    let mut known = |minutes: i32| {
        let snapshot = board.snapshot();
        let known = memory.known(&estate, &snapshot, &waiting, "", begun + minute * minutes);
        let exception = known.exceptions[0];
        assert_eq!(
            (exception.name, exception.covering_since, exception.ends),
            ("EX", Some(begun), at("2026-12-04T00:00:00"))
        );
        assert_eq!(exception.begins, Some(at("2026-12-02T00:00:00")));
        let since = |trouble: Option<Trouble>| trouble.map(|trouble| (trouble.since.duration_since(begun)).as_mins());
        [known.witness_failing, known.reload_failed, known.state_not_kept].map(since)
    };
    assert_eq!(known(0), [None; 3]);
    witness(false, 1);
    assert_eq!(known(1), [Some(1), None, None]);
    witness(false, 2);
    board.change(|board| (board.reload.succeeded, board.reload.trouble) = (false, Some("line 3".to_owned())));
    assert_eq!(known(3), [Some(1), Some(3), None]);
    witness(true, 4);
    assert_eq!(known(5), [None, Some(3), None]);
    board.change(|board| (board.reload.succeeded, board.reload.trouble) = (true, None));
    witness(false, 6);
    board.change(|board| board.state.trouble = Some("no space".to_owned()));
    assert_eq!(known(6), [Some(6), None, Some(6)]);
}

/// A disk that takes neither yes nor no for an answer keeps nothing either.
#[tokio::test(start_paused = true)]
async fn a_writing_that_does_not_end_is_trouble_once_it_has_lasted() {
    let begun = at("2026-12-01T12:00:00");
    let (estate, board) = (estate(begun), SharedBoard::new(blank(&estate(begun), begun)));
    let (mut memory, waiting) = (Memory::default(), HashMap::new());
    let every = estate.grounds.plan.settings.every;
    let settle = std::cell::Cell::new(false);
    let mut is_lost = |seconds: i64| {
        if settle.take() {
            memory.settle();
        }
        let snapshot = board.snapshot();
        let known = memory.known(&estate, &snapshot, &waiting, "", begun + SignedDuration::from_secs(seconds));
        known.state_not_kept.is_some()
    };
    let written = |seconds: i64| {
        board.change(|board| {
            board.state.written = Some(begun + SignedDuration::from_secs(seconds));
            board.state.lasts = every + every / 2;
        });
    };
    assert!(!is_lost(0) && !is_lost(1_000), "there is no folder");
    board.change(|board| board.state.wanted = true);
    assert!(!is_lost(1_000), "there was no time yet to write");
    written(1_000);
    assert!(!is_lost(1_045));
    assert!(!is_lost(1_046), "it was seen only now");
    advance(every).await;
    assert!(is_lost(1_076));
    settle.set(true);
    assert!(is_lost(1_076), "a new plan mends no disk");
    written(1_077);
    assert!(!is_lost(1_078));
    // A machine that was suspended, or a clock that was set, writes with its next look.
    assert!(!is_lost(5_000) && !is_lost(-5_000));
    written(5_001);
    advance(every).await;
    assert!(!is_lost(5_002));
}
