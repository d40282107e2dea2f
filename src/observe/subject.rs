//! From a case of the plan to a subject of a look: everything to look at, nothing of what is claimed.

use super::look::{AskedResolver, Subject};
use crate::catalog::Service;
use crate::plan::{Case, HostName, Plan, PublicFront, ResolverRef, Vantage};
use std::sync::Arc;

/// What to look at for a case.
pub fn subject_of(plan: &Plan, case: &Case<'_>, service: &Service) -> Subject {
    let own_request = case.target.request.as_ref().map(|request| request.path.clone());
    Subject {
        host_name: case.endpoint.host.clone(),
        port: case.target.port,
        path: own_request.unwrap_or_else(|| service.request.path.clone()),
        resolvers: resolvers_of(plan, case.vantage),
        host: case.vantage.uses_host(),
        expected: case.endpoint.expected.clone(),
        networks: Arc::clone(&plan.networks),
        fronts: fronts(case, service),
        proxy: case.vantage.proxy.clone(),
        timeout: plan.settings.timeout,
    }
}

/// The named resolvers that a vantage asks: a public one only where the vantage itself names it.
pub fn resolvers_of(plan: &Plan, vantage: &Vantage) -> Vec<AskedResolver> {
    let named = vantage.resolvers.iter().filter_map(|reference| match reference {
        ResolverRef::Host => None,
        ResolverRef::Named(name) => plan.resolver(name.as_str()),
    });
    named
        .map(|resolver| AskedResolver {
            name: resolver.name.clone(),
            server: resolver.address,
            view: resolver.view,
            configured: false,
        })
        .collect()
}

/// Where the public side answers: as the plan says, else the regional front of the catalogue.
fn fronts(case: &Case<'_>, service: &Service) -> Vec<PublicFront> {
    if !case.target.public_front.is_empty() {
        return case.target.public_front.clone();
    }
    let Some(region) = &case.target.region else { return Vec::new() };
    let names = service.public_fronts.iter().filter_map(|f| HostName::parse(&f.name.replace("{region}", region)).ok());
    names.map(PublicFront::Name).collect()
}
