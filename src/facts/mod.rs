//! What the wire said, when, and how long it took. Facts hold no opinion: a probe that failed is a fact like any other.
//!
//! They are saved and sent as JSON, so every type here reads back what it wrote.

mod inquiries;
mod names;
mod paths;
mod runner;
mod shown;

pub use inquiries::{FollowUp, Inquired, Inquiries, Inquiry, MachineFacts, Purpose};
pub use names::{
    Answer, Authority, ExtendedError, Family, Hop, Lookup, LookupOutcome, NameFacts, OsLookup, OsOutcome, Rcode,
    ResolverFacts, Transport,
};
pub use paths::{
    CertTrouble, Certificate, Connect, ConnectOutcome, Http, HttpOutcome, PathFacts, ProxyFacts, ProxySource, Tls,
    TlsOutcome, Tunnel, Why,
};
pub use runner::{Pipeline, ProxyVariable, Runner};
pub use shown::{readable, shown};

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Everything one look at one endpoint brought to light.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// When the look began, by the wall clock.
    pub at: jiff::Timestamp,
    /// How long the whole look took.
    #[serde(rename = "seconds", with = "seconds")]
    pub took: Duration,
    pub names: NameFacts,
    /// Every address that was tried, in the order of the addresses.
    pub paths: Vec<PathFacts>,
    /// Addresses that were known but not tried, because a look tries at most so many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untried: Vec<std::net::IpAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<ProxyFacts>,
    /// What was asked because something was off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_up: Option<Box<FollowUp>>,
    /// What those that gave a public address said when they were asked again at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_look: Option<Box<NameFacts>>,
}

/// What a named witness said in one round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WitnessFacts {
    pub at: jiff::Timestamp,
    pub succeeded: bool,
    /// What was tried and what came of it, as one phrase a part.
    pub tried: Vec<String>,
}

/// Times are kept as durations and written as seconds.
pub mod seconds {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::time::Duration;

    pub fn serialize<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64((time.as_secs_f64() * 1e6).round() / 1e6)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let seconds = f64::deserialize(from)?;
        Duration::try_from_secs_f64(seconds).map_err(serde::de::Error::custom)
    }
}
