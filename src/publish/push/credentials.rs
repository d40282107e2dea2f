//! What proves to a receiver who pushes. It shows itself nowhere.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use std::fmt;

/// Headers that the push sets itself, or that belong to the connection.
const OWN_HEADERS: [&str; 9] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "te",
    "transfer-encoding",
    "upgrade",
    "x-prometheus-remote-write-version",
];

/// The most headers of the operator's own.
const MOST_HEADERS: usize = 16;

/// Why a text holds nothing usable; fit to follow its place in a sentence, without a word of what it holds.
pub type Unusable = &'static str;

#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    token: Option<String>,
    basic: Option<(String, String)>,
    headers: HeaderMap,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Without the line ends at its end.
fn bare(text: &str) -> &str {
    text.trim_end_matches(['\n', '\r'])
}

impl Credentials {
    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Takes a bearer token.
    pub fn token(&mut self, text: &str) -> Result<(), Unusable> {
        let token = bare(text);
        if token.is_empty() {
            return Err("is empty; write the bearer token into it");
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("holds more than a token; write the bearer token into it, on one line and without spaces");
        }
        self.alone()?;
        self.token = Some(token.to_owned());
        Ok(())
    }

    /// Takes `USER:PASSWORD`.
    pub fn basic(&mut self, text: &str) -> Result<(), Unusable> {
        let wrong = "holds no user and password; write USER:PASSWORD into it, on one line";
        let (user, password) = bare(text).split_once(':').ok_or(wrong)?;
        if user.is_empty() || bare(text).chars().any(char::is_control) {
            return Err(wrong);
        }
        self.alone()?;
        self.basic = Some((user.to_owned(), password.to_owned()));
        Ok(())
    }

    /// Takes headers, one `NAME: VALUE` on each line.
    pub fn headers(&mut self, text: &str) -> Result<(), Unusable> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        for line in lines {
            let (name, value) =
                line.split_once(':').ok_or("holds a line that is no header; write NAME: VALUE on each line")?;
            self.header(name.trim(), value.trim())?;
        }
        if self.headers.is_empty() { Err("holds no header; write NAME: VALUE on each line") } else { Ok(()) }
    }

    /// Takes headers as the variables of OpenTelemetry hold them: `name=value,…`, with values percent-encoded.
    pub fn open_telemetry(&mut self, text: &str) -> Result<(), Unusable> {
        let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
        for pair in pairs {
            let wrong = "holds a part that is no NAME=VALUE; percent-encode commas and other signs of values";
            let (name, value) = pair.split_once('=').ok_or(wrong)?;
            let value = decoded(value.trim()).ok_or(wrong)?;
            self.header(name.trim(), &value)?;
        }
        Ok(())
    }

    fn header(&mut self, name: &str, value: &str) -> Result<(), Unusable> {
        let wrong = "holds a header that cannot be sent; names and values are visible characters";
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong)?;
        let mut value = HeaderValue::from_str(value).map_err(|_| wrong)?;
        if OWN_HEADERS.contains(&name.as_str()) {
            return Err("holds a header that the push sets itself; leave it out");
        }
        if name.as_str() == "authorization" {
            self.alone()?;
        }
        if self.headers.contains_key(&name) {
            return Err("holds a header that there is already; write each once");
        }
        if self.headers.len() == MOST_HEADERS {
            return Err("holds more than 16 headers; leave some out");
        }
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(())
    }

    /// There is one proof, or none: of two, nobody knows which is meant.
    fn alone(&self) -> Result<(), Unusable> {
        let has_one = self.token.is_some() || self.basic.is_some() || self.headers.contains_key("authorization");
        if has_one {
            return Err(
                "is a second proof for one receiver; give a token, or a user and password, or an Authorization \
                        header",
            );
        }
        Ok(())
    }

    /// Puts them on a request.
    pub fn on(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        let request = request.headers(self.headers.clone());
        match (&self.token, &self.basic) {
            (Some(token), _) => request.bearer_auth(token),
            (None, Some((user, password))) => request.basic_auth(user, Some(password)),
            (None, None) => request,
        }
    }

    /// A text of the receiver without them: some repeat what they were sent.
    pub fn out_of(&self, said: &str) -> String {
        let headers = self.headers.values().filter_map(|value| value.to_str().ok());
        let words = headers.flat_map(|value| value.split(' ').chain([value]));
        let secrets =
            self.token.as_deref().into_iter().chain(self.basic.as_ref().map(|(_, password)| password.as_str()));
        let mut said = said.to_owned();
        // Shorter ones stand in any text, and taking them out would tell them.
        for secret in secrets.chain(words).filter(|secret| secret.len() >= 4) {
            said = said.replace(secret, "(secret)");
        }
        said
    }
}

