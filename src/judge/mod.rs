//! The facts are held against the claim: a verdict, the state of public fallback, and the reasons as findings.
//!
//! Pure decisions. Whoever wants to know why a verdict came about reads [`private`], [`blocked`] and [`public`]; they
//! share one reading of names ([`names`]) and one of paths ([`path`]).

mod blocked;
mod fallback;
mod finding;
mod names;
mod path;
mod private;
mod proxy;
mod public;

pub use fallback::PublicFallback;
pub use finding::{Cause, Code, Evidence, Finding, Severity, Weight};
pub use path::EXPIRY_WARNING;

use crate::catalog::Service;
use crate::facts::Facts;
use crate::plan::{AddressClass, Claim, Endpoint, Networks, Target};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// What a check comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Holds,
    Broken,
    /// Could not tell; never counted as either.
    Unknown,
}

impl Verdict {
    pub const ALL: [Self; 3] = [Self::Holds, Self::Broken, Self::Unknown];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Broken => "broken",
            Self::Unknown => "unknown",
        }
    }
}

/// What is asked of the facts.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub claim: &'a Claim,
    pub target: &'a Target,
    pub endpoint: &'a Endpoint,
    pub service: &'a Service,
    pub networks: &'a Networks,
}

impl Asked<'_> {
    fn class(&self, address: IpAddr) -> AddressClass {
        self.networks.class(address, &self.endpoint.expected)
    }
}

/// Whether something is known to work from the same vantage in the same round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Witnessing {
    /// What succeeded.
    Succeeded(String),
    /// What failed.
    Failed(String),
    /// The vantage has no witness of its own and no `private` check that holds in this round.
    NotSeen,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    pub verdict: Verdict,
    pub fallback: PublicFallback,
    /// The worst first.
    pub findings: Vec<Finding>,
}

/// Holds the facts against the claim.
pub fn judge(asked: &Asked<'_>, facts: &Facts, witness: &Witnessing) -> Judgement {
    let paths: Vec<path::Reading> = facts.paths.iter().map(|p| path::read(asked, p, facts.at)).collect();
    let fallback = fallback::state(asked, &facts.names, &paths);
    let findings = match asked.claim {
        Claim::Private => private::findings(asked, facts, &paths, fallback),
        Claim::Blocked(by) => blocked::findings(asked, facts, &paths, by, witness),
        Claim::Public => public::findings(&paths),
        Claim::None => Vec::new(),
    };
    let mut findings = names::merged(findings);
    findings.sort_by_key(|f| (std::cmp::Reverse(f.weight), std::cmp::Reverse(f.severity), f.code));
    let verdict = match findings.first().map(|worst| worst.weight) {
        Some(Weight::Breaks) => Verdict::Broken,
        Some(Weight::Unclear) => Verdict::Unknown,
        Some(Weight::Notes) | None => Verdict::Holds,
    };
    Judgement { verdict, fallback, findings }
}
