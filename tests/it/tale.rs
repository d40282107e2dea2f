//! Tales told from facts made by hand: nothing left out, whatever the facts.

use crate::facts_of::{answered, facts, gives, gives_by, ip, os_gave, resolver, shook, stopped, with};
use crate::judge::{blocked, judged_as, succeeded};
use crate::judge_any::{any_claim, any_facts, any_witness};
use fencepost::facts::{
    CertTrouble, Certificate, ConnectOutcome, ExtendedError, Facts, FollowUp, Http, HttpOutcome, Inquired, Inquiry,
    LookupOutcome, MachineFacts, OsOutcome, ProxyFacts, ProxySource, Purpose, Rcode, TlsOutcome, Transport, Tunnel,
};
use fencepost::judge::{Judgement, Witnessing};
use fencepost::plan::{Claim, HostName, Layer, View};
use fencepost::story::{Brief, Expectation, Ground, Record, WIDTH, tale, told};
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;

const HOST: &str = "contoso-chat.openai.azure.com";

fn brief(claim: &Claim) -> Brief {
    let by = match claim {
        Claim::Blocked(by) => by.iter().copied().collect(),
        Claim::Private | Claim::Public | Claim::None => Vec::new(),
    };
    Brief {
        service: "azure-openai".to_owned(),
        port: 443,
        path: "/openai/models".to_owned(),
        expected: ["10.20.3.5/32", "10.20.3.6/32"].map(|net| net.parse().unwrap()).to_vec(),
        expectation: Expectation::Plan,
        by,
        suffix: Some(HostName::from_wire("openai.azure.com")),
        zones: vec![HostName::from_wire("privatelink.openai.azure.com")],
        host: true,
        ..Brief::default()
    }
}

/// The tale of facts under a claim.
fn tale_of(claim: &Claim, facts: &Facts, witness: &Witnessing) -> (String, Judgement) {
    tale_under(brief(claim), claim, facts, witness)
}

fn tale_under(brief: Brief, claim: &Claim, facts: &Facts, witness: &Witnessing) -> (String, Judgement) {
    // A service without zones is one of those that have no private side.
    let service = if brief.zones.is_empty() { "public-ai" } else { "azure-openai" };
    let judgement = judged_as(service, claim, facts, witness);
    let ground = Ground { host: HOST, brief: &brief, facts };
    let findings: Vec<_> = judgement.findings.iter().map(|finding| told(finding, &ground)).collect();
    let record = Record {
        vantage: "app",
        check: "chat/contoso-chat.openai.azure.com",
        endpoint: HOST,
        claim: claim.word(),
        rule: "all",
        owner: Some("ai-platform"),
        exception: None,
        at: facts.at,
        verdict: Some(judgement.verdict),
        newer_verdict: None,
        fallback: Some(judgement.fallback),
        since: None,
        incident: None,
        findings: &findings,
        reached: &judgement.reached,
        brief: Some(&brief),
        facts: Some(facts),
        witness: None,
    };
    let lines: Vec<String> = tale(&record, WIDTH).into_iter().map(|line| line.text).collect();
    (lines.join("\n"), judgement)
}

