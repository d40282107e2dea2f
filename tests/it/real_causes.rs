//! Scenarios played again by real servers: BIND, unbound, nginx and squid in a network of their own, with the addresses and
//! ports of real life, and this machine's own getaddrinfo. They must come to what the simulated world comes to.

use crate::scenarios::form::{Reason, Row, patched, scenarios};
use crate::support::agent::outcome;
use crate::support::estate::{Forwarder, RealEstate, file_of};
use crate::support::squid::Squid;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const CHAT: &str = "chat/contoso-chat.openai.azure.com";

/// Where the proxy of a test stands.
const PROXY: &str = "10.20.9.9";

fn world(change: &Value) -> Value {
    serde_json::from_str(&patched("base-world", change)).unwrap()
}

fn plan() -> Value {
    let shorter = json!({"settings": {"every": "8s", "timeout": "2s"}});
    serde_json::from_str(&patched("base-plan", &shorter)).unwrap()
}

/// Checks from a vantage, with variables of the environment; the report.
fn checked(estate: &RealEstate, vantage: &str, environment: &[&str]) -> Value {
    let arguments = ["check", "--format", "json", "--vantage", vantage];
    let (_, out, err) = estate.fencepost(&plan(), environment, &arguments);
    serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}{err}"))
}

fn check<'r>(report: &'r Value, name: &str) -> &'r Value {
    let mut checks = report["checks"].as_array().unwrap().iter();
    checks.find(|found| found["check"] == name).unwrap_or_else(|| panic!("no check {name}: {report:#}"))
}

/// Codes of a check, each with its cause and confidence.
fn findings(check: &Value) -> Vec<(&str, &str, &str)> {
    let word = |finding: &'_ Value, key: &str| -> &'static str {
        finding[key].as_str().map_or("", |word| String::leak(word.to_owned()))
    };
    let all = check["findings"].as_array().unwrap().iter();
    all.map(|finding| (word(finding, "code"), word(finding, "cause"), word(finding, "confidence"))).collect()
}

#[test]
fn a_healthy_estate_of_real_servers_raises_nothing() {
    let estate = RealEstate::of(&world(&json!({})), &[]);
    for vantage in ["spoke", "datacentre"] {
        let report = checked(&estate, vantage, &[]);
        for check in report["checks"].as_array().unwrap().iter().filter(|check| check["claim"] == "private") {
            assert_eq!((&check["verdict"], findings(check)), (&json!("holds"), vec![]), "{vantage}: {check:#}");
            assert_eq!(check["facts"]["follow_up"], Value::Null, "a healthy look asks nothing more");
        }
    }
}

/// What a row wants of a check, or what the healthy estate says where no row names it.
fn wanted(rows: &[Row], vantage: &str, check: &str) -> (String, String, BTreeSet<Reason>) {
    let row = rows.iter().find(|row| row.vantage.matches(vantage) && row.check.matches(check));
    row.map_or_else(
        || ("holds".to_owned(), "none".to_owned(), BTreeSet::new()),
        |row| (row.verdict.clone(), row.fallback.clone(), row.findings.clone()),
    )
}

fn said(check: &Value) -> (String, String, BTreeSet<Reason>) {
    let word = |value: &Value| value.as_str().map(str::to_owned);
    let reasons = check["findings"].as_array().unwrap().iter().map(|finding| Reason {
        code: word(&finding["code"]).unwrap(),
        cause: word(&finding["cause"]),
        confidence: word(&finding["confidence"]),
    });
    (word(&check["verdict"]).unwrap(), word(&check["public_fallback"]).unwrap(), reasons.collect())
}

/// Which scenarios, as seen from which vantage, with which forwarder. Firewalls and the redirect of a link are left to the
/// simulated world; so is what tells the datacentre from Azure, because on an island everything can be reached.
const REPLAYED: &[(&str, &str, Forwarder)] = &[
    ("f01-zone-not-linked", "spoke", Forwarder::Unbound),
    ("f02-record-missing", "spoke", Forwarder::Unbound),
    ("f02-record-missing", "datacentre", Forwarder::Unbound),
    ("f12-foundry-zone-not-there", "spoke", Forwarder::Unbound),
    ("f16-public-address-in-the-zone", "spoke", Forwarder::Unbound),
    ("f19-last-endpoint-removed", "spoke", Forwarder::Unbound),
    ("f21-forwarder-bypasses-azure", "spoke", Forwarder::Unbound),
    ("f21-forwarder-bypasses-azure", "spoke", Forwarder::Dnsmasq),
    ("f22-zone-not-linked-to-the-dns-network", "spoke", Forwarder::Unbound),
    ("f23-forwarder-for-privatelink-only", "datacentre", Forwarder::Dnsmasq),
    ("f23-hub-forwards-privatelink-only", "spoke", Forwarder::Dnsmasq),
];

