//! Why an answer is public. The answers alone tell little; what the follow-up questions brought decides, and where it
//! fits more than one cause, none is named.
//!
//! Sources: Microsoft, "Azure Private Endpoint DNS integration" and "Fallback to internet for Azure Private DNS zones"
//! for the mechanisms. That an SOA tells them apart is concluded from these, so every cause here is an inference.

use super::authority::{Whose, whose, whose_of};
use super::causes::{Cause, Diagnosis};
use super::finding::Evidence;
use super::inquire::Names;
use super::names::{Says, private_view, says};
use super::{Asked, authority};
use crate::facts::{Answer, Facts, FollowUp, Inquired, Purpose, Rcode, ResolverFacts};
use crate::plan::{AddressClass, HostName, View};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Why this resolver's answer is public.
pub fn public_answer(asked: &Asked<'_>, facts: &Facts, resolver: &ResolverFacts, answer: &Answer) -> Diagnosis {
    let names = Names::of(asked);
    let case = Case {
        asked,
        facts,
        follow_up: facts.follow_up.as_deref(),
        resolver,
        answer,
        zone_passed: names.zone_passed(answer).cloned(),
        names,
        is_azure: resolver.view == View::Azure,
    };
    match case.names.alias_position(answer) {
        None => case.without_alias(),
        Some(position) if position + 1 == answer.chain.len() => case.record_is_public(),
        Some(_) => case.followed_to_the_internet(),
    }
}

/// What an inquiry about an address brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direct {
    Expected,
    Public,
    Nothing,
    Untold,
}

struct Case<'c> {
    asked: &'c Asked<'c>,
    facts: &'c Facts,
    follow_up: Option<&'c FollowUp>,
    resolver: &'c ResolverFacts,
    answer: &'c Answer,
    names: Names,
    /// Where a name may stand in several zones, the one that this answer went through is the one in question.
    zone_passed: Option<HostName>,
    is_azure: bool,
}

