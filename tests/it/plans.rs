//! The ready plans read without fault, and none still reads when any of its tables holds a key it should not.

use crate::repository::{read, shipped_plans};
use fencepost::plan::{EXAMPLES, example};

const STRANGE: &str = "zzz-unknown: 1";

#[test]
fn every_shipped_plan_reads() {
    for (name, text) in shipped_plans() {
        if let Err(faults) = read(&text) {
            panic!("{name}: {faults}");
        }
    }
}

#[test]
fn every_shipped_plan_is_built_in_under_its_own_name() {
    for (name, text) in shipped_plans() {
        assert_eq!(example(&name), Some(text.as_str()), "{name} is not among the examples of the binary");
    }
    assert_eq!(EXAMPLES.len(), shipped_plans().len());
}

#[test]
fn every_shipped_plan_says_for_whom_it_is() {
    for (name, text) in shipped_plans() {
        assert!(text.starts_with("# For "), "{name}.yaml does not begin with the comment that says for whom it is");
    }
}

#[test]
fn an_unknown_key_in_any_table_is_refused_at_its_line() {
    for (name, text) in shipped_plans() {
        let spoilt = spoilt_everywhere(&text);
        assert!(spoilt.len() > 5, "{name}: only {} tables found", spoilt.len());
        for (line, text) in spoilt {
            let faults = read(&text).err().unwrap_or_else(|| panic!("{name} reads with a strange key at line {line}"));
            let lines: Vec<usize> = faults.faults.iter().map(|fault| fault.place.line).collect();
            assert_eq!(lines, [line], "{name} with a strange key at line {line}:\n{faults}\n{text}");
        }
    }
}

/// The text once for every place that can take a key, each with the line of the strange one.
pub fn spoilt_everywhere(text: &str) -> Vec<(usize, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut spoilt = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        let mut put = |replacement: String| {
            let mut changed: Vec<&str> = lines.clone();
            changed[i] = &replacement;
            spoilt.push((i + 1, changed.join("\n")));
        };
        let code = line.split_once(" #").map_or(*line, |(code, _)| code);
        let bare = code.trim_start();
        if bare.is_empty() || bare.starts_with('#') {
            continue;
        }
        let indent = &line[..line.len() - bare.len() - (line.len() - code.len())];
        if let Some(entry) = bare.strip_prefix("- ").filter(|entry| !entry.starts_with('{')) {
            put(format!("{indent}- {STRANGE}\n{indent}  {entry}"));
        } else if !bare.starts_with("- ") {
            put(format!("{indent}{STRANGE}\n{line}"));
        }
        for (at, _) in code.match_indices('{') {
            let more = if code[at + 1..].trim_start().starts_with('}') { "" } else { ", " };
            put(format!("{}{{{STRANGE}{more}{}", &line[..at], &line[at + 1..]));
        }
    }
    spoilt
}
