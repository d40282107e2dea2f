//! Every input that fuzzing kept goes through the target's function again: those that reach something of their own, in
//! `fuzz/seeds`, and those that were once too much, in `fuzz/regressions`. `scripts/fuzz` looks for more.

use crate::fuzzed::{self, TARGETS};
use crate::repository::{files_in, repo, shipped_plans, text_of};
use fencepost::facts::HttpOutcome;
use proptest::prelude::*;
use std::path::PathBuf;
use std::sync::LazyLock;

/// What is kept of all targets together, in bytes.
const MOST_KEPT: u64 = 300 << 10;

fn files(folder: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(repo(folder)) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn every_kept_input_is_taken_without_harm() {
    let mut kept = 0;
    for (name, body) in TARGETS {
        let seeds = files(&format!("fuzz/seeds/{name}"));
        assert!(seeds.len() >= 10, "only {} seeds of {name}", seeds.len());
        for path in seeds.into_iter().chain(files(&format!("fuzz/regressions/{name}"))) {
            // The last one named is the one that fails.
            println!("{}", path.display());
            let bytes = std::fs::read(&path).unwrap();
            kept += bytes.len() as u64;
            body(&bytes);
        }
    }
    assert!(kept <= MOST_KEPT, "{kept} bytes are kept; minimise them with `cargo fuzz cmin`");
}

/// The inputs reach what they are for.
#[test]
fn kept_answers_are_read_as_answers() {
    let outcomes = files("fuzz/seeds/http").into_iter().map(|path| fuzzed::http_outcome(&std::fs::read(path).unwrap()));
    let mut statuses: Vec<u16> = outcomes
        .filter_map(|outcome| match outcome {
            HttpOutcome::Answered { status, .. } => Some(status),
            HttpOutcome::TimedOut | HttpOutcome::Broken(_) | HttpOutcome::Garbled(_) => None,
        })
        .collect();
    statuses.sort_unstable();
    statuses.dedup();
    assert!([200, 401, 403].iter().all(|status| statuses.contains(status)), "{statuses:?}");
}

/// The plans that fuzzing begins with besides.
#[test]
fn every_shipped_and_every_bad_plan_keeps_to_the_same_rules() {
    for (name, text) in shipped_plans().into_iter().chain(files_in("tests/it/faults", "yaml")) {
        println!("{name}");
        fuzzed::plan_text(text.as_bytes());
    }
}

#[test]
fn every_target_is_built_and_run() {
    let manifest = text_of("fuzz/Cargo.toml");
    let built: Vec<&str> = manifest.lines().filter_map(|line| line.strip_prefix("path = \"fuzz_targets/")).collect();
    let named: Vec<String> = TARGETS.iter().map(|(name, _)| format!("{name}.rs\"")).collect();
    assert_eq!(built, named);
    let script = text_of("scripts/fuzz");
    for (name, _) in TARGETS {
        assert!(repo(&format!("fuzz/fuzz_targets/{name}.rs")).exists(), "{name}");
        assert!(script.contains(&format!(" {name}")), "scripts/fuzz does not run {name}");
    }
}

/// Every kept input, with the place of its target.
static KEPT: LazyLock<Vec<(usize, Vec<u8>)>> = LazyLock::new(|| {
    let of_target = |place: usize| {
        let name = TARGETS[place].0;
        files(&format!("fuzz/seeds/{name}")).into_iter().map(move |path| (place, std::fs::read(path).unwrap()))
    };
    (0..TARGETS.len()).flat_map(of_target).collect()
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    /// What fuzzing does for minutes, for a moment: kept inputs with bytes cut out, put in and exchanged.
    #[test]
    fn a_changed_input_is_taken_without_harm(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), 0_usize..9, prop::collection::vec(any::<u8>(), 0..9)), 1..5),
    ) {
        let (place, bytes) = &KEPT[which.index(KEPT.len())];
        let mut bytes = bytes.clone();
        for (at, length, put) in changes {
            let at = at.index(bytes.len() + 1);
            let end = (at + length).min(bytes.len());
            bytes.splice(at..end, put);
        }
        TARGETS[*place].1(&bytes);
    }
}
