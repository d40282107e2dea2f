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

/// An open front that no resolver here leads to serves nobody who calls by name.
fn unnamed(asked: &Asked<'_>, facts: &Facts) -> Vec<Finding> {
    let mut resolvers = names::private_view(&facts.names).peekable();
    let nothing = resolvers.peek().is_some() && resolvers.all(|r| names::says(asked, r) == names::Says::Nothing);
    if !nothing || !names::answered(&facts.names).is_empty() {
        return Vec::new();
    }
    let absent = names::private_findings(asked, facts).into_iter();
    absent
        .filter(|finding| matches!(finding.code, Code::NameMissing | Code::RecordMissing | Code::ZoneShadowed))
        .collect()
}