fn private(facts: &Facts) -> String {
    tale_of(&Claim::Private, facts, &Witnessing::NotSeen).0
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn assert_tells(tale: &str, phrases: &[&str]) {
    let text = flat(&tale.replace(" \\\n", "\n"));
    for phrase in phrases {
        assert!(text.contains(phrase), "`{phrase}` is missing in\n{tale}");
    }
}

const HERE: &str = "10.20.3.5";

fn good() -> Facts {
    facts(vec![resolver("hub", gives(&[HERE]), gives(&[]))], vec![answered(HERE, 401, "")])
}

#[test]
fn a_proxy_that_goes_public_is_told_with_the_command_that_shows_it() {
    let mut seen = good();
    let shown = shook(HERE, TlsOutcome::Trusted).tls;
    let outcome = HttpOutcome::Answered {
        status: 403,
        headers: Vec::new(),
        body: "Public access is disabled. Please configure private endpoint.".to_owned(),
    };
    seen.proxy = Some(ProxyFacts {
        proxy: "proxy.contoso.example:3128".to_owned(),
        source: ProxySource::Environment,
        tunnel: Tunnel::Open,
        tls: shown,
        http: Some(Http { took: Duration::from_millis(3), outcome }),
    });
    assert_tells(
        &private(&seen),
        &[
            "BROKEN: chat/",
            "through the proxy proxy.contoso.example:3128, named by this machine's environment",
            "HTTP 403 in 3 ms: Public access is disabled.",
            "stopped (denied): the proxy takes the public side, and the service refuses it",
            "proxy-goes-public (critical, side: path)",
            "seen the way through the proxy (above)",
            "why The direct path is private, but the proxy that applications use takes the public side (proxy-goes-public)",
            "curl --include --max-time 10 --proxy 'http://proxy.contoso.example:3128' 'https://contoso-chat.openai.azure.com/openai/models'",
        ],
    );
}

#[test]
fn what_the_machine_itself_adds_is_told() {
    let mut seen = os_gave(good(), OsOutcome::Addresses(vec![ip("10.9.9.9")]));
    seen.follow_up = Some(Box::new(FollowUp {
        inquired: Vec::new(),
        machine: Some(MachineFacts {
            hosts: vec![ip("10.9.9.9")],
            search: vec![HostName::from_wire("corp.example")],
            ndots: 5,
        }),
    }));
    assert_tells(
        &private(&seen),
        &[
            "Applications on this machine (getaddrinfo, 3 ms) get 10.9.9.9 (other-private).",
            "the hosts file of this machine: 10.9.9.9 (other-private)",
            "the search list of this machine: corp.example (ndots 5)",
            "cause certain: the hosts file of this machine has the name.",
            "grep -n contoso-chat.openai.azure.com /etc/hosts",
        ],
    );
}

#[test]
fn resolvers_that_say_the_same_share_a_block_and_others_do_not() {
    let alias = &["contoso-chat.privatelink.openai.azure.com"];
    let mut slow = resolver("slow", gives_by(alias, &[HERE]), gives(&[]));
    slow.a.transport = Transport::TcpAfterTruncation;
    slow.a.took = Duration::from_millis(1_240);
    let mut filtered = resolver("filtered", with(Rcode::NAME_ERROR, Vec::new(), &[]), LookupOutcome::Silent);
    if let LookupOutcome::Answer(answer) = &mut filtered.a.outcome {
        std::sync::Arc::make_mut(answer).extended_errors =
            vec![ExtendedError { code: 15, text: "blocked by policy".to_owned() }];
    }
    let azure = resolver("azure", gives_by(alias, &[HERE]), gives(&[]));
    let azure = fencepost::facts::ResolverFacts { view: View::Azure, ..azure };
    let mut seen = facts(vec![azure, slow, filtered], vec![answered(HERE, 401, "")]);
    seen.untried = vec![ip("10.20.3.6")];
    let tale = private(&seen);
    assert_tells(
        &tale,
        &[
            "azure (10.0.0.4:53, Azure's own, 3 ms) and slow (10.0.0.4:53, over TCP after a truncated answer, 1.2 s) say the same:",
            "→ contoso-chat.privatelink.openai.azure.com (60 s, the name in the private zone)",
            "filtered (10.0.0.4:53, 3 ms) says: A NXDOMAIN, says the zone privatelink.openai.azure.com at azureprivatedns.net; extended error 15: blocked by policy AAAA it did not answer in time",
            "Addresses that were left out of this look: 10.20.3.6 (expected).",
            "answered by azure and slow",
        ],
    );
    assert_eq!(tale.matches("→ contoso-chat").count(), 1, "{tale}");
}

#[test]
fn questions_without_an_answer_are_among_what_was_not_examined() {
    let mut seen = facts(vec![resolver("hub", gives(&["20.10.3.4"]), gives(&[]))], Vec::new());
    let inquiry = Inquiry {
        purpose: Purpose::ZoneAuthority,
        resolver: seen.names.resolvers[0].resolver.clone(),
        server: seen.names.resolvers[0].server,
        name: HostName::from_wire("privatelink.openai.azure.com"),
    };
    let asked = Inquired { inquiry, at: seen.at, took: Duration::ZERO, outcome: LookupOutcome::Silent };
    seen.follow_up = Some(Box::new(FollowUp { inquired: vec![std::sync::Arc::new(asked)], machine: None }));
    assert_tells(
        &private(&seen),
        &[
            "the SOA of privatelink.openai.azure.com, at hub: it did not answer in time",
            "Questions that got no answer: privatelink.openai.azure.com at hub.",
            "undetermined, at hub: what was seen fits more than one cause (zone",
            "nslookup -type=SOA privatelink.openai.azure.com 10.0.0.4",
            "and the public side may let them in: what it answers could not be told.",
        ],
    );
}

#[test]
fn a_hostile_peer_moves_no_cursor_and_a_bad_certificate_is_shown() {
    let mut seen = good();
    seen.paths = vec![answered(HERE, 401, "\u{1b}[2J\u{1b}]0;gone\u{7}\u{202e}evil")];
    let text = private(&seen);
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
    let mut path = shook(HERE, TlsOutcome::Untrusted(vec![CertTrouble::UnknownIssuer]));
    path.tls.as_mut().unwrap().certificate = Some(Arc::new(Certificate {
        subject: "CN=x".to_owned(),
        issuer: "CN=Corporate inspection".to_owned(),
        names: vec!["*.openai.azure.com".to_owned()],
        not_before: seen.at,
        not_after: seen.at,
        chain_length: 1,
        sha256: String::new(),
    }));
    seen.paths = vec![path];
    assert_tells(
        &private(&seen),
        &[
            "certificate: issued by CN=Corporate inspection, for *.openai.azure.com, valid 2026-11-22 to 2026-11-22",
            "openssl s_client -connect 10.20.3.5:443 -servername contoso-chat.openai.azure.com </dev/null | openssl x509 -noout -issuer -subject -dates",
            "What 10.20.3.5 answers: nothing is sent to a peer that does not prove its name.",
        ],
    );
}

#[test]
fn a_block_says_by_what() {
    let seen = facts(vec![resolver("hub", gives(&["20.10.3.4"]), gives(&[]))], vec![answered("20.10.3.4", 401, "")]);
    let (tale, _) = tale_of(&blocked(&[Layer::Timeout, Layer::Denied]), &seen, &succeeded());
    assert_tells(
        &tale,
        &[
            "claim blocked by timeout, denied, public fallback usable",
            "can be reached from here by its public side, and should not be.",
            "cause certain: the service lets requests in on its public side, and nothing on the way stops them.",
            "curl --include --max-time 10 --noproxy '*' --resolve contoso-chat.openai.azure.com:443:20.10.3.4",
            "the questions that would tell were not asked in this look",
        ],
    );
}

const AWAY: &str = "20.10.3.4";

#[test]
fn where_data_can_leave_the_public_side_is_closed_first() {
    let leads = gives_by(&["contoso-chat.privatelink.openai.azure.com", "front.example"], &[AWAY]);
    let seen = facts(vec![resolver("hub", leads, gives(&[]))], vec![answered(HERE, 401, ""), answered(AWAY, 401, "")]);
    assert_tells(
        &private(&seen),
        &[
            "where the private DNS zone privatelink.openai.azure.com, and its links; or the resolver hub, and where it forwards to",
            "owner ai-platform",
            "the public side lets them in: data can leave over the internet now.",
            "cause undetermined, at hub: what was seen fits more than one cause (zone privatelink.openai.azure.com, suffix openai.azure.com).",
            "try Ask the owner, then switch public access off: `az resource update --ids ACCOUNT_ID --set properties.publicNetworkAccess=Disabled`; then mend the name: See where",
            "after Look again: `fencepost explain --plan PLAN --vantage app contoso-chat.openai.azure.com`. Clients and resolvers keep an alias for at most its TTL, here 60 s.",
            "confirm az resource show --ids ACCOUNT_ID --query properties.publicNetworkAccess",
            "A 20.10.3.4 (public), TTL 10 s",
        ],
    );
}

#[test]
fn it_is_said_whose_calls_fail() {
    let of = |name: &str, addresses: &[&str]| resolver(name, gives(addresses), gives(&[]));
    let here = || answered(HERE, 401, "");
    let shut = || stopped(AWAY, ConnectOutcome::TimedOut);
    let silent = || resolver("hub", LookupOutcome::Silent, LookupOutcome::Silent);
    let good = || of("azure", &[HERE]);
    for (seen, says) in [
        (
            facts(vec![good(), silent()], vec![here()]),
            "azure leads to the private endpoint, and it answers. hub says nothing of contoso-chat.openai.azure.com: \
             applications that ask it wait or fail.",
        ),
        (
            facts(vec![good(), of("hub", &[AWAY])], vec![here(), shut()]),
            "Applications that ask hub get a public address",
        ),
        (
            facts(vec![of("hub", &[HERE, AWAY])], vec![here(), shut()]),
            "Applications here get both the private and a public address for contoso-chat.openai.azure.com: some calls",
        ),
        (
            os_gave(facts(vec![good()], vec![here(), shut()]), OsOutcome::Addresses(vec![ip(AWAY)])),
            "Applications here get a public address",
        ),
        (
            facts(vec![good()], vec![stopped(HERE, ConnectOutcome::TimedOut)]),
            "Every call from here to contoso-chat.openai.azure.com fails: the name leads to the private endpoint, \
             but calls do not get through to the service. No resolver gives a public address.",
        ),
        (
            facts(vec![of("hub", &[])], vec![here()]),
            "Every call to contoso-chat.openai.azure.com from here fails. The private endpoint itself answers; the name \
             does not lead to it.",
        ),
        (
            facts(vec![of("azure", &[]), silent()], vec![here()]),
            "No public address was seen, but hub did not tell of every address.",
        ),
        (
            facts(vec![good(), of("hub", &[])], vec![here()]),
            "Calls to contoso-chat.openai.azure.com that ask hub fail.",
        ),
        (
            facts(vec![of("hub", &[HERE, "10.9.9.9"])], vec![here(), stopped("10.9.9.9", ConnectOutcome::Refused)]),
            "Calls to contoso-chat.openai.azure.com that go to 10.9.9.9 fail; the others arrive.",
        ),
    ] {
        assert_tells(&private(&seen), &[says]);
    }
}

#[test]
fn a_service_without_private_zones_has_no_public_side() {
    let claim = blocked(&[Layer::Timeout]);
    let asked = Brief { expected: Vec::new(), zones: Vec::new(), suffix: None, ..brief(&claim) };
    let seen = facts(vec![resolver("hub", gives(&[AWAY]), gives(&[]))], vec![answered(AWAY, 401, "")]);
    let (tale, _) = tale_under(asked, &claim, &seen, &succeeded());
    assert_tells(&tale, &["can be reached from here, and should not be.", "open: it answers as the service"]);
    for word in ["public side", "public fallback", "ACCOUNT_ID", "private zone"] {
        assert!(!tale.contains(word), "{word} in\n{tale}");
    }
}

#[test]
fn commands_trust_what_the_plan_trusts() {
    let path = shook(HERE, TlsOutcome::Untrusted(vec![CertTrouble::UnknownIssuer]));
    let asked = Brief { trust: Some("corp ca.pem".to_owned()), ..brief(&Claim::Private) };
    let seen = facts(vec![resolver("hub", gives(&[HERE]), gives(&[]))], vec![path]);
    let (tale, _) = tale_under(asked, &Claim::Private, &seen, &Witnessing::NotSeen);
    assert_tells(&tale, &["-servername contoso-chat.openai.azure.com -CAfile 'corp ca.pem' </dev/null"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_tale_is_whole(facts in any_facts(), claim in any_claim(), witness in any_witness()) {
        let (tale, judgement) = tale_of(&claim, &facts, &witness);
        let text = flat(&tale);
        for path in &facts.paths {
            let named = ["expected", "public", "other-private", "special"]
                .iter()
                .any(|class| text.contains(&format!("{} ({class}), port ", path.address)));
            prop_assert!(named, "{} has no class in\n{tale}", path.address);
        }
        for finding in &judgement.findings {
            let headed = format!("{} ({}, side: {})", finding.code.word(), finding.severity.word(), finding.side().word());
            prop_assert!(text.contains(&headed), "{headed} is missing in\n{tale}");
            prop_assert!(text.contains(finding.first_try()), "{tale}");
        }
        let shown = text.matches(" say the same:").count() + text.matches(" says: ").count();
        prop_assert!(shown >= 1 || facts.names.resolvers.is_empty(), "{tale}");
        let is_command = |line: &str| [" az ", "curl ", "nslookup ", "openssl ", "--"].iter().any(|word| line.contains(word));
        let long = tale.lines().find(|line| line.chars().count() > 120 && !is_command(line));
        prop_assert_eq!(long, None);
        // What was saved tells the same.
        let saved: Facts = serde_json::from_str(&serde_json::to_string(&facts).unwrap()).unwrap();
        prop_assert_eq!(tale_of(&claim, &saved, &witness).0, tale);
    }
}
