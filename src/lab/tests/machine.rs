//! The machine of a world: its name service, its proxy, and that it may have no network at all.

use crate::facts::OsOutcome;
use crate::lab::{Simulated, Stage, World};
use crate::observe::{Net, ProxyPlace};
use crate::plan::HostName;
use std::net::IpAddr;

const WORLD: &str = r#"
world: machine
about: one network with three name servers
networks: {spoke: [10.20.0.0/16]}
records:
  chat.contoso.example: {addresses: [203.0.113.10, "2001:db8::10"]}
  "*.corp.example":     {addresses: [203.0.113.66]}
  short.corp.example:   {addresses: [10.20.0.7]}
resolvers:
  good:    {address: 10.20.0.4, kind: public}
  silent:  {address: 10.20.0.5, kind: public, state: silent}
  failing: {address: 10.20.0.6, kind: public, state: failing}
fronts: {}
"#;

fn simulated(rest: &str) -> Simulated {
    let world = World::read("machine.yaml", &format!("{WORLD}\n{rest}")).unwrap_or_else(|e| panic!("{rest}: {e}"));
    Simulated::new(Stage::new(world).unwrap(), "10.20.1.1".parse().unwrap())
}

fn host(name: &str) -> HostName {
    HostName::parse(name).unwrap()
}

fn given(addresses: &[&str]) -> OsOutcome {
    OsOutcome::Addresses(addresses.iter().map(|address| address.parse::<IpAddr>().unwrap()).collect())
}

#[tokio::test(start_paused = true)]
async fn names_are_looked_up_as_the_c_library_does() {
    let chat = "chat.contoso.example";
    let both = given(&["203.0.113.10", "2001:db8::10"]);
    let wildcard = given(&["203.0.113.66"]);
    for (machine, name, outcome, why) in [
        ("{name_servers: [good]}", chat, both.clone(), "A and AAAA"),
        ("{name_servers: [good]}", "gone.contoso.example", OsOutcome::NoSuchName, "no search list helps"),
        (
            "{hosts: {chat.contoso.example: [10.0.0.9]}, cache: {chat.contoso.example: [10.0.0.8]}, name_servers: [good]}",
            chat,
            given(&["10.0.0.9"]),
            "the hosts file comes first",
        ),
        (
            "{cache: {chat.contoso.example: [10.0.0.8]}, name_servers: [good]}",
            chat,
            given(&["10.0.0.8"]),
            "then the cache",
        ),
        ("{name_servers: [silent, good]}", chat, both.clone(), "a silent server leads on to the next"),
        ("{name_servers: [failing, good]}", chat, both.clone(), "and so does one that fails"),
        ("{name_servers: [silent, failing]}", chat, OsOutcome::TryAgain, "none of them answers"),
        ("{}", chat, OsOutcome::TryAgain, "there is none"),
        ("{name_servers: [good], search: [corp.example]}", chat, both.clone(), "it has a dot, and exists"),
        (
            "{name_servers: [good], search: [corp.example]}",
            "gone.contoso.example",
            wildcard.clone(),
            "what does not exist is tried with the search list",
        ),
        (
            "{name_servers: [good], search: [corp.example], ndots: 5}",
            chat,
            wildcard,
            "fewer dots than ndots: the search list comes first",
        ),
        ("{name_servers: [good], search: [corp.example]}", "short", given(&["10.20.0.7"]), "no dot at all"),
        ("{name_servers: [good], search: [contoso.example], ndots: 5}", chat, both, "the bare name comes last"),
    ] {
        let net = simulated(&format!("machine: {machine}"));
        assert_eq!(net.os_lookup(host(name)).await, outcome, "{why}: {machine}");
    }
}

#[tokio::test]
async fn the_environment_names_a_proxy_but_for_some_suffixes() {
    let proxies = "proxies: {web: {address: 10.20.0.8, port: 3128, resolver: good, stands_in: spoke}}";
    let place = Some(ProxyPlace { host: "10.20.0.8".to_owned(), port: 3128 });
    for (machine, expected) in [
        ("{}", None),
        ("{proxy: web}", place.clone()),
        ("{proxy: web, no_proxy: [contoso.example]}", None),
        ("{proxy: web, no_proxy: [example.contoso]}", place),
    ] {
        let net = simulated(&format!("{proxies}\nmachine: {machine}"));
        assert_eq!(net.environment_proxy(&host("chat.contoso.example"), 443), expected, "{machine}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_offline_machine_reaches_nothing() {
    let net = simulated("machine: {name_servers: [good]}\noffline: [spoke]");
    let to = "10.20.0.4:53".parse().unwrap();
    assert_eq!(net.datagrams(to).await.err().map(|e| e.kind()), Some(std::io::ErrorKind::NetworkUnreachable));
    assert_eq!(net.connect(to).await.err().map(|e| e.kind()), Some(std::io::ErrorKind::NetworkUnreachable));
    assert_eq!(net.os_lookup(host("chat.contoso.example")).await, OsOutcome::TryAgain);
}

#[test]
fn what_a_machine_names_must_be_there() {
    for (rest, said) in [
        ("machine: {proxy: web}", "the machine's proxy `web` is none"),
        ("machine: {name_servers: [god]}", "the machine's name server `god` is no resolver"),
        ("offline: [spok]", "`spok` is offline, and is no network"),
        ("proxies: {web: {address: 10.20.0.8, port: 3128, resolver: god, stands_in: spoke}}", "asks `god`"),
        ("proxies: {web: {address: 10.20.0.8, port: 3128, resolver: good, stands_in: spok}}", "stands in `spok`"),
        ("proxies: {web: {address: 10.20.0.4, port: 3128, resolver: good, stands_in: spoke}}", "has the address"),
    ] {
        let Err(faults) = World::read("w.yaml", &format!("{WORLD}\n{rest}")) else { panic!("{rest} was accepted") };
        assert!(faults.to_string().contains(said), "{rest}: {faults}");
    }
}
