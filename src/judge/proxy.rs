//! The proxy path, where applications here would use one: the same request, and whether it left by the public side.

use super::codes::Code;
use super::finding::{Evidence, Finding, Weight};
use super::path::End;
use super::{Asked, path};
use crate::facts::{Facts, ProxyFacts, Tunnel};
use crate::plan::AddressClass;

/// What the proxy path adds to a `private` claim.
pub fn findings(asked: &Asked<'_>, facts: &Facts) -> Vec<Finding> {
    facts.proxy.as_ref().map(|proxy| proxy_findings(asked, proxy)).unwrap_or_default()
}

fn proxy_findings(asked: &Asked<'_>, proxy: &ProxyFacts) -> Vec<Finding> {
    let seen = Evidence::Proxy { proxy: proxy.proxy.clone(), tunnel: proxy.tunnel.clone() };
    match proxy.tunnel {
        Tunnel::Open => {}
        // The agent has no credential for a proxy, and an application may.
        Tunnel::Refused(407) => return vec![Finding::new(Code::ProxyFailing, Weight::Unclear, vec![seen])],
        Tunnel::NotReached(_) | Tunnel::Refused(_) | Tunnel::TimedOut | Tunnel::Garbled(_) => {
            return vec![Finding::new(Code::ProxyFailing, Weight::Breaks, vec![seen])];
        }
    }
    // What the proxy resolved cannot be seen; what the far end answered can.
    let class = AddressClass::Public;
    let mut findings = Vec::new();
    if let Some(tls) = &proxy.tls {
        findings.extend(path::tls_troubles(tls, None, class).1);
    }
    if let Some(http) = &proxy.http {
        findings.extend(path::read_http(asked, &http.outcome, None, class).trouble);
    }
    for finding in &mut findings {
        if finding.code == Code::DeniedAsPublic {
            finding.code = Code::ProxyGoesPublic;
        }
        finding.evidence.insert(0, seen.clone());
    }
    findings
}

/// For a `blocked` claim: the proxy carries the request through.
pub fn opening(asked: &Asked<'_>, facts: &Facts) -> Option<Finding> {
    let proxy = facts.proxy.as_ref()?;
    (end(asked, proxy) == Some(End::Open)).then(|| {
        let seen = Evidence::Proxy { proxy: proxy.proxy.clone(), tunnel: proxy.tunnel.clone() };
        Finding::new(Code::BlockOpen, Weight::Breaks, vec![seen])
    })
}

/// For a `blocked` claim: whether the proxy carries the request through could not be told.
pub fn doubts(asked: &Asked<'_>, facts: &Facts) -> Option<Finding> {
    let proxy = facts.proxy.as_ref()?;
    let asks_for_a_credential = proxy.tunnel == Tunnel::Refused(407);
    (asks_for_a_credential || end(asked, proxy) == Some(End::Unclear)).then(|| {
        let seen = Evidence::Proxy { proxy: proxy.proxy.clone(), tunnel: proxy.tunnel.clone() };
        Finding::new(Code::ProxyFailing, Weight::Unclear, vec![seen])
    })
}

/// How the far end of an open tunnel answered a trusted handshake.
pub fn end(asked: &Asked<'_>, proxy: &ProxyFacts) -> Option<End> {
    let http = proxy.http.as_ref()?;
    Some(path::read_http(asked, &http.outcome, None, AddressClass::Public).end)
}
