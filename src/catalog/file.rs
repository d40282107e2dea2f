//! The form of a catalogue file. Unknown keys are refused with their line, so a misspelt fact cannot hide.

use super::answer::Answer;
use crate::plan::{HostName, ServiceName};
use serde::Deserialize;
use std::collections::BTreeMap;
use wildmatch::WildMatch;

/// One service of the catalogue.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    #[serde(rename = "service")]
    pub name: ServiceName,
    pub title: String,
    pub about: String,
    /// Names and zones per cloud; empty where the service has no private endpoint.
    #[serde(default)]
    pub clouds: BTreeMap<Cloud, CloudNames>,
    /// Names that stand in a chain when the answer comes from the public side.
    #[serde(default)]
    pub public_tail: Vec<TailPattern>,
    /// Where the public side of a region answers.
    #[serde(default)]
    pub public_fronts: Vec<FrontName>,
    pub request: Request,
    /// What an answer means; the first entry that matches decides.
    pub answers: Vec<Answer>,
    /// Host names of the service itself, for services whose names are the same for everybody.
    #[serde(default)]
    pub endpoints: Vec<Endpoint>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cloud {
    Commercial,
    Government,
    China,
}

/// How sure a fact is. Only `documented` and `observed` facts may carry a hard verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// Text of an official document.
    Documented,
    /// Seen in public code or threads by several people.
    Observed,
    /// Concluded, not seen.
    Inferred,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloudNames {
    /// Suffixes of the names that applications call; these are what a conditional forwarder must forward.
    pub suffixes: Vec<String>,
    /// The private zones that hold their records, in the order of the suffixes; one zone may serve all suffixes.
    pub zones: Vec<String>,
    pub certainty: Certainty,
    pub source: String,
}

impl CloudNames {
    /// The zones of one suffix: the one at the same position, or all where the counts differ.
    pub fn zones_for(&self, suffix: &str) -> Vec<&str> {
        let position = self.suffixes.iter().position(|s| s == suffix);
        match position {
            Some(i) if self.zones.len() == self.suffixes.len() => vec![self.zones[i].as_str()],
            _ => self.zones.iter().map(String::as_str).collect(),
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TailPattern {
    /// A name in which `*` stands for any characters.
    pub pattern: String,
    /// What its presence says, as part of a sentence.
    pub says: String,
    pub certainty: Certainty,
    pub source: String,
}

impl TailPattern {
    pub fn matches(&self, name: &HostName) -> bool {
        WildMatch::new(&self.pattern).matches(name.as_str())
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontName {
    /// A name in which `{region}` stands for the target's region.
    pub name: String,
    pub certainty: Certainty,
    pub source: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// A path that needs no key and spends no token. Always asked for with GET.
    pub path: String,
    /// Whether a target may bring its own request.
    #[serde(default)]
    pub per_target: bool,
    pub source: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    pub host: HostName,
    /// Whose service it is.
    pub of: String,
}

impl Service {
    /// Reads one file; the error carries the place.
    pub fn read(file: &str, text: &str) -> Result<Self, String> {
        let service: Self = serde_saphyr::from_str(text).map_err(|e| format!("{file}: {e}"))?;
        for endpoint in &service.endpoints {
            HostName::parse(endpoint.host.as_str())
                .map_err(|trouble| format!("{file}: the endpoint `{}` {trouble}", endpoint.host))?;
        }
        if !service.request.path.starts_with('/') {
            return Err(format!("{file}: the request path `{}` must begin with `/`", service.request.path));
        }
        Ok(service)
    }
}
