//! What each resolver says, side by side; those that say the same share one block.

use super::Scene;
use super::lines::{Lines, listed, took};
use crate::facts::{
    Answer, Family, Inquired, Lookup, LookupOutcome, OsOutcome, Purpose, Rcode, ResolverFacts, Transport,
};
use crate::judge::is_azure_private;
use crate::plan::{AddressClass, View};
use crate::story::evidence::{lookup as not_answered, os as os_words};
use std::net::IpAddr;
use std::sync::Arc;

pub fn tell(scene: &Scene<'_>, lines: &mut Lines) {
    let mut blocks: Vec<Vec<&ResolverFacts>> = Vec::new();
    for resolver in &scene.facts.names.resolvers {
        match blocks.iter_mut().find(|block| alike(block[0], resolver)) {
            Some(block) => block.push(resolver),
            None => blocks.push(vec![resolver]),
        }
    }
    for block in &blocks {
        tell_block(scene, block, lines);
    }
    if blocks.is_empty() {
        lines.say(2, "No resolver was asked.");
    }
    tell_os(scene, lines);
    tell_second_look(scene, lines);
    follow_ups(scene, lines);
}

/// What those that gave a public address said when they were asked again at once.
fn tell_second_look(scene: &Scene<'_>, lines: &mut Lines) {
    let Some(again) = &scene.facts.second_look else { return };
    let is_public = |address: &IpAddr| scene.class(*address) == AddressClass::Public;
    let (mut same, mut other) = (Vec::new(), Vec::new());
    if let Some(os) = &again.os {
        let public = matches!(&os.outcome, OsOutcome::Addresses(given) if given.iter().any(is_public));
        if public { &mut same } else { &mut other }.push("this machine".to_owned());
    }
    for resolver in &again.resolvers {
        let public = resolver.addresses().any(|address| is_public(&address));
        if public { &mut same } else { &mut other }.push(resolver.resolver.to_string());
    }
    let parts = [(same, "a public address again"), (other, "none this time")];
    let told =
        parts.iter().filter(|(who, _)| !who.is_empty()).map(|(who, what)| format!("{what} from {}", listed(who)));
    lines.say(2, &format!("Asked again at once: {}.", told.collect::<Vec<_>>().join(", ")));
}

fn tell_block(scene: &Scene<'_>, block: &[&ResolverFacts], lines: &mut Lines) {
    let who: Vec<String> = block.iter().map(|resolver| introduced(resolver)).collect();
    let verb = if block.len() == 1 { "says:" } else { "say the same:" };
    lines.say(2, &format!("{} {verb}", listed(&who)));
    let first = block[0];
    if let Some(answer) = [&first.a, &first.aaaa].into_iter().find_map(|l| l.answer().filter(|a| !a.chain.is_empty())) {
        lines.whole(4, "", 0, scene.record.endpoint);
        for (position, hop) in answer.chain.iter().enumerate() {
            let ttls = block.iter().filter_map(|r| hop_ttl(r, position));
            let private = scene.record.brief.is_some_and(|b| b.zones.iter().any(|z| hop.name.is_under(z.as_str())));
            let mark = if private { ", the name in the private zone" } else { "" };
            lines.whole(4, "", 0, &format!("→ {} ({}{mark})", hop.name, seconds(ttls)));
        }
    }
    let column = 6;
    for lookup in first.lookups() {
        let smallest = block.iter().filter_map(|r| of_family(r, lookup.family).answer()?.ttl);
        lines.beside(4, lookup.family.word(), column, &said(scene, lookup, smallest));
    }
}

/// Name, address, whose view, and how long it took: both questions leave together, so the longer one counts.
fn introduced(resolver: &ResolverFacts) -> String {
    let longest = resolver.a.took.max(resolver.aaaa.took);
    let mut about = vec![resolver.server.to_string()];
    match resolver.view {
        View::Private => {}
        View::Azure => about.push("Azure's own".to_owned()),
        View::Public => about.push("the internet's view".to_owned()),
    }
    if resolver.configured {
        about.push("in resolv.conf".to_owned());
    }
    if resolver.lookups().iter().any(|lookup| lookup.transport == Transport::TcpAfterTruncation) {
        about.push("over TCP after a truncated answer".to_owned());
    }
    about.push(took(longest));
    format!("{} ({})", resolver.resolver, about.join(", "))
}

