//! When to look whether there is a newer plan.

use std::time::Duration;

/// The wait after the first failure; it doubles with each further one, up to the usual wait.
const FIRST_RETRY: Duration = Duration::from_secs(5);

/// How often a running agent looks for a newer plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The longest wait between two looks.
    pub every: Duration,
}

impl Pace {
    /// The shortest and the longest that can be asked for.
    pub const BOUNDS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(86_400));

    /// How long to wait after so many failures in a row. `chance`, from 0 to 1, spreads a fleet: a wait is between one half
    /// of its bound and all of it, so agents that started together do not stay together.
    pub fn wait(self, failures: u32, chance: f64) -> Duration {
        let bound = match failures.checked_sub(1) {
            None => self.every,
            Some(more) => FIRST_RETRY.saturating_mul(2_u32.saturating_pow(more)).min(self.every),
        };
        bound.mul_f64(0.5 + 0.5 * chance.clamp(0.0, 1.0))
    }
}
