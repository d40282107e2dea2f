//! The facts are held against the claim: a verdict, the state of public fallback, and the reasons as findings.
//!
//! Pure decisions. Whoever wants to know why a verdict came about reads [`private`], [`blocked`] and [`public`]; they
//! share one reading of names ([`names`]) and one of paths ([`path`]).

mod authority;
mod blocked;
mod causes;
mod codes;
mod diagnose;
mod fallback;
mod finding;
mod inquire;
mod machine;
mod names;
mod path;
mod private;
mod proxy;
mod public;
mod reached;
mod terms;
mod zones;

pub use authority::is_azure_private;
pub use causes::{Cause, Confidence, Diagnosis};
pub use codes::Code;
pub use fallback::PublicFallback;
pub use finding::{Evidence, Finding, Severity, Side, Weight};
pub use inquire::inquiries;
pub use path::EXPIRY_WARNING;
pub use reached::{Ending, Reached};
pub use terms::{EXPIRY_DAYS, LAPSED_DAYS, Terms};

use crate::catalog::Service;
use crate::facts::Facts;
use crate::plan::{AddressClass, Claim, Endpoint, HostName, Networks, Resolver, Target};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
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
    pub around: &'a Around,
    pub terms: Terms<'a>,
}

/// What else the plan knows that helps to tell causes apart.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// A resolver of Azure's own that may be asked, whether or not the vantage asks it in every look.
    pub azure: Option<Resolver>,
    /// The privatelink zones of all targets.
    pub zones: Vec<HostName>,
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
    /// Whether a second look, made at once, was given a public address again.
    pub seen_twice: bool,
    /// The worst first.
    pub findings: Vec<Finding>,
    /// How every way that was tried ended, in the order of the facts; the proxy last.
    pub reached: Vec<Reached>,
}

/// Holds the facts against the claim.
pub fn judge(asked: &Asked<'_>, facts: &Facts, witness: &Witnessing) -> Judgement {
    let paths: Vec<path::Reading> = facts.paths.iter().map(|p| path::read(asked, p, facts.at)).collect();
    let fallback = fallback::state(asked, &facts.names, &paths);
    let mut findings = claimed(asked, asked.claim, facts, &paths, fallback, witness);
    let by_rule = || verdict(&claimed(asked, asked.terms.rule, facts, &paths, fallback, witness));
    findings.extend(terms::findings(&asked.terms, verdict(&findings), by_rule));
    let mut findings = names::merged(findings);
    findings.sort_by_key(|f| (Reverse(f.weight), Reverse(f.severity), f.code, Reverse(f.confidence())));
    let verdict = verdict(&findings);
    let seen_twice = facts.second_look.as_ref().is_some_and(|again| fallback::is_public(asked, again));
    Judgement { verdict, fallback, seen_twice, findings, reached: reached::all(asked, facts, &paths) }
}

/// What speaks against a claim.
fn claimed(
    asked: &Asked<'_>,
    claim: &Claim,
    facts: &Facts,
    paths: &[path::Reading],
    fallback: PublicFallback,
    witness: &Witnessing,
) -> Vec<Finding> {
    if let Some(offline) = machine::offline(facts, witness).filter(|_| *claim != Claim::None) {
        return vec![offline];
    }
    match claim {
        Claim::Private => private::findings(asked, facts, paths, fallback),
        Claim::Blocked(by) => blocked::findings(asked, facts, paths, by, witness),
        Claim::Public => public::findings(asked, facts, paths),
        Claim::None => Vec::new(),
    }
}

fn verdict(findings: &[Finding]) -> Verdict {
    match findings.iter().map(|finding| finding.weight).max() {
        Some(Weight::Breaks) => Verdict::Broken,
        Some(Weight::Unclear) => Verdict::Unknown,
        Some(Weight::Notes) | None => Verdict::Holds,
    }
}
