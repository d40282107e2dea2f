//! Which checks an argument means: a host, a target, a check; as a person types them, a URL included.

use crate::agent::Estate;
use crate::cli::Fault;
use crate::plan::{CheckName, nearest};
use crate::publish::CheckReport;

/// The host of a URL, in the form in which names are compared; anything else as it is.
pub fn bare(written: &str) -> String {
    let rest = written.split_once("://").map_or(written, |(_, rest)| rest.split(['/', '?']).next().unwrap_or(rest));
    let rest = if rest.contains('/') { rest } else { rest.split(':').next().unwrap_or(rest) };
    rest.trim_end_matches('.').to_ascii_lowercase()
}

/// Whether an argument means a check.
fn is_meant(wanted: &str, check: &str, target: &str, host: &str) -> bool {
    [check, target, host].iter().any(|name| name.eq_ignore_ascii_case(wanted))
}

/// The checks of the vantage that an argument means.
pub fn checks(estate: &Estate, written: &str) -> Result<Vec<CheckName>, Fault> {
    let wanted = bare(written);
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
    if let Some(public) = super::planless::public_name(&estate.grounds.catalog, &wanted) {
        return Err(super::planless::is_private_name(&wanted, &public));
    }
    let hosts = plan.targets.iter().flat_map(|target| &target.endpoints).map(|endpoint| endpoint.host.to_string());
    let known: Vec<String> = plan.targets.iter().map(|target| target.name.to_string()).chain(hosts).collect();
    Err(unknown(&wanted, "the plan", &known))
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
    let hint = match nearest(wanted, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it has {}", known.join(", ")),
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
        ] {
            assert_eq!(bare(written), wanted);
        }
    }
}
