//! Without a plan: one is made for a single name, and read as any other.

use super::chosen::bare;
use crate::agent::{Estate, Grounds};
use crate::catalog::{Catalog, Service};
use crate::cli::args::Explain;
use crate::cli::supply::Files;
use crate::cli::{Fault, load};
use crate::clock;
use crate::observe::Pacer;
use crate::plan::{self, HostName};
use crate::story::Expectation;
use serde_json::{Value, json};
use std::path::PathBuf;

/// What counts as private where nobody says which address is expected: RFC 1918, RFC 6598, RFC 4193.
const ANY_PRIVATE: [&str; 5] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"];

const VANTAGE: &str = "here";

pub fn estate(written: &str, command: &Explain) -> Result<(Estate, Expectation), Fault> {
    let catalog = load::catalog(&command.catalog)?;
    let bare = bare(written)?;
    let host = HostName::parse(&bare).map_err(|why| {
        Fault(format!("`{bare}` {why}; write a host name, or name a plan with --plan to explain a target of it"))
    })?;
    if let Some(public) = public_name(&catalog, host.as_str()) {
        return Err(is_private_name(host.as_str(), &public));
    }
    if !host.as_str().contains('.') {
        return Err(Fault(format!(
            "`{host}` is no full host name; write one, such as {host}.openai.azure.com, or name a plan with --plan"
        )));
    }
    if let Some(why) = has_no_private_side(&catalog, &host) {
        return Err(Fault(why));
    }
    let text = plan_text(&catalog, &host, command).to_string();
    let plan = plan::read("the plan made for this name", &text, &catalog.outlines())
        .map_err(|faults| Fault(reasons(&faults)))?;
    let expectation = if command.bare.expect.is_empty() { Expectation::AnyPrivate } else { Expectation::Given };
    let grounds = Grounds::new(plan, catalog, Some(VANTAGE), &[])?;
    let lens = load::lens(&grounds, &Files::From(PathBuf::new()), "--trust", Pacer::of_one_round())?;
    Ok((Estate::new(grounds, lens, clock::day(clock::now())), expectation))
}

/// What the names of regions end with, in each cloud; they belong to everybody, so to no private endpoint.
const REGIONAL: [&str; 3] = ["api.cognitive.microsoft.com", "api.cognitive.microsoft.us", "api.cognitive.azure.cn"];

/// Why a name cannot be private whatever the network does: without a plan, `private` is what is asked.
fn has_no_private_side(catalog: &Catalog, host: &HostName) -> Option<String> {
    if REGIONAL.into_iter().any(|suffix| host.is_under(suffix)) {
        return Some(format!(
            "{host} is the name of a region, and no private endpoint can be for it; give the account a custom subdomain, \
             and ask for that, such as NAME.openai.azure.com or NAME.cognitiveservices.azure.com"
        ));
    }
    let mut suffixes = catalog.services().flat_map(|service| service.clouds.values()).flat_map(|cloud| &cloud.suffixes);
    if suffixes.any(|suffix| suffix.as_str() == host.as_str()) {
        return Some(format!(
            "{host} is the suffix of a service, not the name of an account; ask for a name below it, such as NAME.{host}"
        ));
    }
    let of = catalog.services().find(|service| service.endpoints.iter().any(|endpoint| endpoint.host == *host))?;
    Some(format!(
        "{host} is one of the {} (service {}) and has no private side, so there is no privacy to explain; a plan can claim \
         that it is blocked or public",
        of.title, of.name
    ))
}

/// The places of a plan that nobody wrote help nobody.
fn reasons(faults: &plan::Faults) -> String {
    let lines: Vec<String> = faults.faults.iter().map(|fault| format!("{}: {}", fault.reason, fault.fix)).collect();
    lines.join("\n")
}

fn plan_text(catalog: &Catalog, host: &HostName, command: &Explain) -> Value {
    let bare = &command.bare;
    let name = |place: usize| format!("resolver-{}", place + 1);
    let asked: Vec<String> = match bare.resolver.len() {
        0 => vec!["host".to_owned()],
        count => (0..count).map(name).collect(),
    };
    let resolvers: serde_json::Map<String, Value> =
        bare.resolver.iter().enumerate().map(|(i, at)| (name(i), json!({"address": at}))).collect();
    let service = service_of(catalog, host);
    let expected: Vec<String> = match bare.expect.as_slice() {
        [] => ANY_PRIVATE.map(str::to_owned).to_vec(),
        given => given.to_vec(),
    };
    let mut text = json!({
        "plan": "no-plan",
        "vantages": {VANTAGE: {"kind": "unplanned", "resolvers": asked}},
        "resolvers": resolvers,
        "targets": {&service: {"service": &service, "port": bare.port.unwrap_or(443), "endpoints": {host.as_str(): expected}}},
        "rules": [{"name": "asked for without a plan", "from": "any", "to": "any", "claim": "private"}],
    });
    if let Some(file) = &bare.trust {
        text["settings"] = json!({"trust": file});
    }
    text
}

/// The service whose suffix fits best; of several, the one that has the fewest names of its own.
fn service_of(catalog: &Catalog, host: &HostName) -> String {
    let fitting = catalog.services().filter_map(|service: &Service| {
        let (cloud, suffix) = service.names_of(host)?;
        Some((std::cmp::Reverse(suffix.len()), cloud.suffixes.len(), service.name.to_string()))
    });
    fitting.min().map_or_else(|| "https".to_owned(), |(_, _, name)| name)
}

/// The name that applications call, where this one is a name in a privatelink zone.
pub fn public_name(catalog: &Catalog, host: &str) -> Option<String> {
    let host = HostName::parse(host).ok()?;
    let clouds = catalog.services().flat_map(|service| service.clouds.values());
    clouds.into_iter().find_map(|cloud| {
        let (position, zone) = cloud.zones.iter().enumerate().find(|(_, zone)| host.is_under(zone))?;
        let same_count = cloud.zones.len() == cloud.suffixes.len();
        let suffix = if same_count { cloud.suffixes.get(position) } else { cloud.suffixes.first() }?;
        let label = host.below(zone);
        Some(label.map_or_else(|| format!("NAME.{suffix}"), |label| format!("{label}.{suffix}")))
    })
}

pub fn is_private_name(written: &str, public: &str) -> Fault {
    Fault(format!(
        "{written} is the name in the private zone: applications do not call it, and no certificate is for it; ask for \
         {public} instead"
    ))
}
