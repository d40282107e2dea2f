//! What answers TLS and HTTP in a world.

use jiff::civil::Date;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Something that answers TLS and HTTP at an address.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Front {
    pub address: IpAddr,
    /// The names of its certificate, wildcards included.
    pub names: Vec<String>,
    /// What it answers while it is closed to this side, or always, where it has no `when_open`.
    pub answer: HttpAnswer,
    /// What it answers while it is open.
    pub when_open: Option<HttpAnswer>,
    #[serde(default)]
    pub open: bool,
    #[serde(default)]
    pub issuer: Issuer,
    #[serde(default)]
    pub state: FrontState,
    /// What it answers to visitors from a network or place, whether it is open or not.
    #[serde(default)]
    pub answers_from: BTreeMap<String, HttpAnswer>,
    /// The last day of its certificate; decided when the world is read, and no fault changes it.
    pub expires: Option<Date>,
    /// How long it thinks before it answers a request, in milliseconds.
    #[serde(default)]
    pub latency_ms: u64,
}

impl Front {
    /// The answer of the moment to a visitor from a network or place.
    pub fn answer(&self, from: Option<&str>) -> &HttpAnswer {
        let own = from.and_then(|place| self.answers_from.get(place));
        own.or(self.when_open.as_ref().filter(|_| self.open)).unwrap_or(&self.answer)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpAnswer {
    pub status: u16,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub body: String,
}

/// Who signed a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Issuer {
    /// The authority that the agent of the lab trusts.
    #[default]
    Authority,
    /// An inspection device's own, which nobody trusts.
    Inspection,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FrontState {
    #[default]
    Serving,
    /// Nothing listens on the port. Real servers then refuse everybody, also where the firewall drops.
    Refusing,
    /// Packets vanish.
    Silent,
    /// Resets the connection when it has read the client's hello.
    ResetsHandshake,
    /// Closes the connection when it has read the client's hello.
    ClosesHandshake,
    /// Takes the connection and says nothing.
    StallsHandshake,
    /// Shakes hands and never answers the request.
    StallsRequest,
    /// Answers the client's hello in plain text.
    Garbles,
}
