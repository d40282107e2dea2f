//! Why a finding came about: a closed list of causes, how sure each is, and what speaks for and against it.
//!
//! What a chain or an SOA suggests is an inference, and says so. Only what was read off directly is certain.

use super::finding::{Evidence, Side};
use serde::{Deserialize, Serialize};

/// How far a cause may be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// What was seen fits more than one cause.
    Undetermined,
    /// Concluded from what was seen; the first thing to try confirms it.
    Inferred,
    /// Read off directly.
    Certain,
}

impl Confidence {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Undetermined => "undetermined",
            Self::Inferred => "inferred",
            Self::Certain => "certain",
        }
    }
}

/// A cause, and what it rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnosis {
    pub cause: Cause,
    pub confidence: Confidence,
    pub supports: Vec<Evidence>,
    /// What does not fit, or would have to be ruled out.
    pub against: Vec<Evidence>,
}

macro_rules! causes {
    ($($cause:ident $word:literal $side:ident $summary:literal $first_try:literal)*) => {
        /// The likely cause of a finding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Cause { $($cause,)* }

        impl Cause {
            pub const ALL: &[Self] = &[$(Self::$cause,)*];

            pub const fn word(self) -> &'static str {
                match self { $(Self::$cause => $word,)* }
            }

            /// Whose side it is on, where the cause says more of that than the finding.
            pub const fn side(self) -> Option<Side> {
                match self { $(Self::$cause => causes!(side $side),)* }
            }

            /// What happened, as a clause.
            pub const fn summary(self) -> &'static str {
                match self { $(Self::$cause => $summary,)* }
            }

            /// The first thing to try.
            pub const fn first_try(self) -> &'static str {
                match self { $(Self::$cause => $first_try,)* }
            }
        }
    };
    (side any) => { None };
    (side $side:ident) => { Some(Side::$side) };
}

causes! {
    ZoneNotLinked "zone-not-linked" Zone
        "no private zone answers in the network that the resolver asks from: it is not linked there, or there is none"
        "See whether the zone exists and is linked to that virtual network: `az network private-dns link vnet list`; if not, link it. If that network should ask a hub's resolver instead, look at its DNS servers."
    RecordMissingWithRedirect "record-missing-with-redirect" Zone
        "the private zone is asked but has no record for the name, and its link falls back to the internet"
        "Restore the record: look at the private endpoint's DNS zone group, `az network private-endpoint dns-zone-group list`; then take `NxDomainRedirect` off the link where no partner needs it."
    ForwarderBypassesAzure "forwarder-bypasses-azure" Resolver
        "this resolver does not end at the Azure DNS that holds the zone: it forwards elsewhere, or asks Azure from a network to which no zone is linked"
        "On this resolver, forward the public suffix to 168.63.129.16 or to a Private Resolver's inbound endpoint, and see that the network it asks from is linked to the zone."
    PrivatelinkOnlyForwarder "privatelink-only-forwarder" Resolver
        "this resolver forwards only the privatelink suffix, which is never asked for while it follows the public name itself"
        "On this resolver, forward the public suffix to Azure DNS, not the privatelink one: openai.azure.com instead of privatelink.openai.azure.com, and so for each service."
    NoPrivateEndpoint "no-private-endpoint" Service
        "the public name has no privatelink alias, so the account has no approved private endpoint, or it is another account"
        "See whether the account still has an approved private endpoint: `az network private-endpoint-connection list --id ACCOUNT_ID`."
    PublicRecordInZone "public-record-in-zone" Zone
        "the private zone itself holds a public address for the name"
        "Look at the A record in the private zone and remove the public address: `az network private-dns record-set a show`."
    HostsFile "hosts-file" Agent
        "the hosts file of this machine has the name"
        "Remove the line from the hosts file (in Kubernetes: from `hostAliases`), and see that the resolvers give the right address."
    PublicAccessOn "public-access-on" Service
        "the service lets requests in on its public side, and nothing on the way stops them"
        "Ask the owner, then switch public access off: `az resource update --ids ACCOUNT_ID --set properties.publicNetworkAccess=Disabled`; or stop this vantage's way to the internet."
    PathOpen "path-open" Path
        "nothing on the way to the private address stops the request"
        "Look at the network security groups and routes that apply here: `az network nic list-effective-nsg`, `az network nic show-effective-route-table`."
    Undetermined "undetermined" any
        "what was seen fits more than one cause"
        "See where the resolver with the public answer forwards the public suffix, and whether the zone is linked to the network it asks from: `az network private-dns link vnet list`. What was seen says which of the two fits better."
}

impl Diagnosis {
    pub fn inferred(cause: Cause, supports: Vec<Evidence>, against: Vec<Evidence>) -> Self {
        Self { cause, confidence: Confidence::Inferred, supports, against }
    }

    pub fn certain(cause: Cause, supports: Vec<Evidence>) -> Self {
        Self { cause, confidence: Confidence::Certain, supports, against: Vec::new() }
    }

    pub fn undetermined(seen: Vec<Evidence>) -> Self {
        Self { cause: Cause::Undetermined, confidence: Confidence::Undetermined, supports: seen, against: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_in_json_is_the_cause_in_metrics() {
        for cause in Cause::ALL {
            assert_eq!(serde_json::to_string(cause).unwrap(), format!("\"{}\"", cause.word()));
            assert!(cause.first_try().ends_with('.') && !cause.summary().ends_with('.'), "{}", cause.word());
        }
    }
}
