//! What must be true of every judgement, whatever the facts.

use crate::facts_of::{answered, facts, gives, ip, os_gave, requested, resolver, shook, stopped, with};
use crate::judge::{blocked, judged, succeeded};
use fencepost::facts::{
    CertTrouble, ConnectOutcome, Facts, HttpOutcome, LookupOutcome, OsOutcome, PathFacts, Rcode, ResolverFacts,
    TlsOutcome,
};
use fencepost::judge::{Judgement, Verdict, Witnessing};
use fencepost::plan::{Claim, Layer, View};
use proptest::prelude::*;
use std::sync::Arc;

const V4: &[&str] = &["10.20.3.5", "10.20.3.6", "10.9.9.9", "20.10.3.4", "20.10.3.5", "0.0.0.0", "127.0.0.1"];
const V6: &[&str] = &["fd00:20::5", "fd00:99::5", "2603:1030::1", "::", "::ffff:10.20.3.5"];

fn any_lookup(pool: &'static [&'static str]) -> impl Strategy<Value = LookupOutcome> {
    let chain = prop::sample::select(vec![
        &[][..],
        &["contoso-chat.privatelink.openai.azure.com"][..],
        &["contoso-chat.privatelink.openai.azure.com", "westeurope.prod.vnet.cog.trafficmanager.net"][..],
    ]);
    let answer = (prop::sample::subsequence(pool, 0..=3), chain, prop::sample::select(vec![0_u16, 0, 0, 2, 3, 5]));
    prop_oneof![
        6 => answer.prop_map(|(given, chain, rcode)| {
            let addresses = if rcode == 0 { given.iter().map(|a| ip(a)).collect() } else { Vec::new() };
            with(Rcode(rcode), addresses, chain)
        }),
        1 => Just(LookupOutcome::Silent),
        1 => Just(LookupOutcome::PortClosed),
        1 => Just(LookupOutcome::Unreachable),
        1 => Just(LookupOutcome::Garbled("wrong id".to_owned())),
        1 => Just(LookupOutcome::NotAsked("no descriptors".to_owned())),
    ]
}

pub fn any_lookup_outcome() -> impl Strategy<Value = LookupOutcome> {
    any_lookup(V4)
}

fn any_resolver() -> impl Strategy<Value = ResolverFacts> {
    (any_lookup(V4), any_lookup(V6), prop::sample::select(&View::ALL[..]))
        .prop_map(|(a, aaaa, view)| ResolverFacts { view, ..resolver("some", a, aaaa) })
}

fn any_path() -> impl Strategy<Value = PathFacts> {
    let address = || prop::sample::select([V4, V6].concat());
    let connect = prop::sample::select(vec![
        ConnectOutcome::Connected,
        ConnectOutcome::TimedOut,
        ConnectOutcome::Refused,
        ConnectOutcome::Reset,
        ConnectOutcome::Unreachable("no route to host".to_owned()),
        ConnectOutcome::NotTried("no descriptors".to_owned()),
    ]);
    let tls = prop::sample::select(vec![
        TlsOutcome::Trusted,
        TlsOutcome::Untrusted(vec![CertTrouble::WrongName, CertTrouble::Expired]),
        TlsOutcome::TimedOut,
        TlsOutcome::Reset,
        TlsOutcome::Closed,
        TlsOutcome::Alert("unrecognised name".to_owned()),
        TlsOutcome::Garbled("not TLS".to_owned()),
    ]);
    let body =
        prop::sample::select(vec!["", "Public access is disabled.", "Please provide a custom subdomain", "hello"]);
    let http = prop_oneof![
        Just(HttpOutcome::TimedOut),
        Just(HttpOutcome::Broken("reset".to_owned())),
        Just(HttpOutcome::Garbled("not HTTP".to_owned())),
    ];
    prop_oneof![
        (address(), connect).prop_map(|(address, outcome)| stopped(address, outcome)),
        (address(), tls).prop_map(|(address, outcome)| shook(address, outcome)),
        (address(), http).prop_map(|(address, outcome)| requested(address, outcome)),
        (address(), prop_oneof![Just(401_u16), Just(403), Just(429), 100_u16..600], body)
            .prop_map(|(address, status, body)| answered(address, status, body)),
    ]
}

fn any_os() -> impl Strategy<Value = OsOutcome> {
    prop_oneof![
        3 => prop::sample::subsequence(V4, 0..=3).prop_map(|a| OsOutcome::Addresses(a.iter().map(|a| ip(a)).collect())),
        1 => Just(OsOutcome::NoSuchName),
        1 => Just(OsOutcome::TryAgain),
        1 => Just(OsOutcome::Failed("system error".to_owned())),
        1 => Just(OsOutcome::NotAsked("no descriptors".to_owned())),
        1 => Just(OsOutcome::TimedOut),
    ]
}

pub fn any_facts() -> impl Strategy<Value = Facts> {
    let resolvers = prop::collection::vec(any_resolver(), 0..4);
    let paths = prop::collection::vec(any_path(), 0..5);
    (resolvers, paths, prop::option::of(any_os())).prop_map(|(resolvers, mut paths, os)| {
        // A look tries an address once.
        paths.sort_by_key(|path| path.address);
        paths.dedup_by_key(|path| path.address);
        let seen = facts(resolvers, paths);
        match os {
            Some(os) => os_gave(seen, os),
            None => seen,
        }
    })
}

