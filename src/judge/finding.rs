//! The closed list of findings: one stable code each, what it says in one sentence, and the first thing to try.
//!
//! A code that was shipped never changes: it is a metric label, a JSON key, an alert label and a page heading.

use crate::facts::{
    Answer, CertTrouble, Certificate, ConnectOutcome, HttpOutcome, LookupOutcome, OsOutcome, TlsOutcome, Tunnel,
};
use crate::plan::{AddressClass, Layer, ResolverName};
use serde::Serialize;
use std::net::IpAddr;

/// How bad a finding is for whoever carries the pager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    Info,
    Warning,
    Critical,
}

impl Severity {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// What a finding does to the verdict of its check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Worth knowing; the verdict stands without it.
    Notes,
    /// The claim could not be told.
    Unclear,
    /// The claim does not hold.
    Breaks,
}

/// The likely cause of a public answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Another resolver of the same vantage gives the private answer.
    ForwarderBypassesAzure,
    /// The chain never passes the privatelink alias.
    NoPrivateEndpoint,
    /// The privatelink name itself has a public address.
    PublicRecordInZone,
    /// What was seen fits more than one cause.
    Undetermined,
}

impl Cause {
    pub const fn word(self) -> &'static str {
        match self {
            Self::ForwarderBypassesAzure => "forwarder-bypasses-azure",
            Self::NoPrivateEndpoint => "no-private-endpoint",
            Self::PublicRecordInZone => "public-record-in-zone",
            Self::Undetermined => "undetermined",
        }
    }

    /// The first thing to try for this cause.
    pub const fn first_try(self) -> &'static str {
        match self {
            Self::ForwarderBypassesAzure => {
                "On the resolver that gives the public answer, forward the public suffix (not privatelink.*) to Azure DNS, and see that its own virtual network is linked to the zone."
            }
            Self::NoPrivateEndpoint => {
                "See whether the account still has an approved private endpoint: `az network private-endpoint-connection list --id ACCOUNT_ID`."
            }
            Self::PublicRecordInZone => {
                "Look at the A record in the private zone and remove the public address: `az network private-dns record-set a show`."
            }
            Self::Undetermined => {
                "Ask for the zone's SOA at this resolver: `nslookup -type=SOA ZONE RESOLVER`. azureprivatedns.net means that the zone is linked and the record is missing; anything else means that the zone is not linked to the network this resolver asks from."
            }
        }
    }
}

macro_rules! findings {
    ($($code:ident $word:literal $severity:ident $summary:literal $first_try:literal)*) => {
        /// A finding's code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Code { $($code,)* }

        impl Code {
            pub const ALL: &[Self] = &[$(Self::$code,)*];

            pub const fn word(self) -> &'static str {
                match self { $(Self::$code => $word,)* }
            }

            pub const fn severity(self) -> Severity {
                match self { $(Self::$code => Severity::$severity,)* }
            }

            /// What it means, in one sentence.
            pub const fn summary(self) -> &'static str {
                match self { $(Self::$code => $summary,)* }
            }

            /// The first thing to try.
            pub const fn first_try(self) -> &'static str {
                match self { $(Self::$code => $first_try,)* }
            }
        }
    };
}

