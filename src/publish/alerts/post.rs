//! Sending, one attempt at a time: bounded in time and in what is read, without redirects, and without a word of what is
//! secret in any log.

use super::wire::{SIGNATURE_HEADER, alertmanager_body, signature, webhook_body};
use crate::alert::{Delivery, Outcome, Parcel};
use crate::dial::{self, Lookup};
use crate::plan::{Alerts, Destination, DestinationKind, DestinationName};
use jiff::Timestamp;
use reqwest::{Client, Response, StatusCode};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The longest one attempt may take, from the look-up of the name to the end of the answer.
pub const ATTEMPT: Duration = Duration::from_secs(10);

/// The most that is read of an answer, in bytes.
pub const LONGEST_ANSWER: usize = 64 * 1024;

/// The shortest key that signs: 128 bits.
const SHORTEST_KEY: usize = 16;

/// A bearer token or a key. It shows itself nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Why a file holds no usable secret, and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretTrouble {
    pub reason: &'static str,
    pub fix: &'static str,
}

impl Secret {
    /// Reads what a file holds; the line ends at its end do not count.
    pub fn read(kind: DestinationKind, bytes: &[u8]) -> Result<Self, SecretTrouble> {
        let end = bytes.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
        let bare = &bytes[..end];
        let trouble = match kind {
            DestinationKind::Alertmanager if bare.is_empty() => {
                Some(("is empty", "write the bearer token into it, or leave `token` out"))
            }
            DestinationKind::Alertmanager if !bare.iter().all(u8::is_ascii_graphic) => {
                Some(("holds more than a token", "write the bearer token into it, on one line and without spaces"))
            }
            DestinationKind::Webhook if bare.len() < SHORTEST_KEY => {
                Some(("is shorter than 16 bytes", "make a key, for example with `openssl rand -hex 32`"))
            }
            DestinationKind::Alertmanager | DestinationKind::Webhook => None,
        };
        match trouble {
            None => Ok(Self(bare.to_vec())),
            Some((reason, fix)) => Err(SecretTrouble { reason, fix }),
        }
    }
}

/// The secrets of the destinations that have one.
pub type Secrets = BTreeMap<DestinationName, Secret>;

/// Everything one agent needs to send alerts.
#[derive(Debug)]
pub struct Post {
    client: Client,
    plan: String,
    vantage: String,
    /// Where the agent shows itself.
    page: String,
    runbooks: String,
    destinations: Vec<Destination>,
    secrets: Secrets,
}

impl Post {
    /// `page` is where the agent's own HTTP answers, as `http://HOST:PORT`.
    pub fn new(
        (plan, vantage, page): (&str, &str, &str),
        alerts: &Alerts,
        secrets: Secrets,
        tls: rustls::ClientConfig,
        lookup: Lookup,
    ) -> reqwest::Result<Self> {
        let client = dial::client(tls, lookup, ATTEMPT)?;
        let runbooks = alerts.runbooks.clone().unwrap_or_else(|| format!("{page}/runbooks"));
        let destinations = alerts.destinations.clone();
        let (plan, vantage, page) = (plan.to_owned(), vantage.to_owned(), page.to_owned());
        Ok(Self { client, plan, vantage, page, runbooks, destinations, secrets })
    }

    pub fn destinations(&self) -> &[Destination] {
        &self.destinations
    }

    /// Where the runbooks are, without a slash at the end.
    pub fn runbooks(&self) -> &str {
        &self.runbooks
    }

