//! One plan, four places, real servers, real firewalls: an agent in each namespace finds its own vantage and gives its own
//! right verdicts, and every fault is judged from every place.

use crate::repository::{repo, text_of};
use crate::support::agent::outcome;
use crate::support::town::ways::{PrivateZone, Shown, Ways};
use crate::support::town::{Town, VANTAGES};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::thread;
use wildmatch::WildMatch;

/// The shipped plan, with the town's authority and shorter waits; without its exception, which covers only some days.
fn plan(town: &Town) -> PathBuf {
    let text = text_of("probes/hub-and-spoke.yaml");
    let settings = "settings: {every: 30s, timeout: 5s, confirm: 3, recover: 2}";
    assert!(text.contains(settings));
    let text = text.replace(settings, "settings: {every: 8s, timeout: 2s, trust: ca.pem}");
    town.write("plan.yaml", text.split("\nexceptions:").next().unwrap())
}

/// As [`plan`], with one public AI service instead of all that the catalogue knows.
fn short_plan(town: &Town) -> PathBuf {
    let text = std::fs::read_to_string(plan(town)).unwrap();
    let all = "unmanaged-ai: {service: public-ai}";
    assert!(text.contains(all));
    town.write("short.yaml", &text.replace(all, "unmanaged-ai: {service: public-ai, endpoints: {api.openai.com: }}"))
}

/// What a check comes to: verdict, state of public fallback, and the first finding with its cause.
fn said(check: &Value) -> String {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let first = &check["findings"][0];
    let parts = [&check["verdict"], &check["public_fallback"], &first["code"], &first["cause"]].map(word);
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Every check of every vantage, by the vantage and the endpoint. All four look at a time.
fn matrix(town: &Town, plan: &Path) -> BTreeMap<(String, String), String> {
    let looks = |host: &str| {
        let (_, out, err) = outcome(town.fencepost(host, &["check", "--format", "json", "--plan"]).arg(plan));
        serde_json::from_str::<Value>(&out).unwrap_or_else(|e| panic!("{host}: {e}\n{out}{err}"))
    };
    let reports: Vec<Value> = thread::scope(|scope| {
        let looking: Vec<_> = VANTAGES.iter().map(|(host, ..)| scope.spawn(move || looks(host))).collect();
        looking.into_iter().map(|look| look.join().unwrap()).collect()
    });
    let mut matrix = BTreeMap::new();
    for (report, (host, vantage, _)) in reports.iter().zip(VANTAGES) {
        assert_eq!(report["vantage"], *vantage, "{host} takes the vantage of its own address");
        for check in report["checks"].as_array().unwrap() {
            let endpoint = check["endpoint"].as_str().unwrap().to_owned();
            matrix.insert(((*vantage).to_owned(), endpoint), said(check));
        }
    }
    matrix
}

#[test]
fn four_agents_with_one_plan_each_find_their_vantage_and_agree_with_it() {
    let town = Town::new();
    let seen = matrix(&town, &plan(&town));
    let off: Vec<_> = seen.iter().filter(|(_, said)| !said.starts_with("holds ")).collect();
    assert!(off.is_empty(), "{off:#?}");
    for (vantage, checks) in [("prod-app", 1), ("build", 5), ("sandbox", 5), ("branch-lan", 5)] {
        let accounts = seen.keys().filter(|(of, endpoint)| of == vantage && endpoint.contains(".azure"));
        assert_eq!(accounts.filter(|(_, endpoint)| endpoint.contains("contoso")).count(), checks, "{vantage}");
    }
}

const CHAT: &str = "contoso-chat.openai.azure.com";
const AI: &str = "api.openai.com";
const GATEWAY: &str = "contoso-ai.azure-api.net";

/// What somebody did to the town, and what must be said of it. A check that no row names stays as it was.
struct Fault {
    name: &'static str,
    what: &'static str,
    change: fn(&mut Ways),
    rows: &'static [(&'static str, &'static str, &'static str)],
}

/// A zone of the town.
fn zone<'w>(ways: &'w mut Ways, name: &str) -> &'w mut PrivateZone {
    ways.zones.iter_mut().find(|zone| zone.name.contains(name)).unwrap()
}

