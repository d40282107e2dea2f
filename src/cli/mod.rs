//! The command line: files, standard output and exit codes.

mod args;
mod check;
mod explain;
mod findings;
mod follow;
mod gate;
mod lab;
mod load;
mod out;
mod plan;
mod push;
mod run;
mod runtime;
mod shell;
mod supply;
mod table;
mod web;

use crate::plan::is_harmless;
use crate::publish;
use crate::publish::forms::inert;
use args::{Args, Command};
use std::process::ExitCode;

/// What a command came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything holds.
    Good,
    /// Something is broken.
    Broken,
    /// Usage, or a fault of the plan.
    Usage,
    /// Could not tell, or could not say: standard output took no more.
    Unknown,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Good => 0,
            Exit::Broken => 1,
            Exit::Usage => 2,
            Exit::Unknown => 3,
        })
    }
}

impl From<publish::Outcome> for Exit {
    fn from(outcome: publish::Outcome) -> Self {
        match outcome {
            publish::Outcome::Holds => Self::Good,
            publish::Outcome::Broken => Self::Broken,
            publish::Outcome::Unknown | publish::Outcome::Nothing => Self::Unknown,
        }
    }
}

/// A message for the operator that ends a command with exit code 2.
#[derive(Debug)]
pub struct Fault(pub String);

impl<E: std::error::Error> From<E> for Fault {
    fn from(e: E) -> Self {
        Self(e.to_string())
    }
}

type Outcome = Result<Exit, Fault>;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let args = Args::read();
    // What is printed says it all already, except where the command goes on.
    let level = match &args.command {
        Command::Run(_) => "info",
        Command::Lab(lab) if !lab.once => "info",
        Command::Lab(_)
        | Command::Check(_)
        | Command::Explain(_)
        | Command::Plan(_)
        | Command::Findings { .. }
        | Command::Completions { .. }
        | Command::Man(_) => "error",
    };
    let outcome = runtime::logging(args.log_format, &args.log, level).and_then(|()| match args.command {
        Command::Run(command) => run::run(&command),
        Command::Check(command) => check::run(&command),
        Command::Explain(command) => explain::run(&command),
        Command::Plan(command) => plan::run(&command),
        Command::Lab(command) => lab::run(&command),
        Command::Findings { code } => findings::run(code.as_deref()),
        Command::Completions { shell } => shell::completions(shell),
        Command::Man(command) => shell::man(&command),
    });
    if let Some(e) = out::failure() {
        anstream::eprintln!("standard output: {e}");
        return Exit::Unknown.into();
    }
    match outcome {
        Ok(exit) => exit.into(),
        Err(Fault(why)) => {
            // It may repeat words of a file; nothing of them moves the cursor, and no pipeline takes them for an order.
            let shown = |c: char| if c == '\n' || is_harmless(c) { c } else { char::REPLACEMENT_CHARACTER };
            anstream::eprintln!("{}", inert(&why.chars().map(shown).collect::<String>()));
            Exit::Usage.into()
        }
    }
}
