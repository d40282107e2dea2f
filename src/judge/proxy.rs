//! The proxy path, where applications here would use one: the same request, and whether it left by the public side.

use super::finding::{Code, Evidence, Finding, Weight};
use super::{Asked, path};
use crate::facts::{Facts, ProxyFacts, Tunnel};
use crate::plan::AddressClass;

/// What the proxy path adds to a `private` claim.
pub fn findings(asked: &Asked<'_>, facts: &Facts) -> Vec<Finding> {
    facts.proxy.as_ref().map(|proxy| proxy_findings(asked, proxy)).unwrap_or_default()
}

fn proxy_findings(asked: &Asked<'_>, proxy: &ProxyFacts) -> Vec<Finding> {
    let seen = Evidence::Proxy { proxy: proxy.proxy.clone(), tunnel: proxy.tunnel.clone() };
    if proxy.tunnel != Tunnel::Open {
        return vec![Finding::new(Code::ProxyFailing, Weight::Breaks, vec![seen])];
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
