//! What the web configuration says of TLS.

use std::fmt;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tls {
    pub certificate: Pem,
    pub key: Pem,
    pub clients: Clients,
    /// The oldest and the newest version that is spoken.
    pub versions: (Version, Version),
    /// Of TLS 1.2, the preferred one first; empty for all.
    pub suites: Vec<Suite>,
    /// The preferred one first; empty for all.
    pub curves: Vec<Curve>,
    /// Whether this side's order of suites decides.
    pub own_order: bool,
}

/// Where something in PEM stands.
#[derive(Clone, PartialEq, Eq)]
pub enum Pem {
    /// A file; a relative path counts from the folder of the web configuration.
    File(String),
    /// The text itself, which may be a key.
    Inline(String),
}

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{path:?}"),
            Self::Inline(_) => f.write_str("(inline)"),
        }
    }
}

/// Those who vouch for clients.
pub type Authorities = Pem;

/// Which certificates clients show.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Clients {
    NotAsked,
    /// One that is shown must be good; none is good too.
    IfGiven(Authorities),
    Required {
        authorities: Authorities,
        /// Names of which the certificate must have one; `None` for any name.
        names: Option<Vec<String>>,
    },
}

impl Clients {
    pub fn authorities(&self) -> Option<&Authorities> {
        match self {
            Self::NotAsked => None,
            Self::IfGiven(authorities) | Self::Required { authorities, names: _ } => Some(authorities),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Version {
    Tls12,
    Tls13,
}

impl Version {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tls12 => "TLS12",
            Self::Tls13 => "TLS13",
        }
    }
}

/// A cipher suite, by its IANA name.
pub type Suite = &'static str;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Curve {
    X25519,
    P256,
    P384,
}
