//! The alerts that are held. An alert keeps its labels from the moment it is raised; what it says follows the latest look.

use super::Alert;
use super::known::Known;
use super::name::AlertName;
use super::wanted::{Key, Scope, Wanted};
use super::words::{Words, annotations};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What became of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Firing,
    /// Further incidents joined it.
    Changed,
    Resolved,
}

/// News of one alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Stable: whoever gets it twice can tell that it is the same.
    pub id: String,
    pub status: Status,
    pub at: Timestamp,
    pub alert: Alert,
}

/// One alert that is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Held {
    key: Key,
    alert: Alert,
    raised_at: Timestamp,
    /// The how manieth of its desk it is: a clock that stands or is set back makes no two of them alike.
    serial: u64,
    /// What holds it, by incident or by name, and as what it was seen last.
    members: BTreeMap<String, Key>,
    /// What was seen last, for looks that see nothing.
    words: Words,
    /// How many notices there were of it.
    told: u32,
}

impl Held {
    /// The next notice of it.
    fn notice(&mut self, status: Status, at: Timestamp) -> Notice {
        self.told = self.told.saturating_add(1);
        Notice { id: self.id(self.told), status, at, alert: self.alert.clone() }
    }

    fn id(&self, ordinal: u32) -> String {
        let labels = self.alert.labels.iter().map(|(name, value)| format!("{name}={value}\n")).collect::<String>();
        let named = format!("{labels}{}\n{}\n{ordinal}", self.raised_at, self.serial);
        let digest = ring::digest::digest(&ring::digest::SHA256, named.as_bytes());
        digest.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// All that is held. It can be kept and restored: an incident that was in an alert stays in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desk {
    held: Vec<Held>,
    /// How many alerts it ever raised.
    raised: u64,
}

impl Desk {
    /// The alerts that fire.
    pub fn firing(&self) -> impl Iterator<Item = &Alert> {
        self.held.iter().map(|held| &held.alert)
    }

    pub fn len(&self) -> usize {
        self.held.len()
    }

    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Each firing alert as news, for a destination that heard of none.
    pub fn introduction(&self, at: Timestamp) -> Vec<Notice> {
        let fresh = |held: &Held| Notice { id: held.id(0), status: Status::Firing, at, alert: held.alert.clone() };
        self.held.iter().map(fresh).collect()
    }

    /// Under which names each incident is held.
    pub fn names(&self) -> HashMap<&str, AlertName> {
        let of = |held: &'_ Held| held.key.name;
        self.held.iter().flat_map(|held| held.members.keys().map(move |id| (id.as_str(), of(held)))).collect()
    }

    /// What is held, by name and member.
    pub fn members(&self) -> HashSet<(AlertName, &str)> {
        let of = |held: &'_ Held| held.key.name;
        self.held.iter().flat_map(|held| held.members.keys().map(move |id| (of(held), id.as_str()))).collect()
    }

    /// Makes what is held what is wanted, and tells what changed.
    pub fn reconcile(&mut self, wanted: Vec<Wanted>, known: &Known<'_>, now: Timestamp) -> Vec<Notice> {
        let before = self.held.len();
        let mut places = Places::of(&self.held);
        let mut groups: Vec<Vec<Wanted>> = vec![Vec::new(); before];
        for one in wanted {
            let place = places.find(&one).unwrap_or_else(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            places.note(&one, place);
            groups[place].push(one);
        }
        let mut notices = Vec::new();
        let mut old = std::mem::take(&mut self.held).into_iter();
        for group in groups {
            match (old.next(), group.is_empty()) {
                (Some(mut gone), true) => notices.push(gone.notice(Status::Resolved, now)),
                (Some(mut held), false) => {
                    if held.follow(&group, known) {
                        notices.push(held.notice(Status::Changed, now));
                    }
                    self.held.push(held);
                }
                (None, _) => {
                    let Some(mut held) = raised(&group, known, now, self.raised) else { continue };
                    self.raised = self.raised.saturating_add(1);
                    notices.push(held.notice(Status::Firing, now));
                    self.held.push(held);
                }
            }
        }
        // Who reads news in their order hears of the new name of an incident before the old one ends.
        notices.sort_by_key(|notice| notice.status == Status::Resolved);
        notices
    }
}

/// Where an incident belongs: where it is already, else where its like is.
struct Places {
    members: HashMap<(AlertName, String), usize>,
    keys: HashMap<Key, usize>,
}

impl Places {
    fn of(held: &[Held]) -> Self {
        let mut places = Self { members: HashMap::new(), keys: HashMap::new() };
        for (place, one) in held.iter().enumerate() {
            places.keys.insert(one.key.clone(), place);
        }
        for (place, one) in held.iter().enumerate() {
            for (id, key) in &one.members {
                places.members.insert((one.key.name, id.clone()), place);
                // A cause that became known later stands for the same alert.
                places.keys.entry(key.clone()).or_insert(place);
            }
        }
        places
    }