findings! {
    PublicAnswer "public-answer" Critical
        "The name resolves to a public address instead of its private endpoint."
        "Compare the resolvers, then check the zone's virtual network links and the resolver's forwarding."
    MixedAnswer "mixed-answer" Critical
        "One answer holds expected and public addresses, so some connections leave over the public side."
        "Look for a second record set or zone that holds the public address, and remove it."
    PublicIpv6Answer "public-ipv6-answer" Critical
        "The AAAA answer is public although the A answer is the private endpoint; dual-stack clients may prefer it."
        "Find who adds the AAAA record: a DNS64 translator or a hand-made record; switch it off for this suffix."
    UnexpectedPrivateAddress "unexpected-private-address" Critical
        "The name resolves to a private address that the plan does not expect."
        "Compare the record with the private endpoint's network interface: a stale record, a second endpoint, or a plan that is out of date."
    SpecialAnswer "special-answer" Critical
        "The name resolves to an address that can be no endpoint, such as loopback or 0.0.0.0."
        "Look for a DNS filter or a hosts entry that answers for this name."
    RecordMissing "record-missing" Critical
        "The name has its privatelink alias, but the alias has no address."
        "Re-create the record: check the private endpoint's DNS zone group, `az network private-endpoint dns-zone-group list`."
    NameMissing "name-missing" Critical
        "The name does not exist, or has no address."
        "Check the spelling and that the account has this custom subdomain; then look for a private zone that shadows the public suffix."
    ResolverSilent "resolver-silent" Warning
        "A resolver did not answer in time."
        "Ask it directly with `nslookup NAME RESOLVER`; look at rules that drop port 53 and at the resolver's own health."
    ResolverRefused "resolver-refused" Warning
        "A resolver refuses to answer this machine."
        "Check that the resolver serves this subnet and that its DNS service listens."
    ResolverFailing "resolver-failing" Critical
        "A resolver answers with an error."
        "Look at the resolver's log for this name: a forwarding loop or an upstream that fails."
    ResolverGarbled "resolver-garbled" Warning
        "What came back from a resolver is not an answer to the question."
        "Find out what answers at the resolver's address: a middlebox, or a service that is not DNS."
    ResolversDisagree "resolvers-disagree" Warning
        "The resolvers of this vantage give different kinds of answers; which one an application meets is chance."
        "Compare the forwarding of the resolvers; each must end at a resolver whose network is linked to the zone."
    HostsOverride "hosts-override" Warning
        "Applications on this machine get an address that no resolver gives."
        "Look for the name in the hosts file, in hostAliases and in local caches, and remove the override."
    OsLookupFailing "os-lookup-failing" Critical
        "The resolvers answer, but the lookup that applications use fails."
        "Compare `getent ahosts NAME` with `nslookup NAME`; look at nsswitch.conf, the search list and local caches."
    ConnectTimeout "connect-timeout" Critical
        "The address does not answer the connection attempt."
        "Look at the network security group and the route from this subnet to the private endpoint: `az network watcher test-connectivity`."
    ConnectRefused "connect-refused" Critical
        "The address refuses the connection."
        "Check the port, and that a private endpoint still holds this address."
    ConnectReset "connect-reset" Critical
        "The connection was reset while it was being opened."
        "Look at the firewall between this subnet and the private endpoint."
    NoRoute "no-route" Critical
        "The network says that there is no way to the address."
        "Check peering and routes from this subnet: `az network nic show-effective-route-table`."
    TlsTimeout "tls-timeout" Critical
        "The connection opens, but the TLS handshake gets no answer."
        "Look for a firewall that holds the handshake, and for asymmetric routes: replies may take another way."
    TlsReset "tls-reset" Critical
        "The connection is cut within the TLS handshake."
        "Look for a firewall that filters by server name, and allow this name."
    TlsFailed "tls-failed" Critical
        "The TLS handshake fails."
        "Find out what answers at this address; it does not speak TLS as the service does."
    TlsUntrusted "tls-untrusted" Critical
        "The certificate is not signed by an authority that this machine trusts."
        "Look at the issuer: if it is your own inspection, exempt this name from it, or trust its CA with `settings.trust`."
    TlsWrongName "tls-wrong-name" Critical
        "The certificate is for another name."
        "Check that the address belongs to this service, and that applications call the public name, not the privatelink one."
    TlsExpired "tls-expired" Critical
        "The certificate has expired."
        "Renew the certificate; if it is not the service's own, find out what answers in its place."
    TlsExpiring "tls-expiring" Warning
        "The certificate expires within 14 days."
        "See that it is renewed in time."
    HttpTimeout "http-timeout" Warning
        "The handshake succeeds, but the request gets no answer."
        "Try again from another machine of the subnet; look at inspection devices in the path and at the service's health."
    NotTheService "not-the-service" Critical
        "Something answers, but not as this service does."
        "Find out what answers at this address; look at the evidence for its status and headers."
    AnswerAmbiguous "answer-ambiguous" Info
        "The service answered, but this answer does not tell whether its public side is open."
        "Check the service's public network access in the portal; the key-less request cannot tell."
    ServiceFailing "service-failing" Warning
        "The path is open, but the service answers with a server error."
        "Look at the service's health in the portal; the network is not the cause."
    DeniedAsPublic "denied-as-public" Critical
        "The service refuses the request because it came by the public side."
        "Find what sends this traffic out: a proxy, or a firewall rule that re-originates it. Keep private traffic from it."
    WrongEndpoint "wrong-endpoint" Critical
        "The service says that this host name cannot be used with a private endpoint."
        "Call the account by its custom subdomain; set one if it has none."
    ProxyGoesPublic "proxy-goes-public" Critical
        "The direct path is private, but the proxy that applications use takes the public side."
        "Add the suffix to NO_PROXY, or make the proxy resolve the name through Azure DNS."
    ProxyFailing "proxy-failing" Warning
        "The proxy that applications here would use does not carry the request."
        "Add the suffix to NO_PROXY, or allow the name on the proxy."
    AnonymousAccepted "anonymous-accepted" Warning
        "The service served the request although it carried no credential."
        "Find what adds a credential on the way, and who else can use it."
    Throttled "throttled" Info
        "The service is throttling; the path is open."
        "Nothing to do for the network."
    PublicSideOpen "public-side-open" Warning
        "The public side would accept requests from here: one DNS fault away from leaking."
        "Switch public access off: `az resource update --ids ACCOUNT_ID --set properties.publicNetworkAccess=Disabled`."
    PublicSideClosed "public-side-closed" Critical
        "The plan says that the public side is open from here, but it refuses or does not answer."
        "Check the service's network rules for this vantage's egress address."
    PublicSideUnseen "public-side-unseen" Warning
        "No public address of the service is known from here, so its public side could not be tried."
        "Give the target a `public_front`, or the plan a resolver with `view: public`."
    BlockOpen "block-open" Critical
        "A path that must be blocked is open."
        "Look at the rule that should stop this traffic; the evidence names the address that answered."
    BlockByOtherLayer "block-by-other-layer" Warning
        "The path is stopped, but not at a layer the plan names: the control that was meant is not the one that works."
        "Find out which control answers now, and either restore the one that was meant or name the new layer in `by`."
    BlockedByNameOnly "blocked-by-name-only" Critical
        "Only the missing DNS answer blocks: the address itself is open to whoever knows it."
        "Block the address too: a network security group or firewall rule from this vantage."
    WitnessFailing "witness-failing" Warning
        "No witness succeeded from this vantage, so a failed connection proves nothing."
        "Restore the vantage's own connectivity first, or give the vantage a `witness` that works."
    AgentOverloaded "agent-overloaded" Warning
        "The agent itself could not probe."
        "Raise the agent's limits (open files, memory), or lower the number of checks."
}

