//! The wall clock: the one door through which the time of day comes in. Everything that decides takes `now` as an
//! argument; everything that waits uses tokio's clock.

use jiff::Timestamp;
use jiff::civil::Date;

/// The time of day now.
pub fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    Timestamp::now()
}

/// The calendar day of a moment, in UTC.
pub fn day(at: Timestamp) -> Date {
    at.to_zoned(jiff::tz::TimeZone::UTC).date()
}
