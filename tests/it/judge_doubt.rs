//! Facts that fit more than one cause, or another cause than the nearest: what must stay open, and what must be asked.

use crate::facts_of::{answered, facts, gives, gives_by, no_such_name, nothing, os_gave, resolver, with};
use crate::repository::{CATALOG, read};
use fencepost::facts::{
    Authority, Facts, FollowUp, Inquired, Inquiry, LookupOutcome, OsOutcome, Purpose, Rcode, ResolverFacts,
};
use fencepost::judge::{Around, Asked, Code, Finding, Terms, Witnessing, inquiries, judge};
use fencepost::plan::{HostName, Plan, View};
use std::sync::Arc;
use std::sync::LazyLock;
use std::time::Duration;

static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    read(
        "plan: doubts\n\
         vantages: {app: {kind: production}}\n\
         targets:\n  \
         chat: {service: azure-openai, endpoints: {contoso-chat.openai.azure.com: [10.20.3.5]}}\n  \
         search: {service: ai-search, endpoints: {contoso.search.azure.us: [10.20.3.5]}}\n  \
         ml: {service: ml-workspace, endpoints: {score.westeurope.inference.ml.azure.com: [10.20.3.5]}}\n\
         rules: [{name: all, from: any, to: any, claim: private}]\n",
    )
    .unwrap()
});

const HERE: &str = "10.20.3.5";
const PUBLIC: &str = "20.10.3.4";
const ZONE: &str = "privatelink.openai.azure.com";
const ALIAS: &str = "contoso-chat.privatelink.openai.azure.com";
const TAIL: &str = "westeurope.prod.vnet.cog.trafficmanager.net";

/// What is asked of the facts of one target.
fn with_asked<T>(target: &str, then: impl FnOnce(&Asked<'_>) -> T) -> T {
    let target = PLAN.targets.iter().find(|known| known.name.as_str() == target).unwrap();
    let claim = &PLAN.rules[0].claim;
    then(&Asked {
        claim,
        target,
        endpoint: &target.endpoints[0],
        service: CATALOG.service(&target.service).unwrap(),
        networks: &PLAN.networks,
        around: &Around::default(),
        terms: Terms::of_rule(claim, "2026-11-22".parse().unwrap()),
    })
}

fn findings(target: &str, facts: &Facts) -> Vec<Finding> {
    with_asked(target, |asked| judge(asked, facts, &Witnessing::NotSeen).findings)
}

fn cause(target: &str, facts: &Facts) -> Vec<&'static str> {
    let found = findings(target, facts).into_iter().filter(|finding| finding.code == Code::PublicAnswer);
    found.map(|finding| finding.cause().unwrap().word()).collect()
}

fn hub(a: LookupOutcome, aaaa: LookupOutcome) -> ResolverFacts {
    resolver("hub", a, aaaa)
}

fn azure(a: LookupOutcome) -> ResolverFacts {
    let server = "168.63.129.16:53".parse().unwrap();
    ResolverFacts { server, view: View::Azure, ..resolver("azure", a, nothing()) }
}

fn said(at: &ResolverFacts, purpose: Purpose, name: &str, outcome: LookupOutcome) -> Inquired {
    let inquiry =
        Inquiry { purpose, resolver: at.resolver.clone(), server: at.server, name: HostName::from_wire(name) };
    Inquired { inquiry, at: "2026-11-22T15:00:00Z".parse().unwrap(), took: Duration::from_millis(2), outcome }
}

fn soa(zone: &str, primary: &str) -> LookupOutcome {
    let LookupOutcome::Answer(mut answer) = with(Rcode::NO_ERROR, Vec::new(), &[]) else { unreachable!("an answer") };
    Arc::make_mut(&mut answer).authority =
        Some(Authority { zone: HostName::from_wire(zone), primary: HostName::from_wire(primary) });
    LookupOutcome::Answer(answer)
}

fn private(zone: &str) -> LookupOutcome {
    soa(zone, "azureprivatedns.net")
}

fn other() -> LookupOutcome {
    soa("azure.com", "ns1-01.azure-dns.com")
}

