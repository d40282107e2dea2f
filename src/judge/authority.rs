//! Whose zone answers, as its SOA tells.
//!
//! Azure's private zones name `azureprivatedns.net` as their primary server; that is what exported templates of such
//! zones hold. No Microsoft page promises it, so whatever rests on it is an inference.

use crate::facts::{Authority, FollowUp, Inquired, Purpose, Rcode};
use crate::plan::HostName;
use std::net::SocketAddr;
use std::sync::Arc;

const PRIVATE_PRIMARY: &str = "azureprivatedns.net";

pub fn is_azure_private(soa: &Authority) -> bool {
    soa.primary.is_under(PRIVATE_PRIMARY)
}

/// Who answers for a zone at a resolver.
#[derive(Clone, Debug, PartialEq)]
pub enum Whose<'f> {
    /// An Azure private zone.
    Private(&'f Arc<Inquired>),
    /// Somebody else: the internet, or a zone made by hand.
    Other(&'f Arc<Inquired>),
    /// The question was not asked, or brought no SOA.
    Untold,
}

/// What the SOA questions of one purpose say at one server; a private zone among several decides.
pub fn whose(follow_up: Option<&FollowUp>, server: SocketAddr, purpose: Purpose) -> Whose<'_> {
    whose_of(follow_up, server, purpose, |_| true)
}

/// As [`whose`], where only some of the zones asked for matter.
pub fn whose_of(
    follow_up: Option<&FollowUp>,
    server: SocketAddr,
    purpose: Purpose,
    matters: impl Fn(&HostName) -> bool,
) -> Whose<'_> {
    let Some(follow_up) = follow_up else { return Whose::Untold };
    let mut told = Whose::Untold;
    for inquired in follow_up.at(server, purpose).filter(|inquired| matters(&inquired.inquiry.name)) {
        let answer = inquired.answer().filter(|a| matches!(a.rcode, Rcode::NO_ERROR | Rcode::NAME_ERROR));
        let Some(soa) = answer.and_then(|answer| answer.authority.as_ref()) else { continue };
        // The SOA of a zone above says that the zone asked for is not there.
        let is_of_the_zone = soa.zone.is_under(inquired.inquiry.name.as_str());
        if is_azure_private(soa) && is_of_the_zone {
            return Whose::Private(inquired);
        }
        told = Whose::Other(inquired);
    }
    told
}
