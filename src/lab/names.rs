//! What a resolver answers: pure, from the world, the resolver's address and the address of whoever asks.
//!
//! Source of the rules: Microsoft, "Azure Private Endpoint DNS integration" and "Fallback to internet for Azure Private
//! DNS zones". A private zone answers only in the networks it is linked to; a public alias that leads into such a zone
//! is followed there; a name the zone does not have does not exist, unless the link redirects it to the internet.

use super::question::{Data, Entry, Kind, Question, Reply, Said};
use super::scene::{Record, Resolver, ResolverKind, ResolverState, Zone};
use super::wildcard::record_for;
use super::world::World;
use crate::facts::Rcode;
use crate::plan::HostName;
use std::net::IpAddr;

/// The longest chain of aliases that is followed, and the longest chain of forwarders.
const LONGEST_CHAIN: usize = 16;

/// What the SOA of every Azure private zone names as its primary.
const PRIVATE_PRIMARY: &str = "azureprivatedns.net";

/// What the SOA of the world's public zones names as their primary.
const PUBLIC_PRIMARY: &str = "ns1-01.azure-dns.com";

/// The TTL of an SOA, and with it of a negative answer, in seconds.
const AUTHORITY_TTL: u32 = 10;

impl World {
    /// What the resolver at an address answers to an address.
    pub fn answer(&self, resolver: IpAddr, source: IpAddr, question: &Question) -> Reply {
        let known = self.scene().resolvers.values().find(|known| known.address == resolver.to_canonical());
        let Some(known) = known else { return Reply::Closed };
        self.answer_in(known, self.scene().whereabouts(source), question, LONGEST_CHAIN)
    }

    /// What a resolver answers to somebody in a network or place.
    fn answer_in(&self, resolver: &Resolver, from: Option<&str>, question: &Question, hops_left: usize) -> Reply {
        let vanishes = resolver.silent_for.iter().any(|suffix| question.name.is_under(suffix.as_str()))
            || resolver.silent_to.iter().any(|place| from == Some(place));
        let network = from.filter(|place| self.scene().networks.contains_key(*place));
        let mut said = match resolver.state {
            ResolverState::Silent => return Reply::Silence,
            ResolverState::Serving if vanishes => return Reply::Silence,
            ResolverState::Closed => return Reply::Closed,
            ResolverState::Refusing => Said::error(Rcode::REFUSED),
            ResolverState::Failing => Said::error(Rcode::SERVER_FAILURE),
            ResolverState::Serving => match (resolver.kind, network) {
                // The platform address exists inside of virtual networks only.
                (ResolverKind::Azure, None) => return Reply::Silence,
                (ResolverKind::Azure, Some(network)) => self.resolve(Some(network), question),
                (ResolverKind::Public, _) => self.resolve(None, question),
                (ResolverKind::Forwarder, _) => self.forward(resolver, question, hops_left),
            },
        };
        if said.rcode == Rcode::NAME_ERROR
            && matches!(question.kind, Kind::A | Kind::Aaaa)
            && let Some(address) = resolver.rewrites
        {
            said = rewritten(question, address);
        }
        said.truncates = resolver.truncates;
        Reply::Said(said)
    }

    fn forward(&self, resolver: &Resolver, question: &Question, hops_left: usize) -> Said {
        let Some(hops_left) = hops_left.checked_sub(1) else { return Said::error(Rcode::SERVER_FAILURE) };
        let own = resolver.zones.iter().filter_map(|zone| self.scene().zones.get_key_value(zone));
        let own = own.map(|(name, zone)| (zone.apex.as_ref().unwrap_or(name), zone));
        let own = own.filter(|(name, _)| question.name.is_under(name.as_str()));
        if let Some((name, zone)) = own.max_by_key(|(name, _)| name.as_str().len()) {
            return self.own_answer(resolver, name, zone, question, hops_left);
        }
        let rules = resolver.forwards.iter().filter(|(suffix, _)| question.name.is_under(suffix.as_str()));
        let ruled = rules.max_by_key(|(suffix, _)| suffix.as_str().len()).map(|(_, to)| to);
        let next = ruled.or(resolver.otherwise.as_ref()).and_then(|name| self.scene().resolvers.get(name));
        let Some(next) = next else { return Said::error(Rcode::SERVER_FAILURE) };
        match self.answer_in(next, resolver.stands_in.as_deref(), question, hops_left) {
            Reply::Said(said) => said,
            Reply::Silence | Reply::Closed => Said::error(Rcode::SERVER_FAILURE),
        }
    }

    /// What a forwarder answers from a zone of its own; an alias that leads out of it is asked for elsewhere.
    fn own_answer(
        &self,
        resolver: &Resolver,
        name: &HostName,
        zone: &Zone,
        question: &Question,
        hops_left: usize,
    ) -> Said {
        let owner = &question.name;
        let authority = zone_authority(name, zone);
        let Some(record) = zone_record(name, zone, owner) else {
            return absent(question.kind, owner, Vec::new(), authority, zone_place(name, zone, owner));
        };
        let Some(alias) = &record.alias else {
            let found = Said::found(addresses(record, question.kind, owner));
            return Said { authority: found.records.is_empty().then_some(authority), ..found };
        };
        let entry = Entry { owner: owner.clone(), ttl: record.ttl, data: Data::Alias(alias.clone()) };
        if question.kind == Kind::Cname {
            return Said::found(vec![entry]);
        }
        let further = Question { name: alias.clone(), kind: question.kind };
        let mut said = self.forward(resolver, &further, hops_left);
        said.records.insert(0, entry);
        said
    }

