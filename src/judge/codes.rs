//! The closed list of findings, as data: code, severity, whose side it is on, what it says, and the first thing to try.
//!
//! A code that was shipped never changes: it is a metric label, a JSON key, an alert label and a page heading.

use super::finding::{Severity, Side};
use serde::{Deserialize, Serialize};

macro_rules! findings {
    ($($code:ident $word:literal $severity:ident $side:ident $summary:literal $first_try:literal)*) => {
        /// A finding's code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Code { $($code,)* }

        impl Code {
            pub const ALL: &[Self] = &[$(Self::$code,)*];

            pub const fn word(self) -> &'static str {
                match self { $(Self::$code => $word,)* }
            }

            /// How bad it is where nothing makes it better or worse.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$code => Severity::$severity,)* }
            }

            /// Where the fault most likely lies.
            pub const fn side(self) -> Side {
                match self { $(Self::$code => Side::$side,)* }
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
    PublicAnswer "public-answer" Critical Zone
        "The name resolves to a public address instead of its private endpoint."
        "Compare the resolvers, then check the zone's virtual network links and the resolver's forwarding."
    MixedAnswer "mixed-answer" Critical Zone
        "One answer holds expected and public addresses, so some connections leave over the public side."
        "Look for a second record set or zone that holds the public address, and remove it."
    PublicIpv6Answer "public-ipv6-answer" Critical Zone
        "The AAAA answer is public although the A answer is the private endpoint; dual-stack clients may prefer it."
        "Find who adds the AAAA record: a DNS64 translator or a hand-made record; switch it off for this suffix."
    UnexpectedPrivateAddress "unexpected-private-address" Critical Zone
        "The name resolves to a private address that the plan does not expect."
        "Compare the record with the private endpoint's network interface: a stale record, a second endpoint, or a plan that is out of date."
    SpecialAnswer "special-answer" Critical Resolver
        "The name resolves to an address that can be no endpoint, such as loopback or 0.0.0.0."
        "Look for a DNS filter or a hosts entry that answers for this name."
    NxdomainRewritten "nxdomain-rewritten" Warning Resolver
        "A resolver gives an address to a name that nobody has: it rewrites the answer that a name does not exist."
        "Switch the rewriting off on that resolver, or take it out of this machine's configuration: it turns a missing record into an address of its own."
    ZoneShadowed "zone-shadowed" Critical Zone
        "A private zone for the public suffix answers in place of the internet, so that every name it does not hold is missing."
        "Delete the private zone of the public suffix, and keep the records in the privatelink zone: `az network private-dns zone list`."
    NoPrivateEndpoint "no-private-endpoint" Warning Service
        "On the internet the name does not lead to a privatelink alias, so the account seems to have no approved private endpoint, whatever the answers here say."
        "See whether the account still has an approved private endpoint: `az network private-endpoint-connection list --id ACCOUNT_ID`."
    RecordMissing "record-missing" Critical Zone
        "The name has its privatelink alias, but the alias has no address."
        "Re-create the record: check the private endpoint's DNS zone group, `az network private-endpoint dns-zone-group list`."
    NameMissing "name-missing" Critical Zone
        "The name does not exist, or has no address."
        "Check the spelling and that the account has this custom subdomain; then look for a private zone that shadows the public suffix."
    ResolverSilent "resolver-silent" Warning Resolver
        "A resolver did not answer in time."
        "Ask it directly with `nslookup NAME RESOLVER`; look at rules that drop port 53 and at the resolver's own health."
    ResolverRefused "resolver-refused" Warning Resolver
        "A resolver refuses to answer this machine, or nothing listens at its address."
        "Check that the resolver serves this subnet and that its DNS service listens."
    ResolverFailing "resolver-failing" Critical Resolver
        "A resolver answers with an error."
        "Look at the resolver's log for this name: a forwarding loop or an upstream that fails."
    ResolverGarbled "resolver-garbled" Warning Resolver
        "What came back from a resolver is not an answer to the question."
        "Find out what answers at the resolver's address: a middlebox, or a service that is not DNS."
    ResolversDisagree "resolvers-disagree" Warning Resolver
        "The resolvers of this vantage give different kinds of answers; which one an application meets is chance."
        "Compare the forwarding of the resolvers; each must end at a resolver whose network is linked to the zone."
    PublicResolverConfigured "public-resolver-configured" Warning Agent
        "This machine's resolv.conf names a resolver on the internet, which knows no private zone."
        "Take the public resolver out of the virtual network's DNS servers or the DHCP options, then renew the lease: it is used whenever the other is slow."
    HostsOverride "hosts-override" Warning Agent
        "Applications on this machine get an address that no resolver gives."
        "Look for the name in the hosts file, in hostAliases and in local caches, and remove the override."
    SearchSuffixAnswer "search-suffix-answer" Warning Agent
        "Applications on this machine get the address of another name: the search list was appended, and the longer name has an address."
        "Remove the wildcard record of the search domain, or write the name with a dot at its end; in Kubernetes lower `ndots` to 1."
    OsLookupFailing "os-lookup-failing" Critical Agent
        "The resolvers answer, but the lookup that applications use fails."
        "Compare `getent ahosts NAME` with `nslookup NAME`; look at nsswitch.conf, the search list and local caches."
    ConnectTimeout "connect-timeout" Critical Path
        "The address does not answer the connection attempt."
        "Look at the network security group and the route from this subnet to the private endpoint, `az network watcher test-connectivity`, and whether its connection is approved: `az network private-endpoint-connection list --id ACCOUNT_ID`."
    ConnectRefused "connect-refused" Critical Path
        "The address refuses the connection."
        "Check that a private endpoint still holds this address and that its connection is approved: `az network private-endpoint-connection list --id ACCOUNT_ID`."
    ConnectReset "connect-reset" Critical Path
        "The connection was reset while it was being opened."
        "Look at the firewall between this subnet and the private endpoint."
    NoRoute "no-route" Critical Path
        "The network says that there is no way to the address."
        "Check peering and routes from this subnet: `az network nic show-effective-route-table`."
    TlsTimeout "tls-timeout" Critical Path
        "The connection opens, but the TLS handshake gets no answer."
        "Look for a firewall that holds the handshake, and for asymmetric routes: replies may take another way."
    TlsReset "tls-reset" Critical Path
        "The connection is cut within the TLS handshake."
        "Look for a firewall that filters by server name, and allow this name."
    TlsFailed "tls-failed" Critical Path
        "The TLS handshake fails."
        "Find out what answers at this address; it does not speak TLS as the service does."
    TlsUntrusted "tls-untrusted" Critical Path
        "The certificate is not signed by an authority that this machine trusts."
        "Look at the issuer: if it is your own inspection, exempt this name from it, or trust its CA with `settings.trust`."
    TlsWrongName "tls-wrong-name" Critical Service
        "The certificate is for another name."
        "Check that the address belongs to this service, and that applications call the public name, not the privatelink one."
    TlsExpired "tls-expired" Critical Service
        "The certificate has expired."
        "Renew the certificate; if it is not the service's own, find out what answers in its place."
    TlsExpiring "tls-expiring" Warning Service
        "The certificate expires within 14 days."
        "See that it is renewed in time."
    HttpTimeout "http-timeout" Warning Service
        "The handshake succeeds, but the request gets no answer."
        "Try again from another machine of the subnet; look at inspection devices in the path and at the service's health."
    NotTheService "not-the-service" Critical Path
        "Something answers, but not as this service does."
        "Find out what answers at this address; look at the evidence for its status and headers."
    AnswerAmbiguous "answer-ambiguous" Info Service
        "The service answered, but this answer does not tell whether its public side is open."
        "Check the service's public network access in the portal; the key-less request cannot tell."
    ServiceFailing "service-failing" Warning Service
        "The path is open, but the service answers with a server error."
        "Look at the service's health in the portal; the network is not the cause."
    DeniedAsPublic "denied-as-public" Critical Path
        "The service refuses the request because it came by the public side."
        "Find what sends this traffic out: a proxy, or a firewall rule that re-originates it. Keep private traffic from it."
    WrongEndpoint "wrong-endpoint" Critical Service
        "The service says that this host name cannot be used with a private endpoint."
        "Call the account by its custom subdomain; set one if it has none."
    ProxyGoesPublic "proxy-goes-public" Critical Path
        "The direct path is private, but the proxy that applications use takes the public side."
        "Add the suffix to NO_PROXY, or make the proxy resolve the name through Azure DNS."
    ProxyFailing "proxy-failing" Warning Path
        "The proxy that applications here would use does not carry the request."
        "See whether the proxy runs and can be reached; then add the suffix to NO_PROXY, or allow the name on the proxy."
    AnonymousAccepted "anonymous-accepted" Warning Path
        "The service served the request although it carried no credential."
        "Find what adds a credential on the way, and who else can use it."
    Throttled "throttled" Info Service
        "The service is throttling; the path is open."
        "Nothing to do for the network."
    PublicSideOpen "public-side-open" Warning Service
        "The public side would accept requests from here: one DNS fault away from leaking."
        "Switch public access off: `az resource update --ids ACCOUNT_ID --set properties.publicNetworkAccess=Disabled`."
    PublicSideClosed "public-side-closed" Critical Service
        "The plan says that the public side is open from here, but it refuses or does not answer."
        "Check the service's network rules for this vantage's egress address."
    PublicSideUnseen "public-side-unseen" Warning Plan
        "No public address of the service is known from here, so its public side could not be tried."
        "Give the target a `public_front`, or the plan a resolver with `view: public`."
    BlockOpen "block-open" Critical Path
        "A path that must be blocked is open."
        "Look at the rule that should stop this traffic; the evidence names the address that answered."
    BlockByOtherLayer "block-by-other-layer" Warning Path
        "The path is stopped, but not at a layer the plan names: the control that was meant is not the one that works."
        "Find out which control answers now, and either restore the one that was meant or name the new layer in `by`."
    BlockedByNameOnly "blocked-by-name-only" Critical Path
        "Only the missing DNS answer blocks: the address itself is open to whoever knows it."
        "Block the address too: a network security group or firewall rule from this vantage."
    WitnessFailing "witness-failing" Warning Agent
        "No witness succeeded from this vantage, so a failed connection proves nothing."
        "Restore the vantage's own connectivity first, or give the vantage a `witness` that works."
    AgentOverloaded "agent-overloaded" Warning Agent
        "The agent itself could not probe."
        "Raise the agent's limits (open files, memory), or lower the number of checks."
    AgentOffline "agent-offline" Warning Agent
        "The agent's machine has no network: every question and every connection ended with no way to go."
        "Look at the machine's interface and default route; until they are back nothing can be told from here."
    ExceptionExpiring "exception-expiring" Warning Plan
        "The exception that covers this check ends within 7 days."
        "Renew the exception with its approver, or finish what it was needed for; its end is in the evidence."
    ExceptionExpired "exception-expired" Warning Plan
        "An exception that covered this check has ended, and the rule it suspended is broken."
        "Take back what the exception allowed, or have it approved again with a new end."
    ExceptionUnused "exception-unused" Info Plan
        "An exception covers this check, but the rule it suspends holds all the same."
        "End the exception early: what it allows is not in use, and nobody would notice if it were."
    PlanStale "plan-stale" Warning Plan
        "The agent could not read the newest plan and goes on with an older one."
        "Look at the agent's log for the faults of the plan, correct them and reload."
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
