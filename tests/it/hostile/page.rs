//! The page of hostile peers says of every row what the tests hold it to.

use super::net::IN_FLIGHT;
use super::play::KEPT;
use super::{Peer, Row, rows};
use crate::repository::text_of;
use fencepost::observe::{MOST_ADDRESSES, MOST_IN_AN_ANSWER, MOST_READ};

fn heading(row: &Row) -> &'static str {
    match row.peer {
        Peer::Resolver(_) | Peer::Spoofing(_) => "## Resolvers",
        Peer::Service(_) | Peer::Resetting(_) => "## Services",
        Peer::Proxy(_) => "## Proxies",
    }
}

/// A row of the page.
fn told(row: &Row) -> String {
    let finding = if row.finding.is_empty() { String::new() } else { format!("`{}`", row.finding) };
    let count = |many: usize, what: &str| match many {
        0 => None,
        1 => Some(format!("1 {what}")),
        many => Some(format!("{many} {what}s")),
    };
    let kibibytes = (row.bytes + row.connections * IN_FLIGHT).div_ceil(1 << 10);
    let costs = [
        count(row.questions, "question"),
        count(row.connections, "connection"),
        count(row.elsewhere, "connection").map(|more| format!("{more} elsewhere")),
        Some(format!("{kibibytes} KiB")),
        count(row.timeouts as usize, "timeout"),
    ];
    let costs: Vec<String> = costs.into_iter().flatten().collect();
    format!("| {} | {} | {finding} | {} |", row.does, row.verdict, costs.join(", "))
}

#[test]
fn the_page_of_hostile_peers_names_every_peer_with_its_bounds() {
    let text = text_of("docs/hostile-peers.md");
    let mut trouble = String::new();
    for name in ["## Resolvers", "## Services", "## Proxies"] {
        let section = text.split_once(&format!("{name}\n")).map_or("", |(_, rest)| rest.split("\n## ").next().unwrap());
        let there: Vec<&str> = section.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
        let wanted: Vec<String> = rows().iter().filter(|row| heading(row) == name).map(told).collect();
        if there != wanted {
            trouble.push_str(&format!("\n{name}\n{}\n", wanted.join("\n")));
        }
    }
    assert!(trouble.is_empty(), "docs/hostile-peers.md should say:\n{trouble}");
}

#[test]
fn the_bounds_of_the_page_are_those_of_the_program() {
    let text = text_of("docs/hostile-peers.md").replace('\n', " ");
    for sentence in [
        format!("at most {MOST_ADDRESSES} addresses"),
        format!("more than {MOST_IN_AN_ANSWER} addresses"),
        format!("{} KiB from one connection", MOST_READ >> 10),
        format!("at most {} KiB of JSON", KEPT >> 10),
    ] {
        assert!(text.contains(&sentence), "docs/hostile-peers.md does not say: {sentence}");
    }
}

#[test]
fn no_two_peers_have_one_name() {
    let mut names: Vec<(&str, &str)> = rows().iter().map(|row| (heading(row), row.does)).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}
