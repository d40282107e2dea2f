//! How far each address was reached: one connection, its phases, and what the last one said.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// One address, on one connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PathFacts {
    pub address: IpAddr,
    pub port: u16,
    /// Why the address was tried; at least one reason.
    pub why: Vec<Why>,
    pub connect: Connect,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<Http>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The OS path or a resolver of the private view gave it.
    Answered,
    /// The plan expects it.
    Expected,
    /// It is where the public side answers: from the plan, the catalogue, or a resolver with the public view.
    PublicFront,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connect {
    #[serde(rename = "seconds", with = "super::seconds")]
    pub took: Duration,
    pub outcome: ConnectOutcome,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectOutcome {
    Connected,
    TimedOut,
    Refused,
    Reset,
    /// The network, or this machine's routes, said that there is no way; with the system's words.
    Unreachable(String),
    /// The agent itself could not try; with the reason.
    NotTried(String),
}

/// The handshake, with the host name as SNI, and the certificate even when it is not trusted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tls {
    #[serde(rename = "seconds", with = "super::seconds")]
    pub took: Duration,
    pub outcome: TlsOutcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Cow<'static, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Arc<Certificate>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsOutcome {
    /// The handshake ended, the chain is trusted, the name matches.
    Trusted,
    /// The handshake ended, and this is wrong with the certificate. No request was sent.
    Untrusted(Vec<CertTrouble>),
    TimedOut,
    Reset,
    /// The peer closed the connection within the handshake.
    Closed,
    /// The peer ended the handshake with a TLS alert.
    Alert(String),
    /// What came back is not TLS, or breaks its rules.
    Garbled(String),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertTrouble {
    WrongName,
    UnknownIssuer,
    Expired,
    NotYetValid,
    Other(String),
}

/// The leaf certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    pub subject: String,
    pub issuer: String,
    /// The DNS names it is for, at most 16 of them.
    pub names: Vec<String>,
    pub not_before: jiff::Timestamp,
    pub not_after: jiff::Timestamp,
    pub chain_length: usize,
    pub sha256: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Http {
    /// From the request sent to the end of what was read.
    #[serde(rename = "seconds", with = "super::seconds")]
    pub took: Duration,
    pub outcome: HttpOutcome,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HttpOutcome {
    Answered {
        status: u16,
        /// The headers that tell who answered.
        headers: Vec<(Cow<'static, str>, String)>,
        /// The beginning of the body, at most 1,024 bytes of text.
        body: String,
    },
    TimedOut,
    /// The connection ended, or was reset, before a whole response head.
    Broken(String),
    /// What came back is not HTTP.
    Garbled(String),
}

/// The same request through the proxy that an application would use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProxyFacts {
    /// `HOST:PORT`, never with credentials.
    pub proxy: String,
    pub source: ProxySource,
    pub tunnel: Tunnel,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<Http>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProxySource {
    Plan,
    /// `HTTPS_PROXY`, `https_proxy`, `ALL_PROXY` or `all_proxy`, as `NO_PROXY` lets it apply.
    Environment,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tunnel {
    Open,
    /// The proxy itself could not be reached.
    NotReached(String),
    /// The proxy answered CONNECT with this status.
    Refused(u16),
    TimedOut,
    Garbled(String),
}
