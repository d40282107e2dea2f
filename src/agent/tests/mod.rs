//! The keeper, with time as an argument.

mod alarm;
mod carry;
mod exceptions;
mod incidents;
mod renew;
mod scribe;

use super::estate::{Estate, Grounds, Work};
use super::keeper::{Keeper, blank};
use crate::catalog::Catalog;
use crate::facts::{
    Answer, Connect, ConnectOutcome, Facts, Family, Http, HttpOutcome, Lookup, LookupOutcome, NameFacts, PathFacts,
    Rcode, ResolverFacts, Tls, TlsOutcome, Transport, Why,
};
use crate::judge::Verdict;
use crate::lab::{Stage, World};
use crate::observe::{Lens, Pacer, Sockets, Trust};
use crate::plan::{self, ResolverName, View};
use crate::publish::SharedBoard;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

const PLAN: &str = "plan: midnight
vantages: {here: {kind: test, resolvers: [r]}}
resolvers: {r: {address: 10.0.0.4}}
targets:
  open:   {service: azure-openai, endpoints: {open.openai.azure.com: [10.20.3.5]}}
  shut:   {service: azure-openai, endpoints: {shut.openai.azure.com: [10.20.3.6]}}
  turned: {service: azure-openai, endpoints: {turned.openai.azure.com: [10.20.3.7]}}
rules:
  - {name: open, from: any, to: open, claim: private}
  - {name: shut, from: any, to: any, claim: blocked, by: [timeout]}
exceptions:
  EX: {from: here, to: turned, claim: private, owner: ana, reason: rehearsal, begins: 2026-12-02, ends: 2026-12-03}
";

fn at(time: &str) -> Timestamp {
    format!("{time}Z").parse().unwrap()
}

fn estate(now: Timestamp) -> Estate {
    estate_of(PLAN, now)
}

fn estate_of(text: &str, now: Timestamp) -> Estate {
    let catalog = Catalog::embedded();
    let plan = plan::read("plan.yaml", text, &catalog.outlines()).unwrap();
    let grounds = Grounds::new(plan, catalog, Some("here"), &[]).unwrap();
    let authority = Stage::new(World::hub_and_spoke()).unwrap();
    let trust = Trust::new(Some(authority.authority().pem().as_bytes())).unwrap();
    let lens = Lens { net: Arc::new(Sockets::new(None)), trust: Arc::new(trust), pacer: Arc::new(Pacer::default()) };
    Estate::new(grounds, lens, crate::clock::day(now))
}

/// One resolver that gives the expected address, which answers 401 or not at all.
fn facts(work: &Work, at: Timestamp, answers: bool) -> Facts {
    let took = Duration::ZERO;
    let address = work.subject.expected[0].addr();
    let answer = |addresses: Vec<std::net::IpAddr>| {
        LookupOutcome::Answer(Arc::new(Answer {
            rcode: Rcode::NO_ERROR,
            chain: Vec::new(),
            addresses,
            ttl: None,
            authoritative: false,
            truncated: false,
            recursion_available: true,
            authentic_data: false,
            extended_errors: Vec::new(),
            authority: None,
        }))
    };
    let lookup = |family, outcome| Lookup { family, transport: Transport::Udp, took, outcome };
    let resolver = ResolverFacts {
        resolver: ResolverName::new("r"),
        server: "10.0.0.4:53".parse().unwrap(),
        view: View::Private,
        configured: false,
        a: lookup(Family::A, answer(vec![address])),
        aaaa: lookup(Family::Aaaa, answer(Vec::new())),
    };
    let said = HttpOutcome::Answered { status: 401, headers: Vec::new(), body: String::new() };
    let outcome = if answers { ConnectOutcome::Connected } else { ConnectOutcome::TimedOut };
    let path = PathFacts {
        address,
        port: 443,
        why: vec![Why::Answered, Why::Expected],
        connect: Connect { took, outcome },
        tls: answers.then_some(Tls { took, outcome: TlsOutcome::Trusted, version: None, certificate: None }),
        http: answers.then_some(Http { took, outcome: said }),
    };
    let names = NameFacts { os: None, resolvers: vec![resolver] };
    Facts { at, took, names, paths: vec![path], untried: Vec::new(), proxy: None, follow_up: None, second_look: None }
}

#[test]
fn at_midnight_what_is_known_is_judged_by_the_claims_of_the_new_day() {
    let evening = at("2026-12-01T23:59:50");
    let estate = estate(evening);
    let board = SharedBoard::new(blank(&estate, evening));
    let mut keeper = Keeper::new(board.clone(), &estate, evening);
    for (work, answers) in estate.works.iter().zip([true, false, false]) {
        keeper.take(&estate, work, facts(work, evening, answers), evening);
    }
    let shown = |board: &SharedBoard| {
        let entries = board.snapshot().checks;
        entries.iter().map(|entry| (entry.face.claim, entry.verdict().unwrap())).collect::<Vec<_>>()
    };
    let holds = |claim| (claim, Verdict::Holds);
    assert_eq!(shown(&board), [holds("private"), holds("blocked"), holds("blocked")]);

    // The first look of the new day is at the blocked one: it keeps its witness, and nothing wavers.
    let morning = at("2026-12-02T00:00:05");
    keeper.take(&estate, &estate.works[1], facts(&estate.works[1], morning, false), morning);
    assert_eq!(shown(&board), [holds("private"), holds("blocked"), ("private", Verdict::Broken)]);
    let since = board.snapshot().checks[1].seen.as_ref().unwrap().standing.verdict_since;
    assert_eq!(since, evening);
}

