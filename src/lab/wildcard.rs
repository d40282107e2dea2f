//! Which record answers for a name, wildcards included (RFC 4592 §3.3.1): the record of the name itself, else the
//! wildcard directly below the closest name that exists.

use super::scene::Record;

/// The record for a name, among records by name; `*` or `*.` in front of a name makes a wildcard.
pub fn record_for<'r>(records: impl Iterator<Item = (&'r str, &'r Record)> + Clone, owner: &str) -> Option<&'r Record> {
    let named = |wanted: &str| records.clone().find(|(name, _)| *name == wanted).map(|(_, record)| record);
    let exists = |wanted: &str| {
        let mut names = records.clone().map(|(name, _)| name);
        names.any(|name| name.strip_suffix(wanted).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
    };
    if let Some(record) = named(owner) {
        return Some(record);
    }
    let mut name = owner;
    while !exists(name) {
        let Some((_, parent)) = name.split_once('.') else { return named("*") };
        if let Some(record) = named(&format!("*.{parent}")) {
            return Some(record);
        }
        name = parent;
    }
    None
}
