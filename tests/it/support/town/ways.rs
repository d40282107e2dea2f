//! What can be done to the town: to its zones, forwarders, firewalls, fronts and machines.

/// What can be changed about the town; the rest is as it is.
#[derive(Clone, Debug)]
pub struct Ways {
    pub zones: Vec<PrivateZone>,
    /// The rules of the hub's forwarder, and of the branch's.
    pub hub: Vec<(&'static str, &'static str)>,
    pub branch: Vec<(&'static str, &'static str)>,
    /// Rules of the router's firewall, in the words of nft, one for each packet that is passed on.
    pub firewall: Vec<&'static str>,
    /// Whether the public side of the accounts lets requests in.
    pub open: bool,
    /// What the private endpoints show.
    pub certificates: Shown,
    /// Lines of the runner's hosts file, and its name server.
    pub runner_hosts: &'static str,
    pub runner_server: &'static str,
    /// What the runner's environment says of proxies.
    pub runner_environment: &'static [(&'static str, &'static str)],
    pub proxy: Proxy,
}

/// How the proxy is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Who tells it where names lead.
    pub resolver: &'static str,
    /// Whom it serves, in squid's words.
    pub access: &'static str,
}

/// A private DNS zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivateZone {
    pub name: &'static str,
    /// The networks it is linked to.
    pub links: Vec<&'static str>,
    /// Labels and addresses.
    pub records: Vec<(&'static str, &'static str)>,
}

/// A certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    Good,
    Expired,
    /// By an authority that nobody here trusts.
    Inspected,
}

impl Default for Ways {
    fn default() -> Self {
        let zone = |name, links: &[&'static str], records: &[(&'static str, &'static str)]| PrivateZone {
            name,
            links: links.to_vec(),
            records: records.to_vec(),
        };
        let both = ["hub", "prod"];
        let accounts = [("contoso-chat", "10.20.3.5"), ("aif-contoso", "10.20.3.11")];
        Self {
            zones: vec![
                zone("privatelink.openai.azure.com", &both, &accounts),
                zone("privatelink.cognitiveservices.azure.com", &both, &[("aif-contoso", "10.20.3.10")]),
                zone("privatelink.services.ai.azure.com", &both, &[("aif-contoso", "10.20.3.12")]),
                zone("privatelink.azure-api.net", &["hub", "prod", "sandbox"], &[("contoso-ai", "10.20.4.4")]),
            ],
            hub: vec![(".", "168.63.129.16")],
            branch: vec![(".", "9.9.9.9")],
            firewall: vec![
                // Developers stay out of the accounts; the gateway is theirs.
                "ip saddr 10.40.0.0/16 ip daddr 10.20.3.0/24 drop",
                // The branch is no part of Azure.
                "ip saddr 192.168.0.0/16 ip daddr { 10.0.0.0/8, 168.63.129.16 } drop",
                // Nobody talks to AI that nobody manages.
                "ip saddr 10.20.0.0/16 ip daddr 20.61.10.0/24 drop",
                "ip saddr 10.0.0.8 ip daddr 20.61.10.0/24 tcp dport 443 reject with tcp reset",
                "ip saddr 10.40.0.0/16 ip daddr 20.61.10.0/24 tcp dport 443 reject with tcp reset",
                "ip saddr 192.168.0.0/16 ip daddr 20.61.10.0/24 tcp dport 443 reject with tcp reset",
            ],
            open: false,
            certificates: Shown::Good,
            runner_hosts: "",
            runner_server: "10.0.0.4",
            runner_environment: &[],
            proxy: Proxy { resolver: "10.0.0.4", access: "http_access allow all" },
        }
    }
}
