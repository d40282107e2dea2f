//! Rules and exceptions as written.

use super::super::language as lang;
use super::super::read::{Fields, Reader, Spot};
use super::super::tree::{Node, Value};
use super::{ClaimFile, ExceptionFile, RuleFile, SelectorFile, optional_text};
use jiff::civil::Date;

/// A rule of which a part could not be read is kept without that part, so that the names in the rest are looked up too.
pub fn rule(r: &mut Reader, node: &Node) -> Option<RuleFile> {
    let before = r.faults.len();
    let f = r.fields(node, &lang::RULE)?;
    let name = f.get("name").and_then(|n| r.text(n, "the rule's name"));
    let from = f.get("from").and_then(|n| selector(r, n, &lang::FROM));
    let to = f.get("to").and_then(|n| selector(r, n, &lang::TO));
    let claim = claim(r, &f, lang::CLAIMS);
    let why = optional_text(r, f.get("why"), "why");
    Some(RuleFile {
        place: f.place,
        is_whole: r.faults.len() == before,
        name: name.unwrap_or_else(|| Spot { value: "(without a name)".to_owned(), place: f.place }),
        from: from.unwrap_or(SelectorFile::NOTHING),
        to: to.unwrap_or(SelectorFile::NOTHING),
        claim,
        why,
    })
}

/// A claim that could not be read claims nothing.
fn claim(r: &mut Reader, f: &Fields<'_>, words: &[&'static str]) -> ClaimFile {
    let before = r.faults.len();
    let by = f.get("by").map(|n| {
        let items = r.one_or_many(n);
        items.iter().filter_map(|i| r.word(i, "by", lang::LAYERS)).collect::<Vec<_>>()
    });
    let by_unread = r.faults.len() > before;
    match f.get("claim").and_then(|n| r.word(n, "the claim", words)) {
        Some(claim) => ClaimFile { claim, by, by_unread },
        None => ClaimFile { claim: Spot { value: "none", place: f.place }, by: None, by_unread },
    }
}

fn selector(r: &mut Reader, node: &Node, table: &'static lang::Table) -> Option<SelectorFile> {
    match &node.value {
        Value::Text(text) if text == "any" => Some(SelectorFile::Any),
        Value::Text(_) | Value::List(_) => {
            let items = r.one_or_many(node);
            let names: Vec<_> = items.iter().filter_map(|i| r.name(i, "the name")).collect();
            if items.is_empty() {
                r.fault(node.place, format!("{} selects nothing", table.called), "write `any` to select everything");
            }
            // A name that could not be read would otherwise leave a narrower rule than the one that is written.
            (!items.is_empty() && names.len() == items.len()).then_some(SelectorFile::Names(names))
        }
        Value::Nothing | Value::Table(_) => {
            let before = r.faults.len();
            let f = r.fields(node, table)?;
            let mut wanted = Vec::new();
            for rule in table.keys {
                if let Some(spot) = f.get(rule.name).and_then(|n| r.name(n, rule.name)) {
                    wanted.push((rule.name, spot));
                }
            }
            if wanted.is_empty() && r.faults.len() == before {
                r.fault(f.place, format!("{} selects nothing", table.called), "write `any` to select everything");
            }
            (r.faults.len() == before).then_some(SelectorFile::Where(wanted))
        }
    }
}

pub fn exception(r: &mut Reader, name: Spot<String>, node: &Node) -> Option<ExceptionFile> {
    let f = r.fields(node, &lang::EXCEPTION)?;
    let from = f.get("from").and_then(|n| selector(r, n, &lang::FROM));
    let to = f.get("to").and_then(|n| selector(r, n, &lang::TO));
    let claim = claim(r, &f, lang::EXCEPTION_CLAIMS);
    let owner = optional_text(r, f.get("owner"), "the owner");
    let approved_by = optional_text(r, f.get("approved_by"), "approved_by");
    let reason = optional_text(r, f.get("reason"), "the reason");
    let begins = f.get("begins").and_then(|n| r.day(n, "begins"));
    let ends = f.get("ends").and_then(|n| r.day(n, "ends"));
    Some(ExceptionFile {
        name,
        from: from.unwrap_or(SelectorFile::NOTHING),
        to: to.unwrap_or(SelectorFile::NOTHING),
        claim,
        owner: owner.unwrap_or_default(),
        approved_by,
        reason: reason.unwrap_or_default(),
        begins,
        ends: ends.unwrap_or(Spot { value: Date::MAX, place: f.place }),
    })
}
