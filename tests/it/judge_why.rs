//! Why an answer is public: what each set of follow-up answers comes to, and what must be true of all of them.

use crate::facts_of::{answered, facts, gives, gives_by, no_such_name, nothing, resolver};
use crate::judge::judged;
use crate::judge_any::{any_claim, any_facts, any_lookup_outcome, any_witness};
use fencepost::facts::{
    Answer, Authority, Facts, FollowUp, Inquired, Inquiry, LookupOutcome, MachineFacts, Purpose, Rcode, ResolverFacts,
};
use fencepost::judge::{Code, Confidence, Verdict, Witnessing};
use fencepost::plan::{Claim, HostName, View};
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;

const ZONE: &str = "privatelink.openai.azure.com";
const ALIAS: &str = "contoso-chat.privatelink.openai.azure.com";
const TAIL: &str = "westeurope.prod.vnet.cog.trafficmanager.net";
const PUBLIC: &str = "20.10.3.4";
const HERE: &str = "10.20.3.5";

fn asked(at: &ResolverFacts, purpose: Purpose, name: &str, outcome: LookupOutcome) -> Inquired {
    let inquiry =
        Inquiry { purpose, resolver: at.resolver.clone(), server: at.server, name: HostName::from_wire(name) };
    Inquired { inquiry, at: "2026-11-22T15:00:00Z".parse().unwrap(), took: Duration::from_millis(2), outcome }
}

/// An SOA in an answer without addresses.
fn soa(rcode: u16, zone: &str, primary: &str) -> LookupOutcome {
    let LookupOutcome::Answer(answer) = nothing() else { unreachable!("an answer without addresses") };
    let authority = Some(Authority { zone: HostName::from_wire(zone), primary: HostName::from_wire(primary) });
    LookupOutcome::Answer(Arc::new(Answer { rcode: Rcode(rcode), authority, ..Answer::clone(&answer) }))
}

fn private() -> LookupOutcome {
    soa(0, ZONE, "azureprivatedns.net")
}

fn other() -> LookupOutcome {
    soa(0, "azure.com", "ns1-01.azure-dns.com")
}

/// What the resolver in question is, what its follow-up questions brought, and what Azure's own resolver says.
struct Row {
    what: &'static str,
    view: View,
    zone: Option<LookupOutcome>,
    direct: Option<LookupOutcome>,
    canary: Option<LookupOutcome>,
    azure: Option<LookupOutcome>,
    cause: &'static str,
}

fn at(name: &str, address: &str, view: View, a: LookupOutcome) -> ResolverFacts {
    ResolverFacts { server: address.parse().unwrap(), view, ..resolver(name, a, nothing()) }
}

fn seen(row: &Row) -> Facts {
    let leaks = at("hub", "10.0.0.4:53", row.view, gives_by(&[ALIAS, TAIL], &[PUBLIC]));
    let follow = [
        (Purpose::ZoneAuthority, ZONE, &row.zone),
        (Purpose::PrivatelinkName, ALIAS, &row.direct),
        (Purpose::Canary, "fp-0000.privatelink.openai.azure.com", &row.canary),
    ];
    let inquired = follow.into_iter().filter_map(|(purpose, name, outcome)| {
        outcome.clone().map(|outcome| Arc::new(asked(&leaks, purpose, name, outcome)))
    });
    let inquired = inquired.collect();
    let azure = row.azure.clone().map(|a| at("azure", "168.63.129.16:53", View::Azure, a));
    let resolvers = [leaks].into_iter().chain(azure).collect();
    let mut facts = facts(resolvers, vec![answered(HERE, 401, "")]);
    facts.follow_up = Some(Box::new(FollowUp { inquired, machine: None }));
    facts
}

/// A forwarder or Azure itself, where no other resolver says anything.
fn alone() -> Vec<Row> {
    let public = || gives_by(&[TAIL], &[PUBLIC]);
    let refused = || Some(soa(3, ZONE, "azureprivatedns.net"));
    let no = || Some(soa(3, "azure.com", "ns1-01.azure-dns.com"));
    let row = |what, view, zone, direct, canary, azure, cause| Row { what, view, zone, direct, canary, azure, cause };
    let (azure, hub) = (View::Azure, View::Private);
    vec![
        row("nothing was asked", hub, None, None, None, None, "undetermined"),
        row("Azure itself, no zone", azure, Some(other()), Some(public()), no(), None, "zone-not-linked"),
        row(
            "Azure itself, a zone without the record",
            azure,
            Some(private()),
            Some(public()),
            no(),
            None,
            "record-missing-with-redirect",
        ),
        row("a zone that says no to others", azure, Some(private()), Some(public()), refused(), None, "undetermined"),
        row("Azure itself knows the record", azure, Some(private()), Some(gives(&[HERE])), no(), None, "undetermined"),
        row("a forwarder, no zone", hub, Some(other()), Some(public()), no(), None, "undetermined"),
        row(
            "a forwarder that knows the record",
            hub,
            Some(private()),
            Some(gives(&[HERE])),
            no(),
            None,
            "privatelink-only-forwarder",
        ),
        row(
            "a forwarder whose zone lacks the record",
            hub,
            Some(private()),
            Some(no_such_name()),
            refused(),
            None,
            "privatelink-only-forwarder",
        ),
        row(
            "a forwarder, a zone behind a redirect",
            hub,
            Some(private()),
            Some(public()),
            no(),
            None,
            "record-missing-with-redirect",
        ),
    ]
}

