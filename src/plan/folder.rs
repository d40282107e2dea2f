//! A plan in several files: one folder, read in the order of the names.
//!
//! What the plan gives names to (vantages, resolvers, targets, exceptions) is gathered from all files. Rules are put in a
//! row, because the first one that matches decides. Everything else stands in one file, so that nobody has to look for
//! the other half of it.

use super::fault::{Fault, Faults, Place};
use super::tree::{self, Key, LARGEST_PLAN, MOST_NODES, Node, Value};
use super::{Plan, ServiceOutlines, hash_of, read_tree};
use std::collections::HashMap;
use std::fmt::Write as _;

/// Tables whose keys are names that the plan gives.
const GATHERED: [&str; 4] = ["vantages", "resolvers", "targets", "exceptions"];

/// Where the order counts.
const IN_A_ROW: &str = "rules";

/// One line for each file, as `sha256sum` writes them: the digest, two spaces, the name. The digest of this text stands
/// for the folder, and this text is what a signature of the folder is for.
pub fn listing(files: &[(String, String)]) -> String {
    files.iter().fold(String::new(), |mut lines, (name, text)| {
        let _ = writeln!(lines, "{}  {name}", hash_of(text));
        lines
    })
}

/// Reads and checks the plan of a folder: names without their folder, and texts. `folder` is only named in faults.
pub fn read_folder(folder: &str, files: &[(String, String)], services: &ServiceOutlines) -> Result<Plan, Faults> {
    let mut files: Vec<&(String, String)> = files.iter().collect();
    files.sort();
    let called: Vec<String> =
        files.iter().map(|(name, _)| format!("{}/{name}", folder.trim_end_matches('/'))).collect();
    let start = Place { file: 0, line: 1, column: 1 };
    let mut faults = Vec::new();
    let whole: usize = files.iter().map(|(_, text)| text.len()).sum();
    if whole > LARGEST_PLAN {
        let reason = format!("the files have {whole} bytes together, more than the {LARGEST_PLAN} that are read");
        faults.push(Fault::new(start, reason, "split the fleet into several plans"));
        return Err(Faults::of_all(folder, called, faults));
    }
    let mut roots = Vec::with_capacity(files.len());
    let mut nodes = 0;
    for (place, (_, text)) in files.iter().enumerate() {
        match tree::read_part(place, text) {
            Ok(root) => {
                nodes += tree::count(&root);
                roots.push(root);
            }
            Err(fault) => faults.push(fault),
        }
        if nodes > MOST_NODES {
            let start = Place { file: place, ..start };
            let reason = format!("with this file the folder unfolds to more than {MOST_NODES} values");
            faults.push(Fault::new(start, reason, "use fewer aliases"));
            return Err(Faults::of_all(folder, called, faults));
        }
    }
    let root = merge(roots, &called, &mut faults);
    // What does not read may hold anything; what the rest lacks would be a guess.
    if !faults.is_empty() {
        return Err(Faults::of_all(folder, called, faults));
    }
    let files: Vec<(String, String)> = files.into_iter().cloned().collect();
    read_tree(folder, called, &root, services, hash_of(&listing(&files)))
}

/// One tree out of those of all files. A key that stands in two files and has no other half is left in it twice: whoever
/// reads the tree tells of it.
fn merge(roots: Vec<Node>, called: &[String], faults: &mut Vec<Fault>) -> Node {
    let place = roots.first().map(|root| root.place).unwrap_or_default();
    let mut whole: Vec<(Key, Node)> = Vec::new();
    for root in roots {
        let (start, form) = (root.place, root.form());
        let Value::Table(entries) = root.value else {
            let reason = format!("a file of a plan must be a table of `key: value`, but this is {form}");
            faults.push(Fault::new(start, reason, "write one `key: value` a line, or take the file out of the folder"));
            continue;
        };
        let mut seen: HashMap<String, Place> = HashMap::new();
        for (key, node) in entries {
            if let Some(first) = seen.insert(key.text.clone(), key.place) {
                let first = key.place.speaks_of(first, called);
                let reason = format!("`{}` is written twice in a plan; it first stands at {first}", key.text);
                faults.push(Fault::new(key.place, reason, "keep one of the two, or rename one"));
            } else if is_shared(&key.text) {
                share(&mut whole, key, node, faults);
            } else {
                whole.push((key, node));
            }
        }
    }
    Node { place, value: Value::Table(whole) }
}

/// Whether several files may have a part of what stands under this key.
fn is_shared(key: &str) -> bool {
    key == IN_A_ROW || GATHERED.contains(&key)
}

/// Adds one file's part of what several files may have a part of.
fn share(whole: &mut Vec<(Key, Node)>, key: Key, node: Node, faults: &mut Vec<Fault>) {
    let wanted = if key.text == IN_A_ROW { "a list" } else { "a table of `key: value`" };
    let form = node.form();
    let fits = match &node.value {
        Value::List(_) => key.text == IN_A_ROW,
        Value::Table(_) => key.text != IN_A_ROW,
        Value::Text(_) | Value::Nothing => false,
    };
    if !fits {
        let reason = format!("`{}` must be {wanted}, but this is {form}", key.text);
        faults.push(Fault::new(
            node.place,
            reason,
            "write its part of the plan there, or take the key out of this file",
        ));
        return;
    }
    let Some((_, earlier)) = whole.iter_mut().find(|(there, _)| there.text == key.text) else {
        whole.push((key, node));
        return;
    };
    match (&mut earlier.value, node.value) {
        (Value::List(items), Value::List(more)) => items.extend(more),
        (Value::Table(entries), Value::Table(more)) => entries.extend(more),
        // What does not fit its key was told above and never came here.
        (Value::Text(_) | Value::Nothing | Value::List(_) | Value::Table(_), _) => {}
    }
}
