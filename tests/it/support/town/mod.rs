//! Hosts in network namespaces of their own, joined by routes through one router: the estate of the hub-and-spoke plan with
//! the addresses and ports of real life. Nothing in it reaches anything outside. It needs root.

pub mod faults;
pub mod layout;
pub mod look;
pub mod ways;

use super::certificates::Authority;
use super::island::Island;
use super::named::{Named, View, Zone};
use super::nginx::{Front, Nginx};
use super::squid::Squid;
use super::unbound::Unbound;
use super::{Folder, succeed};
use fencepost::catalog::Catalog;
use fencepost::plan::ServiceName;
use layout::{CHAINS, DISABLED, GATEWAY_DISABLED, HOSTS, KEYLESS, NETWORKS, PROXY, REACHED, UNAUTHORIZED, VANTAGES};
use std::collections::BTreeMap;
use std::process::Command;
use ways::{Shown, Ways};

const LOCALHOST: &str = "127.0.0.1 localhost\n";

pub struct Town {
    // Servers stop before what they stand on goes.
    servers: Servers,
    router: Island,
    hosts: BTreeMap<&'static str, Island>,
    folder: Folder,
    authority: Authority,
    ways: Ways,
}

#[derive(Default)]
struct Servers {
    azure: Option<Named>,
    public: Option<Named>,
    forwarders: Vec<Unbound>,
    private_fronts: Option<Nginx>,
    public_fronts: Option<Nginx>,
    proxy: Option<Squid>,
}

impl Town {
    pub fn new() -> Self {
        let router = Island::new(&[]);
        in_namespace(&router, "echo 1 > /proc/sys/net/ipv4/ip_forward");
        let owned = |addresses: &[&str]| addresses.iter().map(|a| format!("{a}/32")).collect::<Vec<_>>();
        let hosts: BTreeMap<&str, Island> =
            HOSTS.iter().map(|(name, addresses)| (*name, Island::new(&owned(addresses)))).collect();
        for (number, (name, addresses)) in HOSTS.iter().enumerate() {
            join(&router, &hosts[name], number, addresses);
        }
        for (host, _, server) in VANTAGES {
            hosts[host].etc("resolv.conf", &format!("nameserver {server}\n"));
            hosts[host].etc("hosts", LOCALHOST);
        }
        let authority = Authority::new("Town authority");
        let folder = Folder::new();
        folder.write("ca.pem", authority.pem());
        let ways = Ways::default();
        let mut town = Self { router, hosts, folder, servers: Servers::default(), authority, ways };
        town.servers.public = Some(town.public_dns());
        town.servers.private_fronts = Some(town.private_fronts());
        town.begin_azure();
        town.begin_forwarders();
        town.begin_public_fronts();
        town.begin_proxy();
        town.firewall();
        town
    }

    /// Changes what differs, by stopping and starting only the servers that are meant.
    pub fn change(&mut self, change: impl FnOnce(&mut Ways)) {
        let before = self.ways.clone();
        change(&mut self.ways);
        if before.zones != self.ways.zones {
            self.begin_azure();
        }
        // Forwarders keep what they heard; whoever mends a resolver flushes it.
        if before.zones != self.ways.zones || before.hub != self.ways.hub || before.branch != self.ways.branch {
            self.begin_forwarders();
        }
        if before.certificates != self.ways.certificates {
            self.servers.private_fronts = None;
            self.servers.private_fronts = Some(self.private_fronts());
        }
        let runner = self.host("runner");
        runner.rewrite("hosts", &format!("{LOCALHOST}{}\n", self.ways.runner_hosts));
        runner.rewrite("resolv.conf", &format!("nameserver {}\n", self.ways.runner_server));
        if before.open != self.ways.open {
            self.begin_public_fronts();
        }
        if before.proxy != self.ways.proxy {
            self.begin_proxy();
        }
        if before.firewall != self.ways.firewall {
            self.firewall();
        }
    }

    pub fn host(&self, name: &str) -> &Island {
        &self.hosts[name]
    }