    fn find(&self, wanted: &Wanted) -> Option<usize> {
        let member = self.members.get(&(wanted.key.name, wanted.member.clone()));
        member.or_else(|| self.keys.get(&wanted.key)).copied()
    }

    fn note(&mut self, wanted: &Wanted, place: usize) {
        self.keys.entry(wanted.key.clone()).or_insert(place);
    }
}

fn raised(group: &[Wanted], known: &Known<'_>, now: Timestamp, serial: u64) -> Option<Held> {
    let leading = leading(group)?;
    let mut held = Held {
        key: leading.key.clone(),
        alert: Alert {
            labels: labels(leading, group, known),
            annotations: BTreeMap::new(),
            starts_at: leading.since,
            checks: Vec::new(),
        },
        raised_at: now,
        serial,
        members: BTreeMap::new(),
        words: leading.words.clone(),
        told: 0,
    };
    held.follow(group, known);
    Some(held)
}

/// The one that was seen last and has lasted longest.
fn leading(group: &[Wanted]) -> Option<&Wanted> {
    group.iter().min_by_key(|wanted| (!wanted.fresh, wanted.since, wanted.member.as_str()))
}

impl Held {
    /// Follows the latest look; whether something joined.
    fn follow(&mut self, group: &[Wanted], known: &Known<'_>) -> bool {
        let Some(leading) = leading(group) else { return false };
        let joined = group.iter().any(|wanted| !self.members.contains_key(&wanted.member));
        self.members = group.iter().map(|wanted| (wanted.member.clone(), wanted.key.clone())).collect();
        let checks: BTreeSet<String> = group.iter().filter_map(|wanted| wanted.check.clone()).collect();
        self.alert.checks = checks.into_iter().collect();
        // Incidents that are confirmed one after the other need not have begun in this order.
        let earliest = group.iter().map(|wanted| wanted.since).min();
        self.alert.starts_at = earliest.map_or(self.alert.starts_at, |earliest| earliest.min(self.alert.starts_at));
        if leading.fresh {
            self.words = leading.words.clone();
        }
        let (checks, since) = (&self.alert.checks, self.alert.starts_at);
        self.alert.annotations = annotations(leading, &self.words, checks, since, known);
        joined
    }
}

fn labels(leading: &Wanted, group: &[Wanted], known: &Known<'_>) -> BTreeMap<String, String> {
    let key = &leading.key;
    // Where owners differ, what lies with the place is a matter of its owner. Where nobody answers for the target, and for the agent itself, whoever answers for the place is to be asked.
    let owner_of =
        |wanted: &'_ Wanted| if wanted.owner.is_empty() { known.owner.to_owned() } else { wanted.owner.clone() };
    let of_place = || if key.scope == Scope::Vantage { known.owner.to_owned() } else { String::new() };
    let scope = key.scope.label();
    let labels = [
        ("alertname", key.name.word().to_owned()),
        ("severity", key.name.severity().word().to_owned()),
        ("vantage", known.vantage.to_owned()),
        ("plan", known.plan.to_owned()),
        ("finding", key.finding.map(|code| code.word().to_owned()).unwrap_or_default()),
        ("cause", key.cause.map(|cause| cause.word().to_owned()).unwrap_or_default()),
        ("owner", Some(shared(group, owner_of)).filter(|owner| !owner.is_empty()).unwrap_or_else(of_place)),
        ("environment", shared(group, |wanted| wanted.environment.clone())),
        ("via", "agent".to_owned()),
    ];
    let scoped = scope.map(|(label, value)| (label, value.to_owned()));
    let all = labels.into_iter().chain(scoped).filter(|(_, value)| !value.is_empty());
    all.map(|(label, value)| (label.to_owned(), value)).collect()
}

/// What all of them have in common, or nothing.
fn shared(group: &[Wanted], of: impl Fn(&Wanted) -> String) -> String {
    let mut all = group.iter().map(of);
    let first = all.next().unwrap_or_default();
    if all.all(|other| other == first) { first } else { String::new() }
}