#[test]
fn without_its_witness_a_block_is_unknown_and_with_it_again_it_holds() {
    let now = at("2026-12-01T12:00:00");
    let estate = estate(now);
    let board = SharedBoard::new(blank(&estate, now));
    let mut keeper = Keeper::new(board.clone(), &estate, now);
    let shut = || board.snapshot().checks[1].verdict();
    keeper.take(&estate, &estate.works[1], facts(&estate.works[1], now, false), now);
    assert_eq!(shut(), Some(Verdict::Unknown));
    for (answers, verdict) in [(true, Verdict::Holds), (false, Verdict::Unknown), (true, Verdict::Holds)] {
        keeper.take(&estate, &estate.works[0], facts(&estate.works[0], now, answers), now);
        assert_eq!(shut(), Some(verdict), "the private check answers: {answers}");
    }
}

#[test]
fn while_the_newest_plan_cannot_be_read_every_check_says_so() {
    let now = at("2026-12-01T12:00:00");
    let estate = estate(now);
    let board = SharedBoard::new(blank(&estate, now));
    let mut keeper = Keeper::new(board.clone(), &estate, now);
    keeper.take(&estate, &estate.works[0], facts(&estate.works[0], now, true), now);
    let codes = || -> Vec<&str> {
        let seen = board.snapshot().checks[0].seen.clone().unwrap();
        seen.judgement.findings.iter().map(|finding| finding.code.word()).collect()
    };
    assert!(codes().is_empty());
    keeper.reload_failed(&estate, "plan.yaml:3:1: unknown key", now);
    assert_eq!(codes(), ["plan-stale"]);
    keeper.take(&estate, &estate.works[0], facts(&estate.works[0], now, true), now);
    assert_eq!((codes(), board.snapshot().count(Verdict::Holds)), (vec!["plan-stale"], 1));
    keeper.resettle(&estate, &estate, now);
    assert!(codes().is_empty(), "a plan that reads ends it");
}

#[test]
fn exceptions_are_named_before_their_end_after_it_and_while_nobody_needs_them() {
    // `turned` is private until 2026-12-03 by exception, and blocked by its rule.
    for (day, answers, verdict, codes) in [
        ("2026-12-01", false, Verdict::Holds, &[][..]),
        ("2026-12-02", true, Verdict::Holds, &["exception-expiring"]),
        ("2026-12-03", false, Verdict::Broken, &["connect-timeout", "exception-expiring", "exception-unused"]),
        ("2026-12-04", true, Verdict::Broken, &["block-open", "exception-expired"]),
        ("2026-12-04", false, Verdict::Holds, &[]),
        ("2026-12-17", true, Verdict::Broken, &["block-open", "exception-expired"]),
        ("2026-12-18", true, Verdict::Broken, &["block-open"]),
    ] {
        let now = at(&format!("{day}T12:00:00"));
        let estate = estate(now);
        let board = SharedBoard::new(blank(&estate, now));
        let mut keeper = Keeper::new(board.clone(), &estate, now);
        keeper.take(&estate, &estate.works[0], facts(&estate.works[0], now, true), now);
        keeper.take(&estate, &estate.works[2], facts(&estate.works[2], now, answers), now);
        let judgement = board.snapshot().checks[2].seen.clone().unwrap().judgement;
        let found: Vec<&str> = judgement.findings.iter().map(|finding| finding.code.word()).collect();
        assert_eq!((judgement.verdict, found.as_slice()), (verdict, codes), "{day}, answers: {answers}");
    }
}

#[test]
fn a_broken_plan_of_many_faults_is_kept_as_one_line() {
    let now = at("2026-12-01T12:00:00");
    let estate = estate(now);
    let board = SharedBoard::new(blank(&estate, now));
    let mut keeper = Keeper::new(board.clone(), &estate, now);
    keeper.take(&estate, &estate.works[0], facts(&estate.works[0], now, true), now);
    keeper.reload_failed(&estate, &"plan.yaml:3:1: unknown key\n".repeat(5_000), now);
    let judgement = board.snapshot().checks[0].seen.clone().unwrap().judgement;
    let kept = crate::judge::Evidence::Reload("plan.yaml:3:1: unknown key".to_owned());
    assert_eq!(judgement.findings[0].evidence, [kept]);
}

#[test]
fn outside_of_azure_nobody_is_sent_to_its_platform_address() {
    let catalog = Catalog::embedded();
    let named = |azure: &str| {
        let text = PLAN.replace("resolvers: {r:", &format!("resolvers: {{{azure}r:"));
        plan::read("plan.yaml", &text, &catalog.outlines()).unwrap()
    };
    let platform = "azure: {address: 168.63.129.16}, ";
    let both = "azure: {address: 168.63.129.16}, inbound: {address: 10.0.1.4, view: azure}, ";
    for (resolvers, in_azure, asked) in [
        ("", false, None),
        ("", true, Some("azure-platform")),
        (platform, false, None),
        (platform, true, Some("azure")),
        (both, false, Some("inbound")),
    ] {
        let found = super::estate::azure(&named(resolvers), in_azure);
        assert_eq!(found.as_ref().map(|resolver| resolver.name.as_str()), asked, "{resolvers}, {in_azure}");
    }
}