const FAULTS: &[Fault] = &[
    Fault {
        name: "zone-not-linked",
        what: "the gateway's zone is linked to no network any more",
        change: |ways| zone(ways, "azure-api").links.clear(),
        rows: &[("prod-app|build|sandbox", GATEWAY, "broken answered public-answer zone-not-linked")],
    },
    Fault {
        name: "zone-not-linked-to-the-hub",
        what: "the gateway's zone is no longer linked to the hub, which forwards for all",
        change: |ways| zone(ways, "azure-api").links.retain(|network| *network != "hub"),
        rows: &[("prod-app|build|sandbox", GATEWAY, "broken answered public-answer undetermined")],
    },
    Fault {
        name: "record-missing",
        what: "the record of the chat account is gone from its zone",
        change: |ways| zone(ways, "openai").records.retain(|(label, _)| *label != "contoso-chat"),
        rows: &[("build", CHAT, "broken none record-missing")],
    },
    Fault {
        name: "stale-address",
        what: "the record of the chat account points to an address where nothing is",
        change: |ways| zone(ways, "openai").records[0].1 = "10.20.3.99",
        rows: &[("build", CHAT, "broken none unexpected-private-address")],
    },
    Fault {
        name: "public-record-in-zone",
        what: "the record of the chat account holds the public address",
        change: |ways| zone(ways, "openai").records[0].1 = "20.61.1.10",
        rows: &[("build", CHAT, "broken answered public-answer public-record-in-zone")],
    },
    Fault {
        name: "forwarder-bypasses-azure",
        what: "the hub's forwarder asks the internet",
        change: |ways| ways.hub = vec![(".", "9.9.9.9")],
        rows: &[
            ("prod-app|build|sandbox", GATEWAY, "broken answered public-answer forwarder-bypasses-azure"),
            ("build", "*.azure.com", "broken answered public-answer forwarder-bypasses-azure"),
        ],
    },
    Fault {
        name: "suffix-shadowed",
        what: "somebody made a private zone openai.azure.com and linked it to prod",
        change: |ways| {
            ways.zones.push(PrivateZone { name: "openai.azure.com", links: vec!["prod"], records: Vec::new() })
        },
        rows: &[("build", "*.openai.azure.com", "broken none zone-shadowed")],
    },
    Fault {
        name: "public-access-left-on",
        what: "the public side of the accounts lets requests in",
        change: |ways| ways.open = true,
        rows: &[
            ("branch-lan", "*contoso*", "broken usable block-open public-access-on"),
            ("sandbox", "*.azure.com", "broken usable block-open public-access-on"),
        ],
    },
    Fault {
        name: "public-fallback-usable",
        what: "the gateway's zone is linked to no network, and its public side lets requests in",
        change: |ways| {
            zone(ways, "azure-api").links.clear();
            ways.open = true;
        },
        rows: &[
            ("prod-app|build|sandbox", GATEWAY, "broken usable public-answer zone-not-linked"),
            ("branch-lan", "*contoso*", "broken usable block-open public-access-on"),
            ("sandbox", "*.azure.com", "broken usable block-open public-access-on"),
        ],
    },
    Fault {
        name: "black-hole",
        what: "packets of the build subnet to the endpoints vanish",
        change: |ways| ways.firewall.push("ip saddr 10.20.8.0/26 ip daddr 10.20.3.0/24 drop"),
        rows: &[("build", "*.azure.com", "broken none connect-timeout")],
    },
    Fault {
        name: "connection-reset",
        what: "a device resets connections of the build subnet to the endpoints",
        change: |ways| {
            ways.firewall.push("ip saddr 10.20.8.0/26 ip daddr 10.20.3.0/24 tcp dport 443 reject with tcp reset");
        },
        rows: &[("build", "*.azure.com", "broken none connect-refused")],
    },
    Fault {
        name: "no-route",
        what: "the network tells the build subnet that there is no way to the endpoints",
        change: |ways| {
            ways.firewall.push("ip saddr 10.20.8.0/26 ip daddr 10.20.3.0/24 reject with icmp net-unreachable")
        },
        rows: &[("build", "*.azure.com", "broken none no-route")],
    },
    Fault {
        name: "sandbox-reaches-prod",
        what: "the rule that keeps the sandbox out of the accounts is gone",
        change: |ways| ways.firewall.retain(|rule| !rule.starts_with("ip saddr 10.40.0.0/16 ip daddr 10.20.3.0/24")),
        rows: &[("sandbox", "*.azure.com", "broken answered block-open path-open")],
    },
    Fault {
        name: "shadow-ai",
        what: "the rule that keeps production from public AI is gone",
        change: |ways| ways.firewall.retain(|rule| !rule.starts_with("ip saddr 10.20.0.0/16 ip daddr 20.61.10.0/24")),
        rows: &[("prod-app|build", AI, "broken usable block-open")],
    },
    Fault {
        name: "block-by-other-layer",
        what: "public AI is no longer reset for the sandbox, but said to be unreachable",
        change: |ways| {
            ways.firewall.retain(|rule| !rule.starts_with("ip saddr 10.40.0.0/16 ip daddr 20.61"));
            ways.firewall.push("ip saddr 10.40.0.0/16 ip daddr 20.61.10.0/24 reject with icmp admin-prohibited");
        },
        rows: &[("sandbox", AI, "broken answered block-by-other-layer")],
    },
    Fault {
        name: "resolver-silent",
        what: "questions of the application subnet to the hub's forwarder vanish",
        change: |ways| ways.firewall.push("ip saddr 10.20.1.0/24 ip daddr 10.0.0.4 drop"),
        rows: &[
            ("prod-app", GATEWAY, "unknown unknown os-lookup-failing"),
            ("prod-app", AI, "unknown answered os-lookup-failing"),
        ],
    },
    Fault {
        name: "resolver-refused",
        what: "nothing may reach port 53 of the hub's forwarder, and the network says so",
        change: |ways| ways.firewall.push("ip daddr 10.0.0.4 reject with icmp port-unreachable"),
        rows: &[
            ("prod-app|build|sandbox", GATEWAY, "unknown unknown os-lookup-failing"),
            ("build", "*.azure.com", "unknown unknown os-lookup-failing"),
            ("sandbox", "*.azure.com", "unknown answered os-lookup-failing"),
            ("prod-app|build|sandbox", AI, "unknown answered os-lookup-failing"),
        ],
    },
    Fault {
        name: "resolver-down",
        what: "the hub's forwarder does not run",
        change: |ways| ways.hub.clear(),
        rows: &[
            ("prod-app|build|sandbox", GATEWAY, "unknown unknown os-lookup-failing"),
            ("build", "*.azure.com", "unknown unknown os-lookup-failing"),
            ("sandbox", "*.azure.com", "unknown answered os-lookup-failing"),
            ("prod-app|build|sandbox", AI, "unknown answered os-lookup-failing"),
        ],
    },
    Fault {
        name: "hosts-override",
        what: "the runner's hosts file has the public address of the chat account",
        change: |ways| ways.runner_hosts = "20.61.1.10 contoso-chat.openai.azure.com",
        rows: &[("build", CHAT, "broken answered hosts-override hosts-file")],
    },
    Fault {
        name: "public-resolver-configured",
        what: "the runner's resolv.conf names a public resolver",
        change: |ways| ways.runner_server = "9.9.9.9",
        rows: &[("build", "*contoso*", "broken answered public-answer forwarder-bypasses-azure")],
    },
    Fault {
        name: "certificate-expired",
        what: "the certificates of the private endpoints have ended",
        change: |ways| ways.certificates = Shown::Expired,
        rows: &[
            ("prod-app|build|sandbox", GATEWAY, "broken none tls-expired"),
            ("build", "*.azure.com", "broken none tls-expired"),
        ],
    },
    Fault {
        name: "tls-inspection",
        what: "a device shows certificates of its own for the private endpoints",
        change: |ways| ways.certificates = Shown::Inspected,
        rows: &[
            ("prod-app|build|sandbox", GATEWAY, "broken none tls-untrusted"),
            ("build", "*.azure.com", "broken none tls-untrusted"),
        ],
    },
];

