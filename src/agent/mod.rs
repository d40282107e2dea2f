//! The agent: looks on schedule, judges, keeps the board, reloads, stops. The only place of the program that spawns.
//!
//! One task owns the schedule, the looks under way and the writing side of the board; looks run beside it and hand
//! their facts back. Every look is bounded by its timeouts, and their number by [`most_looks`].

mod alarm;
mod brief;
mod carry;
mod courier;
mod estate;
mod keeper;
mod once;
mod run;
mod scribe;
mod tell;

#[cfg(test)]
mod tests;

pub use estate::{Before, Estate, EstateError, Grounds, Interest};
pub use once::{once, once_at};
pub use run::{Means, Orders, PlanSource, run, shared_board};

/// Descriptors one look may hold at a time, at the most: resolvers and addresses together.
const DESCRIPTORS_PER_LOOK: u64 = 16;

/// The most looks under way at a time, whatever the limits allow.
const MOST_LOOKS: u64 = 2_048;

/// How many looks may be under way: as many as the descriptors allow. Raises the soft limit to the hard one first.
pub fn most_looks() -> usize {
    let descriptors = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(1_024);
    usize::try_from((descriptors / DESCRIPTORS_PER_LOOK).clamp(4, MOST_LOOKS)).unwrap_or(4)
}