#[test]
fn real_servers_come_to_the_verdicts_findings_and_causes_of_the_scenarios() {
    let all = scenarios();
    let mut troubles = Vec::new();
    for (name, vantage, forwarder) in REPLAYED {
        let (_, scenario) = all.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("no scenario {name}"));
        assert!(scenario.plan.is_null() && scenario.then.is_empty(), "{name} needs more than one world");
        let estate = RealEstate::with(&world(&scenario.world), &[], *forwarder);
        let report = checked(&estate, vantage, &[]);
        for check in report["checks"].as_array().unwrap().iter().filter(|check| check["claim"] == "private") {
            let named = check["check"].as_str().unwrap();
            let (wanted, said) = (wanted(&scenario.expect, vantage, named), said(check));
            if wanted != said {
                troubles.push(format!("{name}, {vantage} {named}:\n  wanted {wanted:?}\n  said   {said:?}"));
            }
        }
    }
    assert!(troubles.is_empty(), "{}", troubles.join("\n"));
}

/// Whether a rule for privatelink names alone works depends on the server: unbound asks anew where an alias leads into a
/// rule of its own. Nothing is wrong then, and nothing is said.
#[test]
fn a_rule_for_privatelink_names_is_no_fault_where_the_server_follows_it() {
    let all = scenarios();
    for (name, vantage) in
        [("f23-forwarder-for-privatelink-only", "datacentre"), ("f23-hub-forwards-privatelink-only", "spoke")]
    {
        let (_, scenario) = all.iter().find(|(known, _)| known == name).unwrap();
        let estate = RealEstate::with(&world(&scenario.world), &[], Forwarder::Unbound);
        let report = checked(&estate, vantage, &[]);
        let chat = check(&report, CHAT);
        assert_eq!((&chat["verdict"], findings(chat)), (&json!("holds"), vec![]), "{name}: {chat:#}");
    }
}

/// A cache answers the direct question with what the chain brought, so that a rule which does not fire and a fix that has
/// not arrived yet look the same. No cause is named then.
#[test]
fn a_cache_that_hides_the_difference_leaves_the_cause_undetermined() {
    let all = scenarios();
    let (_, scenario) = all.iter().find(|(known, _)| known == "f23-hub-forwards-privatelink-only").unwrap();
    let estate = RealEstate::with(&world(&scenario.world), &[], Forwarder::CachingDnsmasq);
    let report = checked(&estate, "spoke", &[]);
    let chat = check(&report, CHAT);
    let found = vec![("public-answer", "undetermined", "undetermined"), ("resolvers-disagree", "", "")];
    assert_eq!(findings(chat), found, "{chat:#}");
}

#[test]
fn what_applications_get_is_held_against_what_the_resolvers_say() {
    let longer = json!({"records": {"contoso-chat.openai.azure.com.corp.example": {"addresses": ["203.0.113.77"]}}});
    let good = &["nameserver 10.0.0.4"][..];
    let searching = &["nameserver 10.0.0.4", "search corp.example", "options ndots:5"][..];
    let public = &["nameserver 10.0.0.4", "nameserver 198.51.100.53"][..];
    for (what, hosts, resolv, verdict, found) in [
        ("nothing", "", good, "holds", vec![]),
        (
            "a line of the hosts file with the old address",
            "10.20.3.99 contoso-chat.openai.azure.com",
            good,
            "broken",
            vec![("hosts-override", "hosts-file", "certain")],
        ),
        (
            "a line of the hosts file with the public address",
            "203.0.113.10 contoso-chat.openai.azure.com",
            good,
            "broken",
            vec![("hosts-override", "hosts-file", "certain")],
        ),
        ("a search domain that has the name", "", searching, "broken", vec![("search-suffix-answer", "", "")]),
    ] {
        let estate = RealEstate::of(&world(&longer), &[]);
        estate.island.etc("hosts", &file_of(&["127.0.0.1 localhost", hosts]));
        estate.island.etc("resolv.conf", &file_of(resolv));
        let report = checked(&estate, "runner", &[]);
        let chat = check(&report, CHAT);
        assert_eq!((&chat["verdict"], findings(chat)), (&json!(verdict), found), "{what}: {chat:#}");
    }
    let estate = RealEstate::of(&world(&json!({})), &[]);
    estate.island.etc("hosts", "127.0.0.1 localhost\n");
    estate.island.etc("resolv.conf", &file_of(public));
    let report = checked(&estate, "runner", &[]);
    let codes: Vec<&str> = findings(check(&report, CHAT)).into_iter().map(|(code, _, _)| code).collect();
    assert_eq!(codes, ["public-answer", "resolvers-disagree", "public-resolver-configured"], "{report:#}");
}

