//! Who may read the agent's pages, and how: the web configuration, in the format that Prometheus and its exporters share.
//!
//! [`read`] is the only way in, as it is for plans: every fault at once, each with its place and what to write instead.
//! What the format offers and this program cannot do is a fault too, never a setting without effect.

pub mod language;
#[cfg(test)]
mod tests;
mod read;
mod tls;

pub use tls::{Authorities, Clients, Curve, Pem, Suite, Tls, Version};

use crate::plan::{Fault, Faults, Place, yaml};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The largest file that is read, in bytes; certificates may stand in it.
pub const LARGEST_FILE: usize = 1 << 20;

/// The highest cost of a password's hash. Each step doubles the time that one look at a password takes; this one takes
/// about four seconds.
pub const HIGHEST_COST: u32 = 16;

/// A checked web configuration.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct WebConfig {
    /// `None` for plain HTTP.
    pub tls: Option<Tls>,
    /// Headers that every answer gets, in the order of the file.
    pub headers: Vec<(&'static str, String)>,
    /// Users and the hashes of their passwords; without any, nobody is asked.
    pub users: BTreeMap<String, Hash>,
    pub rate: Option<Rate>,
}

/// How many requests are answered, of all clients together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// The time that one request stands for.
    pub interval: Duration,
    /// How many may come at once, 1 or more.
    pub burst: u32,
}

/// A bcrypt hash of 60 characters. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Hash(String);

impl Hash {
    /// Takes what `htpasswd -B` and the bcrypt libraries write: `$2a$`, `$2b$` or `$2y$`, a cost, salt and hash.
    fn read(text: &str) -> Result<Self, String> {
        let digits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '/');
        let kind = ["$2a$", "$2b$", "$2y$"].iter().find_map(|kind| text.strip_prefix(kind));
        let parts = kind.and_then(|rest| rest.split_once('$'));
        let Some((cost, rest)) = parts.filter(|(cost, rest)| cost.len() == 2 && rest.len() == 53) else {
            return Err("is no bcrypt hash".to_owned());
        };
        let is_whole = rest.chars().all(digits) && text.parse::<bcrypt::HashParts>().is_ok();
        match cost.parse::<u32>() {
            Ok(cost) if is_whole && cost > HIGHEST_COST => {
                Err(format!("has the cost {cost}; each look at a password would take minutes"))
            }
            Ok(4..) if is_whole => Ok(Self(text.to_owned())),
            Ok(_) | Err(_) => Err("is no bcrypt hash".to_owned()),
        }
    }

    /// A hash of this cost that no password has been looked for.
    pub fn of_nobody(cost: u32) -> Self {
        // Salt and hash are zeros; finding a password for them takes as long as for any other.
        Self(format!("$2b${:02}${}", cost.clamp(4, HIGHEST_COST), ".".repeat(53)))
    }

    /// The logarithm of how often it is computed.
    pub fn cost(&self) -> u32 {
        self.0.get(4..6).and_then(|cost| cost.parse().ok()).unwrap_or(HIGHEST_COST)
    }

    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(a hash)")
    }
}

impl WebConfig {
    /// Whether clients must prove who they are, by a password or by a certificate.
    pub fn asks_who(&self) -> bool {
        !self.users.is_empty() || self.requires_certificate()
    }

    /// Whether nobody gets in without a certificate.
    pub fn requires_certificate(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| matches!(tls.clients, Clients::Required { .. }))
    }

    /// Whether certificates must have certain names.
    fn names_clients(&self) -> bool {
        let of_tls = |tls: &Tls| matches!(tls.clients, Clients::Required { authorities: _, names: Some(_) });
        self.tls.as_ref().is_some_and(of_tls)
    }

    /// What this one asked of clients and `later` does not. A file that is half written, or lost its end, must not open
    /// what was closed.
    pub fn given_up_by(&self, later: &Self) -> Option<&'static str> {
        if self.tls.is_some() && later.tls.is_none() {
            Some("TLS")
        } else if !self.users.is_empty() && later.users.is_empty() {
            Some("passwords")
        } else if self.requires_certificate() && !later.requires_certificate() {
            Some("client certificates")
        } else if self.names_clients() && !later.names_clients() {
            Some("the names of clients")
        } else {
            None
        }
    }
}

/// Reads and checks a web configuration; `file` is only named in faults.
pub fn read(file: &str, text: &str) -> Result<WebConfig, Faults> {
    let start = Place { file: 0, line: 1, column: 1 };
    let refused = |reason: String, fix: &str| Err(Faults::new(file, vec![Fault::new(start, reason, fix)]));
    if text.len() > LARGEST_FILE {
        let reason = format!("the file has {} bytes, more than the {LARGEST_FILE} that are read", text.len());
        return refused(reason, "name certificates by `cert_file` and `client_ca_file`");
    }
    let is_blank = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    if text.lines().all(is_blank) {
        // Somebody may be writing it; nothing must open for so long.
        return refused("the file is empty".to_owned(), "write `{}` to ask nothing of clients");
    }
    let root = yaml::read(text).map_err(|fault| Faults::new(file, vec![fault]))?;
    let mut reader = yaml::Reader::default();
    let config = read::config(&mut reader, &root);
    if reader.faults.is_empty() { Ok(config) } else { Err(Faults::new(file, reader.faults)) }
}
