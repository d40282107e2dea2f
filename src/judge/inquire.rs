//! Which questions would tell the cause, once something is off. A name that resolves as it should leads to none.

use super::names::{Says, odd_addresses, private_view, says};
use super::{Asked, authority};
use crate::facts::{Answer, Facts, Inquiries, Inquiry, Lookup, Purpose, ResolverFacts};
use crate::plan::{Claim, HostName, View};
use std::net::SocketAddr;

/// Other zones of the plan are asked for at most so often.
const MOST_OTHER_ZONES: usize = 3;

/// Other names of the same account are asked for at most so often.
const MOST_SIBLINGS: usize = 2;

/// What to ask after a look. Only a `private` claim needs a cause; `curious` asks whatever the claim.
pub fn inquiries(asked: &Asked<'_>, facts: &Facts, curious: bool) -> Inquiries {
    let mut wanted = Inquiries::default();
    if *asked.claim != Claim::Private && !curious {
        return wanted;
    }
    let names = Names::of(asked);
    for resolver in private_view(&facts.names) {
        let said = says(asked, resolver);
        wanted.questions.extend(names.at(resolver, said));
    }
    let leaks = private_view(&facts.names).any(|resolver| says(asked, resolver) == Says::Public);
    let knows_azure = private_view(&facts.names).any(|resolver| resolver.view == View::Azure);
    if let Some(azure) = asked.around.azure.as_ref().filter(|_| leaks && !knows_azure) {
        let ask = |purpose, name: &HostName| Inquiry {
            purpose,
            resolver: azure.name.clone(),
            server: azure.address,
            name: name.clone(),
        };
        wanted.questions.push(ask(Purpose::AzureResolver, &asked.endpoint.host));
        wanted.questions.extend(names.zones.iter().map(|zone| ask(Purpose::ZoneAuthority, zone)));
        wanted.questions.extend(names.other_zones.iter().map(|zone| ask(Purpose::OtherZoneAuthority, zone)));
    }
    // Where getaddrinfo fails, the search list explains nothing, and the resolvers may be in trouble enough.
    wanted.machine = !odd_addresses(&facts.names).is_empty();
    wanted
}

/// The names that a host leads to.
pub struct Names {
    host: HostName,
    suffix: Option<HostName>,
    pub zones: Vec<HostName>,
    /// The host's record in each zone.
    pub aliases: Vec<HostName>,
    canaries: Vec<HostName>,
    siblings: Vec<HostName>,
    other_zones: Vec<HostName>,
}

impl Names {
    pub fn of(asked: &Asked<'_>) -> Self {
        let host = asked.endpoint.host.clone();
        let known = asked.service.names_of(&host);
        let suffix = known.map(|(_, suffix)| HostName::from_wire(suffix));
        let label = suffix.as_ref().and_then(|suffix| host.below(suffix.as_str()));
        let zones: Vec<HostName> = asked.service.zones_of(&host).into_iter().map(HostName::from_wire).collect();
        let below = |label: &str, zone: &HostName| HostName::from_wire(&format!("{label}.{zone}"));
        let aliases = label.iter().flat_map(|label| zones.iter().map(|zone| below(label, zone))).collect();
        let nobody = nobody(&host);
        let canaries = zones.iter().map(|zone| below(&nobody, zone)).collect();
        let siblings = known.zip(label).map(|((cloud, own), label)| {
            let others = cloud.suffixes.iter().filter(|suffix| *suffix != own);
            others.take(MOST_SIBLINGS).map(|suffix| HostName::from_wire(&format!("{label}.{suffix}"))).collect()
        });
        // Two suffixes of one zone are two names of one record, not two records.
        let siblings = siblings.filter(|_| known.is_some_and(|(cloud, _)| cloud.zones.len() == cloud.suffixes.len()));
        // A name of several labels, such as one with a region, is not repeated below another suffix.
        let siblings = siblings.filter(|_| label.is_some_and(|label| !label.contains('.')));
        let others = asked.around.zones.iter().filter(|zone| !zones.contains(zone));
        let other_zones = others.take(MOST_OTHER_ZONES).cloned().collect();
        Self { host, suffix, zones, aliases, canaries, siblings: siblings.unwrap_or_default(), other_zones }
    }

