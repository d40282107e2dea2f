//! What this machine says of itself: addresses, name servers, proxy variables, and the pipeline that it works for.

use super::sockets::{name_server, own_addresses, resolver_config};
use crate::facts::{Pipeline, ProxyVariable, Runner, shown};
use std::net::IpAddr;
use url::Url;

const HOSTNAME: &str = "/proc/sys/kernel/hostname";

/// The most addresses that are told; a machine full of containers has hundreds of no interest.
const MOST_ADDRESSES: usize = 32;

/// Variables that name a proxy, and those that name what goes without one.
const PROXIES: [&str; 6] = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
const EXEMPT: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// Pipelines: the variable that tells one, its name, and the variables that name the runner and whose it is.
const PIPELINES: &[(&str, &str, &[&str], &str)] = &[
    ("GITHUB_ACTIONS", "GitHub Actions", &["RUNNER_NAME"], "RUNNER_ENVIRONMENT"),
    ("TF_BUILD", "Azure Pipelines", &["AGENT_NAME", "AGENT_MACHINENAME"], ""),
    ("GITLAB_CI", "GitLab CI", &["CI_RUNNER_DESCRIPTION", "CI_RUNNER_ID"], ""),
    ("JENKINS_URL", "Jenkins", &["NODE_NAME"], ""),
];

/// This machine, now.
pub fn runner() -> Runner {
    runner_with(|name| std::env::var(name).ok())
}

/// This machine, with the variables of an environment.
pub fn runner_with(variable: impl Fn(&str) -> Option<String>) -> Runner {
    let config = resolver_config();
    let mut addresses = own_addresses();
    addresses.retain(|address| !is_of_every_machine(*address));
    addresses.truncate(MOST_ADDRESSES);
    let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
    let told = |name: &str, value: fn(&str) -> String| {
        set(name).map(|text| ProxyVariable { variable: name.to_owned(), value: shown(&value(text.trim())) })
    };
    let proxies = PROXIES.iter().filter_map(|name| told(name, proxy));
    Runner {
        hostname: std::fs::read_to_string(HOSTNAME).ok().map(|name| shown(name.trim())).filter(|name| !name.is_empty()),
        addresses,
        resolvers: config.nameservers.iter().map(name_server).collect(),
        search: config.get_last_search_or_domain().map(|domain| shown(domain)).collect(),
        proxies: proxies.chain(EXEMPT.iter().filter_map(|name| told(name, exempt))).collect(),
        pipeline: PIPELINES.iter().find(|(tell, ..)| set(tell).is_some()).map(|(_, system, names, hosted)| Pipeline {
            system: (*system).to_owned(),
            runner: names.iter().find_map(|name| set(name)).map(|name| shown(name.trim())),
            hosted: set(hosted).map(|word| shown(word.trim())),
        }),
    }
}

/// Loopback and link-local addresses, which tell no machine from another (RFC 1122 §3.2.1.3, RFC 3927, RFC 4291 §2.5).
fn is_of_every_machine(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unicast_link_local(),
    }
}

/// A proxy by its scheme, host and port: the rest of such a value may be a password.
fn proxy(value: &str) -> String {
    let with_scheme = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
    let place = Url::parse(&with_scheme).ok().and_then(|url| {
        let host = url.host_str()?;
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Some(format!("{}://{host}{port}", url.scheme()))
    });
    place.unwrap_or_else(|| "set, but no URL of a proxy".to_owned())
}

/// What goes without a proxy; of an entry that holds a credential only what follows it.
fn exempt(value: &str) -> String {
    let entries = value.split(',').map(|entry| entry.rsplit('@').next().unwrap_or_default().trim());
    entries.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_told_without_what_may_be_secret() {
        for (value, told) in [
            ("http://10.0.0.8:3128", "http://10.0.0.8:3128"),
            ("http://ana:pass@proxy.corp:3128/path?token=secret#secret", "http://proxy.corp:3128"),
            ("ana:pass@proxy.corp:3128", "http://proxy.corp:3128"),
            ("ana:p@ss@proxy.corp", "http://proxy.corp"),
            ("socks5h://ana:pass@[fd00::8]:1080", "socks5h://[fd00::8]:1080"),
            ("proxy.corp", "http://proxy.corp"),
            ("http://ana:pass", "set, but no URL of a proxy"),
            ("http://", "set, but no URL of a proxy"),
        ] {
            assert_eq!(proxy(value), told);
        }
        assert_eq!(exempt("localhost, .corp,http://ana:pass@10.0.0.9"), "localhost,.corp,10.0.0.9");
    }

    #[test]
    fn a_pipeline_is_known_by_its_variables() {
        let with = |set: &'static [(&str, &str)]| {
            runner_with(move |name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
        };
        assert_eq!(with(&[("CI", "true"), ("HTTPS_PROXY", " ")]).pipeline, None);
        assert_eq!(with(&[("HTTPS_PROXY", " ")]).proxies, []);
        let told = with(&[
            ("GITHUB_ACTIONS", "true"),
            ("RUNNER_NAME", "vnet-1\n::error::x"),
            ("RUNNER_ENVIRONMENT", "self-hosted"),
        ]);
        let pipeline = told.pipeline.unwrap();
        assert_eq!(pipeline.system, "GitHub Actions");
        assert_eq!(pipeline.runner.as_deref(), Some("vnet-1::error::x"), "on one line");
        assert_eq!(pipeline.hosted.as_deref(), Some("self-hosted"));
        let told = with(&[("TF_BUILD", "True"), ("AGENT_MACHINENAME", "vm-7"), ("no_proxy", ".corp")]);
        assert_eq!(told.pipeline.unwrap().runner.as_deref(), Some("vm-7"));
        assert_eq!(told.proxies, [ProxyVariable { variable: "no_proxy".to_owned(), value: ".corp".to_owned() }]);
    }
}