#[test]
fn a_proxy_that_resolves_publicly_is_found_as_applications_would_meet_it() {
    let estate = RealEstate::of(&world(&json!({})), &[PROXY]);
    estate.island.etc("hosts", "127.0.0.1 localhost\n");
    estate.island.etc("resolv.conf", "nameserver 10.0.0.4\n");
    let _squid = Squid::start(&estate.island, PROXY, "198.51.100.53");
    let variable = |name: &str| format!("{name}=http://{PROXY}:3128");
    let (upper, lower, any) = (variable("HTTPS_PROXY"), variable("https_proxy"), variable("ALL_PROXY"));
    let leaves = vec![("proxy-goes-public", "", "")];
    for (environment, found) in [
        (vec![upper.as_str()], leaves.clone()),
        (vec![lower.as_str()], leaves.clone()),
        (vec![any.as_str()], leaves),
        (vec![upper.as_str(), "NO_PROXY=.openai.azure.com"], vec![]),
        (vec![lower.as_str(), "no_proxy=openai.azure.com"], vec![]),
        (vec!["HTTP_PROXY=http://10.20.9.9:3128"], vec![]),
    ] {
        let report = checked(&estate, "runner", &environment);
        assert_eq!(findings(check(&report, CHAT)), found, "{environment:?}: {report:#}");
    }
    // A proxy that asks the hub goes the private way, and is no reason for a word.
    let estate = RealEstate::of(&world(&json!({})), &[PROXY]);
    estate.island.etc("resolv.conf", "nameserver 10.0.0.4\n");
    let _squid = Squid::start(&estate.island, PROXY, "10.0.0.4");
    let report = checked(&estate, "runner", &[upper.as_str()]);
    let chat = check(&report, CHAT);
    assert_eq!((findings(chat), &chat["facts"]["proxy"]["tunnel"]), (vec![], &json!("open")), "{chat:#}");
}

#[test]
fn a_cause_is_printed_with_what_it_rests_on() {
    let estate = RealEstate::of(&world(&json!({})), &[]);
    estate.island.etc("hosts", "10.20.3.99 other.example contoso-chat.openai.azure.com\n");
    estate.island.etc("resolv.conf", "nameserver 10.0.0.4\n");
    let (_, out, err) = estate.fencepost(&plan(), &[], &["check", "--vantage", "runner"]);
    assert!(out.contains("\n    for:  the hosts file of this machine gives 10.20.3.99\n"), "{out}{err}");
}

/// `fencepost explain HOST` and nothing else: the catalogue knows the service, and this machine's resolvers are asked.
#[test]
fn a_name_is_explained_without_a_plan() {
    let healthy = RealEstate::of(&world(&json!({})), &[]);
    // An address that is public by its range; the island is the only place where it stands.
    let front = json!({
        "zones": {"privatelink.openai.azure.com": {"links": {"spoke": null, "hub": null}}},
        "records": {"vnetproxyv1-weu-prod.westeurope.cloudapp.azure.com": {"addresses": ["20.50.60.10"]}},
        "fronts": {"chat-public": {"address": "20.50.60.10"}},
    });
    let unlinked = RealEstate::of(&world(&front), &[]);
    let azure = ["nameserver 168.63.129.16"];
    let hub = ["nameserver 10.0.0.4"];
    for (estate, resolv, code, says) in [
        (&healthy, hub, 0, &["HOLDS:", "any private one passes", "10.20.3.5 (expected)"][..]),
        // Azure's own resolver leaves less doubt about a missing link than one in between.
        (&unlinked, azure, 1, &["BROKEN:", "20.50.60.10 (public)", "zone-not-linked (inferred)", "Azure's own"]),
        (&unlinked, hub, 1, &["BROKEN:", "20.50.60.10 (public)", "undetermined"]),
    ] {
        estate.island.etc("hosts", "127.0.0.1 localhost\n");
        estate.island.etc("resolv.conf", &file_of(&resolv));
        let trust = estate.folder.path().join("ca.pem");
        let trust = trust.to_str().unwrap();
        let words = ["explain", "contoso-chat.openai.azure.com", "--trust", trust];
        let (exit, tale, err) = outcome(&mut estate.command(&[], &words));
        assert_eq!(exit, code, "{tale}{err}");
        for phrase in says {
            assert!(tale.contains(phrase), "`{phrase}` is missing in\n{tale}");
        }
    }
}
