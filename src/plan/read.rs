//! Readers of single values: a node and a form in, a typed value out, and a fault for whatever does not fit.

use super::fault::{Fault, Place};
use super::language::Table;
use super::names::{HostName, name_trouble};
use super::tree::{Key, Node, Value};
use ipnet::IpNet;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// A value and where it was written.
#[derive(Clone, Debug)]
pub struct Spot<T> {
    pub value: T,
    pub place: Place,
}

/// Gathers faults while values are read.
#[derive(Default)]
pub struct Reader {
    /// What the plan's files are called.
    pub files: Vec<String>,
    pub faults: Vec<Fault>,
}

/// The entries of one table, each key once.
pub struct Fields<'n> {
    pub place: Place,
    entries: HashMap<&'n str, &'n Node>,
}

impl<'n> Fields<'n> {
    pub fn get(&self, key: &str) -> Option<&'n Node> {
        self.entries.get(key).copied()
    }
}

impl Reader {
    pub fn fault(&mut self, place: Place, reason: impl Into<String>, fix: impl Into<String>) {
        self.faults.push(Fault::new(place, reason, fix));
    }

    /// The entries of a table of the language: unknown, repeated and missing keys become faults.
    pub fn fields<'n>(&mut self, node: &'n Node, table: &'static Table) -> Option<Fields<'n>> {
        let entries = self.entries(node, table.called)?;
        let mut known = HashMap::new();
        let mut misspelt = Vec::new();
        for (key, value) in entries {
            if table.keys.iter().any(|rule| rule.name == key.text) {
                known.insert(key.text.as_str(), value);
            } else {
                misspelt.extend(self.unknown_key(key, table));
            }
        }
        let merged = node.has_key("<<");
        let missing = |name| !merged && !known.contains_key(name) && !misspelt.contains(&name);
        for rule in table.keys.iter().filter(|rule| rule.required && missing(rule.name)) {
            self.fault(
                node.place,
                format!("{} needs `{}`", table.called, rule.name),
                format!("add `{}:` — {}", rule.name, rule.doc),
            );
        }
        Some(Fields { place: node.place, entries: known })
    }

