//! `fencepost completions` and `fencepost man`: what shells and man know of the command line, made from it.

use super::args::{Args, Man, Shell};
use super::out;
use super::{Exit, Fault, Outcome};
use clap::{Command, CommandFactory};
use clap_complete::{Generator, shells};
use clap_mangen::roff::{Roff, roman};
use std::path::Path;

/// What stands on the page of the whole program, below what the command line says of itself.
const FURTHER: &[(&str, &[&str])] = &[
    (
        "EXIT STATUS",
        &[
            "0 everything holds, 1 something is broken, 2 usage or plan fault, 3 could not tell. A running agent that is told to stop ends with 0.",
        ],
    ),
    (
        "SIGNALS",
        &["A running agent reads the plan again at SIGHUP, and stops within one timeout at SIGTERM and SIGINT."],
    ),
    (
        "SERVICE MANAGER",
        &[
            "Where NOTIFY_SOCKET is set, a running agent tells the service manager when it is ready, reloads and stops, what the board comes to, and, where WATCHDOG_USEC is set, that its main loop goes round: see sd_notify(3).",
        ],
    ),
    (
        "FILES",
        &[
            "The plan is named with --plan or FENCEPOST_PLAN. `fencepost plan example` prints plans to start from. The service of the Debian package reads /etc/fencepost/plan.yaml and /etc/default/fencepost, and keeps its state in /var/lib/fencepost.",
        ],
    ),
];

/// Prints a completion script.
pub fn completions(shell: Shell) -> Outcome {
    match shell {
        Shell::Bash => complete(shells::Bash),
        Shell::Zsh => complete(shells::Zsh),
        Shell::Fish => complete(shells::Fish),
    }
}

fn complete(shell: impl Generator) -> Outcome {
    let mut script = Vec::new();
    let mut command = Args::command();
    command.set_bin_name("fencepost");
    command.build();
    shell.try_generate(&command, &mut script)?;
    out::write(format_args!("{}", String::from_utf8_lossy(&script)));
    Ok(Exit::Good)
}

/// Prints the page of the program, or writes this and one for each command into a folder.
pub fn man(wanted: &Man) -> Outcome {
    let mut command = Args::command();
    command.build();
    match &wanted.dir {
        Some(folder) => write_pages(&command, folder)?,
        None => out::write(format_args!("{}", page(&command)?.1)),
    }
    Ok(Exit::Good)
}

fn write_pages(command: &Command, folder: &Path) -> Result<(), Fault> {
    let (name, page) = page(command)?;
    let file = folder.join(name);
    std::fs::write(&file, page).map_err(|e| Fault(format!("{}: {e}", file.display())))?;
    command.get_subcommands().filter(|below| !below.is_hide_set()).try_for_each(|below| write_pages(below, folder))
}

/// Name and text of the page of a command.
fn page(command: &Command) -> Result<(String, String), Fault> {
    let page = clap_mangen::Man::new(command.clone())
        .source(concat!("fencepost ", env!("CARGO_PKG_VERSION")))
        .manual("Fencepost");
    let mut text = Vec::new();
    page.render_title(&mut text)?;
    page.render_name_section(&mut text)?;
    page.render_synopsis_section(&mut text)?;
    page.render_description_section(&mut text)?;
    page.render_options_section(&mut text)?;
    if command.has_subcommands() {
        page.render_subcommands_section(&mut text)?;
    }
    let mut below = Roff::new();
    if command.get_display_name().unwrap_or("fencepost") == "fencepost" {
        for (heading, lines) in FURTHER {
            below.control("SH", [*heading]);
            for line in *lines {
                below.text([roman(*line)]);
            }
        }
    } else {
        if let Some(notes) = command.get_after_help() {
            below.control("SH", ["NOTES"]).control("nf", []);
            for line in notes.to_string().lines() {
                below.text([roman(line)]);
            }
            below.control("fi", []);
        }
        below.control("SH", ["SEE ALSO"]).text([roman("fencepost(1)")]);
    }
    below.to_writer(&mut text)?;
    Ok((page.get_filename(), String::from_utf8_lossy(&text).into_owned()))
}
