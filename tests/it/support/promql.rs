//! Which metrics and labels an expression of PromQL names. Text in quotes is left out; nothing else is understood.

use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default)]
pub struct Named {
    /// Each metric with the labels that are matched on it.
    pub metrics: BTreeMap<String, BTreeSet<String>>,
    /// Labels of `by`, `on`, `group_left` and the like.
    pub grouped: BTreeSet<String>,
}

const GROUPING: &[&str] = &["by", "on", "without", "ignoring", "group_left", "group_right"];

/// Text without what stands in double quotes; the quotes stay.
fn unquoted(text: &str) -> String {
    text.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

fn is_of_a_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == ':'
}

fn words(text: &str) -> BTreeSet<String> {
    let words = text.split(|c| !is_of_a_name(c)).filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()));
    words.map(str::to_owned).collect()
}

pub fn named(expression: &str) -> Named {
    let text = unquoted(expression);
    let mut named = Named::default();
    let mut rest = text.as_str();
    while let Some(start) = rest.find(is_of_a_name) {
        let after = &rest[start..];
        let end = after.find(|c| !is_of_a_name(c)).unwrap_or(after.len());
        let (word, tail) = after.split_at(end);
        let within = |open: char, close: char| tail.trim_start().strip_prefix(open)?.split(close).next();
        rest = tail;
        if GROUPING.contains(&word) {
            named.grouped.extend(words(within('(', ')').unwrap_or_default()));
            rest = tail.find(')').map_or("", |at| &tail[at..]);
        } else if word.starts_with("fencepost_")
            || word.starts_with("process_")
            || word.contains(":fencepost_")
            || word == "ALERTS"
        {
            // A brace belongs to the metric only if it follows at once.
            let selector = tail.strip_prefix('{').and_then(|inside| inside.split_once('}'));
            let labels = selector.map(|(inside, _)| words(inside)).unwrap_or_default();
            named.metrics.entry(word.to_owned()).or_default().extend(labels);
            rest = selector.map_or(tail, |(_, after)| after);
        }
    }
    named
}
