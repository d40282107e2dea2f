//! How far each way led, as a word for whoever reads the facts without the catalogue.

use super::path::{End, Reading};
use super::{Asked, proxy};
use crate::facts::Facts;
use crate::plan::{AddressClass, Layer};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// How a way ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// The service was reached.
    Open,
    Stopped,
    /// Neither can be said.
    Unclear,
}

/// One way that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// `None` for the way through the proxy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    pub class: AddressClass,
    pub end: Ending,
    /// Where it was stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<Layer>,
}

pub fn all(asked: &Asked<'_>, facts: &Facts, paths: &[Reading]) -> Vec<Reached> {
    let direct = paths.iter().map(|path| reached(Some(path.address), path.class, &path.end));
    let proxied = facts.proxy.as_ref().map(|proxy| {
        let end = proxy::end(asked, proxy).unwrap_or(End::Unclear);
        // Which side the proxy took cannot be seen; a service that refuses says that it was the public one.
        reached(None, AddressClass::Public, &end)
    });
    let mut all: Vec<Reached> = direct.chain(proxied).collect();
    // It stays on the board as long as the check does.
    all.shrink_to_fit();
    all
}

fn reached(address: Option<IpAddr>, class: AddressClass, end: &End) -> Reached {
    let (end, layer) = match end {
        End::Open => (Ending::Open, None),
        End::Stopped(layers) => (Ending::Stopped, layers.first().copied()),
        End::Unclear => (Ending::Unclear, None),
    };
    Reached { address, class, end, layer }
}
