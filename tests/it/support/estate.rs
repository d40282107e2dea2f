//! A world document played by real servers on an island, as one of its networks sees it: BIND for the internet and for
//! Azure's resolver (once per network, each with the zones that are linked there), unbound or dnsmasq for forwarders, nginx
//! for fronts.
//!
//! What real servers cannot play is left out: a redirect of a link, firewalls, states of resolvers.

use super::Folder;
use super::certificates::{Authority, Issued};
use super::dnsmasq::Dnsmasq;
use super::island::Island;
use super::named::{Named, Zone};
use super::nginx::{Front, Nginx};
use super::unbound::Unbound;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Where Azure's resolver answers networks other than the one that is played; no plan names it.
const AZURE_OF_HUB: &str = "10.0.255.16";

/// What plays a forwarder. The same rules lead to different answers: some follow an alias by their own rules, some hand on
/// what the server above found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forwarder {
    /// Asks anew for the target of an alias where a rule of its own applies to it.
    Unbound,
    /// Hands on the whole chain as it came.
    Dnsmasq,
    /// As that, and keeps every alias of it for as long as its TTL says.
    CachingDnsmasq,
}

enum Running {
    Unbound { _server: Unbound },
    Dnsmasq { _server: Dnsmasq },
}

pub struct RealEstate {
    pub island: Island,
    pub folder: Folder,
    _servers: (Vec<Named>, Vec<Running>, Nginx),
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

fn table(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// The lines of a zone file for one record.
fn lines(owner: &str, record: &Value) -> String {
    let ttl = record["ttl"].as_u64().unwrap_or(10);
    if let Some(alias) = record["alias"].as_str() {
        return format!("{owner} {ttl} CNAME {alias}.\n");
    }
    let addresses = record["addresses"].as_array().into_iter().flatten().map(text);
    addresses
        .map(|address| format!("{owner} {ttl} {} {address}\n", if address.contains(':') { "AAAA" } else { "A" }))
        .collect()
}

/// The private zones that are linked to a network.
fn linked(world: &Value, network: &str) -> Vec<Zone> {
    let here = table(&world["zones"]).filter(|(_, zone)| zone["links"].get(network).is_some());
    here.map(|(name, zone)| Zone {
        name: name.clone(),
        primary: "azureprivatedns.net".to_owned(),
        records: table(&zone["records"]).map(|(label, record)| lines(label, record)).collect(),
    })
    .collect()
}

impl RealEstate {
    /// Plays a world as its network `spoke` sees it; `more` are addresses for servers of the test itself.
    pub fn of(world: &Value, more: &[&str]) -> Self {
        Self::with(world, more, Forwarder::Unbound)
    }

    /// As [`RealEstate::of`], with another forwarder.
    pub fn with(world: &Value, more: &[&str], forwarder: Forwarder) -> Self {
        let resolvers: BTreeMap<&String, &Value> = table(&world["resolvers"]).collect();
        let at = |name: &str| text(&world["resolvers"][name]["address"]).to_owned();
        let fronts: Vec<&Value> = table(&world["fronts"]).map(|(_, front)| front).collect();
        let mut addresses: Vec<String> = resolvers.keys().map(|name| at(name)).collect();
        addresses.extend(fronts.iter().map(|front| text(&front["address"]).to_owned()));
        addresses.extend([AZURE_OF_HUB.to_owned()]);
        addresses.extend(more.iter().map(|address| (*address).to_owned()));
        let island = Island::new(&addresses);

        let public = at("internet");
        let records: String =
            table(&world["records"]).map(|(name, record)| lines(&format!("{name}."), record)).collect();
        let internet = Zone {
            name: String::new(),
            primary: "ns1-01.azure-dns.com".to_owned(),
            records: format!("ns1-01.azure-dns.com. A {public}\n{records}"),
        };
        let azure = at("azure");
        let named = vec![
            Named::start(&island, &public, &[internet], None),
            Named::start(&island, &azure, &linked(world, "spoke"), Some(&public)),
            Named::start(&island, AZURE_OF_HUB, &linked(world, "hub"), Some(&public)),
        ];
        let next = |name: &Value| match text(name) {
            "azure" => AZURE_OF_HUB.to_owned(),
            other => at(other),
        };
        let forwarders = resolvers.iter().filter(|(_, resolver)| resolver["kind"] == "forwarder");
        let forwarders = forwarders.map(|(_, resolver)| {
            let ruled = table(&resolver["forwards"]).map(|(suffix, to)| (suffix.clone(), next(to)));
            let rules = ruled.chain([(".".to_owned(), next(&resolver["otherwise"]))]).collect::<Vec<_>>();
            let address = text(&resolver["address"]);
            match forwarder {
                Forwarder::Unbound => Running::Unbound { _server: Unbound::forwarding(&island, address, &rules) },
                Forwarder::Dnsmasq | Forwarder::CachingDnsmasq => {
                    let caches = forwarder == Forwarder::CachingDnsmasq;
                    Running::Dnsmasq { _server: Dnsmasq::forwarding(&island, address, &rules, caches) }
                }
            }
        });
        let forwarders = forwarders.collect();
        let folder = Folder::new();
        let nginx = serve(&island, &fronts, &folder);
        Self { island, folder, _servers: (named, forwarders, nginx) }
    }

    /// Runs the program on the island under a plan, with these variables and no others; `trust` is added to its settings.
    pub fn fencepost(&self, plan: &Value, variables: &[&str], arguments: &[&str]) -> (i32, String, String) {
        let mut plan = plan.clone();
        plan["settings"]["trust"] = "ca.pem".into();
        let file = self.folder.write("plan.yaml", plan.to_string());
        super::agent::outcome(self.command(variables, arguments).arg("--plan").arg(file))
    }

    /// The program on the island, with these variables and no others.
    pub fn command(&self, variables: &[&str], arguments: &[&str]) -> std::process::Command {
        let mut command = self.island.command("env");
        command.arg("--ignore-environment").args(variables).arg(env!("CARGO_BIN_EXE_fencepost")).args(arguments);
        command
    }
}

fn serve(island: &Island, fronts: &[&Value], folder: &Folder) -> Nginx {
    let authority = Authority::new("Estate authority");
    folder.write("ca.pem", authority.pem());
    let names = |front: &Value| -> Vec<String> {
        front["names"].as_array().into_iter().flatten().map(|name| text(name).to_owned()).collect()
    };
    let issued: Vec<Issued> = fronts
        .iter()
        .map(|front| authority.issue(&names(front).iter().map(String::as_str).collect::<Vec<_>>()))
        .collect();
    let headers: Vec<Vec<(String, String)>> = fronts
        .iter()
        .map(|front| {
            let all = table(&front["answer"]["headers"]).filter(|(name, _)| *name != "content-type");
            all.map(|(name, value)| (name.clone(), text(value).to_owned())).collect()
        })
        .collect();
    let borrowed: Vec<Vec<(&str, &str)>> =
        headers.iter().map(|all| all.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect()).collect();
    let fronts: Vec<Front<'_>> = fronts
        .iter()
        .zip(&issued)
        .zip(&borrowed)
        .map(|((front, certificate), headers)| Front {
            address: text(&front["address"]),
            certificate,
            status: u16::try_from(front["answer"]["status"].as_u64().unwrap()).unwrap(),
            headers,
            body: front["answer"]["body"].as_str().unwrap_or_default(),
        })
        .collect();
    Nginx::start_on(island, 443, &fronts)
}

/// Lines for `/etc/hosts` and the like.
pub fn file_of(lines: &[&str]) -> String {
    lines.iter().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{line}");
        text
    })
}
