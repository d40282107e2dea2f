//! What an HTTP answer means: the catalogue's entries are tried in order, the first that matches decides.

use serde::Deserialize;
use std::borrow::Cow;

/// What an answer says about the path it came by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// The request passed the network gate and met the service.
    Open,
    /// As `open`, and the service is throttling.
    Throttled,
    /// As `open`, and the service served the request without any credential.
    Anonymous,
    /// The service's front refused the network the request came from: it was reached on the public side.
    Denied,
    /// The service was reached under a name that cannot work with a private endpoint.
    WrongEndpoint,
}

impl Meaning {
    /// Whether the network gate was passed.
    pub const fn is_open(self) -> bool {
        match self {
            Self::Open | Self::Throttled | Self::Anonymous => true,
            Self::Denied | Self::WrongEndpoint => false,
        }
    }
}

/// One entry: every condition that is given must match.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The statuses it applies to; empty for any.
    #[serde(default)]
    pub status: Vec<u16>,
    /// Text that the body holds, compared without regard to case and to runs of white space.
    pub body: Option<String>,
    /// A header, as `name: value`; the value is compared as the start of the header's, without regard to case.
    pub header: Option<String>,
    pub means: Meaning,
    pub certainty: super::Certainty,
    pub source: String,
}

/// What was seen of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    pub status: u16,
    /// Header names and values.
    pub headers: &'a [(Cow<'static, str>, String)],
    /// The beginning of the body, as far as it was read.
    pub body: &'a str,
}

impl Answer {
    pub fn matches(&self, seen: Seen<'_>) -> bool {
        let status = self.status.is_empty() || self.status.contains(&seen.status);
        let body = self.body.as_ref().is_none_or(|text| folded(seen.body).contains(&folded(text)));
        let header = self.header.as_ref().is_none_or(|wanted| has_header(seen.headers, wanted));
        status && body && header
    }
}

impl super::Service {
    /// What an answer means, where the catalogue knows it.
    pub fn meaning(&self, seen: Seen<'_>) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.matches(seen))
    }
}

fn has_header(headers: &[(Cow<'static, str>, String)], wanted: &str) -> bool {
    let (name, value) = wanted.split_once(':').unwrap_or((wanted, ""));
    let value = value.trim().to_ascii_lowercase();
    headers
        .iter()
        .any(|(n, v)| n.eq_ignore_ascii_case(name.trim()) && v.trim().to_ascii_lowercase().starts_with(&value))
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
