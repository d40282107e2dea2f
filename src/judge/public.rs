//! `public`: the public side is open from here, deliberately.

use super::codes::Code;
use super::finding::{Finding, Weight};
use super::path::{End, Reading};
use crate::plan::AddressClass;

pub fn findings(paths: &[Reading]) -> Vec<Finding> {
    let mut public = paths.iter().filter(|path| path.class == AddressClass::Public).peekable();
    if public.peek().is_none() {
        return vec![Finding::new(Code::PublicSideUnseen, Weight::Unclear, Vec::new())];
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
