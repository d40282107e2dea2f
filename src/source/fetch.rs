//! Fetching by https: bounded in time and in what is read, without redirects, and without a word of what is secret in any
//! message.

use super::Trouble;
use super::local::Disk;
use super::origin::Address;
use crate::dial::{self, Lookup};
use reqwest::header::{ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use reqwest::{Response, StatusCode};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The most that is read of a file of header lines, in bytes.
const LONGEST_HEADERS: u64 = 64 << 10;

/// What a server says of a document, so that it can be asked whether there is another one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    pub etag: Option<String>,
    pub last_modified: Option<String>,
}

/// What came of asking for a document.
pub enum Fetched {
    /// It is the one whose validators were sent.
    Same,
    Text(String, Validators),
}

/// How documents are fetched.
pub struct Fetcher {
    tls: rustls::ClientConfig,
    names: Lookup,
    /// A file of header lines to be sent along, read anew each time: tokens in it may be short-lived.
    headers: Option<PathBuf>,
    /// The longest that one document may take, from the look-up of the name to its last byte.
    limit: Duration,
    disk: Disk,
}

impl Fetcher {
    /// The longest that one document may take where nobody says otherwise.
    pub const LIMIT: Duration = Duration::from_secs(20);

    pub fn new(tls: rustls::ClientConfig, names: Lookup, headers: Option<PathBuf>, limit: Duration) -> Self {
        Self { tls, names, headers, limit, disk: Disk::default() }
    }

    /// Asks once. With validators, the answer may be that the document is the same.
    pub async fn get(&self, address: &Address, known: &Validators, most: usize) -> Result<Fetched, Trouble> {
        // The client's own timeout ends an attempt first, but for what it does not see.
        let attempt = self.attempt(address, known, most);
        let ended = tokio::time::timeout(self.limit + Duration::from_secs(1), attempt).await;
        ended.unwrap_or_else(|_| Err(self.too_late()))
    }

    async fn attempt(&self, address: &Address, known: &Validators, most: usize) -> Result<Fetched, Trouble> {
        // A connection does not outlive its document: between two of them lies more time than firewalls remember one.
        let client = dial::client(self.tls.clone(), Arc::clone(&self.names), self.limit).map_err(|e| self.told(e))?;
        let mut headers = self.own_headers().await?;
        let mut condition = |name: HeaderName, value: &Option<String>| {
            if let Some(value) = value.as_ref().and_then(|value| HeaderValue::from_str(value).ok()) {
                headers.insert(name, value);
            }
        };
        condition(IF_NONE_MATCH, &known.etag);
        if known.etag.is_none() {
            condition(IF_MODIFIED_SINCE, &known.last_modified);
        }
        let asked_whether = headers.contains_key(IF_NONE_MATCH) || headers.contains_key(IF_MODIFIED_SINCE);
        let mut response = client.get(address.whole()).headers(headers).send().await.map_err(|e| self.told(e))?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED if asked_whether => return Ok(Fetched::Same),
            status => return Err(refused(status)),
        }
        let validators = validators(&response);
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| self.told(e))? {
            if bytes.len() + chunk.len() > most {
                return Err(Trouble::lasting(format!("the answer has more than the {most} bytes that are read")));
            }
            bytes.extend_from_slice(&chunk);
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Fetched::Text(text, validators)),
            Err(_) => Err(Trouble::lasting("the answer is no text in UTF-8")),
        }
    }

    /// The header lines of the operator's file. Nothing of them is ever shown.
    async fn own_headers(&self) -> Result<HeaderMap, Trouble> {
        let Some(file) = self.headers.clone() else { return Ok(HeaderMap::new()) };
        let shown = format!("--plan-header-file {}", file.display());
        let text =
            self.disk.text(file, LONGEST_HEADERS).await.map_err(|e| Trouble::lasting(format!("{shown}: {e}")))?;
        header_lines(&text).map_err(|line| {
            Trouble::lasting(format!(
                "{shown}: line {line} is no header; write `Name: value`, such as `Authorization: Bearer …`"
            ))
        })
    }

    pub fn limit(&self) -> Duration {
        self.limit
    }

    pub fn too_late(&self) -> Trouble {
        Trouble::passing(format!("no whole answer within {} s", self.limit.as_secs()))
    }

    /// What went wrong, without the address, which may hold a key.
    fn told(&self, e: reqwest::Error) -> Trouble {
        if e.is_timeout() { self.too_late() } else { Trouble::passing(dial::told(e)) }
    }
}

/// Header lines; an error is the number of the first line that is none. Empty lines and those that begin with `#` say
/// nothing.
pub fn header_lines(text: &str) -> Result<HeaderMap, usize> {
    let mut headers = HeaderMap::new();
    for (place, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let parts = line.split_once(':').and_then(|(name, value)| {
            let name = HeaderName::from_bytes(name.trim().as_bytes()).ok()?;
            Some((name, HeaderValue::from_str(value.trim()).ok()?))
        });
        let Some((name, mut value)) = parts else { return Err(place + 1) };
        value.set_sensitive(true);
        headers.append(name, value);
    }
    Ok(headers)
}

fn validators(response: &Response) -> Validators {
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Validators { etag: header(ETAG), last_modified: header(LAST_MODIFIED) }
}

fn refused(status: StatusCode) -> Trouble {
    match status.as_u16() {
        300..=399 => {
            Trouble::lasting(format!("status {status}: redirects are not followed; name the address that it leads to"))
        }
        // Later, says the server (RFC 9110 §15.5.9, RFC 6585 §4).
        408 | 429 | 500..=599 => Trouble::passing(format!("status {status}")),
        401 | 403 => Trouble::lasting(format!(
            "status {status}: the server does not let this agent read it; see --plan-header-file"
        )),
        _ => Trouble::lasting(format!("status {status}")),
    }
}
