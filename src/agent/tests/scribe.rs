//! Writing beside the looks, onto a disk that does not always take it.

use super::{at, estate};
use crate::agent::keeper::{Keeper, blank};
use crate::agent::scribe::Scribe;
use crate::alert::Alerting;
use crate::publish::SharedBoard;
use crate::state::Folder;
use std::fs;
use std::sync::Arc;

/// Turns wait for a disk that takes them, in their order, and stand in the log once.
#[tokio::test]
async fn what_turned_while_the_disk_was_full_is_logged_when_it_has_room() {
    let folder = std::env::temp_dir().join(format!("fencepost-scribe-{}", std::process::id()));
    let opened = Folder::open(&folder, "here").unwrap();
    let now = at("2026-12-01T12:00:00");
    let estate = Arc::new(estate(now));
    let keeper = Keeper::new(SharedBoard::new(blank(&estate, now)), &estate, now);
    let mut scribe = Scribe::new(Some(opened.folder));
    // A folder where the new file should go is a disk that takes nothing.
    let blocked = folder.join("here.state.new");
    fs::create_dir(&blocked).unwrap();
    for (turn, room) in [("one", false), ("two", false), ("three", true), ("four", true)] {
        scribe.turned(|| Some(turn.to_owned()));
        if room && blocked.is_dir() {
            fs::remove_dir(&blocked).unwrap();
        }
        scribe.begin(keeper.kept(&estate, (Alerting::default(), 0)));
        // Another one comes while it is written.
        scribe.turned(|| Some(format!("after {turn}")));
        assert_eq!(scribe.written().await.0.trouble.is_none(), room);
    }
    let log = fs::read_to_string(folder.join("here.incidents.jsonl")).unwrap();
    assert_eq!(log, "one\nafter one\ntwo\nafter two\nthree\nafter three\nfour\n");
    // Not without a bound, however long it takes nothing.
    fs::create_dir(&blocked).unwrap();
    for room in [false, false, true] {
        if room {
            fs::remove_dir(&blocked).unwrap();
        }
        scribe.begin(keeper.kept(&estate, (Alerting::default(), 0)));
        (0..600).for_each(|_| scribe.turned(|| Some("more".to_owned())));
        scribe.written().await;
    }
    let log = fs::read_to_string(folder.join("here.incidents.jsonl")).unwrap();
    assert_eq!((log.lines().nth(7), log.lines().count()), (Some("after four"), 7 + 1_000));
    fs::remove_dir_all(&folder).unwrap();
}
