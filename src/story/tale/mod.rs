//! The tale of one check, for whoever was just woken up: the answer first, then what was seen, then what was not.
//!
//! It is told from a saved report alone, so a look and its replay tell the same.

mod findings;
mod gaps;
mod lines;
mod names;
mod opening;
mod paths;

pub use lines::{Line, Tone, WIDTH, wrapped};

use super::Record;
use crate::facts::Facts;
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
    /// The class of an address; a report of an older version does not say what was expected, but how each way was read.
    fn class(&self, address: IpAddr) -> AddressClass {
        if let Some(brief) = self.record.brief {
            return brief.networks.class(address, &brief.expected);
        }
        let known = self.record.reached.iter().find(|reached| reached.address == Some(address));
        known.map_or_else(|| crate::plan::Networks::default().class(address, &[]), |reached| reached.class)
    }

    /// `10.0.0.4 (public)`.
    fn named(&self, address: IpAddr) -> String {
        format!("{address} ({})", self.class(address).word())
    }

    fn list(&self, addresses: &[IpAddr]) -> String {
        addresses.iter().map(|address| self.named(*address)).collect::<Vec<_>>().join(", ")
    }
}