/// Percent-encoded text; nothing, where it is none.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let [high, low, after @ ..] = rest else { return None };
        let digit = |byte: u8| char::from(byte).to_digit(16);
        bytes.push(u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Take = fn(&mut Credentials, &str) -> Result<(), Unusable>;

    #[test]
    fn what_cannot_be_used_is_refused_without_being_told() {
        let cases: [(Take, &str, &str); 15] = [
            (Credentials::token, "\n", "is empty"),
            (Credentials::token, "hunter2 and more", "more than a token"),
            (Credentials::token, "hunter2\nmore", "more than a token"),
            (Credentials::basic, "hunter2", "no user and password"),
            (Credentials::basic, ":hunter2", "no user and password"),
            (Credentials::basic, "ana:hunter2\nmore", "no user and password"),
            (Credentials::headers, "\n", "no header"),
            (Credentials::headers, "hunter2", "no header"),
            (Credentials::headers, "Host: hunter2", "sets itself"),
            (Credentials::headers, "Content-Type: hunter2", "sets itself"),
            (Credentials::headers, "X-Key: a\nx-key: hunter2", "already"),
            (Credentials::headers, "X Key: hunter2", "cannot be sent"),
            (Credentials::open_telemetry, "hunter2", "no NAME=VALUE"),
            (Credentials::open_telemetry, "x-key=hunter2%2", "no NAME=VALUE"),
            (Credentials::open_telemetry, "x-key=hunter2%0d%0aHost: a", "cannot be sent"),
        ];
        for (take, text, says) in cases {
            let why = take(&mut Credentials::default(), text).unwrap_err();
            assert!(why.contains(says) && !why.contains("hunter2"), "{text:?}: {why}");
        }
        let many: String = (0..=MOST_HEADERS).map(|n| format!("X-{n}: a\n")).collect();
        assert!(Credentials::default().headers(&many).unwrap_err().contains("more than 16"));
    }

    #[test]
    fn there_is_one_proof() {
        let takes: [(Take, &str); 4] = [
            (Credentials::token, "hunter2"),
            (Credentials::basic, "ana:hunter2"),
            (Credentials::headers, "Authorization: Bearer hunter2"),
            (Credentials::open_telemetry, "authorization=Bearer%20hunter2"),
        ];
        for (first, one) in takes {
            for (second, other) in takes {
                let mut credentials = Credentials::default();
                first(&mut credentials, one).unwrap();
                assert!(second(&mut credentials, other).unwrap_err().contains("second proof"), "{one}, {other}");
                credentials.headers("X-Scope-OrgID: network").unwrap();
            }
        }
    }

    #[test]
    fn nothing_of_them_is_shown() {
        let mut credentials = Credentials::default();
        assert!(credentials.is_empty());
        credentials.headers("Authorization: Bearer hunter2\r\nApi-Key: hunter3\r\n").unwrap();
        assert_eq!(format!("{credentials:?}"), "(secret)");
        assert_eq!(credentials.out_of("no such key: hunter3, hunter2"), "no such key: (secret), (secret)");
        let mut basic = Credentials::default();
        basic.basic("ana:hunter4:5\r\n").unwrap();
        assert_eq!(basic.out_of("ana has not hunter4:5"), "ana has not (secret)");
        assert!(!basic.is_empty());
    }
}
