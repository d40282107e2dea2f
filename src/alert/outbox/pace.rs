//! When to try again. A wait is told by where it began and how long it is, so that a clock that is set back lengthens
//! none by more than itself.

use super::DestinationName;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The longest wait between two attempts.
pub const LONGEST_BACKOFF: SignedDuration = SignedDuration::from_secs(60);

/// Spreads the attempts of many agents: a hash, and never chance.
pub fn salt(destination: &DestinationName, vantage: &str) -> u32 {
    crc32fast::hash(format!("{destination}\n{vantage}").as_bytes())
}

/// A stretch of time from a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    pub from: Timestamp,
    pub length: SignedDuration,
}

impl Wait {
    /// What is left of it.
    pub fn left(&self, now: Timestamp) -> SignedDuration {
        let passed = now.duration_since(self.from);
        // Before its beginning: the clock was set back, and nobody knows how long ago that was.
        if passed.is_negative() {
            SignedDuration::ZERO
        } else {
            self.length.saturating_sub(passed).max(SignedDuration::ZERO)
        }
    }
}

/// How failures space the attempts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    salt: u32,
    failures: u32,
    wait: Option<Wait>,
}

impl Pace {
    pub fn new(salt: u32) -> Self {
        Self { salt, failures: 0, wait: None }
    }

    pub fn succeeded(&mut self) {
        (self.failures, self.wait) = (0, None);
    }

    pub fn failed(&mut self, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        self.wait = Some(Wait { from: now, length: backoff(self.failures, self.salt) });
    }

    pub fn left(&self, now: Timestamp) -> SignedDuration {
        self.wait.map_or(SignedDuration::ZERO, |wait| wait.left(now))
    }
}

/// 1 s, 2 s, 4 s and so on to 60 s, less up to a quarter by the salt.
fn backoff(failures: u32, salt: u32) -> SignedDuration {
    let doubled = 1_000_i64 << failures.saturating_sub(1).min(6);
    let whole = doubled.min(60_000);
    let less = (whole / 4).saturating_mul(i64::from(salt)) >> 32;
    SignedDuration::from_millis(whole - less)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_to_a_minute_and_differ_by_a_quarter_at_most() {
        let whole: Vec<i64> = (1..=9).map(|failures| backoff(failures, 0).as_secs()).collect();
        assert_eq!(whole, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        for failures in [1, 4, 7, u32::MAX] {
            let (most, least) = (backoff(failures, 0), backoff(failures, u32::MAX));
            assert!(least < most && least * 4 >= most * 3, "{least} {most}");
            assert!(most <= LONGEST_BACKOFF);
        }
        let name = |text| DestinationName::new(text);
        assert_eq!(salt(&name("soc"), "build"), salt(&name("soc"), "build"));
        assert_ne!(salt(&name("soc"), "build"), salt(&name("soc"), "sandbox"));
    }

    #[test]
    fn a_clock_that_is_set_back_lengthens_no_wait() {
        let from: Timestamp = "2026-12-01T12:00:00Z".parse().unwrap();
        let wait = Wait { from, length: SignedDuration::from_secs(60) };
        let left = |seconds: i64| wait.left(from + SignedDuration::from_secs(seconds)).as_secs();
        assert_eq!([left(0), left(1), left(60), left(3_600), left(-3_600)], [60, 59, 0, 0, 0]);
    }
}
