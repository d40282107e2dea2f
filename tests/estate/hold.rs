//! The process that holds the estate: it takes one order at a time, until it is told to go.

use crate::support::town::Town;
use crate::support::town::faults::FAULTS;
use crate::support::town::layout::{HOSTS, VANTAGES};
use crate::support::town::look::{Table, matrix, short_plan};
use crate::support::town::ways::Ways;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

/// What it says once it stands.
pub const READY: &str = "ready";

/// The first line of an answer to an order that was carried out.
pub const DONE: &str = "done";

const NOT_DONE: &str = "not done";

/// The last orders, after which it is gone.
const DOWN: &str = "down";

pub fn hold(socket: &Path) -> Result<String, String> {
    tidy(socket);
    let mut town = Town::new();
    let plan = short_plan(&town, "every: 6s, timeout: 1500ms", "");
    let plan = town.write("plan.yaml", &std::fs::read_to_string(plan).unwrap());
    let _ = std::fs::remove_file(socket);
    let listener = UnixListener::bind(socket).map_err(|e| format!("{}: {e}", socket.display()))?;
    std::fs::write(note(socket), std::process::id().to_string()).map_err(|e| e.to_string())?;
    let mut out = std::io::stdout();
    writeln!(out, "{READY}").and_then(|()| out.flush()).map_err(|e| e.to_string())?;
    for mut stream in listener.incoming().map_while(Result::ok) {
        let mut order = String::new();
        if BufReader::new(&stream).read_line(&mut order).is_err() {
            continue;
        }
        if order.trim() == DOWN {
            drop(town);
            let _ = std::fs::remove_file(socket);
            let _ = std::fs::remove_file(note(socket));
            let _ = std::fs::remove_file(log(socket));
            let _ = writeln!(stream, "{DONE}\nnothing is left of it");
            return Ok(String::new());
        }
        let (word, said) = match obey(&mut town, &plan, order.trim()) {
            Ok(said) => (DONE, said),
            Err(why) => (NOT_DONE, why),
        };
        // Whoever asked may have gone.
        let _ = write!(stream, "{word}\n{said}");
    }
    Ok(String::new())
}

/// Where the process that holds an estate leaves its number.
fn note(socket: &Path) -> PathBuf {
    socket.with_extension("pid")
}

/// Where its complaints go.
pub fn log(socket: &Path) -> PathBuf {
    socket.with_extension("log")
}

/// Of an estate that was killed only folders are left: everything that ran on it ended by itself.
fn tidy(socket: &Path) {
    let Ok(before) = std::fs::read_to_string(note(socket)) else { return };
    let folders = std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().map_while(Result::ok);
    for folder in folders {
        if folder.file_name().to_string_lossy().starts_with(&format!("fencepost-test-{before}-")) {
            let _ = std::fs::remove_dir_all(folder.path());
        }
    }
}

fn obey(town: &mut Town, plan: &Path, order: &str) -> Result<String, String> {
    match order.split_once(' ').unwrap_or((order, "")) {
        ("list", _) => Ok(list(town)),
        ("place", name) => place(town, plan, name),
        ("matrix", _) => Ok(drawn(&matrix(town, plan))),
        ("heal", _) => {
            town.change(|ways| *ways = Ways::default());
            Ok("the estate is whole\n".to_owned())
        }
        ("break", name) => {
            let names = || FAULTS.iter().map(|fault| fault.name).collect::<Vec<_>>().join(", ");
            let known = FAULTS.iter().find(|fault| fault.name == name);
            let fault = known.ok_or_else(|| format!("no fault is called {name}; there are {}", names()))?;
            town.change(fault.change);
            let mut said = format!("{}: {}\n", fault.name, fault.what);
            for (vantages, endpoints, says) in fault.rows {
                let _ = writeln!(said, "  {} should say of {endpoints}: {says}", vantages.replace('|', ", "));
            }
            Ok(said)
        }
        _ => Err(format!("no such order: {order}")),
    }
}

fn list(town: &Town) -> String {
    let mut said = String::from("host        vantage     process  addresses\n");
    for (host, addresses) in HOSTS {
        let vantage = VANTAGES.iter().find(|(of, ..)| of == host).map_or("", |(_, vantage, _)| vantage);
        let _ = writeln!(said, "{host:<12}{vantage:<12}{:<9}{}", town.host(host).pid(), addresses.join(" "));
    }
    said.push_str("\nfault                      what it does\n");
    for fault in FAULTS {
        let _ = writeln!(said, "{:<27}{}", fault.name, fault.what);
    }
    said
}

/// Whose namespaces a place is, where its plan lies, and what its environment says.
fn place(town: &Town, plan: &Path, name: &str) -> Result<String, String> {
    let named = HOSTS.iter().map(|(host, _)| *host).find(|host| *host == name);
    let host = named.or_else(|| VANTAGES.iter().find(|(_, vantage, _)| *vantage == name).map(|(host, ..)| *host));
    let host = host.ok_or_else(|| format!("no place is called {name}; `scripts/estate list` names them"))?;
    let mut said = format!("{}\n{}\n", town.host(host).pid(), plan.parent().unwrap().display());
    for (variable, value) in town.environment(host) {
        let _ = writeln!(said, "{variable}={value}");
    }
    Ok(said)
}

fn drawn(table: &Table) -> String {
    let mut said = String::new();
    for ((vantage, endpoint), says) in table {
        let _ = writeln!(said, "{vantage:<12}{endpoint:<42}{says}");
    }
    said
}