    /// Makes one attempt.
    pub async fn send(&self, delivery: &Delivery, now: Timestamp) -> Outcome {
        let Some(destination) = self.destinations.iter().find(|known| known.name == delivery.destination) else {
            return Outcome::Failed("the plan no longer names it".to_owned());
        };
        let failed = |why: &dyn fmt::Display| Outcome::Failed(why.to_string());
        let request = match self.request(destination, &delivery.parcel, now) {
            Ok(request) => request,
            Err(why) => return failed(&why),
        };
        let attempt = async {
            match request.send().await {
                Ok(response) => {
                    let outcome = outcome_of(response.status());
                    drain(response).await;
                    outcome
                }
                Err(e) => Outcome::Failed(dial::told(e)),
            }
        };
        // An answer whose end does not come is no answer; the client's own timeout ends the attempt first.
        tokio::time::timeout(ATTEMPT + Duration::from_secs(1), attempt)
            .await
            .unwrap_or_else(|_| failed(&"no answer in time"))
    }

    fn request(
        &self,
        destination: &Destination,
        parcel: &Parcel,
        now: Timestamp,
    ) -> serde_json::Result<reqwest::RequestBuilder> {
        let secret = self.secrets.get(&destination.name);
        let json = "application/json";
        Ok(match parcel {
            Parcel::Alertmanager(posted) => {
                let body = alertmanager_body(posted, &self.page)?;
                let url = format!("{}/api/v2/alerts", destination.url.base());
                let request = self.client.post(url).header("Content-Type", json).body(body);
                match secret {
                    Some(Secret(token)) => request.bearer_auth(String::from_utf8_lossy(token)),
                    None => request,
                }
            }
            Parcel::Webhook(notices) => {
                let body = webhook_body(notices, &self.plan, &self.vantage, now)?;
                let request = self.client.post(destination.url.whole()).header("Content-Type", json);
                let key = secret.map(|Secret(key)| key.as_slice()).unwrap_or_default();
                request.header(SIGNATURE_HEADER, signature(key, &body, now)).body(body)
            }
        })
    }
}

/// The status alone decides: whoever says that it has it, has it.
fn outcome_of(status: StatusCode) -> Outcome {
    match status.as_u16() {
        200..=299 => Outcome::Delivered,
        // Later, says the receiver (RFC 9110 §15.5.9, RFC 6585 §4).
        408 | 429 => Outcome::Failed(format!("status {status}")),
        refusal @ 300..=499 => Outcome::Refused(refusal),
        _ => Outcome::Failed(format!("status {status}")),
    }
}

/// Reads the answer to its end, so that the connection can be used again, or to what is enough of it.
async fn drain(mut response: Response) {
    let mut read = 0;
    while read < LONGEST_ANSWER {
        match response.chunk().await {
            Ok(Some(chunk)) => read += chunk.len(),
            Ok(None) | Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_long_enough_and_shows_itself_nowhere() {
        let key = b"0123456789abcdef";
        let secret = Secret::read(DestinationKind::Webhook, b"0123456789abcdef\r\n\n").unwrap();
        assert_eq!(secret.0, key);
        assert_eq!(format!("{secret:?}"), "(secret)");
        for (kind, bytes) in [
            (DestinationKind::Webhook, &b""[..]),
            (DestinationKind::Webhook, b"0123456789abcde\n\n\n\n"),
            (DestinationKind::Alertmanager, b"\n"),
            (DestinationKind::Alertmanager, b"two words"),
            (DestinationKind::Alertmanager, b"two\nlines"),
        ] {
            assert!(Secret::read(kind, bytes).is_err(), "{bytes:?}");
        }
        assert!(Secret::read(DestinationKind::Alertmanager, b"t0ken.with-signs=\n").is_ok());
    }

    #[test]
    fn the_status_decides() {
        let outcome = |status| outcome_of(StatusCode::from_u16(status).unwrap());
        for status in [200, 202, 204, 299] {
            assert_eq!(outcome(status), Outcome::Delivered);
        }
        for status in [301, 307, 400, 401, 404, 413, 422] {
            assert_eq!(outcome(status), Outcome::Refused(status));
        }
        for status in [408, 429, 500, 503, 599] {
            assert!(matches!(outcome(status), Outcome::Failed(_)), "{status}");
        }
    }
}
