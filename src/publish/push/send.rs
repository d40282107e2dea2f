//! One attempt to push: bounded in time and in what is read, without redirects, and without a word of what is secret.

use super::{Credentials, otlp};
use crate::dial;
use crate::facts::shown;
use crate::plan::Url;
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, Response, StatusCode};
use std::fmt;
use std::time::Duration;

/// The longest one attempt may take, from the look-up of the name to the end of the answer.
pub const ATTEMPT: Duration = Duration::from_secs(10);

/// How often one request is tried.
pub const ATTEMPTS: u32 = 3;

/// The longest wait before another attempt; a receiver that asks for more is given up.
pub const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The longest all requests of one round may take together.
pub const LONGEST_PUSH: Duration = Duration::from_secs(30);

/// The most that is read of an answer, in bytes.
pub const LONGEST_ANSWER: usize = 64 * 1024;

/// How the result is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    RemoteWrite,
    Otlp,
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::RemoteWrite, Self::Otlp];

    pub const fn word(self) -> &'static str {
        match self {
            Self::RemoteWrite => "remote-write",
            Self::Otlp => "otlp",
        }
    }

    /// Whether a receiver that answers so may take the same a little later.
    fn is_for_later(self, status: StatusCode) -> bool {
        match self {
            Self::RemoteWrite => status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error(),
            // The protocol names them, and forbids to try again after any other.
            Self::Otlp => matches!(status.as_u16(), 429 | 502 | 503 | 504),
        }
    }
}

/// Where the result is pushed.
#[derive(Clone, Debug)]
pub struct Destination {
    pub kind: Kind,
    pub url: Url,
    pub credentials: Credentials,
}

impl fmt::Display for Destination {
    /// Without the path, which may hold a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.kind.word(), self.url.origin())
    }
}

/// What came of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Taken,
    /// Taken, but for some of it.
    TakenInPart(String),
    /// The times are older than what the receiver has by now.
    OutOfOrder(String),
    /// Trying again would change nothing. Whether some of it was taken all the same, some receivers leave open.
    Refused {
        why: String,
        for_certain: bool,
    },
    /// It may be taken later; the receiver may have said when. Whether it was taken now nobody knows.
    Failed {
        why: String,
        wait: Option<Duration>,
    },
    /// Nobody was reached, so nothing was taken.
    NotReached(String),
}

impl Destination {
    /// Makes one attempt.
    pub async fn send(&self, client: &Client, body: Vec<u8>) -> Outcome {
        let request = client.post(self.url.whole()).header("Content-Type", "application/x-protobuf").body(body);
        let request = match self.kind {
            Kind::RemoteWrite => {
                request.header("Content-Encoding", "snappy").header("X-Prometheus-Remote-Write-Version", "0.1.0")
            }
            Kind::Otlp => request,
        };
        match self.credentials.on(request).send().await {
            Ok(response) => self.outcome(response).await,
            // A handshake that failed, too: no request was sent.
            Err(e) if e.is_connect() => Outcome::NotReached(dial::told(e)),
            Err(e) => Outcome::Failed { why: dial::told(e), wait: None },
        }
    }

    async fn outcome(&self, response: Response) -> Outcome {
        let status = response.status();
        let wait = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let answer = beginning(response).await;
        if status.is_success() {
            return match self.kind {
                Kind::RemoteWrite => Outcome::Taken,
                Kind::Otlp => otlp::rejected(&answer).map_or(Outcome::Taken, |(points, why)| {
                    let why = self.harmless(&why);
                    Outcome::TakenInPart(format!("it took all but {points} points: {why}"))
                }),
            };
        }
        let why = self.why(status, &answer);
        if self.kind.is_for_later(status) {
            return Outcome::Failed { why, wait: wait.map(Duration::from_secs) };
        }
        let speaks_of_the_body = matches!(status.as_u16(), 400 | 409 | 413 | 422 | 500..=599);
        let says_late = why.to_lowercase().replace('-', " ").contains("out of order");
        if speaks_of_the_body && says_late {
            return Outcome::OutOfOrder(why);
        }
        Outcome::Refused { why, for_certain: !speaks_of_the_body }
    }

    /// The status, and the first line of what the receiver says about it.
    fn why(&self, status: StatusCode, answer: &[u8]) -> String {
        let in_protobuf = match self.kind {
            Kind::RemoteWrite => None,
            Kind::Otlp => otlp::reason(answer),
        };
        let text = in_protobuf.unwrap_or_else(|| String::from_utf8_lossy(answer).into_owned());
        let said = self.harmless(text.trim_start());
        let redirect = if status.is_redirection() { ", which is not followed" } else { "" };
        let said = if said.is_empty() { said } else { format!(": {said}") };
        format!("status {status}{redirect}{said}")
    }

    /// The first line of a receiver's words, as it may be shown.
    fn harmless(&self, said: &str) -> String {
        shown(&self.credentials.out_of(said.lines().next().unwrap_or_default()))
    }
}

/// The beginning of an answer. One that breaks off says as much as it said.
async fn beginning(mut response: Response) -> Vec<u8> {
    let mut read = Vec::new();
    while read.len() < LONGEST_ANSWER {
        match response.chunk().await {
            Ok(Some(chunk)) => read.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    read.truncate(LONGEST_ANSWER);
    read
}
