//! Reading files: plans, catalogues, certificates.

use super::Fault;
use super::args::Place;
use super::supply::{Files, lookup, plan_once};
use crate::agent::{Estate, Grounds};
use crate::catalog::Catalog;
use crate::clock;
use crate::observe::{Lens, Pacer, Sockets, Trust, own_addresses, source_for};
use crate::plan::{self, Alerts, Plan};
use crate::publish::alerts::{Post, Secret, SecretTrouble, Secrets};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
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

/// The most that is read of a file that somebody wrote, in bytes. A plan may have 8 MiB, and is told so by its own fault.
const LONGEST_TEXT: u64 = 16 << 20;

/// The most that is read of a saved report, in bytes: ten thousand checks with all that was seen have about 50 MiB.
const LONGEST_REPORT: u64 = 256 << 20;

/// A file's text; `-` is standard input.
pub fn text(file: &Path) -> Result<String, Fault> {
    let bytes = read(file, LONGEST_TEXT)?;
    String::from_utf8(bytes).map_err(|_| Fault(format!("{}: the file is no text in UTF-8", file.display())))
}

/// What a file holds that is no text of this program's own.
pub fn bytes(file: &Path) -> Result<Vec<u8>, Fault> {
    read(file, LONGEST_TEXT)
}

/// What a saved report holds, whatever it is; `-` is standard input.
pub fn report(file: &Path) -> Result<Vec<u8>, Fault> {
    read(file, LONGEST_REPORT)
}

fn read(file: &Path, most: u64) -> Result<Vec<u8>, Fault> {
    let (name, bytes) = if file == Path::new("-") {
        ("standard input".to_owned(), at_most(std::io::stdin(), most))
    } else {
        (file.display().to_string(), File::open(file).and_then(|file| at_most(file, most)))
    };
    bytes.map_err(|e| Fault(format!("{name}: {e}")))
}

/// Everything there is to read, if it is no more than this; a device or a pipe may have no end.
fn at_most(from: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let length = from.take(most + 1).read_to_end(&mut bytes)?;
    if length as u64 > most {
        return Err(io::Error::other(format!("it has more than the {most} bytes that are read")));
    }
    Ok(bytes)
}

/// The plan of a file of this program's own making.
pub fn plan(file: &Path, catalog: &Catalog) -> Result<Plan, Fault> {
    let text = text(file)?;
    plan::read(&file.display().to_string(), &text, &catalog.outlines()).map_err(|faults| Fault(faults.to_string()))
}

/// Everything one agent needs, worked out from a plan file of this program's own making and from this machine's addresses.
pub fn estate(place: &Place) -> Result<Estate, Fault> {
    let catalog = catalog(&place.catalog)?;
    let plan = plan(&place.plan, &catalog)?;
    let files = Files::From(place.plan.parent().map(Path::to_owned).unwrap_or_default());
    paced((plan, catalog), &files, place, Pacer::default())
}

/// For an agent that sends alerts: with the secrets of their destinations. `page` is where its HTTP answers.
pub fn watching_estate(read: (Plan, Catalog), files: &Files, place: &Place, page: &str) -> Result<Estate, Fault> {
    let mut estate = paced(read, files, place, Pacer::default())?;
    let plan = &estate.grounds.plan;
    let lookup = lookup(Arc::clone(&estate.lens.net));
    let secrets = secrets(&plan.alerts, files)?;
    let tls = estate.lens.trust.client_config()?;
    let who = (plan.name.as_str(), estate.grounds.vantage.as_str(), page);
    let post = Post::new(who, &plan.alerts, secrets, tls, lookup)?;
    estate.post = Some(Arc::new(post));
    Ok(estate)
}

/// The tokens and keys of the destinations. Every fault at once.
fn secrets(alerts: &Alerts, files: &Files) -> Result<Secrets, Fault> {
    let mut secrets = Secrets::new();
    let mut faults = Vec::new();
    for destination in &alerts.destinations {
        let Some(file) = &destination.secret else { continue };
        let (kind, name) = (destination.kind.word(), &destination.name);
        let path = match files.find(file) {
            Ok(path) => path,
            Err(why) => {
                faults.push(format!("{kind} `{name}` of the plan's alerts: {file} {why}"));
                continue;
            }
        };
        let shown = path.display();
        tell_if_others_read(&path);
        let bytes = File::open(&path).and_then(|file| at_most(file, LONGEST_TEXT));
        match bytes.map(|bytes| Secret::read(destination.kind, &bytes)) {
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

/// Whether every user of this machine can read a file.
pub fn others_read(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|about| about.permissions().mode() & 0o004 != 0)
}

/// A secret that every user of this machine can read is none.
pub fn tell_if_others_read(secret: &Path) {
    if others_read(secret) {
        let file = secret.display();
        tracing::warn!(%file, "every user of this machine can read this secret; take the right from them: chmod o-r");
    }
}

/// As [`estate`], for a command that looks once, at the plan that its command line names.
pub fn estate_for_one_round(place: &Place) -> Result<Estate, Fault> {
    let catalog = catalog(&place.catalog)?;
    let (plan, files) = plan_once(&place.plan, &place.pinned, &catalog)?;
    paced((plan, catalog), &files, place, Pacer::of_one_round())
}

fn paced((plan, catalog): (Plan, Catalog), files: &Files, place: &Place, pacer: Pacer) -> Result<Estate, Fault> {
    let grounds = Grounds::new(plan, catalog, place.vantage.as_deref(), &own_addresses())?;
    let lens = lens(&grounds, files, "settings.trust", pacer)?;
    Ok(Estate::new(grounds, lens, clock::day(clock::now())))
}

/// What an agent on these grounds looks through. `named` is where the file of extra authorities was named.
pub fn lens(grounds: &Grounds, files: &Files, named: &str, pacer: Pacer) -> Result<Lens, Fault> {
    let trust = trust(&grounds.plan, files, named)?;
    let source = grounds.plan.vantage(grounds.vantage.as_str()).and_then(source_for);
    Ok(Lens { net: Arc::new(Sockets::new(source)), trust: Arc::new(trust), pacer: Arc::new(pacer) })
}

/// The machine's authorities and those of `settings.trust`.
fn trust(plan: &Plan, files: &Files, named: &str) -> Result<Trust, Fault> {
    let Some(file) = &plan.settings.trust else { return Ok(Trust::new(None)?) };
    let path = files.find(file).map_err(|why| Fault(format!("{named}: {file} {why}")))?;
    let pem = File::open(&path).and_then(|file| at_most(file, LONGEST_TEXT));
    let pem = pem.map_err(|e| Fault(format!("{named}: {}: {e}", path.display())))?;
    Trust::new(Some(&pem)).map_err(|e| Fault(format!("{named}: {}: {e}", path.display())))
}
