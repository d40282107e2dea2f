//! What a finding is: a code, what it does to the verdict, the cause where one is known, and what was seen.

use super::causes::{Cause, Confidence, Diagnosis};
use super::codes::Code;
use crate::facts::{
    Answer, CertTrouble, Certificate, ConnectOutcome, Family, HttpOutcome, Inquired, LookupOutcome, OsOutcome,
    TlsOutcome, Tunnel,
};
use crate::plan::{AddressClass, HostName, Layer, ResolverName};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// How bad a finding is for whoever carries the pager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    Info,
    Warning,
    Critical,
}

impl Severity {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// Where a fault most likely lies, which is who can mend it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The private DNS zone, its records and its links.
    Zone,
    /// A name server, and where it forwards to.
    Resolver,
    /// The way to the address: routes, firewalls, inspection, proxies.
    Path,
    /// The account or service itself.
    Service,
    /// The machine the agent runs on.
    Agent,
    /// The plan.
    Plan,
}

impl Side {
    pub const ALL: [Self; 6] = [Self::Zone, Self::Resolver, Self::Path, Self::Service, Self::Agent, Self::Plan];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Zone => "zone",
            Self::Resolver => "resolver",
            Self::Path => "path",
            Self::Service => "service",
            Self::Agent => "agent",
            Self::Plan => "plan",
        }
    }
}

/// What a finding does to the verdict of its check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Worth knowing; the verdict stands without it.
    Notes,
    /// The claim could not be told.
    Unclear,
    /// The claim does not hold.
    Breaks,
}

/// One reason for a verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub code: Code,
    pub weight: Weight,
    pub severity: Severity,
    /// Why it is so, where that is examined.
    pub diagnosis: Option<Diagnosis>,
    pub evidence: Vec<Evidence>,
}

impl Finding {
    pub fn new(code: Code, weight: Weight, evidence: Vec<Evidence>) -> Self {
        Self { code, weight, severity: code.severity(), diagnosis: None, evidence }
    }

    pub fn cause(&self) -> Option<Cause> {
        self.diagnosis.as_ref().map(|diagnosis| diagnosis.cause)
    }

    pub fn confidence(&self) -> Option<Confidence> {
        self.diagnosis.as_ref().map(|diagnosis| diagnosis.confidence)
    }

    /// Whose side it is on: the cause knows better than the code.
    pub fn side(&self) -> Side {
        self.cause().and_then(Cause::side).unwrap_or(self.code.side())
    }

    pub fn first_try(&self) -> &'static str {
        match self.cause() {
            // What to try while the cause is open is written for public answers; other findings have their own.
            Some(Cause::Undetermined) if self.code != Code::PublicAnswer => self.code.first_try(),
            cause => cause.map_or(self.code.first_try(), Cause::first_try),
        }
    }
}

/// What was seen that led to a finding; told in words by `story`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Evidence {
    /// What a resolver answered.
    Answered {
        resolver: ResolverName,
        addresses: Vec<(IpAddr, AddressClass)>,
        answer: Arc<Answer>,
        family: Family,
    },
    /// A resolver gave no answer.
    NotAnswered {
        resolver: ResolverName,
        family: Family,
        outcome: LookupOutcome,
    },
    Os(OsOutcome),
    Connected {
        address: IpAddr,
        class: AddressClass,
        outcome: ConnectOutcome,
    },
    Handshake {
        address: IpAddr,
        class: AddressClass,
        outcome: TlsOutcome,
    },
    Certificate {
        certificate: Arc<Certificate>,
        troubles: Vec<CertTrouble>,
    },
    Http {
        address: Option<IpAddr>,
        class: AddressClass,
        outcome: HttpOutcome,
    },
    Layers {
        seen: Vec<Layer>,
        allowed: Vec<Layer>,
    },
    Witness(String),
    Proxy {
        proxy: String,
        tunnel: Tunnel,
    },
    /// The aliases show or do not show what the catalogue knows.
    Tail {
        name: String,
        says: String,
    },
    /// What a follow-up question brought to light.
    Inquired(Arc<Inquired>),
    /// The hosts file of this machine has the name.
    HostsFile(Vec<IpAddr>),
    /// A name server that resolv.conf names.
    Configured {
        server: SocketAddr,
    },
    /// An alias that should stand in the chain and does not.
    NoAlias {
        resolver: ResolverName,
        zone: HostName,
    },
    /// What another resolver, of Azure's own, says of the same name.
    AzureSays {
        resolver: ResolverName,
        addresses: Vec<(IpAddr, AddressClass)>,
    },
    Exception {
        name: String,
        ends: Date,
    },
    /// Why the newest plan could not be read.
    Reload(String),
}
