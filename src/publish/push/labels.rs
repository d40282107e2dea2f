//! The labels that every pushed series has.

use std::collections::BTreeMap;

/// Names that the series themselves use.
const TAKEN: [&str; 23] = [
    "cause",
    "check",
    "claim",
    "class",
    "endpoint",
    "environment",
    "exception",
    "family",
    "finding",
    "hash",
    "kind",
    "le",
    "owner",
    "plan",
    "quantile",
    "resolver",
    "severity",
    "state",
    "target",
    "vantage",
    "verdict",
    "version",
    "witness",
];

/// The longest value, in bytes. Receivers have bounds of their own, some at 1,024.
const LONGEST_VALUE: usize = 256;

/// `job` and `instance`, which say whose series it is, and those that the operator adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels(BTreeMap<String, String>);

impl Labels {
    /// Unless `own` says otherwise, the job is `fencepost` and the instance is the vantage.
    pub fn new(vantage: &str, own: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut labels =
            BTreeMap::from([("instance".to_owned(), vantage.to_owned()), ("job".to_owned(), "fencepost".to_owned())]);
        labels.extend(own);
        Self(labels)
    }

    /// Reads `NAME=VALUE`; the error is the reason and what to write instead.
    pub fn read(text: &str) -> Result<(String, String), String> {
        let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
        let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
        let is_name = name.starts_with(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit());
        if !is_name || name.starts_with("__") {
            return Err("a name has letters, digits and `_`, and begins with neither a digit nor `__`".to_owned());
        }
        if TAKEN.contains(&name) {
            return Err(format!("the series have a label `{name}` of their own; choose another name"));
        }
        if value.is_empty() || value.len() > LONGEST_VALUE || !value.chars().all(crate::plan::is_harmless) {
            return Err(format!("a value is a text of 1 to {LONGEST_VALUE} bytes on one line"));
        }
        Ok((name.to_owned(), value.to_owned()))
    }

    /// In the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_has_a_name_that_no_series_has() {
        for (text, says) in [
            ("cluster", "NAME=VALUE"),
            ("=a", "a name has"),
            ("0a=a", "a name has"),
            ("__name__=a", "a name has"),
            ("a-b=a", "a name has"),
            ("ä=a", "a name has"),
            ("vantage=a", "label `vantage`"),
            ("witness=a", "label `witness`"),
            ("cluster=", "a value is"),
            ("cluster=a\nb", "a value is"),
        ] {
            let why = Labels::read(text).unwrap_err();
            assert!(why.contains(says), "{text}: {why}");
        }
        assert!(Labels::read(&format!("a={}", "x".repeat(LONGEST_VALUE + 1))).is_err());
        let read = |text| Labels::read(text).unwrap();
        let labels = Labels::new("build", [read("instance=runner=7"), read("region=we")]);
        let said: Vec<_> = labels.iter().collect();
        assert_eq!(said, [("instance", "runner=7"), ("job", "fencepost"), ("region", "we")]);
    }
}
