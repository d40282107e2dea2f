//! `--only`: some checks of the vantage, and what they need to be judged.

use crate::agent::Estate;
use crate::cli::Fault;
use crate::cli::explain::chosen;
use crate::clock;
use crate::plan::{CheckName, Claim};

/// Leaves in the estate what is named, and the private checks that witness for a block among it where the vantage names
/// no witness. Returns what is named; nothing, where nothing is. Every name that is not there is told at once.
pub fn narrow(estate: &mut Estate, named: &[String]) -> Result<Option<Vec<CheckName>>, Fault> {
    if named.is_empty() {
        return Ok(None);
    }
    let (mut meant, mut faults) = (Vec::new(), Vec::new());
    for name in named {
        match chosen::checks(estate, name.trim()) {
            Ok(checks) => meant.extend(checks),
            Err(Fault(why)) => faults.push(format!("--only {}: {why}", name.trim())),
        }
    }
    if !faults.is_empty() {
        return Err(Fault(faults.join("\n")));
    }
    let today = clock::day(clock::now());
    let kept: Vec<bool> = {
        let is_private = |work: &_| estate.claims(work, today) == Some(&Claim::Private);
        let is_meant = |name: &CheckName| meant.contains(name);
        let blocks = estate.works.iter().any(|work| is_meant(&work.name) && !is_private(work));
        let needs_witness = blocks && estate.vantage().witness.is_none();
        estate.works.iter().map(|work| is_meant(&work.name) || needs_witness && is_private(work)).collect()
    };
    let mut kept = kept.into_iter();
    estate.works.retain(|_| kept.next().unwrap_or(false));
    Ok(Some(meant))
}
