//! Where a result goes: standard output, and files, each written whole or not at all.

use super::{Taken, human};
use crate::cli::args::{Check, Form, Output};
use crate::cli::{Fault, out};
use crate::publish::forms::{self, Gate};
use crate::publish::one_run;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Sees before anything is looked at whether the files can be written; every fault at once.
pub fn ready(outputs: &[Output]) -> Result<(), Fault> {
    let mut faults = Vec::new();
    let mut known: Vec<PathBuf> = Vec::new();
    for Output { file, .. } in outputs {
        let shown = file.display();
        match destination(file).and_then(|place| tried(&place).map(|()| place)) {
            Ok(place) if known.contains(&place) => {
                faults.push(format!("--output {shown}: two results go there\n    fix: give each a file of its own"));
            }
            Ok(place) => known.push(place),
            Err(e) => faults.push(fault(file, &e)),
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Fault(faults.join("\n"))) }
}

fn fault(file: &Path, e: &io::Error) -> String {
    let fix = match e.kind() {
        io::ErrorKind::NotFound => "make the folder first, or name another",
        io::ErrorKind::PermissionDenied => "choose a folder in which this user may write",
        io::ErrorKind::StorageFull => "make room there, or choose another folder",
        _ => "choose another file",
    };
    format!("--output {}: {e}\n    fix: {fix}", file.display())
}

/// Prints the result and writes the files. What cannot be written is told once all else is.
pub fn write(command: &Check, taken: &Taken) -> Result<(), Fault> {
    let (mut faults, mut summary) = (Vec::new(), None);
    for output in command.gate.output.iter().filter(|output| output.form != Form::AzurePipelines) {
        match rendered(output.form, taken, command, false, None).map(|text| replace(&output.file, &text)) {
            Ok(Ok(())) if output.form == Form::Markdown => {
                summary = summary.or_else(|| fs::canonicalize(&output.file).ok());
            }
            Ok(Ok(())) => {}
            Ok(Err(e)) => faults.push(fault(&output.file, &e)),
            Err(Fault(why)) => faults.push(why),
        }
    }
    let summary = summary.as_deref().map(Path::to_string_lossy);
    // These name the summary, which is there by now, or is not.
    for output in command.gate.output.iter().filter(|output| output.form == Form::AzurePipelines) {
        let text = rendered(output.form, taken, command, false, summary.as_deref())?;
        if let Err(e) = replace(&output.file, &text) {
            faults.push(fault(&output.file, &e));
        }
    }
    let terminal = io::IsTerminal::is_terminal(&io::stdout());
    let text = rendered(command.gate.format, taken, command, terminal, summary.as_deref())?;
    match command.gate.format {
        Form::Github | Form::AzurePipelines => out::orders(&text),
        Form::Human | Form::Json | Form::Junit | Form::Tap | Form::Markdown | Form::Textfile => {
            out::write(format_args!("{text}"));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Fault(faults.join("\n"))) }
}

fn rendered(
    form: Form,
    taken: &Taken,
    command: &Check,
    terminal: bool,
    summary: Option<&str>,
) -> Result<String, Fault> {
    let gate = Gate { report: &taken.report, fail_on: taken.fail_on };
    Ok(match form {
        Form::Human => forms::inert(&human::text(&taken.report, &command.place, terminal)).into_owned(),
        Form::Json => forms::inert_json(&serde_json::to_string_pretty(&taken.report)?) + "\n",
        Form::Junit => forms::junit(gate)?,
        Form::Tap => forms::tap(gate),
        Form::Github => forms::github(gate),
        Form::AzurePipelines => forms::azure_pipelines(gate, summary),
        Form::Markdown => forms::markdown(gate),
        Form::Textfile => one_run(&taken.board)?,
    })
}

/// The place that a name leads to, links followed. Its folder must be there.
fn destination(file: &Path) -> io::Result<PathBuf> {
    if is_special(file) {
        // A pipe behind a link such as /dev/stdout has no name of its own.
        return Ok(file.to_owned());
    }
    if file.exists() {
        return fs::canonicalize(file);
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = file.file_name().ok_or_else(|| io::Error::other("it names no file"))?;
    Ok(fs::canonicalize(folder)?.join(name))
}

/// Whether a place is a device or a pipe: it is written to, never put another in its stead.
fn is_special(place: &Path) -> bool {
    fs::metadata(place).is_ok_and(|about| !about.is_file())
}

/// Whether a file can be made beside a place, which is what writing it whole takes.
fn tried(place: &Path) -> io::Result<()> {
    if fs::metadata(place).is_ok_and(|about| about.is_dir()) {
        return Err(io::Error::other("it is a folder"));
    }
    if is_special(place) {
        return Ok(());
    }
    let beside = beside(place);
    File::create_new(&beside)?;
    fs::remove_file(&beside)
}

/// A name that no collector of files takes for a result.
fn beside(place: &Path) -> PathBuf {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    place.with_file_name(format!(".{name}.{}.part", std::process::id()))
}

/// Writes a file whole: beside it first, then in its place.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let place = destination(file)?;
    if is_special(&place) {
        return File::options().write(true).open(&place)?.write_all(text.as_bytes());
    }
    let beside = beside(&place);
    let written = File::create_new(&beside).and_then(|mut half| {
        half.write_all(text.as_bytes())?;
        half.sync_all()
    });
    written.and_then(|()| fs::rename(&beside, &place)).inspect_err(|_| {
        // What is half written helps nobody; that it could not be written is told.
        let _ = fs::remove_file(&beside);
    })
}