    /// Follows the name as seen from a network, or from the internet.
    fn resolve(&self, network: Option<&str>, question: &Question) -> Said {
        let mut records = Vec::new();
        let mut owner = question.name.clone();
        let mut view = network;
        for _ in 0..LONGEST_CHAIN {
            let mut zone = self.linked_zone(view, &owner);
            if let Some((name, content, true)) = zone
                && zone_record(name, content, &owner).is_none()
                && owner != *name
                && matches!(question.kind, Kind::A | Kind::Aaaa | Kind::Cname)
            {
                // From here on Azure asks as anybody on the internet would.
                view = None;
                zone = None;
            }
            let (found, authority, place) = match zone {
                Some((name, zone, _)) => {
                    (zone_record(name, zone, &owner), zone_authority(name, zone), zone_place(name, zone, &owner))
                }
                None => (self.public_record(&owner), public_authority(&owner), self.public_place(&owner)),
            };
            let Some(record) = found else { return absent(question.kind, &owner, records, authority, place) };
            if let Some(alias) = &record.alias {
                records.push(Entry { owner, ttl: record.ttl, data: Data::Alias(alias.clone()) });
                if question.kind == Kind::Cname {
                    return Said::found(records);
                }
                owner = alias.clone();
                continue;
            }
            let before = records.len();
            records.extend(addresses(record, question.kind, &owner));
            let empty = records.len() == before;
            return Said { authority: empty.then_some(authority), ..Said::found(records) };
        }
        Said::error(Rcode::SERVER_FAILURE)
    }

    fn public_record(&self, owner: &HostName) -> Option<&Record> {
        record_for(self.scene().records.iter().map(|(name, record)| (name.as_str(), record)), owner.as_str())
    }

    /// Where other names of the internet are below a name, it is taken for the top of a zone.
    fn public_place(&self, owner: &HostName) -> Place {
        let has_below = self.scene().records.keys().any(|name| name.is_under(owner.as_str()));
        if has_below { Place::Apex } else { Place::Nowhere }
    }

    /// The zone that answers for a name in a network; the longest name decides.
    fn linked_zone(&self, network: Option<&str>, name: &HostName) -> Option<(&HostName, &Zone, bool)> {
        let network = network?;
        let zones = self.scene().zones.iter().map(|(zone, content)| (content.apex.as_ref().unwrap_or(zone), content));
        let zones = zones.filter(|(zone, _)| name.is_under(zone.as_str()));
        let linked = zones.filter_map(|(zone, content)| Some((zone, content, content.links.get(network)?.redirect)));
        linked.max_by_key(|(zone, _, _)| zone.as_str().len())
    }
}

/// Where a name without records lies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At the top of a zone, which has an SOA.
    Apex,
    /// Above other names, so that it exists and is empty.
    Between,
    Nowhere,
}

fn zone_place(name: &HostName, zone: &Zone, owner: &HostName) -> Place {
    let Some(label) = owner.below(name.as_str()) else { return Place::Apex };
    let is_above = |other: &String| other.strip_suffix(label).is_some_and(|rest| rest.ends_with('.'));
    if zone.records.keys().any(is_above) { Place::Between } else { Place::Nowhere }
}

fn absent(kind: Kind, owner: &HostName, mut records: Vec<Entry>, authority: Entry, place: Place) -> Said {
    if kind == Kind::Soa && place == Place::Apex {
        records.push(Entry { owner: owner.clone(), ..authority });
        return Said::found(records);
    }
    let rcode = match place {
        Place::Apex | Place::Between => Rcode::NO_ERROR,
        Place::Nowhere => Rcode::NAME_ERROR,
    };
    Said { rcode, authority: Some(authority), ..Said::found(records) }
}

/// What a resolver says that never admits that a name does not exist: its own address, for the family it has.
fn rewritten(question: &Question, address: IpAddr) -> Said {
    let record = Record { ttl: AUTHORITY_TTL, alias: None, addresses: vec![address] };
    Said::found(addresses(&record, question.kind, &question.name))
}

fn zone_record<'z>(name: &HostName, zone: &'z Zone, owner: &HostName) -> Option<&'z Record> {
    record_for(zone.records.iter().map(|(label, record)| (label.as_str(), record)), owner.below(name.as_str())?)
}

fn addresses(record: &Record, kind: Kind, owner: &HostName) -> Vec<Entry> {
    let wanted = |address: &&IpAddr| match kind {
        Kind::A => address.is_ipv4(),
        Kind::Aaaa => address.is_ipv6(),
        Kind::Cname | Kind::Soa | Kind::Other => false,
    };
    let entry = |address: &IpAddr| Entry { owner: owner.clone(), ttl: record.ttl, data: Data::Address(*address) };
    record.addresses.iter().filter(wanted).map(entry).collect()
}

fn zone_authority(name: &HostName, zone: &Zone) -> Entry {
    authority(name.clone(), zone.primary.as_ref().map_or(PRIVATE_PRIMARY, HostName::as_str))
}

/// A world draws no borders between public zones; each name is taken to lie directly in its own.
fn public_authority(name: &HostName) -> Entry {
    let parent = name.as_str().split_once('.').map_or(name.as_str(), |(_, parent)| parent);
    authority(HostName::from_wire(parent), PUBLIC_PRIMARY)
}

fn authority(owner: HostName, primary: &str) -> Entry {
    Entry { owner, ttl: AUTHORITY_TTL, data: Data::Authority { primary: HostName::from_wire(primary) } }
}
