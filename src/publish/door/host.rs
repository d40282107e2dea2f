//! Which host a request names. A page from elsewhere can have its own name lead to this machine (DNS rebinding), and then
//! read what a browser here may read; but the browser still says which name it asked for.

use axum::http::{HeaderMap, Uri, Version, header};
use std::net::{IpAddr, Ipv6Addr};

/// What is wrong with the name of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// It names none, or two.
    Unclear,
    /// It names somebody else.
    Elsewhere,
}

/// Nothing, if a request names this machine as one that is on it does.
pub fn trouble(version: Version, uri: &Uri, headers: &HeaderMap) -> Option<Trouble> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (first, second) = (hosts.next(), hosts.next());
    if second.is_some() || (first.is_none() && uri.authority().is_none() && version >= Version::HTTP_11) {
        return Some(Trouble::Unclear);
    }
    let asked = first.map(|host| host.to_str().unwrap_or_default());
    let of_target = uri.authority().map(axum::http::uri::Authority::as_str);
    let elsewhere = [asked, of_target].into_iter().flatten().any(|authority| !is_of_this_machine(authority));
    elsewhere.then_some(Trouble::Elsewhere)
}

/// `localhost`, 127.0.0.0/8 or `[::1]`, with or without a port: a tunnel has another one.
fn is_of_this_machine(authority: &str) -> bool {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, after)) if host.parse::<Ipv6Addr>().is_ok() => (host, after),
            _ => return false,
        },
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    let is_loopback = |host: &str| host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback());
    is_port && (host.eq_ignore_ascii_case("localhost") || is_loopback(host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn only_names_of_this_machine_are_its_own() {
        for own in [
            "localhost",
            "LocalHost:9853",
            "127.0.0.1",
            "127.0.0.1:9853",
            "127.9.8.7:1",
            "[::1]",
            "[::1]:9853",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(is_of_this_machine(own), "{own}");
        }
        for other in [
            "",
            ":9853",
            "evil.example",
            "evil.example:9853",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "0.0.0.0:9853",
            "[::]",
            "[::2]:1",
            "::1",
            "[::1]evil",
            "[127.0.0.1]",
            "127.0.0.1:",
            "127.0.0.1:x",
            "127.0.0.1:99999",
            "evil@localhost",
            "localhost@evil.example",
            "localhost:1:2",
            "127.1",
            "2130706433",
            "[::1",
        ] {
            assert!(!is_of_this_machine(other), "{other}");
        }
    }

    #[test]
    fn both_places_of_a_name_count() {
        let said = |uri: &str, hosts: &[&'static str], version| {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, HeaderValue::from_static(host));
            }
            trouble(version, &uri.parse().unwrap(), &headers)
        };
        let (new, old) = (Version::HTTP_11, Version::HTTP_10);
        assert_eq!(said("/", &["127.0.0.1:9853"], new), None);
        assert_eq!(said("http://localhost/", &["127.0.0.1:9853"], new), None);
        assert_eq!(said("/", &[], old), None);
        assert_eq!(said("/", &[], new), Some(Trouble::Unclear));
        assert_eq!(said("/", &["localhost", "localhost"], new), Some(Trouble::Unclear));
        assert_eq!(said("/", &["evil.example"], old), Some(Trouble::Elsewhere));
        assert_eq!(said("http://evil.example/", &["localhost"], new), Some(Trouble::Elsewhere));
        assert_eq!(said("http://localhost/", &["evil.example"], new), Some(Trouble::Elsewhere));
    }
}
