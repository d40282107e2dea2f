//! A plan in several files: what is gathered, what decides, and where faults are.

use crate::repository::{SERVICES, read};
use fencepost::plan::{self, Faults, Plan, listing, read_folder};
use proptest::prelude::*;

type Files<'a> = &'a [(&'a str, &'a str)];

fn folder(files: Files<'_>) -> Result<Plan, Faults> {
    let files: Vec<(String, String)> = files.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect();
    read_folder("plan.d", &files, &SERVICES)
}

const BASE: &str = "plan: p\nsettings: {every: 10s, timeout: 1s}\nvantages: {app: {kind: production}}\n";
const CHAT: &str = "targets:\n  chat: {service: https, endpoints: {chat.contoso.example: [10.0.0.1]}}\n";
const BUILD: &str = "vantages: {build: {kind: build}}\n\
                     targets:\n  other: {service: https, endpoints: {other.contoso.example: [10.0.0.2]}}\n";
const RULES: &str = "rules: [{name: all private, from: any, to: any, claim: private}]\n";

/// What the plan says, but for its hash.
fn said(plan: &Plan) -> String {
    let plan = Plan { hash: String::new(), ..plan.clone() };
    format!("{plan:?}")
}

#[test]
fn a_folder_of_one_file_says_what_the_file_says() {
    for (name, text) in crate::repository::shipped_plans() {
        let (file, folder) = (read(&text).unwrap(), folder(&[("plan.yaml", &text)]).unwrap());
        assert_eq!(said(&file), said(&folder), "{name}");
        assert_ne!(file.hash, folder.hash, "the name of a file counts, because the order does");
    }
}

#[test]
fn names_are_gathered_from_all_files() {
    let plan = folder(&[("1.yaml", BASE), ("2.yaml", CHAT), ("3.yml", BUILD), ("4.yaml", RULES)]).unwrap();
    let whole = format!(
        "plan: p\nsettings: {{every: 10s, timeout: 1s}}\nvantages: {{app: {{kind: production}}, build: {{kind: build}}}}\n{CHAT}{}{RULES}",
        BUILD.split_once("targets:\n").unwrap().1
    );
    assert_eq!(said(&plan), said(&read(&whole).unwrap()));
}

/// The first rule that matches decides, so the order of the names does.
#[test]
fn the_order_of_the_names_decides() {
    let none = "rules: [{name: nothing, from: any, to: any, claim: none}]\n";
    let day = "2026-11-22".parse().unwrap();
    let claims = |files: Files<'_>| {
        let plan = folder(files).unwrap();
        let cases: Vec<&str> = plan
            .vantages
            .iter()
            .flat_map(|vantage| plan.all_cases(&vantage.name, day))
            .map(|case| case.decision.claim().word())
            .collect();
        cases.join(" ")
    };
    assert_eq!(claims(&[("a.yaml", BASE), ("b.yaml", CHAT), ("c.yaml", RULES)]), "private");
    // A rule that is never reached is a fault; one for another target keeps both in use.
    let chat = "rules: [{name: chat is not looked at, from: any, to: chat, claim: none}]\n";
    let _ = none;
    assert_eq!(
        claims(&[("a.yaml", BASE), ("b.yaml", CHAT), ("c.yaml", BUILD), ("y.yaml", chat), ("z.yaml", RULES)]),
        "none private none private"
    );
}

#[test]
fn the_order_in_which_files_are_handed_in_does_not_matter() {
    let there = folder(&[("1.yaml", BASE), ("2.yaml", CHAT), ("3.yaml", RULES)]).unwrap();
    let back = folder(&[("3.yaml", RULES), ("2.yaml", CHAT), ("1.yaml", BASE)]).unwrap();
    assert_eq!((said(&there), &there.hash), (said(&back), &back.hash));
}

/// Every fault is at its own place in its own file, and says where the other half of it is.
#[test]
fn faults_name_their_files() {
    let all: Files<'_> = &[("1.yaml", BASE), ("2.yaml", CHAT), ("3.yaml", RULES)];
    for (change, with, expected) in [
        (
            "3.yaml",
            "rules: [{name: r, from: any, to: chatt, claim: private}]\n",
            "plan.d/3.yaml:1:34: there is no target `chatt`",
        ),
        (
            "3.yaml",
            "plan: q\nrules: [{name: r, from: any, to: any, claim: private}]\n",
            "plan.d/3.yaml:1:1: `plan` is written twice in a plan; it first stands at line 1 of plan.d/1.yaml",
        ),
        (
            "2.yaml",
            "settings: {confirm: 2}\ntargets: {chat: {service: https, endpoints: {a.contoso.example: [10.0.0.1]}}}\n",
            "plan.d/2.yaml:1:1: `settings` is written twice in a plan; it first stands at line 2 of plan.d/1.yaml",
        ),
        (
            "2.yaml",
            "vantages: {app: {kind: production}}\ntargets: {chat: {service: https, endpoints: {a.contoso.example: [10.0.0.1]}}}\n",
            "plan.d/2.yaml:1:12: `app` is written twice in vantages; it first stands at line 3 of plan.d/1.yaml",
        ),
        (
            "2.yaml",
            "targets: {}\ntargets: {}\n",
            "plan.d/2.yaml:2:1: `targets` is written twice in a plan; it first stands at line 1\n",
        ),
        ("2.yaml", "", "plan.d/2.yaml:1:1: the file is empty"),
        ("2.yaml", "targets: {chat: [\n", "plan.d/2.yaml:"),
        ("2.yaml", "- a\n", "plan.d/2.yaml:1:1: a file of a plan must be a table of `key: value`, but this is a list"),
        ("2.yaml", "targets:\n", "`targets` must be a table of `key: value`, but this is empty"),
        ("3.yaml", "rules: {name: r}\n", "plan.d/3.yaml:1:8: `rules` must be a list, but this is a table"),
    ] {
        let files: Vec<(&str, &str)> =
            all.iter().map(|(name, text)| (*name, if *name == change { with } else { *text })).collect();
        let faults = folder(&files).unwrap_err();
        let shown = faults.to_string();
        assert!(shown.contains(expected), "{change} {with}: {shown}");
        assert!(
            shown.ends_with(&format!(
                "{} in plan.d",
                if faults.faults.len() == 1 { "1 fault".to_owned() } else { format!("{} faults", faults.faults.len()) }
            )),
            "{shown}"
        );
    }
}

