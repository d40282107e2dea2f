//! The names a plan gives to things, each a type of its own so that a target can never be passed for a vantage.

use std::fmt;
use std::sync::Arc;

/// The longest name a plan may use, in bytes. Names become metric labels; long ones would be paid for on every scrape.
pub const LONGEST_NAME: usize = 63;

/// Why a piece of text is not a name.
pub fn name_trouble(text: &str) -> Option<&'static str> {
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.is_empty() {
        Some("is empty")
    } else if text.len() > LONGEST_NAME {
        Some("is longer than 63 characters")
    } else if !starts_well || !text.chars().all(plain) {
        Some("may hold only letters, digits, '-', '_' and '.', and starts with a letter or digit")
    } else {
        None
    }
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            pub fn new(text: &str) -> Self {
                Self(text.into())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    )*};
}

names! {
    /// A place where traffic may originate: a subnet, a runner pool, a sandbox, an outside network.
    VantageName
    /// What sort of place a vantage is (`production`, `build`, `developer`, `outside`, or the fleet's own word).
    VantageKind
    /// A name server asked on its own.
    ResolverName
    /// An account or service with one or more endpoints.
    TargetName
    /// A catalogue entry: what kind of service a target is.
    ServiceName
    /// An exception's ticket or number.
    ExceptionName
    /// Where alerts are sent: an Alertmanager or a webhook.
    DestinationName
    /// One vantage looking at one endpoint: `target/host`.
    CheckName
}

/// A host name in the form DNS compares it: lower case, no trailing dot, at most 253 bytes (RFC 1035 §2.3.4).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct HostName(Arc<str>);

impl HostName {
    /// Reads a host name; the error is the reason, fit to follow the name in a sentence.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let bare = text.strip_suffix('.').unwrap_or(text);
        if !bare.is_ascii() {
            return Err("is not ASCII; write it in its xn-- form (RFC 5891)");
        }
        if bare.is_empty() || bare.len() > 253 {
            return Err("must have 1 to 253 characters (RFC 1035)");
        }
        if bare.parse::<std::net::IpAddr>().is_ok() {
            return Err("is an address, not a host name");
        }
        for label in bare.split('.') {
            if label.is_empty() || label.len() > 63 {
                return Err("has a label that is not 1 to 63 characters long (RFC 1035)");
            }
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if !label.chars().all(plain) || label.starts_with('-') || label.ends_with('-') {
                return Err("has a label with characters that host names do not have (RFC 1123)");
            }
        }
        Ok(Self(bare.to_ascii_lowercase().into()))
    }

    /// The name of a DNS record seen on the wire, kept even when it is not a host name that a plan could hold.
    pub fn from_wire(text: &str) -> Self {
        // The root keeps its dot: nothing at all would be read as a word that is missing.
        let bare = text.strip_suffix('.').filter(|bare| !bare.is_empty()).unwrap_or(text);
        Self(bare.to_ascii_lowercase().into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this name is `suffix` or lies below it.
    pub fn is_under(&self, suffix: &str) -> bool {
        self.0.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }

    /// The part in front of `suffix`, where this name lies below it.
    pub fn below<'a>(&'a self, suffix: &str) -> Option<&'a str> {
        self.0.strip_suffix(suffix)?.strip_suffix('.').filter(|rest| !rest.is_empty())
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_compare_as_dns_does() {
        let written = HostName::parse("Contoso-Chat.OpenAI.azure.com.").unwrap();
        assert_eq!(written.as_str(), "contoso-chat.openai.azure.com");
        assert!(written.is_under("openai.azure.com"));
        assert!(!written.is_under("ai.azure.com"));
        assert_eq!(written.below("openai.azure.com"), Some("contoso-chat"));
    }

    #[test]
    fn what_is_no_host_name_says_why() {
        let label = "a".repeat(64);
        for bad in ["", ".", "a..b", "10.0.0.1", "::1", "-a.b", "a b.c", "bücher.example", label.as_str()] {
            assert!(HostName::parse(bad).is_err(), "{bad} was accepted");
        }
    }

    #[test]
    fn a_name_is_a_label_value() {
        assert_eq!(name_trouble("prod-app"), None);
        for bad in ["", "-x", "a b", "a/b", &"x".repeat(64)] {
            assert!(name_trouble(bad).is_some(), "{bad} was accepted");
        }
    }
}
