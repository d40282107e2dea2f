//! One round, without the schedule: every check of the vantage at once, bounded, then judged together.

use super::estate::{Estate, Work};
use super::keeper::{Keeper, blank};
use crate::clock;
use crate::facts::Facts;
use crate::plan::Claim;
use crate::publish::{Board, SharedBoard};
use futures_util::StreamExt;
use futures_util::stream::iter;
use std::sync::Arc;

/// Looks at everything once. `progress` hears of every look that ended.
pub async fn once(estate: &Estate, at_a_time: usize, mut progress: impl FnMut()) -> Board {
    let board = SharedBoard::new(blank(estate, clock::now()));
    let mut keeper = Keeper::new(board.clone(), estate, clock::now());
    let today = clock::day(clock::now());
    let looks = async {
        let looks =
            iter(estate.works.iter().filter(|work| estate.is_looked_at(work, today)).map(|work| seen(estate, work)))
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

async fn seen(estate: &Estate, work: &Arc<Work>) -> (Arc<Work>, Facts) {
    (Arc::clone(work), estate.examine(work, None, clock::day(clock::now()), false).await)
}
