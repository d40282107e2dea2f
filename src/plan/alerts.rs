//! Where agents send alerts themselves.

use super::names::DestinationName;
use std::fmt;

/// What the plan says of alerts that agents send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alerts {
    /// Where the runbooks are published, without a slash at its end.
    pub runbooks: Option<String>,
    /// The Alertmanagers, then the webhooks, each in the order of the plan.
    pub destinations: Vec<Destination>,
}

/// Where alerts are sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Unique among all destinations: it is a label of metrics.
    pub name: DestinationName,
    pub kind: DestinationKind,
    pub url: Url,
    /// The file that holds the bearer token of an Alertmanager, or the key of a webhook.
    pub secret: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DestinationKind {
    Alertmanager,
    Webhook,
}

impl DestinationKind {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Alertmanager => "alertmanager",
            Self::Webhook => "webhook",
        }
    }
}

/// A web address with a host and without credentials. Path and query are shown to nobody: services that hand out
/// addresses for webhooks often hide their key there.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(url::Url);

impl Url {
    /// Reads an address; the error is the reason, fit to follow the address in a sentence.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let url = url::Url::parse(text).map_err(|_| "is no web address")?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return Err("is no http or https address");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("holds credentials");
        }
        if url.fragment().is_some() {
            return Err("has a fragment, which is never sent");
        }
        if url.port() == Some(0) {
            return Err("names port 0");
        }
        Ok(Self(url))
    }

    /// All of it, for whoever calls it.
    pub fn whole(&self) -> &str {
        self.0.as_str()
    }

    /// Scheme, host and port, for whoever is told of it.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Without a slash at its end, so that a path can be appended.
    pub fn base(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    pub fn has_query(&self) -> bool {
        self.0.query().is_some()
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/…", self.origin())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_without_its_path() {
        let url = Url::parse("https://hooks.contoso.example:8443/a/key?sig=secret").unwrap();
        assert_eq!(url.origin(), "https://hooks.contoso.example:8443");
        assert_eq!(format!("{url:?}"), "https://hooks.contoso.example:8443/…");
        assert!(url.whole().ends_with("/a/key?sig=secret") && url.has_query());
    }

    #[test]
    fn a_path_can_be_appended() {
        for text in ["http://10.20.9.4:9093", "http://10.20.9.4:9093/", "http://10.20.9.4:9093//"] {
            assert_eq!(Url::parse(text).unwrap().base(), "http://10.20.9.4:9093", "{text}");
        }
        assert_eq!(Url::parse("http://h/prefix/").unwrap().base(), "http://h/prefix");
    }
}
