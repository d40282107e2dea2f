//! Azure's platform resolver drops what exceeds 1,000 questions a second from one machine, and the machine's other
//! tenants pay for it. The agent keeps to half of that, per resolver, all its checks together.

use crate::plan::MOST_QUESTIONS_PER_SECOND;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Unused time is kept up to this much, so that one look's questions leave together.
const BURST: Duration = Duration::from_millis(40);

/// A resolver that has questions waiting for longer than this is spared the follow-ups; looks come first.
const PATIENCE: Duration = Duration::from_millis(200);

/// When each resolver may be asked next.
#[derive(Debug, Default)]
pub struct Pacer {
    next: Mutex<HashMap<SocketAddr, Instant>>,
    /// Whether follow-up questions wait for their turn.
    patient: bool,
}

impl Pacer {
    /// For a single round: no later look is there to be delayed, so a follow-up waits instead of being left out.
    pub fn of_one_round() -> Self {
        Self { patient: true, ..Self::default() }
    }

    /// Waits until `questions` more may be asked of a server. A server on this machine itself is not paced.
    pub async fn wait(&self, server: SocketAddr, questions: u32) {
        if !server.ip().is_loopback() {
            tokio::time::sleep_until(self.reserve(server, questions, Instant::now())).await;
        }
    }

    /// Whether a question more may be asked: it would leave without waiting for others, or may wait.
    pub fn has_room(&self, server: SocketAddr) -> bool {
        if self.patient {
            return true;
        }
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        server.ip().is_loopback() || next.get(&server).is_none_or(|slot| *slot <= Instant::now() + PATIENCE)
    }

    fn reserve(&self, server: SocketAddr, questions: u32, now: Instant) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let earliest = now.checked_sub(BURST).unwrap_or(now);
        // Whoever was not asked yet has all of its time unused.
        let slot = next.entry(server).or_insert(earliest);
        let start = (*slot).max(earliest);
        *slot = start + Duration::from_secs(1) / MOST_QUESTIONS_PER_SECOND * questions;
        start.max(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_first_look_leaves_room_for_what_it_wants_to_know() {
        let server = "10.0.0.4:53".parse().unwrap();
        let pacer = Pacer::default();
        pacer.reserve(server, 2, Instant::now());
        assert!(pacer.has_room(server), "a resolver that answers at once is asked further at once");
        let (busy, patient) = (Pacer::default(), Pacer::of_one_round());
        for pacer in [&busy, &patient] {
            for _ in 0..100 {
                pacer.reserve(server, 2, Instant::now());
            }
        }
        assert_eq!((busy.has_room(server), patient.has_room(server)), (false, true));
    }

    #[tokio::test(start_paused = true)]
    async fn a_thousand_looks_at_once_stay_below_the_limit() {
        let pacer = Pacer::default();
        let server = "10.0.0.4:53".parse().unwrap();
        let now = Instant::now();
        let slots: Vec<Instant> = (0..1_000).map(|_| pacer.reserve(server, 2, now)).collect();
        let in_first_second = slots.iter().filter(|slot| **slot < now + Duration::from_secs(1)).count() * 2;
        assert!(in_first_second <= 520, "{in_first_second} questions in the first second");
    }
}