fn of_family(resolver: &ResolverFacts, family: Family) -> &Lookup {
    match family {
        Family::A => &resolver.a,
        Family::Aaaa => &resolver.aaaa,
    }
}

fn hop_ttl(resolver: &ResolverFacts, position: usize) -> Option<u32> {
    let answer = resolver.lookups().into_iter().find_map(|l| l.answer().filter(|a| !a.chain.is_empty()))?;
    answer.chain.get(position).map(|hop| hop.ttl)
}

/// `10 s`, or `10/7 s` where caches differ.
fn seconds(ttls: impl Iterator<Item = u32>) -> String {
    let mut all: Vec<u32> = ttls.collect();
    all.dedup();
    let words: Vec<String> = all.iter().map(ToString::to_string).collect();
    format!("{} s", words.join("/"))
}

fn said(scene: &Scene<'_>, lookup: &Lookup, ttls: impl Iterator<Item = u32>) -> String {
    match &lookup.outcome {
        LookupOutcome::Answer(answer) => {
            let mut text = given(scene, answer);
            if !answer.addresses.is_empty() {
                text.push_str(&format!(", TTL {}", seconds(ttls)));
            }
            for error in &answer.extended_errors {
                text.push_str(&format!("; extended error {}: {}", error.code, error.text));
            }
            text
        }
        LookupOutcome::Silent
        | LookupOutcome::PortClosed
        | LookupOutcome::Unreachable
        | LookupOutcome::Garbled(_)
        | LookupOutcome::NotAsked(_) => format!("it {}", not_answered(&lookup.outcome)),
    }
}

/// Addresses with their class, or who says that there are none.
fn given(scene: &Scene<'_>, answer: &Answer) -> String {
    let mut text = match answer.rcode {
        Rcode::NO_ERROR if answer.addresses.is_empty() => "no address".to_owned(),
        Rcode::NO_ERROR => scene.list(&answer.addresses),
        rcode if answer.addresses.is_empty() => rcode.to_string(),
        rcode => format!("{rcode}, with {}", scene.list(&answer.addresses)),
    };
    if let Some(soa) = answer.authority.as_ref().filter(|_| answer.addresses.is_empty()) {
        text.push_str(&format!(", says the zone {} at {}", soa.zone, soa.primary));
    }
    text
}

fn alike(one: &ResolverFacts, other: &ResolverFacts) -> bool {
    same(&one.a, &other.a) && same(&one.aaaa, &other.aaaa)
}

/// Whether two lookups say the same, whatever the TTLs and the times.
fn same(one: &Lookup, other: &Lookup) -> bool {
    match (&one.outcome, &other.outcome) {
        (LookupOutcome::Answer(one), LookupOutcome::Answer(other)) => {
            let names = |answer: &Answer| answer.chain.iter().map(|hop| hop.name.clone()).collect::<Vec<_>>();
            let sorted = |answer: &Answer| {
                let mut addresses = answer.addresses.clone();
                addresses.sort();
                addresses
            };
            one.rcode == other.rcode
                && names(one) == names(other)
                && sorted(one) == sorted(other)
                && one.authority == other.authority
                && one.extended_errors == other.extended_errors
        }
        (one, other) => one == other,
    }
}

fn tell_os(scene: &Scene<'_>, lines: &mut Lines) {
    let Some(os) = &scene.facts.names.os else { return };
    let got = match &os.outcome {
        OsOutcome::Addresses(addresses) => scene.list(addresses),
        other => os_words(other),
    };
    lines.say(2, &format!("Applications on this machine (getaddrinfo, {}) get {got}.", took(os.took)));
}

