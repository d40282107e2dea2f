//! Which checks an argument means: a host, a target, a check; as a person types them, a URL included.

use crate::agent::Estate;
use crate::cli::Fault;
use crate::plan::{CheckName, nearest};
use crate::publish::CheckReport;
use std::net::IpAddr;

/// The host of a URL, in the form in which names are compared; anything else as it is.
pub fn bare(written: &str) -> Result<String, Fault> {
    let rest =
        written.split_once("://").map_or(written, |(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or(rest));
    if rest.is_empty() {
        return Err(Fault(format!("`{written}` holds no host name; write a host name, a target or a check")));
    }
    if rest.contains('@') {
        // It is not shown again: what stands before the @ is often a password.
        return Err(Fault("the URL holds a user name or a password; write its host name alone".to_owned()));
    }
    let rest = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None if rest.contains('/') || rest.parse::<IpAddr>().is_ok() => rest,
        None => rest.split(':').next().unwrap_or(rest),
    };
    Ok(rest.trim_end_matches('.').to_ascii_lowercase())
}

/// How many names are listed to whoever wrote one that is not there.
const MOST_LISTED: usize = 6;

/// Whether an argument means a check.
fn is_meant(wanted: &str, check: &str, target: &str, host: &str) -> bool {
    [check, target, host].iter().any(|name| name.eq_ignore_ascii_case(wanted))
}

/// The checks of the vantage that an argument means.
pub fn checks(estate: &Estate, written: &str) -> Result<Vec<CheckName>, Fault> {
    let wanted = bare(written)?;
    let today = crate::clock::day(crate::clock::now());
    let meant = estate.works.iter().filter(|work| {
        let (target, endpoint) = estate.place(work);
        is_meant(&wanted, work.name.as_str(), target.name.as_str(), endpoint.host.as_str())
    });
    let meant: Vec<_> = meant.collect();
    let looked_at = meant.iter().filter(|work| estate.is_looked_at(work, today));
    let names: Vec<CheckName> = looked_at.map(|work| work.name.clone()).collect();
    if !names.is_empty() {
        return Ok(names);
    }
    let plan = &estate.grounds.plan;
    let vantage = &estate.vantage().name;
    let in_plan = plan.targets.iter().any(|target| {
        let hosts = target.endpoints.iter().map(|endpoint| endpoint.host.as_str());
        let all = std::iter::once(target.name.as_str()).chain(hosts);
        all.into_iter().any(|name| name.eq_ignore_ascii_case(&wanted))
    });
    if in_plan || !meant.is_empty() {
        return Err(Fault(format!(
            "the plan claims nothing of `{wanted}` from {vantage} today, so it is not looked at; `fencepost plan show` \
             says which rule decides"
        )));
    }
    if let Ok(address) = wanted.parse::<IpAddr>() {
        return Err(is_address(estate, address));
    }
    if let Some(public) = super::planless::public_name(&estate.grounds.catalog, &wanted) {
        return Err(super::planless::is_private_name(&wanted, &public));
    }
    let hosts = plan.targets.iter().flat_map(|target| &target.endpoints).map(|endpoint| endpoint.host.to_string());
    let known: Vec<String> = plan.targets.iter().map(|target| target.name.to_string()).chain(hosts).collect();
    Err(unknown(&wanted, "the plan", &known))
}

/// Checks are named by host, and an address may belong to several.
fn is_address(estate: &Estate, address: IpAddr) -> Fault {
    let endpoints = estate.grounds.plan.targets.iter().flat_map(|target| &target.endpoints);
    let expecting = endpoints.filter(|endpoint| endpoint.expected.iter().any(|net| net.contains(&address)));
    let hosts: Vec<&str> = expecting.map(|endpoint| endpoint.host.as_str()).collect();
    let hint = match hosts.as_slice() {
        [] => "the plan expects it nowhere".to_owned(),
        hosts => format!("the plan expects it for {}", hosts.join(", ")),
    };
    Fault(format!("{address} is an address, and checks are of names; {hint}"))
}

/// The names that a report has.
pub fn names_of(checks: &[CheckReport]) -> Vec<String> {
    let mut names: Vec<String> =
        checks.iter().flat_map(|check| [check.target.clone(), check.endpoint.clone(), check.check.clone()]).collect();
    names.sort();
    names.dedup();
    names
}

/// Whether a check of a report is meant.
pub fn is_check(wanted: &str, check: &CheckReport) -> bool {
    is_meant(wanted, &check.check, &check.target, &check.endpoint)
}

/// The answer to a name that is not there.
pub fn unknown(wanted: &str, place: &str, known: &[String]) -> Fault {
    let all = || known.iter().map(String::as_str);
    let part_of = |name: &&str| wanted.len() > 2 && name.contains(wanted);
    let hint = match (nearest(wanted, all()).or_else(|| all().find(part_of)), known.split_at_checked(MOST_LISTED)) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, Some((some, more))) if !more.is_empty() => {
            format!("it has {} and {} more", some.join(", "), more.len())
        }
        (None, Some(_) | None) => format!("it has {}", known.join(", ")),
    };
    Fault(format!("{place} has no target, endpoint or check `{wanted}`; {hint}"))
}

#[cfg(test)]
mod tests {
    use super::bare;

    #[test]
    fn what_a_person_pastes_is_understood() {
        for (written, wanted) in [
            ("Contoso.openai.azure.com.", "contoso.openai.azure.com"),
            ("https://contoso.openai.azure.com/openai/models?x=1", "contoso.openai.azure.com"),
            ("https://contoso.openai.azure.com:443", "contoso.openai.azure.com"),
            ("contoso.openai.azure.com:443", "contoso.openai.azure.com"),
            ("chat-prod/contoso.openai.azure.com", "chat-prod/contoso.openai.azure.com"),
            ("chat-prod", "chat-prod"),
            ("https://[::1]:443/", "::1"),
            ("[::1]:443", "::1"),
            ("::1", "::1"),
        ] {
            assert_eq!(bare(written).unwrap(), wanted);
        }
    }
}
