//! ARCHITECTURE.md is true because of these tests: its table of modules is held against the imports of `src/`.

use crate::repository::{repo, text_of};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const LONGEST_FILE: usize = 400;

/// What a module whose third column says "nothing" must not speak of.
const IMPURE: &[&str] = &[
    "tokio",
    "std::fs",
    "std::env",
    "std::process",
    "UdpSocket",
    "TcpStream",
    "TcpListener",
    "TcpSocket",
    "tracing::",
    "SystemTime",
    "Instant",
    "Timestamp::now",
    "Zoned::now",
    "println!",
    "crate::clock",
];

struct Room {
    may_import: BTreeSet<String>,
    pure: bool,
}

/// The names in backticks of a piece of Markdown.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

fn rooms() -> BTreeMap<String, Room> {
    let text = text_of("ARCHITECTURE.md");
    let table = text.lines().skip_while(|line| !line.starts_with("| module |")).skip(2);
    let mut rooms = BTreeMap::new();
    for line in table.take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [module, imports, touches, _] = cells[..] else { panic!("not four columns: {line}") };
        let name = quoted(module).first().unwrap_or_else(|| panic!("no module in {line}")).to_string();
        let may_import = quoted(imports).into_iter().map(str::to_owned).collect();
        rooms.insert(name, Room { may_import, pure: touches == "nothing" });
    }
    assert!(rooms.len() > 10, "the table of modules was not found");
    rooms
}

fn rust_files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

fn sources(folder: &str) -> Vec<(String, String)> {
    let mut paths = Vec::new();
    rust_files(&repo(folder), &mut paths);
    paths.sort();
    let shown = |path: &Path| path.strip_prefix(repo("")).unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (shown(path), fs::read_to_string(path).unwrap())).collect()
}

/// `src/plan/read.rs` and `src/clock.rs` belong to `plan` and `clock`; `lib.rs` and `main.rs` belong to nobody.
fn module_of(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?;
    let first = inside.split('/').next()?.trim_end_matches(".rs");
    (!matches!(first, "lib" | "main")).then_some(first)
}

fn code_of(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(i, line)| (i + 1, line)).filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// The modules that a line names: `crate::plan::Plan` and `crate::{plan, facts::Facts}`.
fn imports(line: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect::<String>();
    let mut found = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        let rest = &line[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(list) => found.extend(list.split(['}', ',']).map(|part| word(part.trim()))),
            None => found.push(word(rest)),
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

#[test]
fn nobody_imports_whom_the_table_does_not_name() {
    let rooms = rooms();
    let mut trouble = Vec::new();
    for (path, text) in sources("src") {
        let Some(module) = module_of(&path) else { continue };
        let Some(room) = rooms.get(module) else {
            trouble.push(format!("{path}: the module `{module}` has no row in the table of ARCHITECTURE.md"));
            continue;
        };
        // A module's tests may hold what it made against the modules that use it.
        for (line, code) in code_of(&text).filter(|_| !path.contains("/tests/")) {
            for name in imports(code).iter().filter(|name| *name != module && !room.may_import.contains(*name)) {
                trouble.push(format!("{path}:{line}: `{module}` may not import `{name}`"));
            }
        }
    }
    assert!(trouble.is_empty(), "{trouble:#?}");
}

#[test]
fn pure_modules_touch_nothing() {
    let rooms = rooms();
    let mut trouble = Vec::new();
    for (path, text) in sources("src") {
        if module_of(&path).and_then(|module| rooms.get(module)).is_none_or(|room| !room.pure) {
            continue;
        }
        for (line, code) in code_of(&text) {
            let words = IMPURE.iter().filter(|word| code.contains(**word));
            trouble.extend(words.map(|word| format!("{path}:{line}: a pure module speaks of `{word}`")));
        }
    }
    assert!(trouble.is_empty(), "{trouble:#?}");
}

#[test]
fn the_list_of_modules_names_every_module() {
    let listed: BTreeSet<String> = text_of("src/lib.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.split(';').next().map(str::to_owned))
        .collect();
    let files = sources("src");
    let there: BTreeSet<String> = files.iter().filter_map(|(path, _)| module_of(path)).map(str::to_owned).collect();
    assert_eq!(listed, there, "src/lib.rs lists the one, src/ holds the other");
}

#[test]
fn files_fit_in_the_head_and_silence_nothing() {
    // Put together here, so that this file does not find itself.
    let refused = [["#[", "allow("], ["#![", "allow("], ["#[", "ignore"], ["thread::", "sleep"]].map(|p| p.concat());
    let mut trouble = Vec::new();
    for (path, text) in sources("src").into_iter().chain(sources("tests")) {
        let lines = text.lines().count();
        if lines > LONGEST_FILE {
            trouble.push(format!("{path} has {lines} lines; split it"));
        }
        for (line, code) in code_of(&text) {
            let words = refused.iter().filter(|word| code.contains(word.as_str()));
            trouble
                .extend(words.map(|word| format!("{path}:{line}: `{word}` hides something; use `expect`, or mend it")));
        }
    }
    assert!(trouble.is_empty(), "{trouble:#?}");
}