#[test]
fn every_fault_is_judged_right_from_every_vantage() {
    let mut town = Town::new();
    let plan = short_plan(&town);
    let healthy = matrix(&town, &plan);
    let mut wrong = Vec::new();
    let mut page = heading();
    for fault in FAULTS {
        town.change(fault.change);
        let seen = matrix(&town, &plan);
        town.change(|ways| *ways = Ways::default());
        let wanted = |key: &(String, String)| {
            let row = fault.rows.iter().find(|(vantages, endpoints, _)| {
                vantages.split('|').any(|vantage| vantage == key.0) && WildMatch::new(endpoints).matches(&key.1)
            });
            row.map_or(&healthy[key] as &str, |(.., said)| said)
        };
        for (key, said) in &seen {
            if said != wanted(key) {
                wrong.push(format!("{}: {} {} says \"{said}\", not \"{}\"", fault.name, key.0, key.1, wanted(key)));
            }
        }
        describe(&mut page, fault);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(matrix(&town, &plan), healthy, "all is mended");
    let file = "docs/fault-matrix.md";
    let fresh = repo("target/fault-matrix.md");
    std::fs::write(&fresh, &page).unwrap();
    assert!(std::fs::read_to_string(repo(file)).is_ok_and(|text| text == page), "cp target/fault-matrix.md {file}");
}

fn heading() -> String {
    "# Faults on a real network\n\n\
     Written by a test (`tests/it/netns.rs`), which builds the estate of `probes/hub-and-spoke.yaml` out of network namespaces:\n\
     BIND as Azure's resolver at 168.63.129.16 with a view for each virtual network and as the internet, unbound as forwarders of\n\
     hub and branch, nginx as private and public fronts, nftables between them. It changes what the second column says, and\n\
     looks from every vantage with one plan. Each cell is what `check` says there: the check, its verdict, the state of public\n\
     fallback, the first finding and its cause. A vantage without a line says what it said before.\n\n\
     | fault | what was done | from | says |\n|---|---|---|---|\n"
        .to_owned()
}

fn describe(page: &mut String, fault: &Fault) {
    for (i, (vantages, endpoints, said)) in fault.rows.iter().enumerate() {
        let (name, what) = if i == 0 { (fault.name, fault.what) } else { ("", "") };
        let vantages = vantages.replace('|', ", ");
        let _ = writeln!(page, "| {name} | {what} | {vantages} | `{endpoints}`: {said} |");
    }
}
