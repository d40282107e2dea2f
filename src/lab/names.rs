//! What a resolver answers: pure, from the world, the resolver's address and the address of whoever asks.
//!
//! Source of the rules: Microsoft, "Azure Private Endpoint DNS integration" and "Fallback to internet for Azure Private
//! DNS zones". A private zone answers only in the networks it is linked to; a public alias that leads into such a zone
//! is followed there; a name the zone does not have does not exist, unless the link redirects it to the internet.

use super::question::{Data, Entry, Kind, Question, Reply, Said};
use super::scene::{Record, Resolver, ResolverKind, ResolverState, Zone};
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
        self.answer_in(known, self.scene().network_of(source), question, LONGEST_CHAIN)
    }

    fn answer_in(&self, resolver: &Resolver, network: Option<&str>, question: &Question, hops_left: usize) -> Reply {
        let mut said = match resolver.state {
            ResolverState::Silent => return Reply::Silence,
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
        said.truncates = resolver.truncates;
        Reply::Said(said)
    }

    fn forward(&self, resolver: &Resolver, question: &Question, hops_left: usize) -> Said {
        let rules = resolver.forwards.iter().filter(|(suffix, _)| question.name.is_under(suffix.as_str()));
        let ruled = rules.max_by_key(|(suffix, _)| suffix.as_str().len()).map(|(_, to)| to);
        let next = ruled.or(resolver.otherwise.as_ref()).and_then(|name| self.scene().resolvers.get(name));
        let (Some(next), Some(hops_left)) = (next, hops_left.checked_sub(1)) else {
            return Said::error(Rcode::SERVER_FAILURE);
        };
        let network = resolver.stands_in.as_deref().filter(|place| self.scene().networks.contains_key(*place));
        match self.answer_in(next, network, question, hops_left) {
            Reply::Said(said) => said,
            Reply::Silence | Reply::Closed => Said::error(Rcode::SERVER_FAILURE),
        }
    }

    /// Follows the name as seen from a network, or from the internet.
    fn resolve(&self, network: Option<&str>, question: &Question) -> Said {
        let mut records = Vec::new();
        let mut owner = question.name.clone();
        let mut view = network;
        for _ in 0..LONGEST_CHAIN {
            let (found, authority) = match self.linked_zone(view, &owner) {
                Some((name, zone, redirect)) => {
                    let record = zone_record(name, zone, &owner);
                    let may_leave = matches!(question.kind, Kind::A | Kind::Aaaa | Kind::Cname);
                    let is_apex = owner == *name;
                    if record.is_none() && !is_apex && redirect && may_leave {
                        // From here on Azure asks as anybody on the internet would.
                        view = None;
                        (self.scene().records.get(&owner), public_authority(&owner))
                    } else {
                        (record, private_authority(name))
                    }
                }
                None => (self.scene().records.get(&owner), public_authority(&owner)),
            };
            let Some(record) = found else { return self.absent(question.kind, &owner, records, authority) };
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

    /// The zone that answers for a name in a network; the longest name decides.
    fn linked_zone(&self, network: Option<&str>, name: &HostName) -> Option<(&HostName, &Zone, bool)> {
        let network = network?;
        let zones = self.scene().zones.iter().filter(|(zone, _)| name.is_under(zone.as_str()));
        let linked = zones.filter_map(|(zone, content)| Some((zone, content, content.links.get(network)?.redirect)));
        linked.max_by_key(|(zone, _, _)| zone.as_str().len())
    }

    /// A name without records: the top of a zone has an SOA, a name with others below it is empty, the rest do not exist.
    fn absent(&self, kind: Kind, owner: &HostName, mut records: Vec<Entry>, authority: Entry) -> Said {
        let private_apex = authority.owner == *owner;
        let public_apex =
            !is_private(&authority) && self.scene().records.keys().any(|name| name.is_under(owner.as_str()));
        if kind == Kind::Soa && (private_apex || public_apex) {
            records.push(Entry { owner: owner.clone(), ..authority });
            return Said::found(records);
        }
        let rcode = if private_apex || public_apex { Rcode::NO_ERROR } else { Rcode::NAME_ERROR };
        Said { rcode, authority: Some(authority), ..Said::found(records) }
    }
}

fn zone_record<'z>(name: &HostName, zone: &'z Zone, owner: &HostName) -> Option<&'z Record> {
    zone.records.get(owner.below(name.as_str())?)
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

fn private_authority(zone: &HostName) -> Entry {
    authority(zone.clone(), PRIVATE_PRIMARY)
}

/// A world draws no borders between public zones; each name is taken to lie directly in its own.
fn public_authority(name: &HostName) -> Entry {
    let parent = name.as_str().split_once('.').map_or(name.as_str(), |(_, parent)| parent);
    authority(HostName::from_wire(parent), PUBLIC_PRIMARY)
}

fn authority(owner: HostName, primary: &str) -> Entry {
    Entry { owner, ttl: AUTHORITY_TTL, data: Data::Authority { primary: HostName::from_wire(primary) } }
}

fn is_private(entry: &Entry) -> bool {
    matches!(&entry.data, Data::Authority { primary } if primary.as_str() == PRIVATE_PRIMARY)
}
