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
mod manager;
mod once;
mod renew;
mod run;
mod scribe;
mod tell;

#[cfg(test)]
mod tests;

pub use estate::{Before, Estate, EstateError, Grounds, Interest};
pub use manager::Manager;
pub use once::{once, once_at};
pub use renew::{Asked, PlanSource, Refresh};
pub use run::{Means, Orders, run, shared_board};

/// Descriptors one look may hold at a time, at the most: resolvers and addresses together.
const DESCRIPTORS_PER_LOOK: u64 = 16;

/// Descriptors that looks leave alone: for the agent's own HTTP, its alerts, its state and getaddrinfo.
const RESERVED_DESCRIPTORS: u64 = 32;

/// The most looks under way at a time, whatever the limits allow.
const MOST_LOOKS: u64 = 2_048;

/// How many looks may be under way: as many as the descriptors allow. Raises the soft limit to the hard one first.
pub fn most_looks() -> usize {
    looks_within(rlimit::increase_nofile_limit(u64::MAX).unwrap_or(1_024))
}

fn looks_within(descriptors: u64) -> usize {
    let for_looks = descriptors.saturating_sub(RESERVED_DESCRIPTORS);
    usize::try_from((for_looks / DESCRIPTORS_PER_LOOK).clamp(1, MOST_LOOKS)).unwrap_or(1)
}

#[test]
fn looks_leave_descriptors_for_everything_else() {
    for descriptors in [48, 64, 100, 256, 1_024, 4_096, 1 << 20] {
        let held = looks_within(descriptors) as u64 * DESCRIPTORS_PER_LOOK;
        assert!(held + RESERVED_DESCRIPTORS <= descriptors, "{held} of {descriptors}");
    }
    assert_eq!((looks_within(0), looks_within(1_024), looks_within(u64::MAX)), (1, 62, 2_048));
}