fn followed(resolvers: Vec<ResolverFacts>, inquired: Vec<Inquired>) -> Facts {
    let inquired = inquired.into_iter().map(Arc::new).collect();
    let mut facts = facts(resolvers, vec![answered(HERE, 401, "")]);
    facts.follow_up = Some(Box::new(FollowUp { inquired, machine: None }));
    facts
}

#[test]
fn a_link_is_missed_only_where_links_are_seen() {
    const THERE: &str = "privatelink.azure-api.net";
    let public = || gives_by(&[ALIAS, TAIL], &[PUBLIC]);
    let here = hub(public(), nothing());
    let platform = azure(nothing());
    let asked = |at, other_zone: LookupOutcome| said(at, Purpose::OtherZoneAuthority, THERE, other_zone);
    let both = |hub_other, azure_other| {
        let inquired = vec![
            said(&here, Purpose::ZoneAuthority, ZONE, other()),
            asked(&here, hub_other),
            said(&platform, Purpose::AzureResolver, "contoso-chat.openai.azure.com", public()),
            said(&platform, Purpose::ZoneAuthority, ZONE, other()),
            asked(&platform, azure_other),
        ];
        cause("chat", &followed(vec![here.clone()], inquired))
    };
    assert_eq!(both(private(THERE), private(THERE)), ["zone-not-linked"], "other zones are linked here and there");
    assert_eq!(both(private(THERE), other()), ["undetermined"], "no zone is linked to this network");
    assert_eq!(both(private(THERE), LookupOutcome::Silent), ["undetermined"], "nobody knows");
    assert_eq!(both(other(), private(THERE)), ["undetermined"], "the resolver knows no zone at all");

    // Azure's own resolver gives nothing: that is no missing link.
    let deleted = azure(no_such_name());
    let inquired =
        vec![said(&here, Purpose::ZoneAuthority, ZONE, other()), said(&deleted, Purpose::ZoneAuthority, ZONE, other())];
    assert_eq!(cause("chat", &followed(vec![here.clone(), deleted], inquired)), ["undetermined"]);
}

#[test]
fn of_two_zones_the_one_that_the_answer_went_through_counts() {
    const NEW: &str = "privatelink.search.azure.us";
    const OLD: &str = "privatelink.search.windows.us";
    let alias = "contoso.privatelink.search.azure.us";
    let at = azure(gives_by(&[alias, "azsgov.cloudapp.azure.com"], &[PUBLIC]));
    let inquired = vec![
        said(&at, Purpose::ZoneAuthority, NEW, other()),
        said(&at, Purpose::ZoneAuthority, OLD, private(OLD)),
        said(&at, Purpose::PrivatelinkName, alias, gives(&[PUBLIC])),
        said(&at, Purpose::Canary, "fp-0.privatelink.search.azure.us", no_such_name()),
    ];
    assert_eq!(cause("search", &followed(vec![at], inquired)), ["zone-not-linked"]);
}

#[test]
fn the_privatelink_name_that_was_seen_is_asked_for_and_no_other() {
    let seen = "score.guid.inference.westeurope.privatelink.api.azureml.ms";
    let facts = facts(vec![hub(gives_by(&[seen, TAIL], &[PUBLIC]), nothing())], Vec::new());
    let wanted = with_asked("ml", |asked| inquiries(asked, &facts, false));
    let of = |purpose| wanted.questions.iter().filter(move |q| q.purpose == purpose).map(|q| q.name.as_str());
    assert_eq!(of(Purpose::PrivatelinkName).collect::<Vec<_>>(), [seen]);
    assert_eq!(of(Purpose::Sibling).count(), 0, "other suffixes have other labels");
}

