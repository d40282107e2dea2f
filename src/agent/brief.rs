//! What is asked of a check, as it is told.

use super::estate::{Estate, Work};
use crate::plan::{Claim, HostName, Layer, Networks, Resolver, ResolverRef};
use crate::story::{Brief, BriefResolver, Expectation};
use jiff::civil::Date;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Checks that are asked alike share one brief: a plan has many checks and few ways of asking.
#[derive(Debug, Default)]
pub struct Briefs(Mutex<HashMap<Kind, Arc<Brief>>>);

/// What tells one brief of an estate from another.
type Kind = (String, u16, String, Vec<Layer>, Option<HostName>);

impl Briefs {
    pub fn get(&self, brief: Brief) -> Arc<Brief> {
        let kind = (brief.service.clone(), brief.port, brief.path.clone(), brief.by.clone(), brief.suffix.clone());
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(kind).or_insert_with(|| Arc::new(brief)))
    }
}

impl Estate {
    /// Everything but the expected addresses, which differ from check to check.
    pub fn brief(&self, work: &Work, day: Date) -> Brief {
        let plan = &self.grounds.plan;
        let (target, endpoint) = self.place(work);
        let vantage = self.vantage();
        let service = self.grounds.catalog.service(&target.service);
        let host = &endpoint.host;
        let by = match self.claims(work, day) {
            Some(Claim::Blocked(by)) => by.iter().copied().collect(),
            Some(Claim::Private | Claim::Public | Claim::None) | None => Vec::new(),
        };
        let named = vantage.resolvers.iter().filter_map(|reference| match reference {
            ResolverRef::Host => None,
            ResolverRef::Named(name) => plan.resolver(name.as_str()),
        });
        let resolver = |r: &Resolver| BriefResolver { name: r.name.clone(), address: r.address, view: r.view };
        Brief {
            service: target.service.to_string(),
            port: target.port,
            path: work.subject.path.clone(),
            expected: Vec::new(),
            expectation: Expectation::Plan,
            networks: Networks::clone(&plan.networks),
            by,
            suffix: service.and_then(|s| s.names_of(host)).map(|(_, suffix)| HostName::from_wire(suffix)),
            zones: service.iter().flat_map(|s| s.zones_of(host)).map(HostName::from_wire).collect(),
            host: vantage.uses_host(),
            resolvers: named.map(resolver).collect(),
            trust: plan.settings.trust.clone(),
        }
    }
}