    fn at(&self, resolver: &ResolverFacts, said: Says) -> Vec<Inquiry> {
        // A service without private zones has no cause that a zone could tell.
        if self.zones.is_empty() {
            return Vec::new();
        }
        let all = |purpose, names: &[HostName]| names.iter().map(|name| self.ask(resolver, purpose, name)).collect();
        let has_alias = resolver.a.answer().is_some_and(|answer| self.passes_alias(answer));
        let suffix: &[HostName] = if has_alias { &[] } else { self.suffix.as_slice() };
        let lists: Vec<Vec<Inquiry>> = match said {
            Says::Expected => vec![all(Purpose::SuffixAuthority, suffix)],
            Says::Fails => Vec::new(),
            Says::Public => vec![
                all(Purpose::ZoneAuthority, &self.zones),
                all(Purpose::PrivatelinkName, &self.aliases_at(resolver)),
                all(Purpose::Canary, &self.canaries),
                all(Purpose::SuffixAuthority, suffix),
                all(Purpose::Sibling, &self.siblings),
                // Azure's own resolver needs no proof that it ends at Azure.
                all(Purpose::OtherZoneAuthority, if resolver.view == View::Azure { &[] } else { &self.other_zones }),
            ],
            Says::Other | Says::Nothing => vec![
                all(Purpose::ZoneAuthority, &self.zones),
                all(Purpose::Canary, &self.canaries),
                all(Purpose::SuffixAuthority, suffix),
            ],
        };
        lists.into_iter().flatten().collect()
    }

    /// The privatelink names that a resolver itself has shown, else those that the host should have: not every service
    /// keeps the labels of the host.
    fn aliases_at(&self, resolver: &ResolverFacts) -> Vec<HostName> {
        let answers = resolver.lookups().into_iter().filter_map(Lookup::answer);
        let mut seen: Vec<HostName> =
            answers.filter_map(|answer| Some(answer.chain.get(self.alias_position(answer)?)?.name.clone())).collect();
        seen.dedup();
        if seen.is_empty() { self.aliases.clone() } else { seen }
    }

    fn ask(&self, resolver: &ResolverFacts, purpose: Purpose, name: &HostName) -> Inquiry {
        let server: SocketAddr = resolver.server;
        Inquiry { purpose, resolver: resolver.resolver.clone(), server, name: name.clone() }
    }

    /// Whether a chain passes the record of the host in a privatelink zone.
    pub fn passes_alias(&self, answer: &Answer) -> bool {
        self.alias_position(answer).is_some()
    }

    pub fn alias_position(&self, answer: &Answer) -> Option<usize> {
        answer.chain.iter().position(|hop| self.zones.iter().any(|zone| hop.name.is_under(zone.as_str())))
    }

    /// The privatelink zone that a chain passes.
    pub fn zone_passed(&self, answer: &Answer) -> Option<&HostName> {
        let alias = answer.chain.get(self.alias_position(answer)?)?;
        self.zones.iter().find(|zone| alias.name.is_under(zone.as_str()))
    }

    /// Whether a negative answer came from a private zone for the public suffix itself.
    pub fn is_shadowed_by(&self, answer: &Answer) -> bool {
        let own_zone = |zone: &HostName| self.zones.iter().any(|privatelink| zone.is_under(privatelink.as_str()));
        answer.authority.as_ref().is_some_and(|soa| {
            authority::is_azure_private(soa) && self.host.is_under(soa.zone.as_str()) && !own_zone(&soa.zone)
        })
    }
}

/// A label that nobody has: the same for the same host, so that two looks ask the same question.
fn nobody(host: &HostName) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, host.as_str().as_bytes());
    let hex: String = digest.as_ref().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("fp-{hex}")
}
