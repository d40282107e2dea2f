//! What somebody does to a network: the small changes that faults are made of.

use super::scene::{FrontState, Issuer, Link, Record, ResolverState, Scene, Zone};
use crate::plan::HostName;
use serde::Deserialize;
use std::net::IpAddr;

/// One change. Applied to a scene in which another fault already removed its object, it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// The zone's link to the network is removed.
    Unlink(LinkChange),
    /// The link gets `NxDomainRedirect`.
    Redirect(LinkChange),
    RemoveRecord(RecordName),
    /// The record gets these addresses instead.
    SetRecord(RecordChange),
    /// The forwarder asks another resolver, for one suffix or for everything.
    Forward(ForwardChange),
    Resolver(ResolverChange),
    Front(FrontChange),
    RemoveRule(RuleName),
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkChange {
    pub zone: HostName,
    pub network: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordName {
    pub zone: HostName,
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordChange {
    pub zone: HostName,
    pub name: String,
    pub addresses: Vec<IpAddr>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForwardChange {
    pub resolver: String,
    /// Without it, every name is meant.
    pub suffix: Option<HostName>,
    pub to: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolverChange {
    pub name: String,
    pub state: ResolverState,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontChange {
    pub name: String,
    pub state: Option<FrontState>,
    pub issuer: Option<Issuer>,
    pub open: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleName {
    pub rule: String,
}

impl Change {
    pub fn apply(&self, scene: &mut Scene) {
        match self {
            Self::Unlink(link) => {
                scene.zones.get_mut(&link.zone).and_then(|zone| zone.links.remove(&link.network));
            }
            Self::Redirect(link) => {
                let known = scene.zones.get_mut(&link.zone).and_then(|zone| zone.links.get_mut(&link.network));
                known.into_iter().for_each(|link| *link = Link { redirect: true });
            }
            Self::RemoveRecord(record) => {
                scene.zones.get_mut(&record.zone).and_then(|zone| zone.records.remove(&record.name));
            }
            Self::SetRecord(change) => {
                if let Some(zone) = scene.zones.get_mut(&change.zone) {
                    let ttl = zone.records.get(&change.name).map_or(10, |record| record.ttl);
                    let record = Record { ttl, alias: None, addresses: change.addresses.clone() };
                    zone.records.insert(change.name.clone(), record);
                }
            }
            Self::Forward(change) => forward(scene, change),
            Self::Resolver(change) => {
                let known = scene.resolvers.get_mut(&change.name);
                known.into_iter().for_each(|resolver| resolver.state = change.state);
            }
            Self::Front(change) => {
                if let Some(front) = scene.fronts.get_mut(&change.name) {
                    front.state = change.state.unwrap_or(front.state);
                    front.issuer = change.issuer.unwrap_or(front.issuer);
                    front.open = change.open.unwrap_or(front.open);
                }
            }
            Self::RemoveRule(name) => scene.firewall.retain(|rule| rule.rule != name.rule),
        }
    }

    /// The addresses that the change brings in.
    pub fn addresses(&self) -> &[IpAddr] {
        match self {
            Self::SetRecord(change) => &change.addresses,
            Self::Unlink(_)
            | Self::Redirect(_)
            | Self::RemoveRecord(_)
            | Self::Forward(_)
            | Self::Resolver(_)
            | Self::Front(_)
            | Self::RemoveRule(_) => &[],
        }
    }

    /// Why the change means nothing in a scene, where it does not.
    pub fn trouble(&self, scene: &Scene) -> Option<String> {
        match self {
            Self::Unlink(link) | Self::Redirect(link) => {
                let linked = scene.zones.get(&link.zone).is_some_and(|zone| zone.links.contains_key(&link.network));
                (!linked).then(|| format!("zone `{}` has no link to `{}`", link.zone, link.network))
            }
            Self::RemoveRecord(RecordName { zone, name }) => record(scene.zones.get(zone), zone, name),
            Self::SetRecord(change) => record(scene.zones.get(&change.zone), &change.zone, &change.name),
            Self::Forward(change) => [&change.resolver, &change.to]
                .into_iter()
                .find(|name| !scene.resolvers.contains_key(*name))
                .map(|name| format!("there is no resolver `{name}`")),
            Self::Resolver(change) => {
                let known = scene.resolvers.contains_key(&change.name);
                (!known).then(|| format!("there is no resolver `{}`", change.name))
            }
            Self::Front(change) => {
                let known = scene.fronts.contains_key(&change.name);
                (!known).then(|| format!("there is no front `{}`", change.name))
            }
            Self::RemoveRule(name) => {
                let known = scene.firewall.iter().any(|rule| rule.rule == name.rule);
                (!known).then(|| format!("there is no firewall rule `{}`", name.rule))
            }
        }
    }
}

fn forward(scene: &mut Scene, change: &ForwardChange) {
    let Some(resolver) = scene.resolvers.get_mut(&change.resolver) else { return };
    match &change.suffix {
        Some(suffix) => {
            resolver.forwards.insert(suffix.clone(), change.to.clone());
        }
        None => {
            resolver.forwards.clear();
            resolver.otherwise = Some(change.to.clone());
        }
    }
}

fn record(found: Option<&Zone>, zone: &HostName, name: &str) -> Option<String> {
    let known = found.is_some_and(|zone| zone.records.contains_key(name));
    (!known).then(|| format!("zone `{zone}` has no record `{name}`"))
}
