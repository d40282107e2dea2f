//! Reading files: plans, catalogues, certificates.

use super::Fault;
use super::args::Place;
use crate::agent::{Estate, Grounds};
use crate::catalog::Catalog;
use crate::clock;
use crate::observe::{Lens, Pacer, Sockets, Trust, own_addresses, source_for};
use crate::plan::{self, Alerts, Plan};
use crate::publish::alerts::{Lookup, Post, Secret, SecretTrouble, Secrets};
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

/// As [`estate`], for an agent that sends alerts: with the secrets of their destinations. `page` is where its HTTP answers.
pub fn watching_estate(place: &Place, page: &str) -> Result<Estate, Fault> {
    let mut estate = estate(place)?;
    let plan = &estate.grounds.plan;
    let net = Arc::clone(&estate.lens.net);
    let lookup: Lookup = Arc::new(move |host| {
        let net = Arc::clone(&net);
        Box::pin(async move { net.own_lookup(host).await })
    });
    let secrets = secrets(&plan.alerts, &place.plan)?;
    let tls = estate.lens.trust.client_config()?;
    let who = (plan.name.as_str(), estate.grounds.vantage.as_str(), page);
    let post = Post::new(who, &plan.alerts, secrets, tls, lookup)?;
    estate.post = Some(Arc::new(post));
    Ok(estate)
}

/// The tokens and keys of the destinations; a relative path counts from the plan's folder. Every fault at once.
fn secrets(alerts: &Alerts, plan_file: &Path) -> Result<Secrets, Fault> {
    let mut secrets = Secrets::new();
    let mut faults = Vec::new();
    for destination in &alerts.destinations {
        let Some(file) = &destination.secret else { continue };
        let path = plan_file.parent().unwrap_or(Path::new("")).join(file);
        let (kind, name, shown) = (destination.kind.word(), &destination.name, path.display());
        match std::fs::read(&path).map(|bytes| Secret::read(destination.kind, &bytes)) {
            Ok(Ok(secret)) => drop(secrets.insert(name.clone(), secret)),
            Ok(Err(SecretTrouble { reason, fix })) => {
                faults.push(format!("{kind} `{name}` of the plan's alerts: {shown} {reason}\n    fix: {fix}"));
            }
            Err(e) => faults.push(format!(
                "{kind} `{name}` of the plan's alerts: {shown}: {e}\n    fix: put the secret there, readable for the agent"
            )),
        }
    }
    if faults.is_empty() { Ok(secrets) } else { Err(Fault(faults.join("\n"))) }
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
