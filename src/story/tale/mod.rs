//! The tale of one check, for whoever was just woken up: the answer first, then what was seen, then what was not.
//!
//! It is told from a saved report alone, so a look and its replay tell the same.

mod findings;
mod gaps;
mod leads;
mod lines;
mod meaning;
mod names;
mod opening;
mod paths;
mod repair;

pub use lines::{Line, Tone, WIDTH, wrapped};

use super::Record;
use crate::facts::Facts;
use crate::judge::Ending;
use crate::plan::AddressClass;
use lines::Lines;
use std::net::IpAddr;

/// Tells one check, in lines of a width in characters.
pub fn tale(record: &Record<'_>, width: usize) -> Vec<Line> {
    let mut lines = Lines::of(width);
    opening::tell(record, &mut lines);
    if let Some(facts) = record.facts {
        let scene = Scene { record, facts };
        lines.heading("Names");
        names::tell(&scene, &mut lines);
        lines.heading("Addresses");
        paths::tell(&scene, &mut lines);
        if let Some(witness) = &record.witness {
            lines.heading("Witness");
            lines.say(2, &format!("{witness}."));
        }
        findings::tell(&scene, &mut lines);
        lines.heading("Not examined");
        gaps::tell(&scene, &mut lines);
    }
    lines.done()
}

/// A record that was looked at.
struct Scene<'s> {
    record: &'s Record<'s>,
    facts: &'s Facts,
}

impl Scene<'_> {
    fn class(&self, address: IpAddr) -> AddressClass {
        class_of(self.record, address)
    }

    /// `10.0.0.4 (public)`.
    fn named(&self, address: IpAddr) -> String {
        format!("{address} ({})", self.class(address).word())
    }

    fn list(&self, addresses: &[IpAddr]) -> String {
        addresses.iter().map(|address| self.named(*address)).collect::<Vec<_>>().join(", ")
    }
}

/// The class of an address; a report of an older version does not say what was expected, but how each way was read.
fn class_of(record: &Record<'_>, address: IpAddr) -> AddressClass {
    if let Some(brief) = record.brief {
        return brief.networks.class(address, &brief.expected);
    }
    let known = record.reached.iter().find(|reached| reached.address == Some(address));
    known.map_or_else(|| crate::plan::Networks::default().class(address, &[]), |reached| reached.class)
}

/// A service that has neither a private zone nor an expected address has one side only, which is not spoken of as one.
fn has_public_side(record: &Record<'_>) -> bool {
    record.brief.is_none_or(|brief| !brief.zones.is_empty() || !brief.expected.is_empty())
}

/// Whether a way is open: any, or one of a class.
fn is_open(record: &Record<'_>, class: Option<AddressClass>) -> bool {
    record.reached.iter().any(|way| way.end == Ending::Open && class.is_none_or(|class| way.class == class))
}
