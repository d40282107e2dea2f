//! One round, without the schedule: every check of the vantage at once, bounded, then judged together.

use super::estate::{Before, Estate, Interest, Work};
use super::keeper::{Keeper, blank};
use crate::clock;
use crate::facts::Facts;
use crate::plan::{CheckName, Claim};
use crate::publish::{Board, SharedBoard};
use futures_util::StreamExt;
use futures_util::stream::iter;
use jiff::civil::Date;
use std::sync::Arc;

/// Looks at everything once. `progress` hears of every look that ended.
pub async fn once(estate: &Estate, at_a_time: usize, progress: impl FnMut()) -> Board {
    let today = clock::day(clock::now());
    let all = estate.works.iter().filter(|work| estate.is_looked_at(work, today)).map(|work| (work, Interest::Once));
    look_at(estate, at_a_time, today, all.collect(), progress).await
}

/// Looks once at some checks, and asks whatever would tell a cause. Where a block among them needs a witness and the
/// vantage names none, its private checks are looked at too.
pub async fn once_at(estate: &Estate, at_a_time: usize, chosen: &[CheckName]) -> Board {
    let today = clock::day(clock::now());
    let is_chosen = |work: &Work| chosen.contains(&work.name);
    let interest = |work: &Work| if is_chosen(work) { Interest::Curious } else { Interest::Once };
    let is_private = |work: &Work| estate.claims(work, today) == Some(&Claim::Private);
    let blocks = estate.works.iter().any(|work| is_chosen(work) && !is_private(work));
    let needs_witness = blocks && estate.vantage().witness.is_none();
    let wanted = estate
        .works
        .iter()
        .filter(|work| estate.is_looked_at(work, today) && (is_chosen(work) || needs_witness && is_private(work)));
    look_at(estate, at_a_time, today, wanted.map(|work| (work, interest(work))).collect(), || {}).await
}

/// Looks at works, each with an interest of its own.
async fn look_at(
    estate: &Estate,
    at_a_time: usize,
    today: Date,
    works: Vec<(&Arc<Work>, Interest)>,
    mut progress: impl FnMut(),
) -> Board {
    let board = SharedBoard::new(blank(estate, clock::now()));
    let mut keeper = Keeper::new(board.clone(), estate, clock::now());
    let looks = async {
        let looks = iter(works.into_iter().map(|(work, interest)| seen(estate, work, interest, today)))
            .buffer_unordered(at_a_time);
        looks.inspect(|_| progress()).collect::<Vec<_>>().await
    };
    let (witness, mut looks) = tokio::join!(estate.look_at_witness(), looks);
    let now = clock::now();
    if let Some(mut facts) = witness {
        // All of it is one round, however long a large plan takes.
        facts.at = now;
        keeper.take_witness(estate, facts, now);
    }
    // Private checks first: one that holds is the witness of those that follow.
    looks.sort_by_key(|(work, _)| estate.claims(work, today) != Some(&Claim::Private));
    for (work, facts) in looks {
        keeper.take(estate, &work, facts, now);
    }
    board.snapshot()
}

async fn seen(estate: &Estate, work: &Arc<Work>, interest: Interest, today: Date) -> (Arc<Work>, Facts) {
    (Arc::clone(work), estate.examine(work, &Before::default(), today, interest).await)
}