    /// The entries of a table with keys of the plan's own choosing; repeated keys become faults, the first one counts.
    pub fn entries<'n>(&mut self, node: &'n Node, called: &str) -> Option<Vec<(&'n Key, &'n Node)>> {
        let Value::Table(entries) = &node.value else {
            self.fault(
                node.place,
                format!("{called} must be a table of `key: value`, but this is {}", node.form()),
                "write one `key: value` a line",
            );
            return None;
        };
        let mut seen: HashMap<&str, Place> = HashMap::new();
        let mut unique = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            match seen.get(key.text.as_str()) {
                Some(first) => {
                    let first = key.place.speaks_of(*first, &self.files);
                    self.fault(
                        key.place,
                        format!("`{}` is written twice in {called}; it first stands at {first}", key.text),
                        "keep one of the two, or rename one",
                    );
                }
                None => {
                    seen.insert(&key.text, key.place);
                    unique.push((key, value));
                }
            }
        }
        Some(unique)
    }

    /// Gives the key that was probably meant.
    fn unknown_key(&mut self, key: &Key, table: &'static Table) -> Option<&'static str> {
        let names = || table.keys.iter().map(|rule| rule.name);
        let reason = format!("`{}` is not a key of {}", key.text, table.called);
        let near = nearest(&key.text, names());
        let fix = match near {
            _ if key.text == "<<" => "write the keys out; merge keys are not taken".to_owned(),
            Some(near) => format!("write `{near}`"),
            None => format!("use one of: {}", names().collect::<Vec<_>>().join(", ")),
        };
        self.fault(key.place, reason, fix);
        near
    }

    pub fn list<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        if let Value::List(items) = &node.value {
            return Some(items);
        }
        self.fault(
            node.place,
            format!("{what} must be a list, but this is {}", node.form()),
            "put it in brackets: [a, b]",
        );
        None
    }

    /// One value or a list of values; either way a list.
    pub fn one_or_many<'n>(&mut self, node: &'n Node) -> &'n [Node] {
        match &node.value {
            Value::List(items) => items,
            Value::Text(_) | Value::Nothing | Value::Table(_) => std::slice::from_ref(node),
        }
    }

    pub fn text(&mut self, node: &Node, what: &str) -> Option<Spot<String>> {
        match &node.value {
            Value::Text(text) if !text.trim().is_empty() && !text.chars().any(char::is_control) => {
                Some(Spot { value: text.trim().to_owned(), place: node.place })
            }
            Value::Text(_) => {
                self.fault(node.place, format!("{what} must be one line of text"), "write it on one line");
                None
            }
            Value::Nothing | Value::List(_) | Value::Table(_) => {
                self.fault(
                    node.place,
                    format!("{what} must be a single value, but this is {}", node.form()),
                    "write the value behind the colon",
                );
                None
            }
        }
    }

    pub fn name(&mut self, node: &Node, what: &str) -> Option<Spot<String>> {
        let spot = self.text(node, what)?;
        self.check_name(&spot.value, spot.place, what).then_some(spot)
    }

    pub fn check_name(&mut self, text: &str, place: Place, what: &str) -> bool {
        match name_trouble(text) {
            None => true,
            Some(trouble) => {
                self.fault(place, format!("{what} `{text}` {trouble}"), "choose a short name such as `prod-app`");
                false
            }
        }
    }

    pub fn host(&mut self, text: &str, place: Place, what: &str) -> Option<HostName> {
        match HostName::parse(text) {
            Ok(host) => Some(host),
            Err(trouble) => {
                self.fault(
                    place,
                    format!("{what} `{text}` {trouble}"),
                    "write the full host name, such as `contoso-chat.openai.azure.com`",
                );
                None
            }
        }
    }

    pub fn time(&mut self, node: &Node, what: &str) -> Option<Spot<Duration>> {
        let spot = self.text(node, what)?;
        match parse_time(&spot.value) {
            Some(value) => Some(Spot { value, place: spot.place }),
            None => {
                self.fault(
                    spot.place,
                    format!("{what} `{}` is not a length of time", spot.value),
                    "write a whole number and a unit: 500ms, 30s, 5m or 1h",
                );
                None
            }
        }
    }

    pub fn count(&mut self, node: &Node, what: &str, bounds: (u32, u32)) -> Option<Spot<u32>> {
        let spot = self.text(node, what)?;
        let (low, high) = bounds;
        match spot.value.parse::<u32>() {
            Ok(value) if (low..=high).contains(&value) => Some(Spot { value, place: spot.place }),
            _ => {
                self.fault(
                    spot.place,
                    format!("{what} `{}` is not a whole number from {low} to {high}", spot.value),
                    format!("write a number from {low} to {high}"),
                );
                None
            }
        }
    }

    pub fn day(&mut self, node: &Node, what: &str) -> Option<Spot<jiff::civil::Date>> {
        let spot = self.text(node, what)?;
        let shaped = spot.value.len() == 10 && spot.value.as_bytes()[4] == b'-';
        match spot.value.parse() {
            Ok(value) if shaped => Some(Spot { value, place: spot.place }),
            _ => {
                self.fault(
                    spot.place,
                    format!("{what} `{}` is not a calendar day", spot.value),
                    "write year-month-day, such as 2026-12-04",
                );
                None
            }
        }
    }

    pub fn prefix(&mut self, node: &Node, what: &str) -> Option<Spot<IpNet>> {
        let spot = self.text(node, what)?;
        self.prefix_text(&spot.value, spot.place, what).map(|value| Spot { value, place: spot.place })
    }

    fn prefix_text(&mut self, text: &str, place: Place, what: &str) -> Option<IpNet> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Some(IpNet::from(address));
        }
        match text.parse::<IpNet>() {
            Ok(net) if net.trunc() == net => Some(net),
            Ok(net) => {
                self.fault(
                    place,
                    format!("{what} `{text}` has host bits set beyond its /{}", net.prefix_len()),
                    format!("write `{}`, or `{}` for the one address", net.trunc(), net.addr()),
                );
                None
            }
            Err(_) => {
                self.fault(
                    place,
                    format!("{what} `{text}` is neither an address nor a prefix"),
                    "write an address such as 10.20.3.5 or a prefix such as 10.20.3.0/24",
                );
                None
            }
        }
    }

    pub fn server(&mut self, node: &Node, what: &str) -> Option<SocketAddr> {
        let spot = self.text(node, what)?;
        if let Ok(address) = spot.value.parse::<IpAddr>() {
            return Some(SocketAddr::new(address, 53));
        }
        match spot.value.parse::<SocketAddr>() {
            Ok(server) if server.port() > 0 => Some(server),
            _ => {
                self.fault(
                    spot.place,
                    format!("{what} `{}` is neither an address nor an address and port", spot.value),
                    "write `168.63.129.16` or `127.0.0.1:5353`; names are not taken, because asking one needs a resolver",
                );
                None
            }
        }
    }

    pub fn host_port(&mut self, node: &Node, what: &str) -> Option<(HostName, u16)> {
        let spot = self.text(node, what)?;
        let parts = spot.value.rsplit_once(':').and_then(|(h, p)| Some((h, p.parse::<u16>().ok().filter(|p| *p > 0)?)));
        let Some((host, port)) = parts else {
            self.fault(
                spot.place,
                format!("{what} `{}` is not HOST:PORT", spot.value),
                "write a name and a port, such as `login.microsoftonline.com:443`",
            );
            return None;
        };
        let host = match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) => HostName::from_wire(&address.to_string()),
            Err(_) => self.host(host, spot.place, what)?,
        };
        Some((host, port))
    }

    pub fn word(&mut self, node: &Node, what: &str, words: &[&'static str]) -> Option<Spot<&'static str>> {
        let spot = self.text(node, what)?;
        match words.iter().find(|word| **word == spot.value) {
            Some(word) => Some(Spot { value: word, place: spot.place }),
            None => {
                let fix = match nearest(&spot.value, words.iter().copied()) {
                    Some(near) => format!("write `{near}`"),
                    None => format!("use one of: {}", words.join(", ")),
                };
                self.fault(spot.place, format!("{what} cannot be `{}`", spot.value), fix);
                None
            }
        }
    }
}

/// The word that was probably meant.
pub fn nearest<'a>(written: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    words
        .map(|word| (likeness(written, word), word))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| word)
}

/// From 0 to 1. One slip of the fingers counts as near however short the word is.
fn likeness(written: &str, word: &str) -> f64 {
    let slip = word.len() > 2 && strsim::damerau_levenshtein(written, word) == 1;
    strsim::jaro_winkler(written, word).max(if slip { 0.9 } else { 0.0 })
}

/// `500ms`, `30s`, `5m`, `1h`: a whole number and one unit, as Prometheus writes them.
pub fn parse_time(text: &str) -> Option<Duration> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..split].parse().ok()?;
    let millis = match &text[split..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(millis).map(Duration::from_millis)
}
