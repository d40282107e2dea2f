//! A named witness: a name that must resolve, a port that must accept. It succeeds when every part it has succeeds.

use super::look::AskedResolver;
use super::{Lens, dns, names};
use crate::clock;
use crate::facts::{Answer, Lookup, Rcode, WitnessFacts};
use crate::plan::{HostName, Networks, Witness};
use futures_util::future::join_all;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::time::timeout;

/// Looks at a witness through the resolvers of its vantage; ends within two timeouts.
pub async fn look_at_witness(
    lens: &Lens,
    witness: &Witness,
    resolvers: &[AskedResolver],
    uses_host: bool,
    networks: &Networks,
    limit: Duration,
) -> WitnessFacts {
    let at = clock::now();
    let resolvers = names::everyone(lens, resolvers, uses_host);
    let mut tried = Vec::new();
    let mut succeeded = true;
    if let Some(name) = &witness.resolve {
        let found = resolve(lens, name, &resolvers, networks, limit).await;
        succeeded &= found.is_ok();
        tried.push(
            found.map_or_else(|why| format!("resolving {name}: {why}"), |_| format!("resolving {name} succeeded")),
        );
    }
    if let Some((host, port)) = &witness.connect {
        let said = connect(lens, host, *port, &resolvers, networks, limit).await;
        succeeded &= said.is_ok();
        let what = said.map_or_else(|why| format!("failed: {why}"), |()| "succeeded".to_owned());
        tried.push(format!("connecting to {host}:{port} {what}"));
    }
    WitnessFacts { at, succeeded, tried }
}

/// The addresses that are worth a connection, at least one: a filter that swallows everything with 0.0.0.0 is no witness.
/// The error says why there is none.
async fn resolve(
    lens: &Lens,
    name: &HostName,
    resolvers: &[AskedResolver],
    networks: &Networks,
    limit: Duration,
) -> Result<Vec<IpAddr>, String> {
    let asked = join_all(resolvers.iter().map(|resolver| dns::ask(lens, resolver.server, name, limit)));
    let answered = asked.await;
    let lookups = answered.iter().flat_map(|(a, aaaa)| [a, aaaa]);
    let answers: Vec<&Answer> = lookups.filter_map(Lookup::answer).collect();
    let good = answers.iter().filter(|answer| answer.rcode == Rcode::NO_ERROR);
    let addresses = good.flat_map(|answer| answer.addresses.clone());
    let worth: Vec<IpAddr> = addresses.filter(|address| networks.kind(*address).is_worth_a_connection()).collect();
    match worth.is_empty() {
        false => Ok(worth),
        true if answers.is_empty() => Err("no resolver answered for the name".to_owned()),
        true => Err("the name has no address".to_owned()),
    }
}

async fn connect(
    lens: &Lens,
    host: &HostName,
    port: u16,
    resolvers: &[AskedResolver],
    networks: &Networks,
    limit: Duration,
) -> Result<(), String> {
    let addresses = match host.as_str().parse() {
        Ok(address) => vec![address],
        Err(_) => resolve(lens, host, resolvers, networks, limit).await?,
    };
    match timeout(limit, lens.net.connect(SocketAddr::new(addresses[0], port))).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(e)) => Err(e.to_string()),
        Err(_) => Err("no answer in time".to_owned()),
    }
}
