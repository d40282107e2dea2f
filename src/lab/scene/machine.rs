//! The machine that an agent runs on, and the proxies that it may be told to use. Only the simulated net has them: a
//! real agent brings its own machine along.

use crate::plan::HostName;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// What a machine brings along: its hosts file, its resolv.conf, its proxy variables.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Machine {
    pub hosts: BTreeMap<HostName, Vec<IpAddr>>,
    /// What a local cache still holds; it is asked after the hosts file and before any name server.
    pub cache: BTreeMap<HostName, Vec<IpAddr>>,
    /// Names of resolvers.
    pub name_servers: Vec<String>,
    /// The search list of resolv.conf.
    pub search: Vec<HostName>,
    /// A name with fewer dots is first tried with the search list (resolv.conf(5)).
    pub ndots: usize,
    /// The name of the proxy that the environment names for HTTPS.
    pub proxy: Option<String>,
    /// Suffixes for which it is not used.
    pub no_proxy: Vec<HostName>,
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            hosts: BTreeMap::new(),
            cache: BTreeMap::new(),
            name_servers: Vec::new(),
            search: Vec::new(),
            ndots: 1,
            proxy: None,
            no_proxy: Vec::new(),
        }
    }
}

/// A proxy that speaks CONNECT (RFC 9110 §9.3.6).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proxy {
    pub address: IpAddr,
    pub port: u16,
    /// The resolver it asks.
    pub resolver: String,
    /// The network or place it asks and connects from.
    pub stands_in: String,
    /// Whether it answers 407 to whoever brings no credential.
    #[serde(default)]
    pub asks_for_credential: bool,
}
