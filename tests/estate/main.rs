//! The command behind `scripts/estate`: holds the estate of the tests for somebody to play with, and carries orders to it.
//! It is the town of `tests/it/support/town` itself and no copy of it. Its one test plays with it as people do.

#![expect(clippy::unwrap_used, clippy::panic, reason = "whoever plays is told by a panic, as a test is")]
#![expect(clippy::disallowed_methods, reason = "the parts of the estate run in threads of their own")]

#[path = "../it/support/mod.rs"]
#[expect(dead_code, reason = "this plays with the town only; the rest belongs to other tests")]
mod support;

mod hold;
mod played;

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

const USAGE: &str = "\
The hub-and-spoke estate in network namespaces, to be played with. It needs root.

  scripts/estate up                     builds it; it stays until `down`
  scripts/estate list                   its hosts, and the faults there are
  scripts/estate run PLACE [-- COMMAND] a command on a host, or at a vantage; without one, a shell
  scripts/estate break FAULT            as tests/it/support/town/faults.rs says
  scripts/estate heal
  scripts/estate matrix                 what every vantage says of every endpoint now
  scripts/estate down                   takes it away; nothing is left

Commands begin in a folder with the plan:  scripts/estate run build -- fencepost check --plan plan.yaml
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        [] | ["help" | "--help" | "-h"] => Ok(USAGE.to_owned()),
        // What a test runner asks for.
        ["--list", rest @ ..] => Ok(if rest.contains(&"--ignored") { String::new() } else { played::listed() }),
        ["--exact", test, ..] | [test, "--exact", ..] => played::play(test),
        ["hold"] => hold::hold(&socket()),
        ["up"] => up(),
        ["run", place] => run(place, &["bash"]),
        ["run", place, "--", command @ ..] if !command.is_empty() => run(place, command),
        ["list" | "matrix" | "heal" | "down"] | ["break", _] => ask(&words.join(" ")),
        _ => Err(format!("no such order: {}\n\n{USAGE}", words.join(" "))),
    };
    let (code, said) = match done {
        Ok(said) => (ExitCode::SUCCESS, std::io::stdout().write_all(said.as_bytes())),
        Err(why) => (ExitCode::FAILURE, writeln!(std::io::stderr(), "{}", why.trim_end())),
    };
    // Nobody may be there to read it.
    said.map_or(ExitCode::FAILURE, |()| code)
}

/// Where the estate takes orders.
fn socket() -> PathBuf {
    std::env::var_os("FENCEPOST_ESTATE").map_or_else(|| std::env::temp_dir().join("fencepost-estate"), PathBuf::from)
}

/// Starts a process that holds the estate, and waits until it stands.
fn up() -> Result<String, String> {
    if UnixStream::connect(socket()).is_ok() {
        return Err("it is up already; `scripts/estate down` takes it away".to_owned());
    }
    let own = std::env::current_exe().map_err(|e| e.to_string())?;
    let log = hold::log(&socket());
    let complaints = File::create(&log).map_err(|e| format!("{}: {e}", log.display()))?;
    // In a session of its own: it outlives the terminal.
    let mut holder = Command::new("setsid");
    holder.arg(own).arg("hold").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(complaints);
    let mut holder = holder.spawn().map_err(|e| format!("setsid: {e}; run scripts/install-test-tools.sh"))?;
    let mut said = String::new();
    BufReader::new(holder.stdout.take().unwrap()).read_line(&mut said).map_err(|e| e.to_string())?;
    match said.trim() {
        hold::READY => ask("list"),
        _ => {
            let ended = holder.wait().map_err(|e| e.to_string())?;
            let why = std::fs::read_to_string(&log).unwrap_or_default();
            Err(format!("the estate does not stand ({ended}):\n{why}"))
        }
    }
}

/// Becomes the command, at a place of the estate.
fn run(place: &str, command: &[&str]) -> Result<String, String> {
    let found = ask(&format!("place {place}"))?;
    let mut lines = found.lines();
    let (pid, folder) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let own = PathBuf::from(env!("CARGO_BIN_EXE_fencepost"));
    let path = std::env::var("PATH").unwrap_or_default();
    let why = Command::new("nsenter")
        .args(["--target", pid, "--net", "--mount", &format!("--wd={folder}"), "--"])
        .args(command)
        .env("PATH", format!("{}:{path}", own.parent().unwrap().display()))
        .envs(lines.filter_map(|line| line.split_once('=')))
        .exec();
    Err(format!("nsenter: {why}"))
}

/// Gives an order to the estate that stands. The first line of its answer says whether it was done.
fn ask(order: &str) -> Result<String, String> {
    let told = UnixStream::connect(socket()).and_then(|mut stream| {
        writeln!(stream, "{order}")?;
        let mut said = String::new();
        stream.read_to_string(&mut said)?;
        Ok(said)
    });
    let said = told.map_err(|e| format!("no estate stands ({e}); `scripts/estate up` builds one"))?;
    match said.split_once('\n') {
        Some((hold::DONE, rest)) => Ok(rest.to_owned()),
        Some((_, why)) => Err(why.to_owned()),
        None => Err("the estate fell while it was asked".to_owned()),
    }
}
