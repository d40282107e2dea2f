//! One look at one check whose peer is hostile, on a network without sockets.

use super::net::{Attend, IN_FLIGHT, Ill, NameServer};
use super::tls::{AUTHORITY, well};
use super::{Line, Peer, Row, rows};
use crate::repository::{CATALOG, read};
use fencepost::agent::{Estate, Grounds, once};
use fencepost::clock;
use fencepost::observe::{Lens, Pacer, Trust};
use fencepost::publish::report;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

pub const TIMEOUT: Duration = Duration::from_secs(2);

pub const RESOLVER: &str = "10.0.0.53:53";
pub const SERVICE: &str = "127.0.0.2:443";
pub const PROXY: &str = "10.0.0.8:3128";

/// What is kept of a check at the most, as JSON, whoever its peer is.
pub const KEPT: usize = 64 << 10;

static TRUST: LazyLock<Arc<Trust>> = LazyLock::new(|| Arc::new(Trust::new(Some(AUTHORITY.pem().as_bytes())).unwrap()));

pub fn at(place: &str) -> SocketAddr {
    place.parse().unwrap()
}

/// A closure that attends connections.
pub fn attend<F: Future<Output = ()> + Send + 'static>(with: impl Fn(Line) -> F + Send + Sync + 'static) -> Attend {
    Arc::new(move |line| Box::pin(with(line)))
}

/// A name server that answers as it should.
pub fn good_names() -> NameServer {
    NameServer { udp: Arc::new(|question| Box::new(std::iter::once(question.good().bytes()))), tcp: None }
}

/// The network of a row.
pub fn network(peer: &Peer) -> Ill {
    let mut net = Ill::default();
    net.name_servers.insert(at(RESOLVER), good_names());
    net.peers.insert(at(SERVICE), well());
    match peer.clone() {
        Peer::Resolver(server) => drop(net.name_servers.insert(at(RESOLVER), server)),
        Peer::Service(attend) => drop(net.peers.insert(at(SERVICE), attend)),
        Peer::Proxy(attend) => drop(net.peers.insert(at(PROXY), attend)),
        Peer::Resetting(_) | Peer::Spoofing(_) => panic!("only sockets can play this"),
    }
    net
}

/// Looks once at everything that a plan has; the report as `check --format json` prints it, but for its line breaks.
pub async fn look(net: Arc<Ill>, vantage: &str, rule: &str) -> Value {
    let text = format!(
        "plan: hostile\nsettings: {{every: 60s, timeout: {}s}}\n\
         networks: {{private: [127.0.0.2/32]}}\nvantages: {{here: {{kind: test, resolvers: [it]{vantage}}}}}\nresolvers: {{it: {{address: '{RESOLVER}'}}}}\n\
         targets: {{it: {{service: azure-openai, endpoints: {{contoso.openai.azure.com: [127.0.0.2]}}}}}}\n\
         rules: [{{name: the rule, from: any, to: any, {rule}}}]\n",
        TIMEOUT.as_secs()
    );
    let plan = read(&text).unwrap_or_else(|faults| panic!("{faults}"));
    let lens = Lens { net, trust: Arc::clone(&TRUST), pacer: Arc::new(Pacer::of_one_round()) };
    let grounds = Grounds::new(plan, CATALOG.clone(), Some("here"), &[]).unwrap();
    let estate = Estate::new(grounds, lens, clock::day(clock::now()));
    let board = once(&estate, 1, || ()).await;
    serde_json::to_value(report(&board).of_one_round()).unwrap()
}

/// What is wrong with what a row came to.
async fn troubles(row: &Row) -> Vec<String> {
    let net = Arc::new(network(&row.peer));
    let is_proxy = matches!(row.peer, Peer::Proxy(_));
    let proxy = if is_proxy { format!(", proxy: 'http://{PROXY}'") } else { String::new() };
    let report = look(Arc::clone(&net), &proxy, "claim: private").await;
    let check = &report["checks"][0];
    let mut troubles = Vec::new();
    let mut hold = |is: bool, what: String| {
        if !is {
            troubles.push(format!("{}: {what}", row.does));
        }
    };
    let found = check["findings"][0]["code"].as_str().unwrap_or_default();
    let said = check["findings"][0]["evidence"].to_string();
    hold(check["verdict"] == row.verdict, format!("the verdict is {}, not {}", check["verdict"], row.verdict));
    hold(found == row.finding, format!("the finding is {found}, not {}", row.finding));
    hold(said.contains(row.says), format!("no {:?} in {said}", row.says));
    let place = match row.peer {
        Peer::Resolver(_) | Peer::Spoofing(_) => RESOLVER,
        Peer::Service(_) | Peer::Resetting(_) => SERVICE,
        Peer::Proxy(_) => PROXY,
    };
    let (questions, connections, taken) = net.tally(at(place)).of();
    hold(questions <= row.questions, format!("{questions} questions"));
    hold(connections <= row.connections, format!("{connections} connections"));
    hold(taken <= row.bytes + connections * IN_FLIGHT, format!("it got rid of {taken} bytes"));
    let known = [RESOLVER, SERVICE, PROXY].map(at);
    let tallies = net.tallies.lock().unwrap().clone();
    let elsewhere: usize = tallies.iter().filter(|(to, _)| !known.contains(to)).map(|(_, tally)| tally.of().1).sum();
    hold(elsewhere <= row.elsewhere, format!("{elsewhere} connections to others"));
    // A timer may fire a millisecond late.
    let (took, most) = (check["facts"]["seconds"].as_f64().unwrap(), (TIMEOUT * row.timeouts).as_secs_f64() + 0.003);
    hold(took <= most, format!("the look took {took} s"));
    let kept = check.to_string().len();
    hold(kept <= KEPT, format!("{kept} bytes are kept"));
    let loud = |text: &str| text.chars().any(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c));
    hold(strings(check).iter().all(|text| !loud(text)), "something kept may steer a terminal".to_owned());
    troubles
}

/// Every text in a value.
fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Object(keys) => keys.values().flat_map(strings).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

#[tokio::test(start_paused = true)]
async fn every_hostile_peer_ends_in_its_finding_within_its_bounds() {
    let mut all = Vec::new();
    for row in rows().iter().filter(|row| !matches!(row.peer, Peer::Resetting(_) | Peer::Spoofing(_))) {
        all.extend(troubles(row).await);
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}
