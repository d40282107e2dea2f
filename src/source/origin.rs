//! What `--plan` names.

use std::fmt;
use std::path::{Path, PathBuf};
use url::Url;

/// Where a plan is.
#[derive(Clone, PartialEq, Eq)]
pub enum Origin {
    Stdin,
    /// A file or a folder.
    Path(PathBuf),
    Address(Address),
}

/// An https address. Its query may hold a signature that opens a storage account, so it is shown without.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Url);

/// What a shared access signature of Azure Storage adds to a query. It changes while the document stays the same.
const OF_A_SIGNATURE: [&str; 19] = [
    "sv", "ss", "srt", "sr", "sig", "st", "se", "sp", "sip", "spr", "si", "skoid", "sktid", "skt", "ske", "sks", "skv",
    "saoid", "suoid",
];

impl Origin {
    /// Reads what `--plan` names; the error says what to write instead, and repeats no more than is shown of an address.
    pub fn parse(named: &Path) -> Result<Self, String> {
        if named == Path::new("-") {
            return Ok(Self::Stdin);
        }
        let Some((scheme, _)) = named.to_str().and_then(|text| text.split_once("://")) else {
            return Ok(Self::Path(named.to_owned()));
        };
        if scheme.eq_ignore_ascii_case("http") {
            return Err(
                "a plan is not fetched by http, where anybody on the way could change it; serve it by https".to_owned()
            );
        }
        if !scheme.eq_ignore_ascii_case("https") {
            return Err("a plan is a file, a folder, - for standard input, or an https address".to_owned());
        }
        let url = named.to_str().and_then(|text| Url::parse(text).ok()).filter(|url| url.has_host());
        let Some(url) = url else {
            return Err("the address of the plan is no https address; write https://HOST/PATH".to_owned());
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("the address of the plan holds credentials, and addresses end up in process lists; put an \
                        Authorization line into a file and name it with --plan-header-file"
                .to_owned());
        }
        if url.fragment().is_some() {
            return Err("the address of the plan has a fragment, which is never sent; leave it out".to_owned());
        }
        Ok(Self::Address(Address(url)))
    }

    /// The folder that relative paths in the plan count from; a plan from elsewhere has none.
    pub fn folder(&self) -> Option<PathBuf> {
        match self {
            Self::Stdin => Some(PathBuf::new()),
            Self::Path(path) if path.is_dir() => Some(path.clone()),
            Self::Path(path) => Some(path.parent().map(Path::to_owned).unwrap_or_default()),
            Self::Address(_) => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => f.write_str("standard input"),
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Address(address) => address.fmt(f),
        }
    }
}

impl Address {
    /// All of it, for whoever calls it.
    pub fn whole(&self) -> &str {
        self.0.as_str()
    }

    /// The address of the detached signature: beside the plan, with the same query.
    pub fn of_signature(&self) -> Self {
        let mut url = self.0.clone();
        url.set_path(&format!("{}.minisig", self.0.path()));
        Self(url)
    }

    /// What tells one document from another: all but what opens the door to it.
    pub fn document(&self) -> String {
        let mut rest: Vec<(String, String)> = self.0.query_pairs().into_owned().collect();
        rest.retain(|(name, _)| !OF_A_SIGNATURE.contains(&name.as_str()));
        let rest: Vec<String> = rest.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{self}?{}", rest.join("&"))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.0.origin().ascii_serialization(), self.0.path())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