    /// A file beside the plan, and the authority's certificate.
    pub fn write(&self, name: &str, text: &str) -> std::path::PathBuf {
        self.folder.write(name, text)
    }

    /// What the environment of a host says.
    pub fn environment(&self, host: &str) -> &'static [(&'static str, &'static str)] {
        if host == "runner" { self.ways.runner_environment } else { &[] }
    }

    /// The program on a host, without any variable but those of the town.
    pub fn fencepost(&self, host: &str, arguments: &[&str]) -> Command {
        let mut command = self.host(host).command("env");
        let variables = self.environment(host).iter().map(|(name, value)| format!("{name}={value}"));
        command.arg("--ignore-environment").args(variables).arg(env!("CARGO_BIN_EXE_fencepost")).args(arguments);
        command
    }

    fn public_dns(&self) -> Named {
        let mut records = "ns1-01.azure-dns.com. A 9.9.9.9\n".to_owned();
        let mut told = std::collections::BTreeSet::new();
        for (names, address) in CHAINS {
            for pair in names.windows(2).filter(|pair| told.insert(pair[0])) {
                records.push_str(&format!("{}. 10 CNAME {}.\n", pair[0], pair[1]));
            }
            if !address.is_empty() {
                records.push_str(&format!("{}. 10 A {address}\n", names[names.len() - 1]));
            }
        }
        for name in public_ai() {
            records.push_str(&format!("{name}. 10 A 20.61.10.1\n"));
        }
        let root = Zone { name: String::new(), primary: "ns1-01.azure-dns.com".to_owned(), records };
        Named::start(self.host("internet"), "9.9.9.9", &[root], None)
    }

    /// Azure's resolver: each network sees the zones that are linked to it, and the internet beside them.
    fn begin_azure(&mut self) {
        self.servers.azure = None;
        let linked = |network: &str| -> Vec<Zone> {
            let here = self.ways.zones.iter().filter(|zone| zone.links.contains(&network));
            here.map(|zone| Zone {
                name: zone.name.to_owned(),
                primary: "azureprivatedns.net".to_owned(),
                records: zone.records.iter().map(|(label, address)| format!("{label} 10 A {address}\n")).collect(),
            })
            .collect()
        };
        let views = NETWORKS.iter().map(|(name, clients)| View {
            name: (*name).to_owned(),
            clients: (*clients).to_owned(),
            zones: linked(name),
        });
        let views: Vec<View> = views.collect();
        self.servers.azure = Some(Named::with_views(self.host("azure-dns"), "168.63.129.16", &views, "9.9.9.9"));
    }

    fn begin_forwarders(&mut self) {
        self.servers.forwarders.clear();
        let owned = |rules: &[(&str, &str)]| -> Vec<(String, String)> {
            rules.iter().map(|(suffix, to)| ((*suffix).to_owned(), (*to).to_owned())).collect()
        };
        let (hub, branch) = (owned(&self.ways.hub), owned(&self.ways.branch));
        // A forwarder without a rule is one that does not run.
        if !hub.is_empty() {
            self.servers.forwarders.push(Unbound::forwarding(self.host("hub-dns"), "10.0.0.4", &hub));
        }
        self.servers.forwarders.push(Unbound::forwarding(self.host("branch-dns"), "192.168.0.53", &branch));
    }

    fn begin_proxy(&mut self) {
        self.servers.proxy = None;
        let ways::Proxy { resolver, access } = self.ways.proxy;
        self.servers.proxy = Some(Squid::start_with(self.host("proxy"), PROXY, resolver, access));
    }

    fn private_fronts(&self) -> Nginx {
        let accounts = ["*.openai.azure.com", "*.cognitiveservices.azure.com", "*.services.ai.azure.com"];
        let (accounts, gateway) = match self.ways.certificates {
            Shown::Good => (self.authority.issue(&accounts), self.authority.issue(&["*.azure-api.net"])),
            Shown::Expired => {
                let ended = (2021, 1, 1);
                (self.authority.issue_until(&accounts, ended), self.authority.issue_until(&["*.azure-api.net"], ended))
            }
            Shown::Inspected => {
                let stranger = Authority::new("Corporate inspection");
                (stranger.issue(&accounts), stranger.issue(&["*.azure-api.net"]))
            }
        };
        let account =
            |address| Front { address, certificate: &accounts, status: 401, headers: &[], body: UNAUTHORIZED };
        let fronts = [
            account("10.20.3.5"),
            account("10.20.3.10"),
            account("10.20.3.11"),
            account("10.20.3.12"),
            Front { address: "10.20.4.4", certificate: &gateway, status: 401, headers: &[], body: KEYLESS },
        ];
        Nginx::start_on(self.host("endpoints"), 443, &fronts)
    }

    fn begin_public_fronts(&mut self) {
        self.servers.public_fronts = None;
        let accounts =
            self.authority.issue(&["*.openai.azure.com", "*.cognitiveservices.azure.com", "*.services.ai.azure.com"]);
        let gateway = self.authority.issue(&["*.azure-api.net"]);
        let names = public_ai();
        let ai = self.authority.issue(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let status = self.authority.issue(&["login.microsoftonline.com"]);
        let denial: &[(&str, &str)] = &[("policy-id", "ThrowExceptionDueToTrafficDenied")];
        let account = |address| match self.ways.open {
            true => Front { address, certificate: &accounts, status: 401, headers: &[], body: UNAUTHORIZED },
            false => Front { address, certificate: &accounts, status: 403, headers: denial, body: DISABLED },
        };
        let of_gateway = if self.ways.open { (401, KEYLESS) } else { (403, GATEWAY_DISABLED) };
        let fronts = [
            account("20.61.1.10"),
            account("20.61.1.20"),
            Front {
                address: "20.61.1.30",
                certificate: &gateway,
                status: of_gateway.0,
                headers: &[],
                body: of_gateway.1,
            },
            Front { address: "20.61.10.1", certificate: &ai, status: 401, headers: &[], body: REACHED },
            Front { address: "20.61.1.1", certificate: &status, status: 200, headers: &[], body: "sign in" },
        ];
        let nginx = Nginx::start_on(self.host("internet"), 443, &fronts);
        self.servers.public_fronts = Some(nginx);
    }

    /// The router's rules; what none of them stops may pass.
    fn firewall(&self) {
        let rules: String = self.ways.firewall.iter().map(|rule| format!("    {rule}\n")).collect();
        let text = format!(
            "flush ruleset\ntable inet town {{\n  chain forward {{\n    type filter hook forward priority 0; policy accept;\n\
             {rules}  }}\n}}\n"
        );
        let file = self.folder.write("town.nft", text);
        succeed(self.router.command("nft").arg("-f").arg(file));
    }
}

