//! Reading files: plans, catalogues, certificates.

use super::Fault;
use super::args::Place;
use crate::agent::{Estate, Grounds};
use crate::catalog::Catalog;
use crate::clock;
use crate::observe::{Lens, Pacer, Sockets, Trust, own_addresses, source_for};
use crate::plan::{self, Plan};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The built-in catalogue and the user's own files.
pub fn catalog(files: &[PathBuf]) -> Result<Catalog, Fault> {
    let mut catalog = Catalog::embedded();
    for file in files {
        catalog.extend(&file.display().to_string(), &text(file)?).map_err(Fault)?;
    }
    Ok(catalog)
}

/// A file's text; `-` is standard input.
pub fn text(file: &Path) -> Result<String, Fault> {
    let bytes = bytes(file)?;
    String::from_utf8(bytes).map_err(|_| Fault(format!("{}: the file is no text in UTF-8", file.display())))
}

/// What a file holds, whatever it is; `-` is standard input.
pub fn bytes(file: &Path) -> Result<Vec<u8>, Fault> {
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map_err(|e| Fault(format!("standard input: {e}")))?;
        return Ok(bytes);
    }
    std::fs::read(file).map_err(|e| Fault(format!("{}: {e}", file.display())))
}

pub fn plan(file: &Path, catalog: &Catalog) -> Result<Plan, Fault> {
    let text = text(file)?;
    plan::read(&file.display().to_string(), &text, &catalog.outlines()).map_err(|faults| Fault(faults.to_string()))
}

/// Everything one agent needs, worked out from files and from this machine's addresses.
pub fn estate(place: &Place) -> Result<Estate, Fault> {
    paced(place, Pacer::default())
}

/// As [`estate`], for a command that looks once.
pub fn estate_for_one_round(place: &Place) -> Result<Estate, Fault> {
    paced(place, Pacer::of_one_round())
}

fn paced(place: &Place, pacer: Pacer) -> Result<Estate, Fault> {
    let catalog = catalog(&place.catalog)?;
    let plan = plan(&place.plan, &catalog)?;
    let grounds = Grounds::new(plan, catalog, place.vantage.as_deref(), &own_addresses())?;
    let lens = lens(&grounds, &place.plan, "settings.trust", pacer)?;
    Ok(Estate::new(grounds, lens, clock::day(clock::now())))
}

/// What an agent on these grounds looks through. `named` is where the file of extra authorities was named.
pub fn lens(grounds: &Grounds, plan_file: &Path, named: &str, pacer: Pacer) -> Result<Lens, Fault> {
    let trust = trust(&grounds.plan, plan_file, named)?;
    let source = grounds.plan.vantage(grounds.vantage.as_str()).and_then(source_for);
    Ok(Lens { net: Arc::new(Sockets::new(source)), trust: Arc::new(trust), pacer: Arc::new(pacer) })
}

/// The machine's authorities and those of `settings.trust`; a relative path counts from the plan's folder.
fn trust(plan: &Plan, plan_file: &Path, named: &str) -> Result<Trust, Fault> {
    let Some(file) = &plan.settings.trust else { return Ok(Trust::new(None)?) };
    let path = plan_file.parent().unwrap_or(Path::new("")).join(file);
    let pem = std::fs::read(&path).map_err(|e| Fault(format!("{named}: {}: {e}", path.display())))?;
    Trust::new(Some(&pem)).map_err(|e| Fault(format!("{named}: {}: {e}", path.display())))
}
