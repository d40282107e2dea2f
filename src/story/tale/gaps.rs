//! What was not examined: whoever reads that all is well should know how far that reaches.

use super::lines::{Lines, listed};
use super::{Scene, has_public_side};
use crate::facts::{HttpOutcome, LookupOutcome, Purpose, TlsOutcome};
use crate::plan::{AddressClass, View};

pub fn tell(scene: &Scene<'_>, lines: &mut Lines) {
    for gap in gaps(scene) {
        lines.beside(2, "-", 2, &gap);
    }
}

fn gaps(scene: &Scene<'_>) -> Vec<String> {
    let mut gaps = Vec::new();
    gaps.extend(names(scene));
    gaps.extend(questions(scene));
    gaps.extend(addresses(scene));
    gaps.push(
        "Azure's configuration itself (links, records, network rules): only what it brings about is seen from here."
            .to_owned(),
    );
    gaps.push("Applications with caches, proxies or DNS over HTTPS of their own.".to_owned());
    gaps
}

fn names(scene: &Scene<'_>) -> Vec<String> {
    let names = &scene.facts.names;
    let mut gaps = Vec::new();
    if names.os.is_none() {
        gaps.push(
            "What applications on this machine get (getaddrinfo, hosts file, resolv.conf, proxy variables): the \
             vantage does not name `host` among its resolvers."
                .to_owned(),
        );
    }
    if !names.resolvers.iter().any(|resolver| resolver.view == View::Public) {
        gaps.push("The internet's view of the name: this vantage asks no resolver with `view: public`.".to_owned());
    }
    let inquired = scene.facts.follow_up.iter().flat_map(|follow_up| &follow_up.inquired);
    let asked_azure = inquired.into_iter().any(|inquired| inquired.inquiry.purpose == Purpose::AzureResolver);
    if !asked_azure && !names.resolvers.iter().any(|resolver| resolver.view == View::Azure) {
        gaps.push("What Azure's own DNS says: no resolver with `view: azure` is asked from here.".to_owned());
    }
    gaps
}

fn questions(scene: &Scene<'_>) -> Vec<String> {
    let Some(follow_up) = scene.facts.follow_up.as_deref() else {
        let has_zones = scene.record.brief.is_some_and(|brief| !brief.zones.is_empty());
        let is_off = has_zones
            && scene.facts.names.resolvers.iter().any(|resolver| {
                resolver.view.is_private() && resolver.addresses().any(|a| scene.class(a) == AddressClass::Public)
            });
        let text = "Why the names lead to the public side: the questions that would tell were not asked in this look.";
        return is_off.then(|| text.to_owned()).into_iter().collect();
    };
    let mut unanswered: Vec<String> = Vec::new();
    for inquired in &follow_up.inquired {
        if !matches!(inquired.outcome, LookupOutcome::Answer(_)) {
            unanswered.push(format!("{} at {}", inquired.inquiry.name, inquired.inquiry.resolver));
        }
    }
    let text = (!unanswered.is_empty()).then(|| format!("Questions that got no answer: {}.", listed(&unanswered)));
    text.into_iter().collect()
}

fn addresses(scene: &Scene<'_>) -> Vec<String> {
    let facts = scene.facts;
    let mut gaps = Vec::new();
    if !facts.untried.is_empty() {
        gaps.push(format!("Addresses that were left out of this look: {}.", scene.list(&facts.untried)));
    }
    let has_public = facts.paths.iter().any(|path| scene.class(path.address) == AddressClass::Public);
    if !has_public && has_public_side(scene.record) {
        gaps.push("Whether the public side would let requests in: no public address of it is known here.".to_owned());
    }
    let whole = |net: &&ipnet::IpNet| net.prefix_len() == net.max_prefix_len();
    let expected = scene.record.brief.map(|brief| brief.expected.as_slice()).unwrap_or_default();
    let tried_expected = facts.paths.iter().any(|path| scene.class(path.address) == AddressClass::Expected);
    if !expected.is_empty() && !tried_expected && !expected.iter().any(|net| whole(&net)) {
        gaps.push("The private endpoint: only ranges are expected, and no answer named an address in them.".to_owned());
    }
    for path in &facts.paths {
        let untrusted = path.tls.as_ref().is_some_and(|tls| matches!(tls.outcome, TlsOutcome::Untrusted(_)));
        if untrusted {
            gaps.push(format!(
                "What {} answers: nothing is sent to a peer that does not prove its name.",
                path.address
            ));
        }
    }
    let spoke = |path: &crate::facts::PathFacts| {
        matches!(path.http.as_ref().map(|http| &http.outcome), Some(HttpOutcome::Answered { .. }))
    };
    if facts.paths.iter().any(spoke) {
        gaps.push("Whether a key or a role would be accepted: the request carries no credential.".to_owned());
    }
    if facts.proxy.is_none() && scene.record.brief.is_some_and(|brief| !brief.host) {
        gaps.push("A proxy: the plan names none for this vantage.".to_owned());
    }
    gaps
}
