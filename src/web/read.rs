//! From YAML to a web configuration; what does not fit becomes a fault.

use super::language::{self as lang, CLIENTS, CURVES, HEADERS, SUITES, SWITCH, VERSIONS};
use super::tls::{Clients, Curve, Pem, Suite, Tls, Version};
use super::{Hash, Rate, WebConfig};
use crate::plan::language::Form;
use crate::plan::parse_time;
use crate::plan::yaml::{Fields, Node, Reader, Spot, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// The longest name of a user, in bytes.
const LONGEST_USER: usize = 255;

/// What the format takes for `client_auth_type` and nobody should write: the certificate is not looked at.
const UNLOOKED: &[&str] = &["RequestClientCert", "RequireAnyClientCert", "RequireClientCert"];

/// Versions of TLS that the format knows and no browser speaks any more.
const OLD: &[&str] = &["TLS10", "TLS11"];

pub fn config(r: &mut Reader, root: &Node) -> WebConfig {
    let Some(f) = r.fields(root, &lang::WEB) else { return WebConfig::default() };
    let tls = f.get("tls_server_config").and_then(|node| tls(r, node));
    let headers = f.get("http_server_config").map(|node| http(r, node)).unwrap_or_default();
    let users = f.get("basic_auth_users").map(|node| users(r, node)).unwrap_or_default();
    let rate = f.get("rate_limit").and_then(|node| rate(r, node));
    WebConfig { tls, headers, users, rate }
}

fn tls(r: &mut Reader, node: &Node) -> Option<Tls> {
    let f = r.fields(node, &lang::TLS)?;
    let certificate = required(r, &f, "cert_file", "cert");
    let key = required(r, &f, "key_file", "key");
    let clients = clients(r, &f);
    let oldest = version(r, &f, "min_version").unwrap_or(Version::Tls12);
    let newest = version(r, &f, "max_version").unwrap_or(Version::Tls13);
    if oldest > newest {
        let fix = format!("write `max_version: {}`, or leave both out", oldest.word());
        r.fault(f.place, format!("min_version is {}, max_version is {}", oldest.word(), newest.word()), fix);
    }
    let suites = f.get("cipher_suites").map(|node| suites(r, node)).unwrap_or_default();
    let of_tls12 = |suite: &Suite| suite.starts_with("TLS_ECDHE");
    if newest == Version::Tls12 && !suites.is_empty() && !suites.iter().any(of_tls12) {
        r.fault(f.place, "none of cipher_suites is one of TLS 1.2", "name one that begins with `TLS_ECDHE_`");
    }
    let curves = f.get("curve_preferences").map(|node| curves(r, node)).unwrap_or_default();
    let own_order = f
        .get("prefer_server_cipher_suites")
        .and_then(|node| switch(r, node, "prefer_server_cipher_suites"))
        .unwrap_or(true);
    Some(Tls {
        certificate: certificate?,
        key: key?,
        clients: clients?,
        versions: (oldest, newest),
        suites,
        curves,
        own_order,
    })
}

/// `None` for what is not written; `Some(None)` for what cannot be read.
fn pem(r: &mut Reader, f: &Fields<'_>, file: &str, inline: &str) -> Option<Option<Pem>> {
    match (f.get(file), f.get(inline)) {
        (None, None) => None,
        (Some(_), Some(second)) => {
            r.fault(second.place, format!("both `{file}` and `{inline}` are written"), "keep one of the two");
            Some(None)
        }
        (Some(path), None) => Some(r.text(path, file).map(|path| Pem::File(path.value))),
        (None, Some(Node { value: Value::Text(text), .. })) if text.contains("-----BEGIN ") => {
            Some(Some(Pem::Inline(text.clone())))
        }
        (None, Some(node)) => {
            let fix = format!("write `{inline}: |` and the lines of the PEM file below it, or name `{file}`");
            r.fault(node.place, format!("`{inline}` holds no PEM"), fix);
            Some(None)
        }
    }
}

fn required(r: &mut Reader, f: &Fields<'_>, file: &str, inline: &str) -> Option<Pem> {
    let found = pem(r, f, file, inline);
    if found.is_none() {
        r.fault(
            f.place,
            format!("tls_server_config needs `{file}`"),
            format!("add `{file}:` and the path of the file"),
        );
    }
    found.flatten()
}

fn clients(r: &mut Reader, f: &Fields<'_>) -> Option<Clients> {
    let asked = match f.get("client_auth_type") {
        None => "NoClientCert",
        Some(node) => {
            let word = one_of(
                r,
                node,
                "client_auth_type",
                CLIENTS,
                UNLOOKED,
                "write `RequireAndVerifyClientCert`: the others ask for a certificate and do not look at it",
            )?;
            word.value
        }
    };
    let authorities = pem(r, f, "client_ca_file", "client_ca");
    let names = f.get("client_allowed_sans").map(|node| (node.place, sans(r, node)));
    if let Some((place, _)) = names.as_ref().filter(|_| asked != "RequireAndVerifyClientCert") {
        let fix = "write `client_auth_type: RequireAndVerifyClientCert`, or leave the names out";
        r.fault(*place, format!("client_allowed_sans would not be looked at with {asked}"), fix);
    }
    if asked == "NoClientCert" {
        if authorities.is_some() {
            let fix = "write `client_auth_type: RequireAndVerifyClientCert`, or leave the authorities out";
            r.fault(f.place, "authorities of clients are named, and no client is asked for a certificate", fix);
        }
        return Some(Clients::NotAsked);
    }
    if authorities.is_none() {
        let fix =
            "add `client_ca_file:` with the authorities of your clients; those of the machine would let everybody in";
        r.fault(f.place, format!("{asked} needs `client_ca_file`"), fix);
    }
    let authorities = authorities.flatten()?;
    Some(match asked {
        "VerifyClientCertIfGiven" => Clients::IfGiven(authorities),
        _ => Clients::Required { authorities, names: names.map(|(_, names)| names) },
    })
}

fn sans(r: &mut Reader, node: &Node) -> Vec<String> {
    let items = r.list(node, "client_allowed_sans").unwrap_or_default();
    if items.is_empty() {
        r.fault(node.place, "client_allowed_sans names nobody", "name a client, or leave it out for any");
    }
    items.iter().filter_map(|item| r.text(item, "a name of client_allowed_sans")).map(|name| name.value).collect()
}

/// One word of a list; a word of the second list is known to the format and refused with its own advice.
fn one_of(
    r: &mut Reader,
    node: &Node,
    what: &str,
    words: &[&'static str],
    refused: &[&str],
    fix: &str,
) -> Option<Spot<&'static str>> {
    match &node.value {
        Value::Text(text) if refused.contains(&text.trim()) => {
            r.fault(node.place, format!("{what} cannot be `{}` here", text.trim()), fix);
            None
        }
        Value::Text(_) | Value::Nothing | Value::List(_) | Value::Table(_) => r.word(node, what, words),
    }
}

fn version(r: &mut Reader, f: &Fields<'_>, key: &str) -> Option<Version> {
    let fix = "write `TLS12` or `TLS13`; older ones are broken and not spoken";
    let word = one_of(r, f.get(key)?, key, VERSIONS, OLD, fix)?;
    [Version::Tls12, Version::Tls13].into_iter().find(|version| version.word() == word.value)
}

fn suites(r: &mut Reader, node: &Node) -> Vec<Suite> {
    let items = r.list(node, "cipher_suites").unwrap_or_default();
    let mut suites = Vec::new();
    for item in items {
        let weak = matches!(&item.value, Value::Text(text) if text.contains("_CBC_") || text.starts_with("TLS_RSA_") || text.contains("_RC4_"));
        if weak {
            let fix =
                "leave it out: only suites with GCM or CHACHA20 and a key of their own for each connection are there";
            r.fault(item.place, "this cipher suite is too weak to be there", fix);
        } else {
            suites.extend(r.word(item, "a cipher suite", SUITES).map(|suite| suite.value));
        }
    }
    suites
}

fn curves(r: &mut Reader, node: &Node) -> Vec<Curve> {
    let items = r.list(node, "curve_preferences").unwrap_or_default();
    let fix = "leave it out: X25519, CurveP256 and CurveP384 are there";
    let words = items.iter().filter_map(|item| one_of(r, item, "a curve", CURVES, &["CurveP521"], fix));
    let curve = |word: Spot<&str>| match word.value {
        "CurveP256" => Curve::P256,
        "CurveP384" => Curve::P384,
        _ => Curve::X25519,
    };
    words.map(curve).collect()
}

fn switch(r: &mut Reader, node: &Node, what: &str) -> Option<bool> {
    r.word(node, what, SWITCH).map(|word| word.value == "true")
}

fn http(r: &mut Reader, node: &Node) -> Vec<(&'static str, String)> {
    let Some(f) = r.fields(node, &lang::HTTP) else { return Vec::new() };
    if let Some(node) = f.get("http2") {
        switch(r, node, "http2");
    }
    let Some(headers) = f.get("headers").and_then(|node| r.fields(node, &HEADERS)) else { return Vec::new() };
    let mut read = Vec::new();
    for rule in HEADERS.keys {
        let Some(node) = headers.get(rule.name) else { continue };
        let is_blank = match &node.value {
            Value::Text(text) => text.trim().is_empty(),
            Value::Nothing => true,
            Value::List(_) | Value::Table(_) => false,
        };
        if is_blank {
            continue;
        }
        let value = if let Form::OneOf(words) = &rule.form {
            r.word(node, rule.name, words).map(|word| word.value.to_owned())
        } else {
            header(r, node, rule.name)
        };
        read.extend(value.map(|value| (rule.name, value)));
    }
    read
}

fn header(r: &mut Reader, node: &Node, name: &str) -> Option<String> {
    let spot = r.text(node, name)?;
    if spot.value.chars().all(|c| matches!(c, ' '..='~')) {
        return Some(spot.value);
    }
    r.fault(spot.place, format!("{name} holds a letter that no header may have"), "write it in plain ASCII");
    None
}

fn users(r: &mut Reader, node: &Node) -> BTreeMap<String, Hash> {
    let fix = "name a user with the hash that `htpasswd -nBC 10 USER` prints, or leave the key out";
    if matches!(node.value, Value::Nothing) || node.is_empty_collection() {
        r.fault(node.place, "basic_auth_users names nobody", fix);
        return BTreeMap::new();
    }
    let mut users = BTreeMap::new();
    for (key, value) in r.entries(node, "basic_auth_users").unwrap_or_default() {
        let user = &key.text;
        if user.is_empty() || user.len() > LONGEST_USER || user.contains(':') || user.chars().any(char::is_control) {
            r.fault(
                key.place,
                "this is no name that a client could send",
                "write a name without colon, at most 255 bytes",
            );
            continue;
        }
        // What stands here may be a password by mistake: it is never repeated.
        let written = match &value.value {
            Value::Text(text) => Hash::read(text.trim()),
            Value::Nothing | Value::List(_) | Value::Table(_) => Err(format!("is {}", value.form())),
        };
        match written {
            Ok(hash) => drop(users.insert(user.clone(), hash)),
            Err(trouble) => r.fault(value.place, format!("the password's hash of `{user}` {trouble}"), HASH_FIX),
        }
    }
    users
}

const HASH_FIX: &str = "write what `htpasswd -nBC 10 USER` prints behind the colon";

fn rate(r: &mut Reader, node: &Node) -> Option<Rate> {
    let f = r.fields(node, &lang::RATE)?;
    let burst = f.get("burst").and_then(|node| r.count(node, "burst", (0, 1_000_000))).map_or(0, |burst| burst.value);
    let interval = r.text(f.get("interval")?, "interval")?;
    let read = if interval.value == "0" { Some(Duration::ZERO) } else { parse_time(&interval.value) };
    match read {
        None => {
            let fix = "write a whole number and a unit: 100ms, 1s or 1m";
            r.fault(interval.place, format!("interval `{}` is not a length of time", interval.value), fix);
            None
        }
        Some(Duration::ZERO) => None,
        Some(_) if burst == 0 => {
            r.fault(
                f.place,
                "with a burst of 0 no request would ever be answered",
                "write `burst: 20`, or leave rate_limit out",
            );
            None
        }
        Some(interval) if interval > Duration::from_secs(3_600) => {
            r.fault(f.place, "an interval of more than an hour answers nobody", "write 1h or less");
            None
        }
        Some(interval) => Some(Rate { interval, burst }),
    }
}
