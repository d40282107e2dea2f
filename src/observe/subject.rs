//! A case of the plan becomes a subject: where to look, without a word of what is claimed.

use super::look::{AskedResolver, Subject};
use crate::catalog::Service;
use crate::plan::{Case, HostName, Plan, PublicFront, ResolverRef, Vantage};

/// What to look at for one case.
pub fn subject_of(plan: &Plan, case: &Case<'_>, service: &Service) -> Subject {
    let own_request = case.target.request.as_ref().map(|request| request.path.clone());
    Subject {
        host_name: case.endpoint.host.clone(),
        port: case.target.port,
        path: own_request.unwrap_or_else(|| service.request.path.clone()),
        resolvers: resolvers_of(plan, case.vantage),
        host: case.vantage.uses_host(),
        expected: case.endpoint.expected.clone(),
        networks: plan.networks.clone(),
        fronts: fronts_of(case, service),
        proxy: case.vantage.proxy.clone(),
        timeout: plan.settings.timeout,
    }
}

/// The resolvers that a vantage names, in its order; those of this machine are added by the look itself.
pub fn resolvers_of(plan: &Plan, vantage: &Vantage) -> Vec<AskedResolver> {
    let named = vantage.resolvers.iter().filter_map(|reference| match reference {
        ResolverRef::Host => None,
        ResolverRef::Named(name) => plan.resolver(name.as_str()),
    });
    named.map(|r| AskedResolver { name: r.name.clone(), server: r.address, view: r.view }).collect()
}

/// Where the public side answers: the plan's own word, else the catalogue's front of the target's region.
fn fronts_of(case: &Case<'_>, service: &Service) -> Vec<PublicFront> {
    if !case.target.public_front.is_empty() {
        return case.target.public_front.clone();
    }
    let Some(region) = &case.target.region else { return Vec::new() };
    let names = service.public_fronts.iter().map(|front| front.name.replace("{region}", region));
    names.filter_map(|name| HostName::parse(&name).ok()).map(PublicFront::Name).collect()
}