/// The names of public AI services that the catalogue knows.
fn public_ai() -> Vec<String> {
    let services = Catalog::embedded().outlines();
    let names = &services[&ServiceName::new("public-ai")].endpoints;
    names.iter().map(ToString::to_string).collect()
}

fn in_namespace(island: &Island, script: &str) {
    succeed(island.command("sh").args(["-c", script]));
}

/// A wire from a host to the router. The router answers for every address behind it (proxy ARP, RFC 1027), so a host needs
/// no gateway's address.
fn join(router: &Island, host: &Island, number: usize, addresses: &[&str]) {
    let wire = format!("wire{number}");
    let mut add = Command::new("ip");
    add.args(["link", "add", "eth0", "netns", &host.pid(), "type", "veth", "peer", "name", &wire]);
    succeed(add.args(["netns", &router.pid()]));
    in_namespace(host, &format!("ip link set eth0 up && ip route add default dev eth0 src {}", addresses[0]));
    let routes: String = addresses.iter().map(|address| format!(" && ip route add {address}/32 dev {wire}")).collect();
    in_namespace(
        router,
        &format!(
            "ip link set {wire} up && echo 1 > /proc/sys/net/ipv4/conf/{wire}/proxy_arp && echo 0 > /proc/sys/net/ipv4/neigh/{wire}/proxy_delay{routes}"
        ),
    );
}
