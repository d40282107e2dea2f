//! What is sent, byte by byte. The keys of a webhook's body are a contract; `docs/alerts.md` describes them.

use crate::alert::{Notice, Posted, Status};
use jiff::Timestamp;
use ring::hmac;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The header with the signature of a webhook's body.
pub const SIGNATURE_HEADER: &str = "Fencepost-Signature";

/// The version of the body. It changes when a receiver that knows the old one would read the new one wrongly.
const VERSION: u32 = 1;

/// An alert as Alertmanager's API v2 takes it (`POST /api/v2/alerts`).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PostableAlert<'a> {
    labels: &'a BTreeMap<String, String>,
    annotations: &'a BTreeMap<String, String>,
    starts_at: Timestamp,
    ends_at: Timestamp,
    #[serde(rename = "generatorURL")]
    generator_url: &'a str,
}

/// The body for an Alertmanager. `page` is where the agent shows itself.
pub fn alertmanager_body(posted: &[Posted], page: &str) -> serde_json::Result<Vec<u8>> {
    let alerts = posted.iter().map(|posted| PostableAlert {
        labels: &posted.alert.labels,
        annotations: &posted.alert.annotations,
        // What ends before it began would be refused; a clock that was set back can make it so.
        starts_at: posted.alert.starts_at.min(posted.ends_at),
        ends_at: posted.ends_at,
        generator_url: page,
    });
    serde_json::to_vec(&alerts.collect::<Vec<_>>())
}

/// What a webhook gets: news of alerts, the oldest first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Events<'a> {
    /// The version of this body: 1.
    pub version: u32,
    /// The plan that the agent follows.
    pub plan: &'a str,
    /// The vantage that the agent stands for.
    pub vantage: &'a str,
    /// When this body was made. The same events may be sent again later, in a body with another time.
    pub sent_at: Timestamp,
    /// At least one, at most 100.
    pub events: Vec<Event<'a>>,
}

/// One piece of news.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Event<'a> {
    /// Whoever gets the same id twice got the same event twice.
    pub id: &'a str,
    pub status: EventStatus,
    /// They say which alert it is, and stay the same from its beginning to its end.
    pub labels: &'a BTreeMap<String, String>,
    /// What is to be told of it; texts of at most 500 characters.
    pub annotations: &'a BTreeMap<String, String>,
    /// When what it is about began.
    pub starts_at: Timestamp,
    /// When it ended; only where `status` is `resolved`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// The checks it is about, by name; none where it is about the agent or an exception.
    pub checks: &'a [String],
}

#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EventStatus {
    Firing,
    /// It still fires, and further checks joined it.
    Changed,
    Resolved,
}

/// The body for a webhook.
pub fn webhook_body(notices: &[Notice], plan: &str, vantage: &str, now: Timestamp) -> serde_json::Result<Vec<u8>> {
    let events = notices.iter().map(|notice| Event {
        id: &notice.id,
        status: match notice.status {
            Status::Firing => EventStatus::Firing,
            Status::Changed => EventStatus::Changed,
            Status::Resolved => EventStatus::Resolved,
        },
        labels: &notice.alert.labels,
        annotations: &notice.alert.annotations,
        starts_at: notice.alert.starts_at,
        ends_at: (notice.status == Status::Resolved).then_some(notice.at),
        checks: &notice.alert.checks,
    });
    serde_json::to_vec(&Events { version: VERSION, plan, vantage, sent_at: now, events: events.collect() })
}

/// The JSON Schema of a webhook's body.
pub fn events_schema() -> serde_json::Value {
    schemars::schema_for!(Events<'static>).to_value()
}

/// `t=SECONDS,v1=HEX`: HMAC-SHA-256 under the key over the seconds, a full stop, and the body.
pub fn signature(key: &[u8], body: &[u8], now: Timestamp) -> String {
    let seconds = now.as_second();
    let mut signing = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    signing.update(format!("{seconds}.").as_bytes());
    signing.update(body);
    let hex: String = signing.sign().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={seconds},v1={hex}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of `docs/alerts.md` is run against it elsewhere; here, what is signed and how it is written.
    #[test]
    fn the_signature_is_hmac_sha_256_over_seconds_and_body() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let said = signature(b"Jefe", b"what do ya want for nothing?", now);
        let whole = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b"Jefe"), b"1700000000.what do ya want for nothing?");
        let hex: String = whole.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(said, format!("t=1700000000,v1={hex}"));
    }
}
