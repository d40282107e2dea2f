//! What resolvers do beyond zones and links: wildcards, zones of their own, silence for some, and answers that are made up.

use crate::facts::Rcode;
use crate::lab::{Data, Kind, Question, Reply, World};
use crate::plan::HostName;
use std::net::IpAddr;

const WORLD: &str = r#"
world: resolvers
about: an Azure network, and a datacentre with a DNS server of its own
networks: {spoke: [10.20.0.0/16]}
places: {datacentre: [192.168.0.0/16]}
records:
  chat.openai.azure.com:             {alias: chat.privatelink.openai.azure.com}
  chat.privatelink.openai.azure.com: {addresses: [203.0.113.10]}
  "*.corp.example":                  {addresses: [203.0.113.66]}
  "a.b.corp.example":                {addresses: [203.0.113.67]}
zones:
  privatelink.openai.azure.com:
    primary: dc.corp.example
    records: {chat: {addresses: [10.20.3.5]}, elsewhere: {alias: a.b.corp.example}}
  other.lab.example:
    apex: privatelink.openai.azure.com
    records: {twin: {addresses: [10.20.3.8]}}
    links: {spoke: {}}
  lab.example:
    records: {"*": {addresses: [10.20.3.6]}, "x.y": {addresses: [10.20.3.7]}}
    links: {spoke: {}}
resolvers:
  azure:     {address: 168.63.129.16, kind: azure, silent_to: [datacentre], silent_for: [quiet.example]}
  internet:  {address: 198.51.100.53, kind: public}
  dc:
    address: 192.168.0.53
    kind: forwarder
    stands_in: datacentre
    otherwise: internet
    zones: [privatelink.openai.azure.com]
  rewriting: {address: 198.51.100.54, kind: public, rewrites: 203.0.113.99}
fronts: {}
"#;

const SPOKE: &str = "10.20.1.1";
const DATACENTRE: &str = "192.168.1.1";
const AZURE: &str = "168.63.129.16";
const DC: &str = "192.168.0.53";
const INTERNET: &str = "198.51.100.53";
const REWRITING: &str = "198.51.100.54";

fn ask(resolver: &str, source: &str, name: &str, kind: Kind) -> Reply {
    let world = World::read("resolvers.yaml", WORLD).unwrap_or_else(|e| panic!("{e}"));
    let question = Question { name: HostName::parse(name).unwrap(), kind };
    world.answer(resolver.parse().unwrap(), source.parse().unwrap(), &question)
}

#[test]
fn addresses_come_from_where_they_should() {
    for (resolver, source, name, rcode, address, why) in [
        (INTERNET, SPOKE, "any.corp.example", 0, Some("203.0.113.66"), "the wildcard stands for it"),
        (INTERNET, SPOKE, "deep.any.corp.example", 0, Some("203.0.113.66"), "however deep"),
        (INTERNET, SPOKE, "a.b.corp.example", 0, Some("203.0.113.67"), "the name itself is closer"),
        (INTERNET, SPOKE, "c.b.corp.example", 3, None, "b exists, and has no wildcard below it"),
        (INTERNET, SPOKE, "corp.example", 0, None, "the wildcard's parent has no address"),
        (AZURE, SPOKE, "any.lab.example", 0, Some("10.20.3.6"), "a zone has wildcards too"),
        (AZURE, SPOKE, "z.y.lab.example", 3, None, "y exists in the zone"),
        (AZURE, SPOKE, "y.lab.example", 0, None, "which makes y empty, not missing"),
        (AZURE, SPOKE, "chat.openai.azure.com", 3, None, "the linked zone of that name lacks the record"),
        (AZURE, SPOKE, "twin.privatelink.openai.azure.com", 0, Some("10.20.3.8"), "it has others"),
        (DC, DATACENTRE, "chat.privatelink.openai.azure.com", 0, Some("10.20.3.5"), "the server's own zone"),
        (DC, DATACENTRE, "gone.privatelink.openai.azure.com", 3, None, "which is all that it knows of the zone"),
        (DC, DATACENTRE, "elsewhere.privatelink.openai.azure.com", 0, Some("203.0.113.67"), "an alias leads out of it"),
        (DC, DATACENTRE, "chat.openai.azure.com", 0, Some("203.0.113.10"), "whoever is asked follows the whole chain"),
        (REWRITING, SPOKE, "gone.example", 0, Some("203.0.113.99"), "no name is ever missing"),
        (REWRITING, SPOKE, "chat.openai.azure.com", 0, Some("203.0.113.10"), "what exists stays as it is"),
    ] {
        let Reply::Said(said) = ask(resolver, source, name, Kind::A) else { panic!("{name}: nobody answered") };
        let wanted: Vec<IpAddr> = address.iter().map(|address| address.parse().unwrap()).collect();
        assert_eq!((said.rcode, said.addresses()), (Rcode(rcode), wanted), "{name}: {why}");
    }
}

#[test]
fn some_questions_vanish() {
    for (source, name, vanishes) in [
        (SPOKE, "chat.openai.azure.com", false),
        (SPOKE, "a.quiet.example", true),
        (DATACENTRE, "chat.openai.azure.com", true),
    ] {
        assert_eq!(ask(AZURE, source, name, Kind::A) == Reply::Silence, vanishes, "{name} from {source}");
    }
}

#[test]
fn a_zone_says_whose_it_is() {
    let zone = "privatelink.openai.azure.com";
    for (resolver, source, name, primary) in [
        (DC, DATACENTRE, zone, "dc.corp.example"),
        (INTERNET, DATACENTRE, zone, "ns1-01.azure-dns.com"),
        (AZURE, SPOKE, "lab.example", "azureprivatedns.net"),
    ] {
        let Reply::Said(said) = ask(resolver, source, name, Kind::Soa) else { panic!("{name}: nobody answered") };
        let data = Data::Authority { primary: HostName::from_wire(primary) };
        assert_eq!(said.records.first().map(|entry| &entry.data), Some(&data), "{name} at {resolver}");
    }
    let Reply::Said(said) = ask(REWRITING, SPOKE, "gone.example", Kind::Soa) else { panic!("nobody answered") };
    assert_eq!(said.rcode, Rcode::NAME_ERROR, "only addresses are made up");
}

#[test]
fn what_a_resolver_names_must_be_there() {
    for (from, to, said) in [
        ("zones: [privatelink.openai.azure.com]", "zones: [privatelink.example]", "holds the zone"),
        ("kind: public, rewrites", "kind: public, zones: [lab.example], rewrites", "which only a forwarder does"),
        ("silent_to: [datacentre]", "silent_to: [datacenter]", "is silent to `datacenter`"),
        ("\"*.corp.example\"", "\"*.*.corp.example\"", "in lower case"),
    ] {
        assert!(WORLD.contains(from), "{from} is not in the world");
        let Err(faults) = World::read("w.yaml", &WORLD.replace(from, to)) else { panic!("{to} was accepted") };
        assert!(faults.to_string().contains(said), "{to}: {faults}");
    }
}