/// Facts of which most are as they should be, and some are missing.
fn almost_good_facts() -> impl Strategy<Value = Facts> {
    let good = || prop_oneof![3 => Just(resolver("azure", gives(&["10.20.3.5"]), gives(&[]))), 1 => any_resolver()];
    let path = || prop_oneof![3 => Just(answered("10.20.3.5", 401, "")), 1 => any_path()];
    let lists = (prop::collection::vec(good(), 0..3), prop::option::of(path()), prop::option::of(any_os()));
    lists.prop_map(|(resolvers, path, os)| {
        let seen = facts(resolvers, path.into_iter().collect());
        match os {
            Some(os) => os_gave(seen, os),
            None => seen,
        }
    })
}

pub fn any_claim() -> impl Strategy<Value = Claim> {
    let layers = prop::sample::subsequence(&Layer::ALL[..], 1..=7);
    prop_oneof![3 => Just(Claim::Private), 3 => layers.prop_map(|by| blocked(&by)), 1 => Just(Claim::Public), 1 => Just(Claim::None)]
}

pub fn any_witness() -> impl Strategy<Value = Witnessing> {
    prop_oneof![
        2 => Just(succeeded()),
        1 => Just(Witnessing::Failed("resolving failed".to_owned())),
        1 => Just(Witnessing::NotSeen),
    ]
}

/// A judgement without its evidence.
pub fn gist(judgement: &Judgement) -> (Verdict, String, Vec<String>) {
    let mut findings: Vec<String> =
        judgement.findings.iter().map(|f| format!("{} {:?} {:?}", f.code.word(), f.cause(), f.weight)).collect();
    findings.sort();
    (judgement.verdict, judgement.fallback.word().to_owned(), findings)
}

fn turned(facts: &Facts) -> Facts {
    let mut turned = facts.clone();
    turned.paths.reverse();
    turned.names.resolvers.reverse();
    for resolver in &mut turned.names.resolvers {
        for lookup in [&mut resolver.a, &mut resolver.aaaa] {
            if let LookupOutcome::Answer(answer) = &mut lookup.outcome {
                Arc::make_mut(answer).addresses.reverse();
            }
        }
    }
    if let Some(OsOutcome::Addresses(given)) = turned.names.os.as_mut().map(|os| &mut os.outcome) {
        given.reverse();
    }
    turned
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_verdict_other_than_holds_has_a_reason(facts in any_facts(), claim in any_claim(), witness in any_witness()) {
        let judgement = judged(&claim, &facts, &witness);
        prop_assert!(judgement.verdict == Verdict::Holds || !judgement.findings.is_empty());
    }

    #[test]
    fn the_order_of_answers_does_not_matter(facts in any_facts(), claim in any_claim(), witness in any_witness()) {
        let (one, other) = (judged(&claim, &facts, &witness), judged(&claim, &turned(&facts), &witness));
        prop_assert_eq!(gist(&one), gist(&other));
    }

    #[test]
    fn a_further_public_answer_mends_nothing(facts in any_facts(), claim in any_claim(), witness in any_witness()) {
        let before = judged(&claim, &facts, &witness);
        let mut worse = facts;
        worse.names.resolvers.push(resolver("further", gives(&["20.99.9.9"]), gives(&[])));
        let after = judged(&claim, &worse, &witness);
        prop_assert!(before.verdict == Verdict::Holds || after.verdict != Verdict::Holds, "{:?}", gist(&before));
        prop_assert!(claim != Claim::Private || after.verdict == Verdict::Broken, "{:?}", gist(&after));
    }

    #[test]
    fn no_block_without_a_witness(facts in any_facts(), by in prop::sample::subsequence(&Layer::ALL[..], 1..=7)) {
        for witness in [Witnessing::Failed("down".to_owned()), Witnessing::NotSeen] {
            prop_assert_ne!(judged(&blocked(&by), &facts, &witness).verdict, Verdict::Holds);
        }
    }

    #[test]
    fn no_block_while_a_path_is_open_or_unclear(mut facts in any_facts(), by in prop::sample::subsequence(&Layer::ALL[..], 1..=7)) {
        for (path, verdict) in [
            (answered("20.77.7.7", 401, ""), Some(Verdict::Broken)),
            (answered("20.77.7.7", 503, ""), None),
            (requested("20.77.7.7", HttpOutcome::TimedOut), None),
            (shook("20.77.7.7", TlsOutcome::Trusted), None),
        ] {
            facts.paths.push(path);
            let judgement = judged(&blocked(&by), &facts, &succeeded());
            prop_assert_ne!(judgement.verdict, Verdict::Holds);
            prop_assert!(verdict.is_none_or(|verdict| verdict == judgement.verdict));
            facts.paths.pop();
        }
    }

    /// Nobody who holds nothing in hand may say that a name is private.
    #[test]
    fn private_needs_an_answer_and_an_open_path(facts in almost_good_facts()) {
        let judgement = judged(&Claim::Private, &facts, &Witnessing::NotSeen);
        if judgement.verdict != Verdict::Holds {
            return Ok(());
        }
        prop_assert!(facts.paths.iter().any(|path| path.http.is_some()), "{:?}", gist(&judgement));
        let wire = facts.names.resolvers.iter().any(|r| r.view.is_private() && r.addresses().next().is_some());
        let os = facts.names.os.as_ref().map(|os| &os.outcome);
        prop_assert!(wire || matches!(os, Some(OsOutcome::Addresses(given)) if !given.is_empty()));
    }
}
