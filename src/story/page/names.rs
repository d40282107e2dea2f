//! What is known of the findings about names and resolvers.

use super::About;
use crate::judge::{Cause, Code};

const PRIVATE_DNS: &str = "Microsoft, \"Azure Private Endpoint DNS integration\"";
const FALLBACK: &str = "Microsoft, \"Fallback to internet for Azure Private DNS zones\"";
const VALUES: &str = "Microsoft, \"Azure Private Endpoint private DNS zone values\"";

pub const NAMES: &[About] = &[
    About {
        code: Code::PublicAnswer,
        effect: "Breaks a `private` claim. Under `blocked` and `public` it is no finding: there a public answer is usual.",
        about: "The name has lost its way to the private zone. The answer looks healthy, calls may even succeed, and that is the danger. The chain of aliases is the same for several causes, so the SOA of the privatelink zone and the privatelink name itself are asked for at the same resolver. An SOA at azureprivatedns.net means that the resolver reaches a linked zone; any other means that it does not. That an SOA tells this is concluded from what such zones hold, not promised by Microsoft.",
        causes: &[
            Cause::ZoneNotLinked,
            Cause::RecordMissingWithRedirect,
            Cause::ForwarderBypassesAzure,
            Cause::PrivatelinkOnlyForwarder,
            Cause::NoPrivateEndpoint,
            Cause::PublicRecordInZone,
            Cause::Undetermined,
        ],
        related: &[Code::MixedAnswer, Code::PublicIpv6Answer, Code::ResolversDisagree, Code::PublicSideOpen],
        sources: &[PRIVATE_DNS, FALLBACK],
    },
    About {
        code: Code::MixedAnswer,
        effect: "Breaks a `private` claim, because some connections leave by the public side.",
        about: "One answer holds the private and a public address. Usually somebody added the public address to the record set of the private zone to get a partner going, or two record sets were merged. Clients take the addresses in turn, so the fault comes and goes. The record set of the private zone shows it.",
        causes: &[],
        related: &[Code::PublicAnswer, Code::PublicIpv6Answer],
        sources: &[VALUES],
    },
    About {
        code: Code::PublicIpv6Answer,
        effect: "Breaks a `private` claim, although the A answer is right.",
        about: "Clients with IPv6 prefer it (RFC 6724), so they leave by the public side while tools that ask for A see nothing wrong. A DNS64 translator makes such answers (64:ff9b::/96), or somebody made an AAAA record by hand.",
        causes: &[],
        related: &[Code::PublicAnswer, Code::MixedAnswer],
        sources: &["RFC 6724, section 2.1", "RFC 6147"],
    },
    About {
        code: Code::UnexpectedPrivateAddress,
        effect: "Breaks a `private` claim.",
        about: "The address is private, but it is not the one that the plan names. A private endpoint was made anew with another address and a hand-made record stayed behind; two private endpoints of one account write the same record in turn; a copy of the zone in another network holds older records; or the plan is out of date. The address of the endpoint's network interface says which.",
        causes: &[],
        related: &[Code::ConnectTimeout, Code::TlsWrongName, Code::ResolversDisagree],
        sources: &[VALUES],
    },
    About {
        code: Code::SpecialAnswer,
        effect: "Breaks a `private` claim. Under `blocked` the address counts as none, so `dns` must be among the layers.",
        about: "Loopback, 0.0.0.0, link-local and multicast addresses can be no endpoint. DNS filters answer with them, and so do entries in hosts files. The agent never connects to such an address because an answer said so.",
        causes: &[],
        related: &[Code::HostsOverride, Code::NxdomainRewritten],
        sources: &["RFC 8914, section 4.16 to 4.18"],
    },
    About {
        code: Code::NxdomainRewritten,
        effect: "Noted. Where the invented address is the one that the name itself got, it is critical and breaks a `private` claim.",
        about: "A label that nobody has was asked for, and the resolver gave an address for it. Such resolvers turn every missing record into an address of their own, which hides the fault and sends callers to a stranger.",
        causes: &[],
        related: &[Code::RecordMissing, Code::NameMissing, Code::PublicResolverConfigured],
        sources: &["RFC 8020"],
    },
    About {
        code: Code::ZoneShadowed,
        effect: "Breaks a `private` claim. Where the name itself works, it is a warning and only noted: every other name below the suffix is missing.",
        about: "Somebody made a private zone for the public suffix, such as openai.azure.com, instead of for its privatelink zone. In linked networks it answers for all accounts of the world, and says of each that it does not hold that there is none. The SOA of the suffix, at azureprivatedns.net, shows it.",
        causes: &[],
        related: &[Code::NameMissing],
        sources: &[VALUES],
    },
    About {
        code: Code::NoPrivateEndpoint,
        effect: "Noted; the answers here are what decides.",
        about: "On the internet the name of an account with an approved private endpoint is an alias of a privatelink name. Here it is not, while the answers of this vantage are not public. So the last private endpoint was removed or rejected, and a record, a cache or an override outlived it; or the plan speaks of another account.",
        causes: &[],
        related: &[Code::ConnectTimeout, Code::ConnectRefused, Code::PublicAnswer],
        sources: &["Microsoft, \"Use Speech service through a private endpoint\""],
    },
    About {
        code: Code::RecordMissing,
        effect: "Breaks a `private` claim. Under `blocked` it is unclear, unless `dns` is named.",
        about: "The network is linked to the private zone, and the zone has no record for the account. The private endpoint was made without a DNS zone group; another private endpoint of the same account was deleted and took the shared record with it; infrastructure code and a policy replace each other's zone group; or the account is a partner's, and your own zone answers for it. The SOA of the negative answer, at azureprivatedns.net, shows that the zone was asked.",
        causes: &[],
        related: &[Code::NameMissing, Code::PublicAnswer],
        sources: &[PRIVATE_DNS, VALUES],
    },
    About {
        code: Code::NameMissing,
        effect: "Breaks a `private` claim. Under `blocked` it is unclear: a misspelt name is no block.",
        about: "There is not even a privatelink alias. The account was deleted or never had this custom subdomain, the plan misspells it, or a private zone for the public suffix shadows it. A resolver with the public view tells whether the internet knows the name.",
        causes: &[],
        related: &[Code::ZoneShadowed, Code::RecordMissing],
        sources: &["RFC 2308"],
    },
    About {
        code: Code::ResolverSilent,
        effect: "Unclear: the verdict is `unknown`. Where only one family failed and the other gave addresses, it is noted.",
        about: "No answer came within the timeout, over UDP with two repetitions. A rule drops port 53, the resolver is down, or Azure's platform resolver drops what exceeds 1,000 questions a second from one machine. Applications wait for it in turn, so even a silent second resolver makes calls slow.",
        causes: &[],
        related: &[Code::ResolverRefused, Code::ResolverFailing, Code::AgentOffline],
        sources: &["Microsoft, \"Azure DNS limits\""],
    },
    About {
        code: Code::ResolverRefused,
        effect: "A REFUSED answer breaks a `private` claim; a closed port leaves it `unknown`. Under `blocked` both leave it `unknown`.",
        about: "Either the resolver says that it does not serve this machine, or nothing listens at its port. The evidence tells which: the first is its access list, the second its DNS service.",
        causes: &[],
        related: &[Code::ResolverSilent],
        sources: &["RFC 1035, section 4.1.1"],
    },
    About {
        code: Code::ResolverFailing,
        effect: "Breaks a `private` claim, and leaves a `blocked` one `unknown`. An error for AAAA beside an address for A is noted.",
        about: "SERVFAIL and its like: the resolver cannot reach whom it forwards to, or forwards in a loop. A ruleset that points at an inbound endpoint of the network it is linked to makes such a loop.",
        causes: &[],
        related: &[Code::ResolverSilent, Code::ResolversDisagree],
        sources: &["Microsoft, \"Azure DNS Private Resolver endpoints and rulesets\""],
    },
    About {
        code: Code::ResolverGarbled,
        effect: "Unclear: the verdict is `unknown`.",
        about: "Something came back that is no DNS message, or an answer to another question. A middlebox answers in the resolver's place, or the address belongs to another service.",
        causes: &[],
        related: &[Code::ResolverFailing, Code::NxdomainRewritten],
        sources: &["RFC 1035, section 4"],
    },
    About {
        code: Code::ResolversDisagree,
        effect: "Noted; the answer that is wrong has its own finding.",
        about: "One resolver gives the private address and another does not. Which one an application meets depends on the order in resolv.conf, on timeouts and on chance, so the fault comes and goes. Whoever is wrong forwards the suffix elsewhere, or asks Azure from a network that is not linked.",
        causes: &[],
        related: &[Code::PublicAnswer, Code::RecordMissing],
        sources: &[PRIVATE_DNS],
    },
];
