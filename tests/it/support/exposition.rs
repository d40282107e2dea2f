//! What an agent shows at `/metrics`, read line by line.

use super::agent::http;
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub struct Exposition {
    /// The type of each family.
    pub kinds: BTreeMap<String, String>,
    pub samples: Vec<Sample>,
}

#[derive(Debug)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
}

impl Exposition {
    /// Asks the agent that listens there.
    pub fn of(address: &str) -> Self {
        let (status, _, text) = http(address, "GET", "/metrics");
        assert_eq!(status, 200);
        Self::read(&text)
    }

    pub fn read(text: &str) -> Self {
        let mut read = Self::default();
        for line in text.lines() {
            if let Some(typed) = line.strip_prefix("# TYPE ") {
                let (family, kind) = typed.split_once(' ').unwrap();
                assert_eq!(read.kinds.insert(family.to_owned(), kind.to_owned()), None, "{family} is there twice");
            } else if !line.starts_with('#') && !line.is_empty() {
                read.samples.push(sample(line));
            }
        }
        read
    }
}

impl Sample {
    /// The family that it belongs to.
    pub fn family<'a>(&'a self, kinds: &BTreeMap<String, String>) -> &'a str {
        let of_histogram = ["_bucket", "_sum", "_count"].iter().filter_map(|end| self.name.strip_suffix(end));
        let mut of_histogram = of_histogram.filter(|family| kinds.get(*family).is_some_and(|kind| kind == "histogram"));
        of_histogram.next().unwrap_or(&self.name)
    }

    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.get(name).map(String::as_str)
    }
}

fn sample(line: &str) -> Sample {
    let end = line.find(['{', ' ']).unwrap();
    let mut labels = BTreeMap::new();
    let mut rest = line[end..].strip_prefix('{').unwrap_or("}");
    while let Some((name, after)) = rest.split_once("=\"") {
        let (value, after) = quoted(after);
        assert_eq!(labels.insert(name.trim_start_matches(',').to_owned(), value), None, "{line}");
        rest = after;
    }
    assert!(rest.trim_start_matches(',').starts_with('}'), "{line}");
    Sample { name: line[..end].to_owned(), labels }
}

/// Text up to its closing quote, and what follows.
fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut rest = text.chars();
    loop {
        match rest.next().unwrap() {
            '"' => return (value, rest.as_str()),
            '\\' => value.push(match rest.next().unwrap() {
                'n' => '\n',
                escaped => escaped,
            }),
            plain => value.push(plain),
        }
    }
}

#[test]
fn lines_of_metrics_are_read() {
    let read = Exposition::read(
        "# HELP a What it is.\n# TYPE a histogram\na_bucket{le=\"1\",x=\"say \\\"{=\\\", \\\\\"} 3\na_sum 2\n# TYPE b_count gauge\nb_count 1\n",
    );
    let families: Vec<&str> = read.samples.iter().map(|sample| sample.family(&read.kinds)).collect();
    assert_eq!(families, ["a", "a", "b_count"]);
    assert_eq!((read.samples[0].label("le"), read.samples[0].label("x")), (Some("1"), Some("say \"{=\", \\")));
    assert!(read.samples[1].labels.is_empty());
}
