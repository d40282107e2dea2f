//! Where each way of asking leads an application: to the private endpoint, to the public side, elsewhere, or nowhere.

use super::class_of;
use crate::facts::{Answer, LookupOutcome, OsOutcome, Rcode, ResolverFacts};
use crate::plan::AddressClass;
use crate::story::Record;
use std::net::IpAddr;

/// Where an answer leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lead {
    /// Only to expected addresses.
    Private,
    /// Only to public addresses.
    Public,
    /// To public addresses and to others.
    Both,
    /// To expected addresses, and to others that are not public.
    Partly,
    /// Only to addresses that are neither expected nor public.
    Elsewhere,
    /// It said that there is no address.
    Nowhere,
    /// It did not say.
    Untold,
}

impl Lead {
    pub const fn is_public(self) -> bool {
        matches!(self, Self::Public | Self::Both)
    }
}

/// What the resolvers of the private view and getaddrinfo lead to.
pub struct Leads {
    pub resolvers: Vec<(String, Lead)>,
    pub os: Option<Lead>,
    /// The resolvers that left a question open, some of them beside an answer to the other one.
    pub untold: Vec<String>,
}

impl Leads {
    pub fn of(record: &Record<'_>) -> Self {
        let Some(facts) = record.facts else { return Self { resolvers: Vec::new(), os: None, untold: Vec::new() } };
        let private = || facts.names.resolvers.iter().filter(|resolver| resolver.view.is_private());
        let name = |resolver: &ResolverFacts| resolver.resolver.to_string();
        Self {
            resolvers: private().map(|resolver| (name(resolver), lead(record, resolver))).collect(),
            os: facts.names.os.as_ref().map(|os| os_lead(record, &os.outcome)),
            untold: private().filter(|resolver| !has_told(resolver)).map(name).collect(),
        }
    }

    /// The resolvers that lead there.
    pub fn at(&self, there: impl Fn(Lead) -> bool) -> Vec<&str> {
        self.resolvers.iter().filter(|(_, lead)| there(*lead)).map(|(name, _)| name.as_str()).collect()
    }

    /// Whether all applications are led there: nearly all use getaddrinfo; where it was not asked, every resolver has to.
    pub fn all(&self, there: impl Fn(Lead) -> bool) -> bool {
        let resolvers = || !self.resolvers.is_empty() && self.resolvers.iter().all(|(_, lead)| there(*lead));
        self.os.map_or_else(resolvers, &there)
    }

    /// `None` where all are led there or nobody is, else the resolvers that do.
    pub fn some(&self, there: impl Fn(Lead) -> bool) -> Option<Vec<&str>> {
        let who = self.at(&there);
        (!self.all(there) && !who.is_empty()).then_some(who)
    }
}

fn lead(record: &Record<'_>, resolver: &ResolverFacts) -> Lead {
    let addresses: Vec<IpAddr> = resolver.addresses().collect();
    if addresses.is_empty() && !has_told(resolver) { Lead::Untold } else { lead_of(record, &addresses) }
}

fn os_lead(record: &Record<'_>, outcome: &OsOutcome) -> Lead {
    match outcome {
        OsOutcome::Addresses(addresses) => lead_of(record, addresses),
        OsOutcome::NoSuchName => Lead::Nowhere,
        OsOutcome::TryAgain | OsOutcome::Failed(_) | OsOutcome::NotAsked(_) | OsOutcome::TimedOut => Lead::Untold,
    }
}

fn lead_of(record: &Record<'_>, addresses: &[IpAddr]) -> Lead {
    let count = |class| addresses.iter().filter(|address| class_of(record, **address) == class).count();
    let (public, expected) = (count(AddressClass::Public), count(AddressClass::Expected));
    if addresses.is_empty() {
        Lead::Nowhere
    } else if public == addresses.len() {
        Lead::Public
    } else if public > 0 {
        Lead::Both
    } else if expected == addresses.len() {
        Lead::Private
    } else if expected > 0 {
        Lead::Partly
    } else {
        Lead::Elsewhere
    }
}

/// Whether both questions were answered, be it that there is no such name.
fn has_told(resolver: &ResolverFacts) -> bool {
    let is_said = |answer: &Answer| matches!(answer.rcode, Rcode::NO_ERROR | Rcode::NAME_ERROR);
    resolver.lookups().into_iter().all(|lookup| match &lookup.outcome {
        LookupOutcome::Answer(answer) => is_said(answer),
        LookupOutcome::Silent
        | LookupOutcome::PortClosed
        | LookupOutcome::Unreachable
        | LookupOutcome::Garbled(_)
        | LookupOutcome::NotAsked(_) => false,
    })
}
