//! What somebody did to the town, and what every vantage must say of it.

use super::ways::{PrivateZone, Shown, Ways};

pub const CHAT: &str = "contoso-chat.openai.azure.com";
pub const AI: &str = "api.openai.com";
pub const GATEWAY: &str = "contoso-ai.azure-api.net";

/// What somebody did to the town, and what must be said of it. A check that no row names stays as it was.
pub struct Fault {
    pub name: &'static str,
    pub what: &'static str,
    pub change: fn(&mut Ways),
    pub rows: &'static [(&'static str, &'static str, &'static str)],
}

const THROUGH_PROXY: &[(&str, &str)] = &[("HTTPS_PROXY", "http://10.0.0.8:3128")];

/// A zone of the town.
pub fn zone<'w>(ways: &'w mut Ways, name: &str) -> &'w mut PrivateZone {
    ways.zones.iter_mut().find(|zone| zone.name.contains(name)).unwrap()
}

pub const FAULTS: &[Fault] = &[
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
        name: "proxy-goes-public",
        what: "the runner is told to use the proxy, which takes names from the internet",
        change: |ways| {
            ways.runner_environment = THROUGH_PROXY;
            ways.proxy.resolver = "9.9.9.9";
        },
        rows: &[("build", "*contoso*", "broken none proxy-goes-public")],
    },
    Fault {
        name: "proxy-refuses",
        what: "the runner is told to use the proxy, which opens no tunnel for it",
        change: |ways| {
            ways.runner_environment = THROUGH_PROXY;
            ways.proxy.access = "http_access deny CONNECT";
        },
        rows: &[("build", "*contoso*", "broken none proxy-failing")],
    },
    Fault {
        name: "proxy-around-the-block",
        what: "the runner is told to use the proxy, and the rule that keeps the proxy from public AI is gone",
        change: |ways| {
            ways.runner_environment = THROUGH_PROXY;
            ways.firewall.retain(|rule| !rule.starts_with("ip saddr 10.0.0.8 "));
        },
        rows: &[("build", AI, "broken answered block-open")],
    },
    Fault {
        name: "proxy-private",
        what: "the runner is told to use the proxy, which asks the hub as all do: no fault",
        change: |ways| ways.runner_environment = THROUGH_PROXY,
        rows: &[],
    },
    Fault {
        name: "proxy-spared",
        what: "the proxy goes public and public AI is open to it, but `NO_PROXY` spares the names: no fault",
        change: |ways| {
            ways.runner_environment =
                &[("HTTPS_PROXY", "http://10.0.0.8:3128"), ("NO_PROXY", ".azure.com,.azure-api.net,api.openai.com")];
            ways.proxy.resolver = "9.9.9.9";
            ways.firewall.retain(|rule| !rule.starts_with("ip saddr 10.0.0.8 "));
        },
        rows: &[],
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
