//! Bad plans and web configurations as data. Each file of `faults/` and `web_faults/` names the faults it must bring, as `# expect LINE:COLUMN REASON | FIX`, the
//! last two as parts of the text. A fault that is missing fails the test, and so does one that nobody expects.

use crate::repository::{files_in, read};
use fencepost::plan::{Fault, Faults, HostName};
use std::fmt::Write as _;

struct Expected {
    place: String,
    reason: String,
    fix: String,
}

impl Expected {
    fn fits(&self, fault: &Fault) -> bool {
        self.place == format!("{}:{}", fault.place.line, fault.place.column)
            && fault.reason.contains(&self.reason)
            && fault.fix.contains(&self.fix)
    }
}

fn expectations(name: &str, text: &str) -> Vec<Expected> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("# expect "));
    let parsed = lines.map(|line| {
        let (place, rest) = line.split_once(' ').unwrap_or_else(|| panic!("{name}: no reason in `{line}`"));
        let (reason, fix) = rest.split_once(" | ").unwrap_or_else(|| panic!("{name}: no fix in `{line}`"));
        Expected { place: place.to_owned(), reason: reason.to_owned(), fix: fix.to_owned() }
    });
    parsed.collect()
}

/// What the files of a folder bring beside what they expect, and what they do not bring.
fn differences(folder: &str, least: usize, read: impl Fn(&str) -> Option<Faults>) -> String {
    let mut trouble = String::new();
    let files = files_in(folder, "yaml");
    assert!(files.len() > least, "only {} bad files found in {folder}", files.len());
    for (name, text) in files {
        let mut expected = expectations(&name, &text);
        if expected.is_empty() {
            let _ = writeln!(trouble, "{name}: expects nothing");
        }
        let faults = read(&text).map(|faults| faults.faults).unwrap_or_default();
        for fault in faults {
            match expected.iter().position(|e| e.fits(&fault)) {
                Some(found) => drop(expected.swap_remove(found)),
                None => {
                    let Fault { place, reason, fix } = fault;
                    let _ = writeln!(trouble, "{name}: # expect {}:{} {reason} | {fix}", place.line, place.column);
                }
            }
        }
        for Expected { place, reason, fix } in expected {
            let _ = writeln!(trouble, "{name}: missing {place} {reason} | {fix}");
        }
    }
    trouble
}

#[test]
fn every_bad_plan_brings_its_faults_and_no_others() {
    let trouble = differences("tests/it/faults", 30, |text| read(text).err());
    assert!(trouble.is_empty(), "faults that are unexpected or missing:\n{trouble}");
}

#[test]
fn every_bad_web_configuration_brings_its_faults_and_no_others() {
    let trouble = differences("tests/it/web_faults", 15, |text| fencepost::web::read("web.yaml", text).err());
    assert!(trouble.is_empty(), "faults that are unexpected or missing:\n{trouble}");
}

#[test]
fn a_secret_in_a_proxy_address_is_not_repeated() {
    let plan = "plan: p\nvantages: {a: {kind: k, proxy: 'http://ana:hunter2@proxy.contoso.example:3128'}}\n\
                targets: {t: {service: https, endpoints: {a.contoso.example: [10.0.0.1]}}}\n\
                rules: [{name: r, from: any, to: any, claim: private}]\n";
    let faults = read(plan).unwrap_err().to_string();
    assert!(faults.contains("without credentials") && !faults.contains("hunter2"), "{faults}");
}

#[test]
fn an_empty_file_is_one_fault_at_its_beginning() {
    for text in ["", "\n\n", "# only a comment\n"] {
        let faults = read(text).unwrap_err().faults;
        assert_eq!(faults.len(), 1);
        assert_eq!((faults[0].place.line, faults[0].place.column), (1, 1));
        assert!(faults[0].reason.contains("empty"), "{}", faults[0].reason);
    }
}

/// Text that would unfold without end is refused before it does.
#[test]
fn bombs_do_not_go_off() {
    let lol = (1..40).fold("a0: &a0 [x, x]\n".to_owned(), |mut text, i| {
        let _ = writeln!(text, "a{i}: &a{i} [*a{0}, *a{0}, *a{0}]", i - 1);
        text
    });
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), "*a, ".repeat(1 << 16));
    let deep = format!("plan: {}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let ladder = (1..5_000).fold("a0: &a0 [x]\n".to_owned(), |mut text, i| {
        let _ = writeln!(text, "a{i}: &a{i} [[[*a{}]]]", i - 1);
        text
    });
    let inside_itself = "a: &a [*a]\n".to_owned();
    let wide = format!("plan: [{}]", "x,".repeat(3 << 20));
    let large = format!("plan: p # {}", "x".repeat(9 << 20));
    for (what, text) in [
        ("a billion laughs", lol),
        ("one long text", long),
        ("deep nesting", deep),
        ("a ladder", ladder),
        ("itself", inside_itself),
        ("a wide list", wide),
        ("a large file", large),
    ] {
        let faults = read(&text).err().unwrap_or_else(|| panic!("{what} was read"));
        assert_eq!(faults.faults.len(), 1, "{what}: {faults}");
        assert!(!faults.faults[0].fix.is_empty(), "{what}");
    }
}

/// What an editor or another system adds to a file is no fault.
#[test]
fn line_ends_and_a_byte_order_mark_do_not_matter() {
    let (_, text) = crate::repository::shipped_plans().remove(0);
    for changed in [text.replace('\n', "\r\n"), format!("\u{feff}{text}"), format!("---\n{text}...\n")] {
        if let Err(faults) = read(&changed) {
            panic!("{faults}");
        }
    }
}

#[test]
fn a_host_name_is_the_same_however_it_is_written() {
    let plain = HostName::parse("contoso-chat.openai.azure.com").unwrap();
    assert_eq!(HostName::parse("CONTOSO-chat.openai.azure.com.").unwrap(), plain);
}