/// What was asked because something was off.
fn follow_ups(scene: &Scene<'_>, lines: &mut Lines) {
    let Some(follow_up) = scene.facts.follow_up.as_deref() else { return };
    let mut told: Vec<(String, Vec<String>, String)> = Vec::new();
    let folded = folded(&follow_up.inquired);
    let is_folded = |inquired: &Inquired| {
        let name = inquired.inquiry.name.as_str();
        let of = |fold: &&Fold<'_>| fold.who == inquired.inquiry.resolver.to_string();
        folded.iter().filter(of).any(|fold| is_other_zone(inquired) && fold.zones.contains(&name))
    };
    for inquired in follow_up.inquired.iter().filter(|inquired| !is_folded(inquired)) {
        let (question, answer) = (question(inquired), answer(scene, inquired));
        let who = inquired.inquiry.resolver.to_string();
        match told.iter_mut().find(|(q, _, a)| *q == question && *a == answer) {
            Some((_, all, _)) => all.push(who),
            None => told.push((question, vec![who], answer)),
        }
    }
    if !told.is_empty() || !folded.is_empty() {
        lines.say(2, "Asked further:");
    }
    for (question, who, answer) in told {
        lines.say(4, &format!("{question}, at {}: {answer}", listed(&who)));
    }
    for fold in &folded {
        let (who, zones) = (&fold.who, listed(&fold.zones));
        let text = if fold.is_private {
            format!("{who} reaches {zones} as Azure private zones: it ends at Azure")
        } else {
            format!("{who} reaches none of {zones} as an Azure private zone")
        };
        lines.say(4, &text);
    }
    let Some(machine) = &follow_up.machine else { return };
    if !machine.hosts.is_empty() {
        lines.say(4, &format!("the hosts file of this machine: {}", scene.list(&machine.hosts)));
    }
    if !machine.search.is_empty() {
        let domains: Vec<&str> = machine.search.iter().map(|name| name.as_str()).collect();
        lines.say(4, &format!("the search list of this machine: {} (ndots {})", domains.join(", "), machine.ndots));
    }
}

/// Other zones of the plan of which a resolver says the same.
struct Fold<'f> {
    who: String,
    is_private: bool,
    zones: Vec<&'f str>,
}

/// Several alike, of one resolver; a single one is told as any other question.
fn folded(inquired: &[Arc<Inquired>]) -> Vec<Fold<'_>> {
    let mut folded: Vec<Fold<'_>> = Vec::new();
    for one in inquired.iter().filter(|one| is_other_zone(one)) {
        let Some(soa) = one.answer().and_then(|answer| answer.authority.as_ref()) else { continue };
        let (who, zone) = (one.inquiry.resolver.to_string(), one.inquiry.name.as_str());
        let is_private = is_azure_private(soa);
        match folded.iter_mut().find(|fold| fold.who == who && fold.is_private == is_private) {
            Some(fold) => fold.zones.push(zone),
            None => folded.push(Fold { who, is_private, zones: vec![zone] }),
        }
    }
    folded.retain(|fold| fold.zones.len() > 1);
    folded
}

fn is_other_zone(inquired: &Inquired) -> bool {
    inquired.inquiry.purpose == Purpose::OtherZoneAuthority
}

pub fn question(inquired: &Inquired) -> String {
    let name = &inquired.inquiry.name;
    match inquired.inquiry.purpose {
        Purpose::ZoneAuthority | Purpose::OtherZoneAuthority | Purpose::SuffixAuthority => {
            format!("the SOA of {name}")
        }
        Purpose::PrivatelinkName => format!("{name}, directly"),
        Purpose::Canary => format!("{name}, which nobody has"),
        Purpose::AzureResolver => "the same name".to_owned(),
        Purpose::Sibling => format!("{name}, of the same account"),
        Purpose::SearchSuffix => format!("{name}, with a search domain"),
    }
}

fn answer(scene: &Scene<'_>, inquired: &Inquired) -> String {
    let Some(answer) = inquired.answer() else { return format!("it {}", not_answered(&inquired.outcome)) };
    match &answer.authority {
        Some(soa) if inquired.inquiry.purpose.asks_for_authority() => {
            let whose = if is_azure_private(soa) { "an Azure private zone" } else { "not an Azure private zone" };
            format!("{} at {}, {whose}", soa.zone, soa.primary)
        }
        Some(_) | None => given(scene, answer),
    }
}
