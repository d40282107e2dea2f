//! The commands that would confirm a finding, with everything filled in that is known here. A word in capitals stands for
//! what only the reader knows.
//!
//! Options of `az` as its reference names them; nothing here was run against a subscription.

use super::Brief;
use crate::facts::Facts;
use crate::judge::{Cause, Code, Evidence, Finding};
use crate::plan::View;
use std::net::{IpAddr, SocketAddr};

/// Where a finding was made.
pub struct Ground<'g> {
    pub host: &'g str,
    pub brief: &'g Brief,
    pub facts: &'g Facts,
}

/// At most so many resolvers or addresses get a command of their own.
const MOST_ALIKE: usize = 3;

const PUBLIC_ACCESS: &str = "az resource show --ids ACCOUNT_ID --query properties.publicNetworkAccess";

pub fn confirm(finding: &Finding, ground: &Ground<'_>) -> Vec<String> {
    let ask = Ask { ground, finding };
    let mut commands = match finding.cause() {
        Some(cause) => ask.of_cause(cause),
        None => ask.of_code(finding.code),
    };
    // Whether data can leave is what decides how fast somebody has to be.
    if finding.code == Code::PublicAnswer && ask.zone().is_some() {
        commands.insert(0, PUBLIC_ACCESS.to_owned());
    }
    let mut known = Vec::new();
    commands.retain(|command| {
        let is_new = !known.contains(command);
        known.push(command.clone());
        is_new
    });
    commands
}

const EFFECTIVE_NSG: &str = "az network nic list-effective-nsg --ids NIC_ID";

struct Ask<'a> {
    ground: &'a Ground<'a>,
    finding: &'a Finding,
}