#[test]
fn a_chain_that_is_not_shown_names_no_cause() {
    let here = hub(gives(&[PUBLIC]), nothing());
    let direct = said(&here, Purpose::PrivatelinkName, ALIAS, gives(&[HERE]));
    let linked = vec![said(&here, Purpose::ZoneAuthority, ZONE, private(ZONE)), direct];
    let good = azure(gives_by(&[ALIAS], &[HERE]));
    assert_eq!(cause("chat", &followed(vec![here.clone(), good.clone()], linked)), ["undetermined"]);
    let elsewhere = vec![said(&here, Purpose::ZoneAuthority, ZONE, other())];
    assert_eq!(cause("chat", &followed(vec![here, good], elsewhere)), ["forwarder-bypasses-azure"]);

    // The alias is seen at Azure's own resolver alone, and it does exist.
    let old = hub(gives_by(&[TAIL], &[PUBLIC]), nothing());
    let name = "contoso-chat.openai.azure.com";
    let shown = said(&good_server(), Purpose::AzureResolver, name, gives_by(&[ALIAS, TAIL], &[PUBLIC]));
    assert_eq!(cause("chat", &followed(vec![old.clone()], vec![shown])), ["undetermined"]);
    assert_eq!(cause("chat", &followed(vec![old], Vec::new())), ["no-private-endpoint"]);
}

fn good_server() -> ResolverFacts {
    azure(nothing())
}

#[test]
fn a_translated_stale_address_is_no_public_record() {
    let asked = |a: &str| {
        let here = hub(gives_by(&[ALIAS], &[a]), gives_by(&[ALIAS], &["64:ff9b::a14:363"]));
        let inquired = vec![said(&here, Purpose::ZoneAuthority, ZONE, private(ZONE))];
        cause("chat", &followed(vec![here], inquired))
    };
    assert_eq!(asked("10.20.3.99"), ["undetermined"]);
    assert_eq!(asked(PUBLIC), ["public-record-in-zone"]);
}

#[test]
fn a_private_zone_above_the_suffix_shadows_it_too() {
    let LookupOutcome::Answer(mut missing) = no_such_name() else { unreachable!("an answer") };
    Arc::make_mut(&mut missing).authority =
        Some(Authority { zone: HostName::from_wire("azure.com"), primary: HostName::from_wire("azureprivatedns.net") });
    let here = hub(LookupOutcome::Answer(missing), nothing());
    let inquired = vec![said(&here, Purpose::SuffixAuthority, "openai.azure.com", private("azure.com"))];
    let codes: Vec<Code> =
        findings("chat", &followed(vec![here], inquired)).into_iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::ZoneShadowed]);
}

#[test]
fn a_configured_resolver_that_knows_the_zone_is_no_public_one() {
    let at = |a| ResolverFacts { configured: true, server: "[2001:4860::53]:53".parse().unwrap(), ..hub(a, nothing()) };
    for (a, found) in [(gives_by(&[ALIAS], &[HERE]), false), (gives(&[PUBLIC]), true), (LookupOutcome::Silent, true)] {
        let found_it = findings("chat", &facts(vec![at(a.clone())], vec![answered(HERE, 401, "")]))
            .iter()
            .any(|finding| finding.code == Code::PublicResolverConfigured);
        assert_eq!(found_it, found, "{a:?}");
    }
}

#[test]
fn where_getaddrinfo_fails_the_search_list_is_left_alone() {
    let look = |outcome| os_gave(facts(vec![hub(LookupOutcome::Silent, LookupOutcome::Silent)], Vec::new()), outcome);
    for outcome in [OsOutcome::NoSuchName, OsOutcome::TryAgain, OsOutcome::TimedOut] {
        let wanted = with_asked("chat", |asked| inquiries(asked, &look(outcome.clone()), false));
        assert!(wanted.is_empty(), "{outcome:?}: {wanted:?}");
    }
    let odd = look(OsOutcome::Addresses(vec![HERE.parse().unwrap()]));
    assert!(with_asked("chat", |asked| inquiries(asked, &odd, false)).machine);
}

#[test]
fn an_override_of_unknown_origin_is_looked_for_on_the_machine() {
    let stale = OsOutcome::Addresses(vec!["10.20.3.99".parse().unwrap()]);
    let seen = facts(vec![hub(gives_by(&[ALIAS], &[HERE]), nothing())], vec![answered(HERE, 401, "")]);
    let found = findings("chat", &os_gave(seen, stale));
    let overridden = found.iter().find(|finding| finding.code == Code::HostsOverride).unwrap();
    assert_eq!(overridden.first_try(), Code::HostsOverride.first_try());
}
