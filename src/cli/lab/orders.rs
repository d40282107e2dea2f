//! Orders to a lab that runs in another process.

use super::super::{Exit, Fault, Outcome, table};
use crate::cli::out::say;
use crate::lab::World;
use serde::Deserialize;
use std::net::SocketAddr;
use std::sync::Arc;

#[derive(Deserialize)]
struct Listed {
    name: String,
    title: String,
    active: bool,
}

/// The faults of the lab that runs, or of the built-in world where none runs.
pub async fn list(control: SocketAddr) -> Outcome {
    let running = client()?.get(format!("http://{control}/faults")).send().await;
    let listed: Vec<Listed> = match running {
        Ok(answer) => answer.json().await?,
        Err(_) => {
            anstream::eprintln!("no lab runs at {control}; these are the faults it would have");
            let world = World::hub_and_spoke();
            let listed = |(name, fault): (&str, &crate::lab::Fault)| Listed {
                name: name.to_owned(),
                title: fault.title.clone(),
                active: false,
            };
            world.faults().map(listed).collect()
        }
    };
    print(&listed);
    Ok(Exit::Good)
}

pub async fn break_with(control: SocketAddr, name: &str) -> Outcome {
    let answer =
        client()?.post(format!("http://{control}/break/{name}")).send().await.map_err(|e| absent(control, &e))?;
    if !answer.status().is_success() {
        return Err(Fault(answer.text().await?.trim_end().to_owned()));
    }
    report(answer.json().await?)
}

pub async fn heal(control: SocketAddr) -> Outcome {
    let answer = client()?.post(format!("http://{control}/heal")).send().await.map_err(|e| absent(control, &e))?;
    report(answer.json().await?)
}

fn report(listed: Vec<Listed>) -> Outcome {
    let active: Vec<&Listed> = listed.iter().filter(|fault| fault.active).collect();
    if active.is_empty() {
        say!("the lab is whole");
    }
    for fault in active {
        say!("broken: {} — {}", fault.name, fault.title);
    }
    Ok(Exit::Good)
}

fn print(listed: &[Listed]) {
    let mut shown = table::table(&["fault", "what is wrong", "active"]);
    for fault in listed {
        shown.add_row([fault.name.as_str(), &fault.title, if fault.active { "yes" } else { "" }]);
    }
    table::print(&shown);
}

/// The lab is on this machine: a proxy of the environment has no part in it, nor has TLS, so that nobody is trusted.
fn client() -> Result<reqwest::Client, Fault> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let tls = tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    Ok(reqwest::Client::builder().no_proxy().tls_backend_preconfigured(tls).build()?)
}

fn absent(control: SocketAddr, e: &reqwest::Error) -> Fault {
    let why =
        if e.is_connect() { "no lab runs there; start one with `fencepost lab`".to_owned() } else { e.to_string() };
    Fault(format!("{control}: {why}"))
}
