//! The rules of names, one table each.

use crate::facts::Rcode;
use crate::lab::{Data, Kind, Question, Reply, Said, World};
use crate::plan::HostName;
use std::net::IpAddr;

const AZURE: &str = "127.63.129.16";
const HUB: &str = "127.10.0.4";
const INTERNET: &str = "127.9.9.9";
const PROD: &str = "127.20.1.1";
const SANDBOX: &str = "127.40.0.1";
const BRANCH: &str = "127.192.0.1";

const CHAT: &str = "contoso-chat.openai.azure.com";
const PRIVATE: &str = "127.20.3.5";
const PUBLIC: &str = "127.203.1.10";

fn ask(world: &World, resolver: &str, source: &str, name: &str, kind: Kind) -> Reply {
    let question = Question { name: HostName::parse(name).unwrap(), kind };
    world.answer(resolver.parse().unwrap(), source.parse().unwrap(), &question)
}

fn said(world: &World, resolver: &str, source: &str, name: &str, kind: Kind) -> Said {
    match ask(world, resolver, source, name, kind) {
        Reply::Said(said) => said,
        other => panic!("{resolver} gave {other:?}"),
    }
}

fn with(faults: &[&str]) -> World {
    faults.iter().fold(World::hub_and_spoke(), |world, fault| world.with_fault(fault).unwrap())
}

fn primary(said: &Said) -> Option<&str> {
    said.authority.iter().chain(&said.records).find_map(|entry| match &entry.data {
        Data::Authority { primary } => Some(primary.as_str()),
        Data::Alias(_) | Data::Address(_) => None,
    })
}

#[test]
fn an_address_depends_on_the_zone_the_link_and_who_asks() {
    let none: &[&str] = &[];
    let unlinked: &[&str] = &["public-fallback-usable"];
    let missing: &[&str] = &["record-missing"];
    let redirected: &[&str] = &["redirect-on"];
    let bypassed: &[&str] = &["forwarder-bypasses-azure"];
    for (faults, resolver, source, rcode, answer, why) in [
        (none, AZURE, PROD, 0, Some(PRIVATE), "the zone is linked"),
        (none, AZURE, SANDBOX, 0, Some(PUBLIC), "the sandbox has no link of its own"),
        (none, HUB, SANDBOX, 0, Some(PRIVATE), "the forwarder asks from the hub, whoever asks it"),
        (none, INTERNET, PROD, 0, Some(PUBLIC), "the internet has no private zone"),
        (unlinked, AZURE, PROD, 0, Some(PUBLIC), "without the link the public chain is followed"),
        (unlinked, HUB, PROD, 0, Some(PUBLIC), "the hub lost its link too"),
        (missing, AZURE, PROD, 3, None, "a linked zone without the record says no"),
        (missing, AZURE, SANDBOX, 0, Some(PUBLIC), "an unlinked network never asks the zone"),
        (redirected, AZURE, PROD, 0, Some(PUBLIC), "the link sends a missing record to the internet"),
        (bypassed, HUB, PROD, 0, Some(PUBLIC), "the forwarder asks the internet"),
        (bypassed, AZURE, PROD, 0, Some(PRIVATE), "Azure itself still answers"),
    ] {
        let said = said(&with(faults), resolver, source, CHAT, Kind::A);
        let wanted: Vec<IpAddr> = answer.iter().map(|address| address.parse().unwrap()).collect();
        assert_eq!((said.rcode, said.addresses()), (Rcode(rcode), wanted), "{why}");
        let alias = HostName::from_wire("contoso-chat.privatelink.openai.azure.com");
        assert_eq!(said.records[0].data, Data::Alias(alias), "the alias is there for everybody: {why}");
    }
}

#[test]
fn an_soa_tells_whose_zone_answers() {
    let (private, public) = (Some("azureprivatedns.net"), Some("ns1-01.azure-dns.com"));
    let zone = "privatelink.openai.azure.com";
    let random = "x7q2.privatelink.openai.azure.com";
    let none: &[&str] = &[];
    for (faults, source, name, kind, rcode, whose) in [
        (none, PROD, zone, Kind::Soa, 0, private),
        (none, SANDBOX, zone, Kind::Soa, 0, public),
        (none, PROD, random, Kind::A, 3, private),
        (none, SANDBOX, random, Kind::A, 3, public),
        (&["redirect-on"], PROD, zone, Kind::Soa, 0, private),
        (&["redirect-on"], PROD, random, Kind::A, 3, public),
        (&["public-fallback-usable"], PROD, zone, Kind::Soa, 0, public),
        (none, PROD, CHAT, Kind::Aaaa, 0, private),
        (none, PROD, "nobody.contoso.example", Kind::A, 3, public),
        (none, PROD, "contoso.example", Kind::A, 0, public),
    ] {
        let said = said(&with(faults), AZURE, source, name, kind);
        assert_eq!((said.rcode, primary(&said)), (Rcode(rcode), whose), "{faults:?} {source} {name} {kind:?}");
        assert!(said.addresses().is_empty(), "{name} has no address");
    }
}

#[test]
fn a_resolver_in_trouble_says_so_or_nothing() {
    for (faults, resolver, source, reply) in [
        (&["silent-resolver"][..], HUB, PROD, Reply::Silence),
        (&["resolver-closed"], HUB, PROD, Reply::Closed),
        (&[], AZURE, BRANCH, Reply::Silence),
        (&[], "127.1.1.1", PROD, Reply::Closed),
    ] {
        assert_eq!(ask(&with(faults), resolver, source, CHAT, Kind::A), reply, "{faults:?} {resolver}");
    }
    let failing = said(&with(&["resolver-failing"]), HUB, PROD, CHAT, Kind::A);
    assert_eq!((failing.rcode, failing.records.len()), (Rcode::SERVER_FAILURE, 0));
}

#[test]
fn forwarders_follow_the_longest_suffix_and_end_their_loops() {
    let text = r#"
world: forwarders
about: two forwarders
networks: {hub: [10.0.0.0/16]}
records: {a.contoso.example: {addresses: [192.0.2.1]}, a.b.contoso.example: {addresses: [192.0.2.2]}}
resolvers:
  internet: {address: 9.9.9.9, kind: public}
  silent: {address: 10.0.0.9, kind: public, state: silent}
  refusing: {address: 10.0.0.8, kind: public, state: refusing, truncates: true}
  loop: {address: 10.0.0.5, kind: forwarder, stands_in: hub, otherwise: loop}
  hub:
    address: 10.0.0.4
    kind: forwarder
    stands_in: hub
    forwards: {contoso.example: internet, b.contoso.example: silent, other.example: refusing}
    otherwise: loop
fronts: {}
"#;
    let world = World::read("forwarders.yaml", text).unwrap();
    for (name, rcode, addresses) in [
        ("a.contoso.example", Rcode::NO_ERROR, 1),
        ("a.b.contoso.example", Rcode::SERVER_FAILURE, 0),
        ("a.other.example", Rcode::REFUSED, 0),
        ("elsewhere.example", Rcode::SERVER_FAILURE, 0),
    ] {
        let said = said(&world, "10.0.0.4", "10.0.1.1", name, Kind::A);
        assert_eq!((said.rcode, said.addresses().len()), (rcode, addresses), "{name}");
        assert!(!said.truncates, "what a forwarder passes on is its own answer");
    }
}