impl Case<'_> {
    /// The chain ends on the public side without ever passing the privatelink name.
    fn without_alias(&self) -> Diagnosis {
        if let Some(azure) = self.azure_gives_expected() {
            return match self.zone() {
                // It does end at a linked network, so this answer is from elsewhere: a record of its own, a cache, or a
                // chain that it does not show.
                Whose::Private(soa) => {
                    let direct_seen = self.direct().1;
                    Diagnosis::undetermined([azure, inquired(soa)].into_iter().chain(direct_seen).collect())
                }
                zone @ (Whose::Other(_) | Whose::Untold) => {
                    self.beside_a_good_azure(azure, &zone, Direct::Untold, Vec::new())
                }
            };
        }
        let tail = tail(self.asked, self.answer);
        let shown_elsewhere = self.facts.names.resolvers.iter().filter(|r| r.server != self.resolver.server);
        let mut elsewhere = shown_elsewhere.filter_map(|r| Some((r, r.a.answer()?)));
        let at_azure = self.azure_inquired().and_then(|inquired| inquired.answer());
        let alias_elsewhere = elsewhere.any(|(_, answer)| self.names.passes_alias(answer))
            || at_azure.is_some_and(|answer| self.names.passes_alias(answer));
        match (tail, self.names.zones.first()) {
            (Some(tail), Some(zone)) if !alias_elsewhere => {
                let no_alias = Evidence::NoAlias { resolver: self.resolver.resolver.clone(), zone: zone.clone() };
                Diagnosis::inferred(Cause::NoPrivateEndpoint, vec![no_alias, tail], Vec::new())
            }
            (tail, _) => Diagnosis::undetermined(tail.into_iter().collect()),
        }
    }

    /// The privatelink name itself has the public address.
    fn record_is_public(&self) -> Diagnosis {
        match self.zone() {
            // A translator made it of the address that the zone does hold (DNS64, RFC 6147).
            Whose::Private(soa) if self.may_be_translated() => Diagnosis::undetermined(vec![inquired(soa)]),
            Whose::Private(soa) => Diagnosis::inferred(Cause::PublicRecordInZone, vec![inquired(soa)], Vec::new()),
            Whose::Other(soa) => match self.azure_gives_expected() {
                Some(azure) => self.bypasses(vec![azure, inquired(soa)]),
                None => Diagnosis::undetermined(vec![inquired(soa)]),
            },
            Whose::Untold => self
                .azure_gives_expected()
                .map_or_else(|| Diagnosis::undetermined(Vec::new()), |azure| self.bypasses(vec![azure])),
        }
    }

    /// Whether an IPv6 address stands beside an IPv4 address that is not public.
    fn may_be_translated(&self) -> bool {
        let v4 = self.resolver.a.answer().map(|a| a.addresses.as_slice()).unwrap_or_default();
        let is_public = |address: &IpAddr| self.asked.class(*address) == AddressClass::Public;
        self.answer.addresses.iter().all(IpAddr::is_ipv6) && !v4.is_empty() && !v4.iter().any(is_public)
    }

    /// The privatelink name is an alias of names on the public side.
    fn followed_to_the_internet(&self) -> Diagnosis {
        let (direct, direct_seen) = self.direct();
        match (self.azure_gives_expected(), self.zone()) {
            (Some(azure), zone) => self.beside_a_good_azure(azure, &zone, direct, direct_seen),
            (None, Whose::Private(soa)) => self.in_a_linked_network(soa, direct, direct_seen),
            (None, Whose::Other(soa)) => self.in_an_unlinked_network(soa),
            (None, Whose::Untold) => Diagnosis::undetermined(direct_seen),
        }
    }

    /// Azure's own resolver gives the private answer, so the fault lies with this one.
    fn beside_a_good_azure(
        &self,
        azure: Evidence,
        zone: &Whose<'_>,
        direct: Direct,
        direct_seen: Vec<Evidence>,
    ) -> Diagnosis {
        let mut seen = vec![azure];
        match zone {
            Whose::Private(soa) | Whose::Other(soa) => seen.push(inquired(soa)),
            Whose::Untold => {}
        }
        seen.extend(direct_seen);
        match (zone, direct) {
            (Whose::Private(_) | Whose::Other(_) | Whose::Untold, Direct::Expected)
            | (Whose::Private(_), Direct::Nothing) => self.privatelink_only(seen),
            // A copy of the zone in which the record is missing.
            (Whose::Private(_), Direct::Public) => self.redirected(seen),
            (Whose::Private(_), Direct::Untold) => Diagnosis::undetermined(seen),
            (Whose::Other(_) | Whose::Untold, Direct::Public | Direct::Nothing | Direct::Untold) => {
                match whose(self.follow_up, self.resolver.server, Purpose::OtherZoneAuthority) {
                    // It ends at Azure for another zone: either this suffix is not forwarded there, or this zone is not
                    // linked to the network that it asks from.
                    Whose::Private(other) => {
                        seen.push(inquired(other));
                        seen.extend(self.siblings());
                        Diagnosis::undetermined(seen)
                    }
                    Whose::Other(_) | Whose::Untold => self.bypasses(seen),
                }
            }
        }
    }

    /// This resolver asks a linked zone, and the public name goes public all the same.
    fn in_a_linked_network(&self, soa: &Arc<Inquired>, direct: Direct, direct_seen: Vec<Evidence>) -> Diagnosis {
        let mut seen = vec![inquired(soa)];
        seen.extend(direct_seen);
        match direct {
            Direct::Public => self.redirected(seen),
            // A resolver that follows the alias itself cannot find the record and miss it at once.
            Direct::Expected | Direct::Nothing if !self.is_azure => self.privatelink_only(seen),
            Direct::Expected | Direct::Nothing | Direct::Untold => Diagnosis::undetermined(seen),
        }
    }

    /// Nobody here knows a private zone.
    fn in_an_unlinked_network(&self, soa: &Arc<Inquired>) -> Diagnosis {
        let mut seen = vec![inquired(soa)];
        seen.extend(self.siblings());
        if self.is_azure {
            return Diagnosis::inferred(Cause::ZoneNotLinked, seen, Vec::new());
        }
        // It knows none of the plan's zones: a link of this one alone would not mend it.
        if let Whose::Other(other) = whose(self.follow_up, self.resolver.server, Purpose::OtherZoneAuthority) {
            seen.push(inquired(other));
            return Diagnosis::undetermined(seen);
        }
        // Azure's own resolver, which this vantage asks in every look, is public too: one missing link explains both.
        let azure = private_view(&self.facts.names).filter(|r| r.view == View::Azure);
        for resolver in azure.filter(|resolver| says(self.asked, resolver) == Says::Public) {
            if let Whose::Other(soa) = self.zone_at(resolver.server) {
                seen.push(inquired(soa));
                return Diagnosis::inferred(Cause::ZoneNotLinked, seen, Vec::new());
            }
        }
        let Some(azure) = self.azure_inquired() else { return Diagnosis::undetermined(seen) };
        seen.push(inquired(azure));
        let server = azure.inquiry.server;
        let is_public = self.reads(azure) == Direct::Public && matches!(self.zone_at(server), Whose::Other(_));
        // Where zones are linked to a hub alone, Azure's own resolver is public here on a good day too. It tells of a
        // missing link only where it knows other zones of the plan.
        match whose(self.follow_up, server, Purpose::OtherZoneAuthority) {
            Whose::Private(other) if is_public => {
                seen.push(inquired(other));
                Diagnosis::inferred(Cause::ZoneNotLinked, seen, Vec::new())
            }
            Whose::Private(_) | Whose::Other(_) | Whose::Untold => Diagnosis::undetermined(seen),
        }
    }

    fn privatelink_only(&self, supports: Vec<Evidence>) -> Diagnosis {
        Diagnosis::inferred(Cause::PrivatelinkOnlyForwarder, supports, Vec::new())
    }

    fn bypasses(&self, mut supports: Vec<Evidence>) -> Diagnosis {
        supports.extend(self.siblings());
        Diagnosis::inferred(Cause::ForwarderBypassesAzure, supports, Vec::new())
    }

    /// A private zone that has no record, and an answer from the internet all the same.
    fn redirected(&self, mut supports: Vec<Evidence>) -> Diagnosis {
        let canary = self.inquired(Purpose::Canary).next();
        let refused = canary.filter(|canary| {
            let answer = canary.answer().filter(|answer| answer.rcode == Rcode::NAME_ERROR);
            answer.and_then(|answer| answer.authority.as_ref()).is_some_and(authority::is_azure_private)
        });
        match (refused, canary) {
            // The zone itself says no to a missing name, so its link does not fall back.
            (Some(refused), _) => {
                supports.push(inquired(refused));
                Diagnosis::undetermined(supports)
            }
            (None, canary) => {
                supports.extend(canary.map(inquired));
                Diagnosis::inferred(Cause::RecordMissingWithRedirect, supports, Vec::new())
            }
        }
    }

    fn zone(&self) -> Whose<'_> {
        self.zone_at(self.resolver.server)
    }

    fn zone_at(&self, server: SocketAddr) -> Whose<'_> {
        whose_of(self.follow_up, server, Purpose::ZoneAuthority, |name| self.matters(name))
    }

    /// Whether a name lies in the zone in question.
    fn matters(&self, name: &HostName) -> bool {
        self.zone_passed.as_ref().is_none_or(|zone| name.is_under(zone.as_str()))
    }

    /// What this resolver said of names in the zone in question.
    fn inquired(&self, purpose: Purpose) -> impl Iterator<Item = &Arc<Inquired>> {
        let all = self.follow_up.into_iter().flat_map(move |f| f.at(self.resolver.server, purpose));
        all.filter(|inquired| self.matters(&inquired.inquiry.name))
    }

    /// What this resolver says of the privatelink name itself.
    fn direct(&self) -> (Direct, Vec<Evidence>) {
        let asked: Vec<&Arc<Inquired>> = self.inquired(Purpose::PrivatelinkName).collect();
        let readings: Vec<Direct> = asked.iter().map(|inquired| self.reads(inquired)).collect();
        let best = [Direct::Expected, Direct::Public, Direct::Nothing].into_iter().find(|d| readings.contains(d));
        (best.unwrap_or(Direct::Untold), asked.into_iter().map(inquired).collect())
    }

    fn reads(&self, inquired: &Arc<Inquired>) -> Direct {
        let Some(answer) = inquired.answer() else { return Direct::Untold };
        let classes: Vec<AddressClass> = answer.addresses.iter().map(|a| self.asked.class(*a)).collect();
        if classes.contains(&AddressClass::Public) {
            Direct::Public
        } else if classes.contains(&AddressClass::Expected) {
            Direct::Expected
        } else if classes.is_empty() && matches!(answer.rcode, Rcode::NO_ERROR | Rcode::NAME_ERROR) {
            Direct::Nothing
        } else {
            Direct::Untold
        }
    }

    /// Another resolver, of Azure's own, that gives only expected addresses.
    fn azure_gives_expected(&self) -> Option<Evidence> {
        let others = private_view(&self.facts.names)
            .filter(|r| r.view == View::Azure && r.server != self.resolver.server && !self.is_azure);
        let mut knowing = others.filter(|r| says(self.asked, r) == Says::Expected);
        if let Some(azure) = knowing.next() {
            return Some(self.azure_says(&azure.resolver, azure.addresses()));
        }
        let inquired = self.azure_inquired().filter(|i| !self.is_azure && self.reads(i) == Direct::Expected)?;
        let addresses = inquired.answer()?.addresses.iter().copied();
        Some(self.azure_says(&inquired.inquiry.resolver, addresses))
    }

    fn azure_says(&self, resolver: &crate::plan::ResolverName, addresses: impl Iterator<Item = IpAddr>) -> Evidence {
        let addresses = addresses.map(|address| (address, self.asked.class(address))).collect();
        Evidence::AzureSays { resolver: resolver.clone(), addresses }
    }

    fn azure_inquired(&self) -> Option<&Arc<Inquired>> {
        self.follow_up?.inquired.iter().find(|i| i.inquiry.purpose == Purpose::AzureResolver)
    }

    /// What the other names of the account resolve to here.
    fn siblings(&self) -> Vec<Evidence> {
        self.follow_up.iter().flat_map(|f| f.at(self.resolver.server, Purpose::Sibling)).map(inquired).collect()
    }
}

fn inquired(inquired: &Arc<Inquired>) -> Evidence {
    Evidence::Inquired(Arc::clone(inquired))
}

/// The first alias that the catalogue knows as the public side.
pub fn tail(asked: &Asked<'_>, answer: &Answer) -> Option<Evidence> {
    answer.chain.iter().find_map(|hop| {
        let tail = asked.service.public_tail(&hop.name)?;
        Some(Evidence::Tail { name: HostName::to_string(&hop.name), says: tail.says.clone() })
    })
}
