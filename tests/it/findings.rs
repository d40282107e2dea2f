//! `docs/findings` holds what the program prints, and `docs/verdicts.md` the causes that the program knows.

use crate::repository::{files_in, repo, text_of};
use fencepost::judge::{Cause, Code};
use fencepost::story;
use std::collections::BTreeMap;
use std::fs;

#[test]
fn every_finding_has_its_page_in_the_documents() {
    let mut wanted: BTreeMap<String, String> =
        Code::ALL.iter().map(|code| (code.word().to_owned(), story::page(*code))).collect();
    wanted.insert("README".to_owned(), story::index());
    let fresh = repo("target/findings");
    fs::create_dir_all(&fresh).unwrap();
    for (name, text) in &wanted {
        fs::write(fresh.join(format!("{name}.md")), text).unwrap();
    }
    let written: BTreeMap<String, String> = files_in("docs/findings", "md").into_iter().collect();
    let mut trouble = Vec::new();
    for (name, text) in &wanted {
        match written.get(name) {
            None => trouble.push(format!("{name}.md is missing")),
            Some(old) if old != text => trouble.push(format!("{name}.md is out of date")),
            Some(_) => {}
        }
    }
    let left_over = written.keys().filter(|name| !wanted.contains_key(*name));
    trouble.extend(left_over.map(|name| format!("{name}.md belongs to no finding; remove it")));
    assert!(trouble.is_empty(), "docs/findings: {trouble:#?}\nrun: cp target/findings/*.md docs/findings/");
}

#[test]
fn the_verdicts_name_every_cause() {
    let text = text_of("docs/verdicts.md");
    let section = text.split("\n## Causes\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows: Vec<&str> = section.lines().filter(|line| line.starts_with("| `")).collect();
    let row =
        |cause: &Cause| format!("| `{}` | {} | {} |", cause.word(), story::surest(*cause).word(), cause.summary());
    let wanted: Vec<String> = Cause::ALL.iter().map(row).collect();
    assert_eq!(rows, wanted, "docs/verdicts.md should hold:\n{}", wanted.join("\n"));
}
