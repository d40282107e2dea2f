//! Which alerts an agent itself holds, and how they come to their destinations: one cause, one alert.
//!
//! Pure: what is known comes in as an argument, and so does `now`. [`wanted`] says what there is to alert about,
//! [`Desk`] follows it over time, [`Outbox`] says what is to be sent where and when.

mod desk;
mod known;
mod name;
mod outbox;
mod wanted;
mod words;

#[cfg(test)]
mod tests;

pub use desk::{Desk, Notice, Status};
pub use known::{Known, KnownCheck, KnownException, Trouble};
pub use name::AlertName;
pub use outbox::{
    Delivery, FIRING_LASTS, LONGEST_BACKOFF, LONGEST_QUEUE, Lost, MOST_EVENTS, Outbox, Outcome, Parcel, Posted, RESEND,
    RESOLVED_FOR,
};
pub use wanted::{Key, Scope, Wanted, wanted};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The alerts of one agent, and what is to be sent of them: what is kept over a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alerting {
    pub desk: Desk,
    pub outbox: Outbox,
}

/// An alert as it is told to others. Its labels say which one it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    /// The earliest first broken look of its incidents.
    pub starts_at: Timestamp,
    /// The checks it is about, by name.
    pub checks: Vec<String>,
}
