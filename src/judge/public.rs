//! `public`: the public side is open from here, deliberately, and the name leads somewhere.

use super::codes::Code;
use super::finding::{Finding, Weight};
use super::path::{End, Reading};
use super::{Asked, names};
use crate::facts::Facts;
use crate::plan::AddressClass;

pub fn findings(asked: &Asked<'_>, facts: &Facts, paths: &[Reading]) -> Vec<Finding> {
    let mut public = paths.iter().filter(|path| path.class == AddressClass::Public).peekable();
    if public.peek().is_none() {
        return vec![Finding::new(Code::PublicSideUnseen, Weight::Unclear, Vec::new())];
    }
    let unnamed = unnamed(asked, facts);
    if !unnamed.is_empty() {
        return unnamed;
    }
    let paths: Vec<&Reading> = public.collect();
    if paths.iter().any(|path| path.end == End::Open) {
        return paths.iter().flat_map(|path| path.notes.iter().cloned()).collect();
    }
    let troubles = paths.iter().flat_map(|path| path.troubles.iter().cloned());
    if paths.iter().any(|path| path.end == End::Unclear) {
        return troubles.map(|trouble| Finding { weight: Weight::Unclear, ..trouble }).collect();
    }
    let evidence = troubles.flat_map(|trouble| trouble.evidence).collect();
    vec![Finding::new(Code::PublicSideClosed, Weight::Breaks, evidence)]
}

/// An open front serves nobody who asks a resolver that does not lead there.
fn unnamed(asked: &Asked<'_>, facts: &Facts) -> Vec<Finding> {
    let absent = names::private_findings(asked, facts).into_iter();
    absent
        .filter(|finding| finding.weight == Weight::Breaks)
        .filter(|finding| matches!(finding.code, Code::NameMissing | Code::RecordMissing | Code::ZoneShadowed))
        .collect()
}