impl Ask<'_> {
    fn of_cause(&self, cause: Cause) -> Vec<String> {
        match cause {
            Cause::ZoneNotLinked => {
                joined([self.soa(self.zone()), self.zones_named(self.zone()), self.zone_command("link vnet list", "")])
            }
            Cause::RecordMissingWithRedirect => joined([self.record(), self.policy()]),
            Cause::ForwarderBypassesAzure => joined([self.names(self.ground.host), vec![self.at_azure()]]),
            Cause::PrivatelinkOnlyForwarder => {
                joined([self.alias().map(|alias| self.names(&alias)).unwrap_or_default(), self.names(self.ground.host)])
            }
            Cause::NoPrivateEndpoint => self.connections(),
            Cause::PublicRecordInZone => self.record(),
            Cause::HostsFile => vec![self.own_lookup(), self.hosts_file()],
            Cause::PublicAccessOn => joined([self.requests(), vec![PUBLIC_ACCESS.to_owned()]]),
            Cause::PathOpen => joined([self.requests(), vec![EFFECTIVE_NSG.to_owned()]]),
            Cause::Undetermined if self.finding.code == Code::HostsOverride => {
                vec![self.own_lookup(), self.hosts_file()]
            }
            Cause::Undetermined => self.soa(self.zone()),
        }
    }

    fn of_code(&self, code: Code) -> Vec<String> {
        match code {
            Code::PublicAnswer | Code::ResolversDisagree | Code::SpecialAnswer => self.names(self.ground.host),
            Code::MixedAnswer | Code::RecordMissing => joined([self.record(), self.zone_groups()]),
            Code::PublicIpv6Answer => joined([self.lookups("-type=AAAA ", self.ground.host), self.record()]),
            Code::UnexpectedPrivateAddress => joined([self.record(), self.interfaces()]),
            Code::NxdomainRewritten => self.canaries(),
            Code::ZoneShadowed => joined([self.soa(self.suffix()), self.zones_named(self.suffix())]),
            Code::NoPrivateEndpoint => self.connections(),
            Code::NameMissing => joined([self.names(self.ground.host), vec![self.account()]]),
            Code::ResolverSilent | Code::ResolverRefused | Code::ResolverFailing | Code::ResolverGarbled => {
                self.names(self.ground.host)
            }
            Code::PublicResolverConfigured => vec![
                "cat /etc/resolv.conf".to_owned(),
                "az network vnet show --resource-group RESOURCE_GROUP --name VNET --query dhcpOptions.dnsServers"
                    .to_owned(),
            ],
            Code::HostsOverride => vec![self.own_lookup(), self.hosts_file()],
            Code::SearchSuffixAnswer => {
                let dotted = format!("getent ahosts {}.", self.ground.host);
                vec![self.own_lookup(), dotted, "grep -E 'search|ndots' /etc/resolv.conf".to_owned()]
            }
            Code::OsLookupFailing => joined([vec![self.own_lookup()], self.names(self.ground.host)]),
            Code::ConnectTimeout | Code::ConnectRefused => {
                joined([self.dials(), self.watcher(), self.endpoint_connections()])
            }
            Code::ConnectReset => joined([self.dials(), self.watcher()]),
            Code::NoRoute => vec![
                "ip route".to_owned(),
                "az network nic show-effective-route-table --resource-group RESOURCE_GROUP --name NIC --output table"
                    .to_owned(),
            ],
            Code::TlsTimeout | Code::TlsReset | Code::TlsFailed => self.handshakes(""),
            Code::TlsUntrusted | Code::TlsWrongName | Code::TlsExpired | Code::TlsExpiring => {
                self.handshakes(" | openssl x509 -noout -issuer -subject -dates")
            }
            Code::HttpTimeout
            | Code::NotTheService
            | Code::AnswerAmbiguous
            | Code::ServiceFailing
            | Code::DeniedAsPublic
            | Code::WrongEndpoint
            | Code::AnonymousAccepted
            | Code::BlockByOtherLayer
            | Code::BlockedByNameOnly
            | Code::PublicSideClosed => joined([self.requests(), self.proxied()]),
            Code::ProxyGoesPublic | Code::ProxyFailing => self.proxied(),
            Code::PublicSideOpen => joined([self.requests(), vec![PUBLIC_ACCESS.to_owned()]]),
            Code::BlockOpen => joined([self.requests(), self.proxied()]),
            Code::AgentOverloaded => vec!["ulimit -n".to_owned()],
            Code::AgentOffline => vec!["ip route".to_owned(), "ip address".to_owned()],
            Code::ExceptionExpiring | Code::ExceptionExpired | Code::ExceptionUnused => {
                vec!["fencepost plan show PLAN".to_owned()]
            }
            Code::PlanStale => vec!["fencepost plan check PLAN".to_owned()],
            Code::Throttled | Code::PublicSideUnseen | Code::WitnessFailing => Vec::new(),
        }
    }

    fn zone(&self) -> Option<&str> {
        self.ground.brief.zones.first().map(|zone| zone.as_str())
    }

    fn suffix(&self) -> Option<&str> {
        self.ground.brief.suffix.as_ref().map(|suffix| suffix.as_str())
    }

    /// The name of the record in the private zone, which is the account's own name.
    fn label(&self) -> &str {
        let below = self.suffix().and_then(|suffix| self.ground.host.strip_suffix(suffix)?.strip_suffix('.'));
        below.unwrap_or(self.ground.host)
    }

    fn alias(&self) -> Option<String> {
        Some(format!("{}.{}", self.label(), self.zone()?))
    }

    /// The resolvers that the finding speaks of; all of the private view where it names none.
    fn resolvers(&self) -> Vec<SocketAddr> {
        let mut named = Vec::new();
        for seen in &self.finding.evidence {
            let resolver = match seen {
                Evidence::Answered { resolver, .. } | Evidence::NotAnswered { resolver, .. } => resolver,
                Evidence::Inquired(inquired) => &inquired.inquiry.resolver,
                Evidence::Os(_)
                | Evidence::Connected { .. }
                | Evidence::Handshake { .. }
                | Evidence::Certificate { .. }
                | Evidence::Http { .. }
                | Evidence::Layers { .. }
                | Evidence::Witness(_)
                | Evidence::Proxy { .. }
                | Evidence::Tail { .. }
                | Evidence::HostsFile(_)
                | Evidence::Configured { .. }
                | Evidence::NoAlias { .. }
                | Evidence::AzureSays { .. }
                | Evidence::Exception { .. }
                | Evidence::Reload(_) => continue,
            };
            let asked = self.ground.facts.names.resolvers.iter().find(|facts| facts.resolver == *resolver);
            named.extend(asked.map(|facts| facts.server));
        }
        if named.is_empty() {
            let private = self.ground.facts.names.resolvers.iter().filter(|facts| facts.view.is_private());
            named.extend(private.map(|facts| facts.server));
        }
        named.dedup();
        named.truncate(MOST_ALIKE);
        named
    }

    /// The addresses that the finding speaks of.
    fn addresses(&self) -> Vec<IpAddr> {
        let mut named = Vec::new();
        for seen in &self.finding.evidence {
            match seen {
                Evidence::Connected { address, .. } | Evidence::Handshake { address, .. } => named.push(*address),
                Evidence::Http { address, .. } => named.extend(*address),
                Evidence::Answered { addresses, .. } => named.extend(addresses.iter().map(|(address, _)| *address)),
                Evidence::NotAnswered { .. }
                | Evidence::Os(_)
                | Evidence::Certificate { .. }
                | Evidence::Layers { .. }
                | Evidence::Witness(_)
                | Evidence::Proxy { .. }
                | Evidence::Tail { .. }
                | Evidence::Inquired(_)
                | Evidence::HostsFile(_)
                | Evidence::Configured { .. }
                | Evidence::NoAlias { .. }
                | Evidence::AzureSays { .. }
                | Evidence::Exception { .. }
                | Evidence::Reload(_) => {}
            }
        }
        named.sort();
        named.dedup();
        named.truncate(MOST_ALIKE);
        named
    }

    fn names(&self, name: &str) -> Vec<String> {
        self.lookups("", name)
    }

    fn lookups(&self, kind: &str, name: &str) -> Vec<String> {
        self.resolvers().into_iter().map(|server| nslookup(kind, name, server)).collect()
    }

    fn soa(&self, zone: Option<&str>) -> Vec<String> {
        zone.map(|zone| self.lookups("-type=SOA ", zone)).unwrap_or_default()
    }

    /// The same question at Azure's own resolver: the plan's, else the platform's.
    fn at_azure(&self) -> String {
        let azure = self.ground.brief.resolvers.iter().find(|resolver| resolver.view == View::Azure);
        let platform = SocketAddr::new(crate::plan::address::AZURE_PLATFORM.into(), 53);
        nslookup("", self.ground.host, azure.map_or(platform, |resolver| resolver.address))
    }

    fn canaries(&self) -> Vec<String> {
        let mut commands = Vec::new();
        for seen in &self.finding.evidence {
            if let Evidence::Inquired(inquired) = seen {
                commands.push(nslookup("", inquired.inquiry.name.as_str(), inquired.inquiry.server));
            }
        }
        commands
    }

    fn zone_command(&self, words: &str, more: &str) -> Vec<String> {
        let zone = self.zone().unwrap_or("ZONE");
        vec![format!("az network private-dns {words} --resource-group RESOURCE_GROUP --zone-name {zone}{more}")]
    }

    fn record(&self) -> Vec<String> {
        let kind = if self.finding.code == Code::PublicIpv6Answer { "aaaa" } else { "a" };
        self.zone_command(&format!("record-set {kind} show"), &format!(" --name {}", self.label()))
    }

    /// `az network private-dns link` prints the policy in newer versions only; Resource Graph has it always.
    fn policy(&self) -> Vec<String> {
        let zone = self.zone().unwrap_or("ZONE");
        vec![format!(
            "az graph query -q \"resources | where type =~ 'microsoft.network/privatednszones/virtualnetworklinks' \
             | where id contains '/{zone}/' | project name, properties.resolutionPolicy\""
        )]
    }

    fn zone_groups(&self) -> Vec<String> {
        vec![
            "az network private-endpoint dns-zone-group list --resource-group RESOURCE_GROUP --endpoint-name PRIVATE_ENDPOINT"
                .to_owned(),
        ]
    }

    /// Every zone of a name, in whatever resource group.
    fn zones_named(&self, zone: Option<&str>) -> Vec<String> {
        vec![format!("az network private-dns zone list --query \"[?name=='{}'].id\"", zone.unwrap_or("ZONE"))]
    }

    /// Whose interface holds the address that was answered.
    fn interfaces(&self) -> Vec<String> {
        let whose = |address: IpAddr| {
            format!("az network nic list --query \"[?ipConfigurations[?privateIPAddress=='{address}']].id\"")
        };
        self.addresses().into_iter().map(whose).collect()
    }

    /// The account by its own name.
    fn account(&self) -> String {
        let label = self.label();
        match self.ground.brief.service.as_str() {
            "azure-openai" | "foundry" | "cognitive-services" => {
                format!("az cognitiveservices account list --query \"[?properties.customSubDomainName=='{label}'].id\"")
            }
            _ => format!("az resource list --name {label} --query \"[].id\""),
        }
    }

    fn connections(&self) -> Vec<String> {
        joined([vec![self.account()], self.endpoint_connections()])
    }

    /// Only a service with a private zone has connections of private endpoints.
    fn endpoint_connections(&self) -> Vec<String> {
        let list = || "az network private-endpoint-connection list --id ACCOUNT_ID".to_owned();
        self.zone().map(|_| list()).into_iter().collect()
    }

    /// The option of a command that trusts what the plan trusts.
    fn trusting(&self, option: &str) -> String {
        let file = self.ground.brief.trust.as_deref();
        file.map(|file| format!(" {option} {}", quoted(file))).unwrap_or_default()
    }

    fn own_lookup(&self) -> String {
        format!("getent ahosts {}", self.ground.host)
    }

    fn hosts_file(&self) -> String {
        format!("grep -n {} /etc/hosts", self.ground.host)
    }

    fn dials(&self) -> Vec<String> {
        let port = self.ground.brief.port;
        self.addresses().into_iter().map(|address| format!("nc -vz -w 5 {address} {port}")).collect()
    }

    fn watcher(&self) -> Vec<String> {
        let port = self.ground.brief.port;
        let test = |address| {
            format!(
                "az network watcher test-connectivity --resource-group RESOURCE_GROUP --source-resource VM_ID \
                 --dest-address {address} --dest-port {port}"
            )
        };
        self.addresses().into_iter().take(1).map(test).collect()
    }

    fn handshakes(&self, then: &str) -> Vec<String> {
        let (host, port, trust) = (self.ground.host, self.ground.brief.port, self.trusting("-CAfile"));
        let shake = |address: IpAddr| {
            let at = SocketAddr::new(address, port);
            format!("timeout 10 openssl s_client -connect {at} -servername {host}{trust} </dev/null{then}")
        };
        self.addresses().into_iter().map(shake).collect()
    }

    /// The key-less request at each address, whatever the name resolves to.
    fn requests(&self) -> Vec<String> {
        let (host, port, trust) = (self.ground.host, self.ground.brief.port, self.trusting("--cacert"));
        let to = |address: IpAddr| {
            let address = if address.is_ipv6() { format!("[{address}]") } else { address.to_string() };
            format!(
                "curl --include --max-time 10{trust} --noproxy '*' --resolve {host}:{port}:{address} '{}'",
                self.url()
            )
        };
        self.addresses().into_iter().map(to).collect()
    }

    fn proxied(&self) -> Vec<String> {
        let proxy = self.ground.facts.proxy.as_ref();
        let is_meant = self.finding.evidence.iter().any(|seen| matches!(seen, Evidence::Proxy { .. }));
        let trust = self.trusting("--cacert");
        let through =
            |proxy: &str| format!("curl --include --max-time 10{trust} --proxy 'http://{proxy}' '{}'", self.url());
        proxy.filter(|_| is_meant).map(|proxy| through(&proxy.proxy)).into_iter().collect()
    }

    fn url(&self) -> String {
        let Brief { port, path, .. } = self.ground.brief;
        let host = self.ground.host;
        if *port == 443 { format!("https://{host}{path}") } else { format!("https://{host}:{port}{path}") }
    }
}

fn joined<const N: usize>(parts: [Vec<String>; N]) -> Vec<String> {
    parts.into_iter().flatten().collect()
}

fn nslookup(kind: &str, name: &str, server: SocketAddr) -> String {
    let port = if server.port() == 53 { String::new() } else { format!("-port={} ", server.port()) };
    format!("nslookup {port}{kind}{name} {}", server.ip())
}

/// A file's name as a shell reads it.
fn quoted(file: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if file.chars().all(is_plain) { file.to_owned() } else { format!("'{}'", file.replace('\'', "'\\''")) }
}
