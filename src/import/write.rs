//! The plan as text, with what is left to do as comments in it.

use super::Note;
use super::gather::Gathered;
use super::targets::{Claim, Target, any_private};
use crate::plan::is_harmless;
use std::fmt::Write;
use std::time::Duration;

/// How often blackbox_exporter is asked where nothing is said: Prometheus' `scrape_interval`.
const EVERY: Duration = Duration::from_secs(60);

/// The bounds of a plan's `every` and `timeout`.
const FASTEST: Duration = Duration::from_secs(1);
const SLOWEST: Duration = Duration::from_secs(3600);
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(50);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(60);
const USUAL_TIMEOUT: Duration = Duration::from_secs(5);

/// Writing to a string cannot fail.
macro_rules! line {
    ($out:expr, $($arg:tt)*) => {{ let _ = writeln!($out, $($arg)*); }};
}

pub fn plan(gathered: &Gathered, targets: &[Target], notes: &[Note]) -> String {
    let mut out = String::new();
    heading(&mut out, gathered, targets, notes);
    line!(out, "plan: imported\n");
    settings(&mut out, gathered);
    line!(out, "vantages:");
    line!(
        out,
        "  # Where blackbox_exporter ran. Write its subnet as `within: [PREFIX]`, and add the other places of the fleet."
    );
    line!(out, "  here:");
    line!(out, "    kind: production");
    if let Some(proxy) = gathered.proxies.first() {
        line!(out, "    proxy: {}", quoted(proxy));
    }
    resolvers(&mut out, gathered);
    line!(out, "\ntargets:");
    for written in targets {
        target(&mut out, written);
    }
    rules(&mut out, targets);
    out
}

fn heading(out: &mut String, gathered: &Gathered, targets: &[Target], notes: &[Note]) {
    line!(
        out,
        "# A plan to start from, imported from blackbox_exporter (jobs {}).",
        comment(&gathered.jobs.join(", "))
    );
    line!(out, "#");
    line!(out, "# To do:");
    line!(out, "#   * give the vantage its `within`, or run with `--vantage here`");
    if targets.iter().any(|target| target.claim == Claim::Private) {
        line!(out, "#   * write the address of each private endpoint; where none was known, any of RFC 1918 passes");
    }
    if targets.iter().any(|target| target.claim == Claim::Public) {
        line!(
            out,
            "#   * say of the names that are claimed `public` whether they should be: a probe only said that they answer"
        );
    }
    if !gathered.trust.is_empty() {
        line!(out, "#   * put the file of `trust` on every machine that looks, or leave the line out");
    }
    if !gathered.proxies.is_empty() {
        line!(out, "#   * see whether everything is meant to go through the vantage's `proxy`; only some probes did");
    }
    line!(out, "#   * say what must be blocked: a plan has rules for that, and a witness that makes them count");
    if notes.is_empty() {
        line!(out, "#\n# Everything was carried over.\n");
        return;
    }
    line!(out, "#\n# Not carried over, or not as it was:");
    for note in notes {
        line!(out, "#   {}: {}", comment(&note.about), comment(&note.what));
    }
    line!(out, "");
}

fn settings(out: &mut String, gathered: &Gathered) {
    let every = gathered.every.unwrap_or(EVERY).clamp(FASTEST, SLOWEST);
    let wanted = gathered.timeout.unwrap_or(USUAL_TIMEOUT);
    let timeout = wanted.min(every / 4).clamp(SHORTEST_TIMEOUT, LONGEST_TIMEOUT);
    line!(out, "settings:");
    line!(out, "  every: {}", time(every));
    let shorter = if timeout < wanted { " # a quarter of `every`, and no more than 60s" } else { "" };
    line!(out, "  timeout: {}{shorter}", time(timeout));
    let mut files = gathered.trust.iter();
    if let Some(file) = files.next() {
        line!(out, "  trust: {}", quoted(file));
    }
    for file in files {
        line!(
            out,
            "  # one file of CA certificates is read; put the certificates of this one into it: {}",
            comment(file)
        );
    }
    line!(out, "");
}

/// Whole seconds where they are whole.
fn time(time: Duration) -> String {
    if time.subsec_millis() == 0 { format!("{}s", time.as_secs()) } else { format!("{}ms", time.as_millis()) }
}

fn resolvers(out: &mut String, gathered: &Gathered) {
    if gathered.resolvers.is_empty() {
        return;
    }
    line!(out, "\nresolvers: # asked beside the machine's own; list `resolvers` at the vantage to ask only some");
    for (number, server) in (1..).zip(&gathered.resolvers) {
        let address = if server.port() == 53 { server.ip().to_string() } else { server.to_string() };
        line!(out, "  dns-{number}: {{address: {}}}", quoted(&address));
    }
}

fn target(out: &mut String, target: &Target) {
    line!(out, "  {}:", key(&target.name));
    line!(out, "    service: {}", target.service);
    if let Some(environment) = &target.environment {
        line!(out, "    environment: {}", quoted(environment));
    }
    if let Some(owner) = &target.owner {
        line!(out, "    owner: {}", quoted(owner));
    }
    if target.port != 443 {
        line!(out, "    port: {}", target.port);
    }
    if let Some(request) = &target.request {
        line!(out, "    request:");
        line!(out, "      path: {}", quoted(&request.path));
        if !request.open.is_empty() {
            line!(out, "      open: {:?}", request.open);
        }
    }
    line!(out, "    endpoints:");
    for (host, expected) in &target.endpoints {
        let list = |nets: &mut dyn Iterator<Item = String>| nets.map(|net| quoted(&net)).collect::<Vec<_>>().join(", ");
        let shown = |net: &ipnet::IpNet| {
            if net.prefix_len() == net.max_prefix_len() { net.addr().to_string() } else { net.to_string() }
        };
        match (expected.is_empty(), target.claim) {
            (false, _) => line!(out, "      {}: [{}]", key(host.as_str()), list(&mut expected.iter().map(shown))),
            (true, Claim::Private) => {
                line!(out, "      {}: [{}] # to do", key(host.as_str()), list(&mut any_private().iter().map(shown)));
            }
            (true, Claim::Public) => line!(out, "      {}: []", key(host.as_str())),
        }
    }
}

fn rules(out: &mut String, targets: &[Target]) {
    line!(out, "\nrules: # the first rule that matches decides");
    for (claim, name, word) in
        [(Claim::Public, "imported as public", "public"), (Claim::Private, "imported as private", "private")]
    {
        let named: Vec<&str> = targets.iter().filter(|t| t.claim == claim).map(|t| t.name.as_str()).collect();
        if !named.is_empty() {
            let to: Vec<String> = named.into_iter().map(quoted).collect();
            line!(out, "  - {{name: {name}, from: any, to: [{}], claim: {word}}}", to.join(", "));
        }
    }
}

/// A scalar that no reader takes for anything but text: a JSON string is one of YAML (YAML 1.2, §7.3.1).
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A key: plain where nobody could read it as a number or a word of the language.
fn key(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.contains(['.', '-']);
    if plain { text.to_owned() } else { quoted(text) }
}

/// Text of the imported files inside a comment: one line.
fn comment(text: &str) -> String {
    text.chars().filter(|c| is_harmless(*c)).collect()
}