/// All of them at once, in the order of the files.
#[test]
fn files_that_do_not_read_are_all_told() {
    let faults = folder(&[("b.yaml", "a: ["), ("a.yaml", ""), ("c.yaml", "x")]).unwrap_err();
    let files: Vec<&str> = faults.faults.iter().map(|fault| faults.files[fault.place.file].as_str()).collect();
    assert_eq!(files, ["plan.d/a.yaml", "plan.d/b.yaml", "plan.d/c.yaml"]);
}

#[test]
fn overlapping_prefixes_name_the_other_file() {
    let one = "plan: p\nvantages: {app: {kind: a, within: [10.0.0.0/8]}}\n";
    let two = "vantages: {build: {kind: b, within: [10.1.0.0/16]}}\n";
    let faults =
        folder(&[("1.yaml", one), ("2.yaml", two), ("3.yaml", CHAT), ("4.yaml", RULES)]).unwrap_err().to_string();
    assert!(faults.contains("plan.d/2.yaml:1:38: ") && faults.contains("(line 2 of plan.d/1.yaml)"), "{faults}");
}

/// A folder is bounded as a file is, all of it together.
#[test]
fn many_files_are_no_way_around_the_bounds() {
    let half = format!("# {}\nplan: p\n", "x".repeat(5 << 20));
    let faults = folder(&[("1.yaml", &half), ("2.yaml", &half)]).unwrap_err();
    assert!(faults.to_string().contains("together, more than the 8388608"), "{faults}");
    let wide = format!("a: [{}]\n", "x,".repeat(300_000));
    let faults = folder(&[("1.yaml", &wide), ("2.yaml", &wide)]).unwrap_err();
    assert!(
        faults.to_string().contains("plan.d/2.yaml:1:1: with this file the folder unfolds to more than 500000"),
        "{faults}"
    );
}

#[test]
fn the_hash_covers_every_file_and_its_name() {
    let hash = |files: Files<'_>| folder(files).unwrap().hash;
    let first = hash(&[("1.yaml", BASE), ("2.yaml", CHAT), ("3.yaml", RULES)]);
    assert_ne!(first, hash(&[("1.yaml", BASE), ("2.yaml", CHAT), ("4.yaml", RULES)]));
    let comment = format!("{CHAT}# a comment\n");
    assert_ne!(first, hash(&[("1.yaml", BASE), ("2.yaml", &comment), ("3.yaml", RULES)]));
    let files: Vec<(String, String)> =
        [("1.yaml", BASE), ("2.yaml", CHAT), ("3.yaml", RULES)].map(|(n, t)| (n.into(), t.into())).into();
    assert_eq!(first, plan::hash_of(&listing(&files)));
}

proptest! {
    /// However the lines of a plan's tables are dealt out to files, the plan says the same.
    #[test]
    fn a_plan_in_pieces_says_what_it_says_in_one(dealt in proptest::collection::vec(0_usize..4, 8), with_rules in 0_usize..4) {
        let mut whole = "plan: p\nvantages: {app: {kind: production}}\ntargets:\n".to_owned();
        let mut files: Vec<(String, String)> = (0..4).map(|i| (format!("{i}.yaml"), String::new())).collect();
        // In the order of the files, so that the order of the plan is the same.
        let mut dealt = dealt;
        dealt.sort_unstable();
        for (place, file) in dealt.iter().enumerate() {
            let line = format!("  t{place}: {{service: https, endpoints: {{t{place}.contoso.example: [10.0.0.{place}]}}}}\n");
            whole.push_str(&line);
            let text = &mut files[*file].1;
            if text.is_empty() {
                text.push_str("targets:\n");
            }
            text.push_str(&line);
        }
        whole.push_str(RULES);
        files[with_rules].1.push_str(RULES);
        files[3 - with_rules].1.push_str("plan: p\nvantages: {app: {kind: production}}\n");
        files.retain(|(_, text)| !text.is_empty());
        let there = read_folder("plan.d", &files, &SERVICES).map_err(|faults| TestCaseError::fail(faults.to_string()))?;
        prop_assert_eq!(said(&there), said(&read(&whole).unwrap()));
    }
}
