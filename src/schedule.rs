//! When to look: every check once a round, spread over the round by a hash of its name, never at random.
//!
//! Pure: time comes in as the time since the schedule began. The same plan gives the same spread on every start, so two
//! agents that restart together do not fall into step, and a check keeps its slot when others come and go.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// The time within a round at which a name is due.
pub fn slot(name: &str, every: Duration) -> Duration {
    let spread = u64::from(crc32fast::hash(name.as_bytes()));
    let nanos = u64::try_from(every.as_nanos()).unwrap_or(u64::MAX);
    // The hash as a fraction of its range, times the round: (h * every) / 2^32.
    Duration::from_nanos(((u128::from(spread) * u128::from(nanos)) >> 32) as u64)
}

/// Something that is due, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The index of the name.
    pub index: usize,
    /// When it was due.
    pub slot: Duration,
    /// Rounds that passed unseen before this one; the agent was too late for them.
    pub skipped: u32,
}

/// The schedule of a set of names.
#[derive(Debug)]
pub struct Schedule {
    every: Duration,
    queue: BinaryHeap<Reverse<(Duration, usize)>>,
}

impl Schedule {
    /// The first look at each name falls into the first `opening`, in the order of the slots; from the second on each
    /// has its slot of the round. An agent that starts says something within seconds, not after a whole round.
    pub fn new<'a>(names: impl Iterator<Item = &'a str>, every: Duration, opening: Duration, now: Duration) -> Self {
        let opening = opening.min(every);
        let first = names.enumerate().map(|(index, name)| Reverse((now + slot(name, opening), index)));
        Self { every, queue: first.collect() }
    }

    /// When the next name is due.
    pub fn next(&self) -> Option<Duration> {
        self.queue.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes the next name that is due, and puts it into its slot of the next round.
    pub fn take(&mut self, name_of: impl Fn(usize) -> String, now: Duration) -> Option<Due> {
        let Reverse((at, index)) = *self.queue.peek()?;
        if at > now {
            return None;
        }
        self.queue.pop();
        let following = self.following(&name_of(index), at);
        // Rounds that are wholly over are skipped, and counted.
        let behind = now.saturating_sub(following).as_nanos().checked_div(self.every.as_nanos()).unwrap_or_default();
        let skipped = if now >= following { u32::try_from(behind).unwrap_or(u32::MAX).saturating_add(1) } else { 0 };
        let next = following + self.every * skipped;
        self.queue.push(Reverse((next, index)));
        Some(Due { index, slot: at, skipped })
    }

    /// The first slot of this name that is at least half a round after `at`.
    fn following(&self, name: &str, at: Duration) -> Duration {
        let slot = slot(name, self.every);
        let round = self.every.as_nanos().max(1);
        let wanted = (at + self.every / 2).as_nanos();
        let rounds = wanted.saturating_sub(slot.as_nanos()).div_ceil(round);
        slot + Duration::from_nanos(u64::try_from(rounds * round).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EVERY: Duration = Duration::from_secs(30);

    fn names(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("target-{i}/host-{i}.openai.azure.com")).collect()
    }

    #[test]
    fn a_thousand_checks_do_not_come_in_bursts() {
        let mut per_second = [0_u32; 30];
        for name in names(1_000) {
            per_second[slot(&name, EVERY).as_secs() as usize] += 1;
        }
        assert!(per_second.iter().all(|n| (10..=70).contains(n)), "{per_second:?}");
    }

    #[test]
    fn everything_is_due_once_in_the_opening_and_then_once_a_round() {
        let names = names(50);
        let opening = Duration::from_secs(3);
        let mut schedule = Schedule::new(names.iter().map(String::as_str), EVERY, opening, Duration::ZERO);
        let mut counts = vec![0_u32; names.len()];
        for ms in (0..93_000).step_by(10) {
            while let Some(due) = schedule.take(|i| names[i].clone(), Duration::from_millis(ms)) {
                counts[due.index] += 1;
                assert_eq!(due.skipped, 0);
            }
            if ms == 3_000 {
                assert!(counts.iter().all(|n| *n == 1));
            }
        }
        assert!(counts.iter().all(|n| (3..=4).contains(n)), "{counts:?}");
    }

    proptest! {
        #[test]
        fn what_is_late_is_skipped_and_never_piles_up(gap in 0_u64..400, name in "[a-z]{1,12}") {
            let mut schedule = Schedule::new([name.as_str()].into_iter(), EVERY, Duration::from_secs(1), Duration::ZERO);
            let now = Duration::from_secs(gap);
            let mut taken = 0;
            while schedule.take(|_| name.clone(), now).is_some() { taken += 1; }
            prop_assert!(taken <= 1);
            let next = schedule.next().unwrap();
            prop_assert!(taken == 0 || (next > now && next <= now + EVERY + EVERY / 2));
        }

        /// However the loop is held up: every look lies on its slot, the rounds between two looks are either looked at
        /// or counted as skipped, and none is due before its time.
        #[test]
        fn every_round_is_looked_at_once_or_counted(
            steps in prop::collection::vec(1_u64..200_000, 1..200),
            name in "[a-z]{1,12}",
            (every, began) in (1_000_u64..60_000, 0_u64..500_000),
        ) {
            let every = Duration::from_millis(every);
            let mut now = Duration::from_millis(began);
            let mut schedule = Schedule::new([name.as_str()].into_iter(), every, Duration::from_secs(2), now);
            let mut last: Option<Due> = None;
            for step in steps {
                now += Duration::from_millis(step);
                let Some(due) = schedule.take(|_| name.clone(), now) else { continue };
                prop_assert!(due.slot <= now);
                prop_assert!(schedule.take(|_| name.clone(), now).is_none(), "two looks at once");
                if let Some(last) = last {
                    // The first look has a slot of the opening; from the second on they lie on the grid of the rounds.
                    prop_assert_eq!(due.slot.as_nanos() % every.as_nanos(), slot(&name, every).as_nanos());
                    let gap = due.slot - last.slot - every * last.skipped;
                    prop_assert!(gap >= every / 2 && gap <= every * 3 / 2, "{gap:?} of {every:?}");
                }
                last = Some(due);
            }
        }

        /// A reload at any time, with other names beside it: a name that stays has the slot it had.
        #[test]
        fn a_reload_keeps_the_slot_of_what_stays(
            reload in 0_u64..300_000, before in prop::collection::vec("[a-z]{1,9}", 0..9), after in prop::collection::vec("[a-z]{1,9}", 0..9),
        ) {
            let slots = |others: &[String], from: Duration| {
                let names: Vec<String> = [String::from("it stays")].into_iter().chain(others.iter().cloned()).collect();
                let mut schedule = Schedule::new(names.iter().map(String::as_str), EVERY, Duration::from_secs(2), from);
                let mut seen = Vec::new();
                while let Some(at) = schedule.next().filter(|at| *at < from + EVERY * 4) {
                    let due = schedule.take(|i| names[i].clone(), at).unwrap();
                    if due.index == 0 { seen.push(due.slot.as_nanos() % EVERY.as_nanos()); }
                }
                seen.split_off(1)
            };
            let (first, second) = (slots(&before, Duration::ZERO), slots(&after, Duration::from_millis(reload)));
            prop_assert!(first.len() >= 2 && second.len() >= 2);
            prop_assert!(first.iter().chain(&second).all(|slot| *slot == first[0]));
        }
    }

    /// The busiest second of a round has at most twice its share and a little, however many there are.
    #[test]
    fn the_spread_is_bounded_for_every_size() {
        for (count, seconds) in [(200_usize, 30_u64), (2_000, 30), (10_000, 60)] {
            let every = Duration::from_secs(seconds);
            let mut per_second = vec![0_usize; seconds as usize];
            for name in names(count) {
                per_second[slot(&name, every).as_secs() as usize] += 1;
            }
            let share = count / seconds as usize;
            assert!(per_second.iter().all(|n| *n <= 2 * share + 8), "{count}: {per_second:?}");
        }
    }
}