/// One reason for a verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub code: Code,
    pub weight: Weight,
    pub severity: Severity,
    pub cause: Option<Cause>,
    pub evidence: Vec<Evidence>,
}

impl Finding {
    pub fn new(code: Code, weight: Weight, evidence: Vec<Evidence>) -> Self {
        Self { code, weight, severity: code.severity(), cause: None, evidence }
    }

    pub fn first_try(&self) -> &'static str {
        self.cause.map_or(self.code.first_try(), Cause::first_try)
    }
}

/// What was seen that led to a finding; told in words by `story`.
#[derive(Clone, Debug, PartialEq)]
pub enum Evidence {
    /// What a resolver answered.
    Answered {
        resolver: ResolverName,
        addresses: Vec<(IpAddr, AddressClass)>,
        answer: Box<Answer>,
        family: &'static str,
    },
    /// A resolver gave no answer.
    NotAnswered {
        resolver: ResolverName,
        family: &'static str,
        outcome: LookupOutcome,
    },
    Os(OsOutcome),
    Connected {
        address: IpAddr,
        class: AddressClass,
        outcome: ConnectOutcome,
    },
    Handshake {
        address: IpAddr,
        class: AddressClass,
        outcome: TlsOutcome,
    },
    Certificate {
        certificate: Certificate,
        troubles: Vec<CertTrouble>,
    },
    Http {
        address: Option<IpAddr>,
        class: AddressClass,
        outcome: HttpOutcome,
    },
    Layers {
        seen: Vec<Layer>,
        allowed: Vec<Layer>,
    },
    Witness(String),
    Proxy {
        proxy: String,
        tunnel: Tunnel,
    },
    /// The aliases show or do not show what the catalogue knows.
    Tail {
        name: String,
        says: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_in_json_is_the_code_in_metrics() {
        for code in Code::ALL {
            assert_eq!(serde_json::to_string(code).unwrap(), format!("\"{}\"", code.word()));
        }
    }

    #[test]
    fn every_finding_says_what_and_what_to_do() {
        for code in Code::ALL {
            for text in [code.summary(), code.first_try()] {
                assert!(text.len() > 20 && text.ends_with('.') && !text.contains('\n'), "{}: {text}", code.word());
            }
        }
    }
}
