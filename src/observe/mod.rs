//! Looking: a subject goes in, facts come out, whatever happens on the way. Nothing here knows a claim.

mod answer;
mod certificates;
mod dns;
mod follow;
mod http;
mod look;
mod names;
mod net;
mod pace;
mod path;
mod proxy;
mod rationed;
mod reply;
mod runner;
mod sockets;
mod subject;
mod tls;
mod witness;

pub use answer::MOST_IN_AN_ANSWER;
pub use follow::follow_up;
pub use http::request;
pub use look::{AskedResolver, MOST_ADDRESSES, Subject, look};
pub use names::look_again;
pub use net::{BoxFuture, Datagrams, Net, ProxyPlace, Stream};
pub use pace::Pacer;
pub use rationed::MOST_READ;
pub use reply::{Kind, Question};
pub use runner::{runner, runner_with};
pub use sockets::{Sockets, own_addresses, source_for};
pub use subject::{resolvers_of, subject_of};
pub use tls::{Trust, TrustError};
pub use witness::look_at_witness;

use std::sync::Arc;

/// What every look of one agent shares.
#[derive(Clone)]
pub struct Lens {
    pub net: Arc<dyn Net>,
    pub trust: Arc<Trust>,
    pub pacer: Arc<Pacer>,
}
