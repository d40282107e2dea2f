//! The machine that looked, as far as it tells a fault of the network from one of the job that runs there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};

/// What a machine says of itself. Credentials in proxy variables are left out where it is gathered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Runner {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// The addresses of its interfaces, without loopback and link-local ones.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub addresses: Vec<IpAddr>,
    /// The name servers of its resolv.conf, in that order.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub resolvers: Vec<SocketAddr>,
    /// The search domains of its resolv.conf.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub search: Vec<String>,
    /// The proxy variables of its environment that are set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proxies: Vec<ProxyVariable>,
    /// The pipeline that started the program, where its variables say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<Pipeline>,
}

/// A variable by which applications find a proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProxyVariable {
    pub variable: String,
    /// For a proxy its scheme, host and port, and no more.
    pub value: String,
}

/// A pipeline, by the variables that it sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pipeline {
    pub system: String,
    /// What the system calls this runner or agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner: Option<String>,
    /// Whose machine it is, in the system's word, such as `self-hosted`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosted: Option<String>,
}
