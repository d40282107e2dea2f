//! Hostile peers and blocks: none holds by nonsense, and none because of a witness whose name server is hostile, unless it
//! gave what a witness asks for.

use super::net::{Answer, NameServer};
use super::play::{PROXY, RESOLVER, SERVICE, at, look, network};
use super::tls::well;
use super::{Peer, Row, rows};
use std::sync::Arc;

/// Rows whose answer holds, beside the harm, an address that a resolver may give: that the name resolves is all that the
/// witness is asked.
const TELL: &[&str] = &[
    "::1 as the IPv6 address",
    "128 addresses of the internet",
    "the answer to one question without end",
    "an IPv6 address of 5 bytes",
    "the metadata as an IPv6 address (::ffff:0:0/96)",
    "the metadata behind a translator (64:ff9b::/96)",
    "the metadata beside the expected address",
];

/// A name server that is honest about the target and hostile about the witness.
fn two_faced(hostile: NameServer) -> NameServer {
    let udp: Answer = Arc::new(move |question| match question.name.starts_with(b"\x07witness") {
        true => (hostile.udp)(question),
        false => Box::new(std::iter::once(question.good().bytes())),
    });
    NameServer { udp, tcp: hostile.tcp }
}

async fn verdict(row: &Row, server: &NameServer, witness: &str) -> String {
    let mut net = network(&Peer::Resolver(two_faced(server.clone())));
    // The path that shall be stopped is: there is nobody.
    net.peers.remove(&at(SERVICE));
    let net = Arc::new(net);
    let vantage = format!(", witness: {{{witness}}}");
    let report = look(Arc::clone(&net), &vantage, "claim: blocked, by: [refused]").await;
    let special = |address: &std::net::IpAddr| {
        address.is_loopback() && *address != at(SERVICE).ip()
            || !address.is_loopback() && !address.to_string().starts_with("20.")
    };
    let tallies = net.tallies.lock().unwrap().clone();
    let sent: Vec<_> = tallies.keys().filter(|to| **to != at(RESOLVER) && special(&to.ip())).collect();
    assert!(sent.is_empty(), "{}: a connection to {sent:?}", row.does);
    report["checks"][0]["verdict"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_hostile_witness_holds_no_block() {
    for row in rows() {
        let Peer::Resolver(server) = &row.peer else { continue };
        let tells = row.verdict == "holds" || TELL.contains(&row.does);
        let wanted = if tells { "holds" } else { "unknown" };
        assert_eq!(verdict(&row, server, "resolve: witness.example").await, wanted, "{}", row.does);
        // Nobody listens where the witness is said to be.
        assert_eq!(verdict(&row, server, "connect: 'witness.example:443'").await, "unknown", "{}", row.does);
    }
}

/// A witness that anybody can reach.
const WITNESS: &str = "10.0.0.9:443";

/// The verdict of a block beside a witness that succeeds.
async fn blocked(row: &Row, by: &str, is_served: bool) -> String {
    let mut net = network(&row.peer);
    net.peers.insert(at(WITNESS), well());
    if !is_served {
        net.peers.remove(&at(SERVICE));
    }
    let proxy = if matches!(row.peer, Peer::Proxy(_)) { format!(", proxy: 'http://{PROXY}'") } else { String::new() };
    let vantage = format!("{proxy}, witness: {{connect: '{WITNESS}'}}");
    let report = look(Arc::new(net), &vantage, &format!("claim: blocked, by: [{by}]")).await;
    report["checks"][0]["verdict"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn nonsense_is_no_block() {
    for row in rows().iter().filter(|row| !matches!(row.peer, Peer::Resetting(_) | Peer::Spoofing(_))) {
        assert_ne!(blocked(row, "denied", true).await, "holds", "{}", row.does);
        // A resolver that did not tell may lead elsewhere, though all that is known is shut.
        if matches!(row.peer, Peer::Resolver(_)) && row.verdict == "unknown" {
            let all = "dns, timeout, refused, reset, unreachable, tls, denied";
            assert_eq!(blocked(row, all, false).await, "unknown", "{}", row.does);
        }
    }
}
