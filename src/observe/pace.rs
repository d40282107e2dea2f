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
}

impl Pacer {
    /// Waits until `questions` more may be asked of a server. A server on this machine itself is not paced.
    pub async fn wait(&self, server: SocketAddr, questions: u32) {
        if !server.ip().is_loopback() {
            tokio::time::sleep_until(self.reserve(server, questions, Instant::now())).await;
        }
    }

    /// Whether a question that can wait for a later look would leave soon.
    pub fn has_room(&self, server: SocketAddr) -> bool {
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        server.ip().is_loopback() || next.get(&server).is_none_or(|slot| *slot <= Instant::now() + PATIENCE)
    }

    fn reserve(&self, server: SocketAddr, questions: u32, now: Instant) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = next.entry(server).or_insert(now);
        let earliest = now.checked_sub(BURST).unwrap_or(now);
        let start = (*slot).max(earliest);
        *slot = start + Duration::from_secs(1) / MOST_QUESTIONS_PER_SECOND * questions;
        start.max(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
