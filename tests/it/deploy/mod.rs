//! The ways to run an agent that `deploy` holds, each as far as it can be tried on one machine.

mod azure;
mod container;
mod systemd;
mod vmss;

use crate::repository::{repo, text_of};

/// Longer than this is no page.
const LONGEST_PAGE: usize = 90;

#[test]
fn every_way_has_a_page_that_says_what_was_tried_and_a_row_in_the_table() {
    let table = text_of("deploy/README.md");
    let entries = std::fs::read_dir(repo("deploy")).unwrap().map(|entry| entry.unwrap().path());
    let ways: Vec<String> = entries
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert!(ways.len() >= 4, "{ways:?}");
    for way in &ways {
        let page = text_of(&format!("deploy/{way}/README.md"));
        let says = |word: &str| page.to_lowercase().contains(word);
        assert!(says("not tried") || says("untried"), "deploy/{way}/README.md does not say what was not tried");
        assert!(page.lines().count() <= LONGEST_PAGE, "deploy/{way}/README.md is longer than a page");
        assert!(
            table.lines().any(|row| row.starts_with('|') && row.contains(way.as_str())),
            "{way} is not in the table"
        );
    }
}