/// Beside a resolver of Azure's own that gives the private answer, and what else there is.
fn beside_azure() -> Vec<Row> {
    let public = || gives_by(&[TAIL], &[PUBLIC]);
    let no = || Some(soa(3, "azure.com", "ns1-01.azure-dns.com"));
    let row = |what, view, zone, direct, canary, azure, cause| Row { what, view, zone, direct, canary, azure, cause };
    let (azure, hub) = (View::Azure, View::Private);
    vec![
        row(
            "beside a good Azure",
            hub,
            Some(other()),
            Some(public()),
            no(),
            Some(gives(&[HERE])),
            "forwarder-bypasses-azure",
        ),
        row(
            "beside a good Azure, silent",
            hub,
            Some(LookupOutcome::Silent),
            Some(LookupOutcome::Silent),
            None,
            Some(gives(&[HERE])),
            "forwarder-bypasses-azure",
        ),
        row(
            "beside a good Azure, knowing the record",
            hub,
            Some(private()),
            Some(gives(&[HERE])),
            no(),
            Some(gives(&[HERE])),
            "privatelink-only-forwarder",
        ),
        row(
            "beside a good Azure, another copy of the zone",
            hub,
            Some(private()),
            Some(public()),
            no(),
            Some(gives(&[HERE])),
            "record-missing-with-redirect",
        ),
        row(
            "beside a good Azure, a zone and no more",
            hub,
            Some(private()),
            None,
            None,
            Some(gives(&[HERE])),
            "undetermined",
        ),
        row("the SOA was not told", azure, Some(LookupOutcome::Silent), Some(public()), no(), None, "undetermined"),
        row(
            "the SOA is of a zone above",
            azure,
            Some(soa(0, "openai.azure.com", "azureprivatedns.net")),
            Some(public()),
            no(),
            None,
            "zone-not-linked",
        ),
    ]
}

#[test]
fn each_set_of_answers_has_its_cause_and_doubt_has_none() {
    for row in alone().into_iter().chain(beside_azure()) {
        let judgement = judged(&Claim::Private, &seen(&row), &fencepost::judge::Witnessing::NotSeen);
        let finding = judgement.findings.iter().find(|finding| finding.code == Code::PublicAnswer).unwrap();
        assert_eq!(finding.cause().map(|cause| cause.word()), Some(row.cause), "{}: {finding:#?}", row.what);
    }
}

/// A resolver that invents answers may give the right address among them; that one is not what it invented.
#[test]
fn an_expected_address_among_invented_ones_breaks_nothing() {
    let some = resolver("some", gives(&[HERE]), nothing());
    let canary = asked(&some, Purpose::Canary, ZONE, gives(&[HERE, "0.0.0.0"]));
    let mut seen = facts(vec![some], Vec::new());
    let judge = |seen: &Facts| judged(&Claim::Private, seen, &fencepost::judge::Witnessing::NotSeen);
    let before = judge(&seen);
    seen.follow_up = Some(Box::new(FollowUp { inquired: vec![Arc::new(canary)], machine: None }));
    let after = judge(&seen);
    assert_eq!(before.verdict, after.verdict);
    assert!(after.findings.iter().any(|finding| finding.code == Code::NxdomainRewritten), "{:#?}", after.findings);
}

fn any_inquired() -> impl Strategy<Value = Inquired> {
    let purposes = vec![
        Purpose::ZoneAuthority,
        Purpose::SuffixAuthority,
        Purpose::PrivatelinkName,
        Purpose::Canary,
        Purpose::AzureResolver,
        Purpose::Sibling,
        Purpose::SearchSuffix,
    ];
    let said = prop_oneof![
        any_lookup_outcome(),
        Just(private()),
        Just(other()),
        Just(soa(0, "openai.azure.com", "azureprivatedns.net")),
    ];
    (prop::sample::select(purposes), said)
        .prop_map(|(purpose, outcome)| asked(&resolver("some", nothing(), nothing()), purpose, ZONE, outcome))
}

/// The label that nobody has was given an invented address, and the good one of the name beside it.
#[test]
fn a_good_address_stays_good_whatever_an_invented_name_is_given() {
    let here = resolver("some", gives_by(&[ALIAS], &[HERE]), nothing());
    let canary = asked(&here, Purpose::Canary, ZONE, gives(&[HERE, "127.0.0.1"]));
    let mut looked = facts(vec![here], vec![answered(HERE, 401, "")]);
    let before = judged(&Claim::Private, &looked, &Witnessing::NotSeen);
    looked.follow_up = Some(Box::new(FollowUp { inquired: vec![Arc::new(canary)], machine: None }));
    let after = judged(&Claim::Private, &looked, &Witnessing::NotSeen);
    assert_eq!((before.verdict, after.verdict), (Verdict::Holds, Verdict::Holds));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Follow-up questions explain; they never change what is true.
    #[test]
    fn what_is_asked_afterwards_changes_no_verdict(
        facts in any_facts(),
        claim in any_claim(),
        witness in any_witness(),
        inquired in prop::collection::vec(any_inquired(), 0..6),
        in_hosts in any::<bool>(),
    ) {
        let before = judged(&claim, &facts, &witness);
        let mut after = facts;
        let hosts = if in_hosts { vec![HERE.parse().unwrap(), PUBLIC.parse().unwrap()] } else { Vec::new() };
        let inquired = inquired.into_iter().map(Arc::new).collect();
        after.follow_up = Some(Box::new(FollowUp { inquired, machine: Some(MachineFacts { hosts, ..MachineFacts::default() }) }));
        let after = judged(&claim, &after, &witness);
        prop_assert_eq!((before.verdict, before.fallback), (after.verdict, after.fallback));
        for finding in &after.findings {
            prop_assert!(finding.code != Code::PublicAnswer || finding.confidence() != Some(Confidence::Certain));
            prop_assert!(finding.confidence() != Some(Confidence::Inferred) || finding.diagnosis.as_ref().is_some_and(|d| !d.supports.is_empty()));
        }
    }
}
