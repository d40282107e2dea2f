//! How everything that is sent somewhere goes out: one client with names looked up by the agent's own means, certificates
//! that must prove them, no redirects, and errors that tell no address.

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, redirect};
use std::error::Error as _;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// How the addresses of a name are found.
pub type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

struct Names(Lookup);

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let looking = (self.0)(name.as_str().to_owned());
        Box::pin(async move {
            let found = looking.await?;
            // The port of the address of the destination counts.
            Ok(Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}

/// A client whose every request, with the end of its answer, takes `attempt` at the most.
pub fn client(tls: rustls::ClientConfig, lookup: Lookup, attempt: Duration) -> reqwest::Result<Client> {
    Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(Names(lookup))
        .redirect(redirect::Policy::none())
        .timeout(attempt)
        // Shorter than the minute between two deliveries: a firewall may have forgotten an older connection.
        .pool_idle_timeout(Duration::from_secs(20))
        .user_agent(concat!("fencepost/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// What went wrong, without the address, which may hold a key.
pub fn told(e: reqwest::Error) -> String {
    if e.is_timeout() {
        return "no answer in time".to_owned();
    }
    let e = e.without_url();
    let mut said = e.to_string();
    let mut source = e.source();
    while let Some(inner) = source {
        said.push_str(": ");
        said.push_str(&inner.to_string());
        source = inner.source();
    }
    said.chars().filter(|c| !c.is_control()).take(300).collect()
}
