//! Ways in which a block, or a good private path, could be believed too soon.

use crate::facts_of::{answered, facts, gives, gives_by, ip, nothing, resolver, shook, stopped, with};
use crate::judge::{blocked, judged, succeeded};
use fencepost::facts::{
    CertTrouble, ConnectOutcome, Facts, Http, HttpOutcome, LookupOutcome, ProxyFacts, ProxySource, Rcode, TlsOutcome,
    Tunnel,
};
use fencepost::judge::{PublicFallback, Verdict};
use fencepost::plan::{Claim, Layer};
use std::time::Duration;

const HERE: &str = "10.20.3.5";
const PUBLIC: &str = "20.10.3.4";
const ALIAS: &str = "contoso-chat.privatelink.openai.azure.com";

fn verdict(claim: &Claim, seen: &Facts) -> (Verdict, Option<&'static str>) {
    let judgement = judged(claim, seen, &succeeded());
    (judgement.verdict, judgement.findings.first().map(|finding| finding.code.word()))
}

fn timed_out(address: &str) -> fencepost::facts::PathFacts {
    stopped(address, ConnectOutcome::TimedOut)
}

#[test]
fn a_resolver_that_did_not_tell_is_no_block() {
    let claim = blocked(&[Layer::Timeout, Layer::Dns]);
    let silent = || resolver("hub", LookupOutcome::Silent, LookupOutcome::Silent);
    let beside = |told| facts(vec![told, silent()], vec![timed_out(HERE)]);
    for told in [resolver("azure", gives(&[HERE]), nothing()), resolver("azure", gives_by(&[ALIAS], &[]), nothing())] {
        assert_eq!(verdict(&claim, &beside(told)), (Verdict::Unknown, Some("resolver-silent")));
    }
    let failing = with(Rcode::SERVER_FAILURE, Vec::new(), &[]);
    let one_family = facts(vec![resolver("azure", gives(&[HERE]), failing)], vec![timed_out(HERE)]);
    assert_eq!(verdict(&claim, &one_family).0, Verdict::Holds);
}

#[test]
fn a_front_that_was_left_out_is_no_block() {
    let mut seen = facts(vec![resolver("azure", gives(&[HERE]), nothing())], vec![timed_out(HERE)]);
    seen.untried = vec![ip(PUBLIC)];
    assert_eq!(verdict(&blocked(&[Layer::Timeout]), &seen), (Verdict::Unknown, Some("agent-overloaded")));
}

#[test]
fn a_proxy_that_lets_everybody_through_is_no_block() {
    let took = Duration::ZERO;
    let through = |tunnel, status: Option<u16>| {
        let mut seen = facts(vec![resolver("azure", gives(&[HERE]), nothing())], vec![timed_out(HERE)]);
        let answer = |status| HttpOutcome::Answered { status, headers: Vec::new(), body: String::new() };
        let http = status.map(|status| Http { took, outcome: answer(status) });
        let proxy = "proxy:3128".to_owned();
        seen.proxy = Some(ProxyFacts { proxy, source: ProxySource::Plan, tunnel, tls: None, http });
        verdict(&blocked(&[Layer::Timeout]), &seen)
    };
    assert_eq!(through(Tunnel::Open, Some(401)), (Verdict::Broken, Some("block-open")));
    assert_eq!(through(Tunnel::Open, Some(503)), (Verdict::Unknown, Some("proxy-failing")));
    assert_eq!(through(Tunnel::Refused(407), None), (Verdict::Unknown, Some("proxy-failing")));
    assert_eq!(through(Tunnel::Refused(403), None).0, Verdict::Holds);
}

#[test]
fn a_mapped_address_is_the_address_it_maps() {
    let names = || vec![resolver("azure", gives(&[HERE]), gives(&["::ffff:20.10.3.4"]))];
    let seen = facts(names(), vec![answered(HERE, 401, ""), timed_out("::ffff:20.10.3.4")]);
    let judgement = judged(&Claim::Private, &seen, &succeeded());
    assert_eq!((judgement.verdict, judgement.fallback), (Verdict::Broken, PublicFallback::Answered));
    let only = facts(vec![resolver("azure", nothing(), gives(&["::ffff:20.10.3.4"]))], vec![]);
    assert_ne!(verdict(&blocked(&[Layer::Dns]), &only).0, Verdict::Holds);
}

#[test]
fn a_date_that_does_not_fit_is_no_block_by_tls() {
    let names = || vec![resolver("azure", gives(&[HERE]), nothing())];
    for trouble in [CertTrouble::NotYetValid, CertTrouble::Expired] {
        let seen = facts(names(), vec![shook(HERE, TlsOutcome::Untrusted(vec![trouble]))]);
        assert_eq!(verdict(&blocked(&[Layer::Tls]), &seen).0, Verdict::Unknown);
    }
    let inspected = facts(names(), vec![shook(HERE, TlsOutcome::Untrusted(vec![CertTrouble::UnknownIssuer]))]);
    assert_eq!(verdict(&blocked(&[Layer::Tls]), &inspected).0, Verdict::Holds);
}

#[test]
fn addresses_under_an_error_are_taken_by_no_client() {
    let refused = with(Rcode::REFUSED, vec![ip(HERE)], &[]);
    let seen = facts(vec![resolver("azure", refused, nothing())], vec![answered(HERE, 401, "")]);
    assert_eq!(verdict(&Claim::Private, &seen), (Verdict::Broken, Some("resolver-refused")));
}

#[test]
fn an_answer_about_another_name_says_nothing_of_the_public_side() {
    let body = r#"{"code":"403","message":"A Virtual Network is configured for this resource."}"#;
    let seen = facts(vec![resolver("azure", gives(&[PUBLIC]), nothing())], vec![answered(PUBLIC, 403, body)]);
    let judgement = judged(&Claim::Public, &seen, &succeeded());
    assert_eq!((judgement.verdict, judgement.fallback), (Verdict::Unknown, PublicFallback::Answered));
}

#[test]
fn a_machine_without_ipv6_is_not_held_against_a_block() {
    let names = vec![resolver("azure", gives(&[PUBLIC]), gives(&["2603:1030::1"]))];
    let no_way = || stopped("2603:1030::1", ConnectOutcome::Unreachable("Network is unreachable".to_owned()));
    let seen = facts(names, vec![timed_out(PUBLIC), no_way()]);
    assert_eq!(verdict(&blocked(&[Layer::Timeout]), &seen).0, Verdict::Holds);
    let only = facts(vec![resolver("azure", nothing(), gives(&["2603:1030::1"]))], vec![no_way()]);
    assert_eq!(verdict(&blocked(&[Layer::Timeout]), &only), (Verdict::Broken, Some("block-by-other-layer")));
}

#[test]
fn the_state_of_fallback_is_unknown_while_somebody_did_not_tell() {
    for (a, aaaa) in [(gives(&[HERE]), LookupOutcome::Silent), (LookupOutcome::Silent, nothing())] {
        let seen = facts(vec![resolver("azure", a, aaaa)], vec![answered(HERE, 401, "")]);
        assert_eq!(judged(&Claim::Private, &seen, &succeeded()).fallback, PublicFallback::Unknown);
    }
}
