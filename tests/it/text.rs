//! Whatever stands in the file, reading it ends in a plan or in faults.

use crate::repository::{read, shipped_plans};
use proptest::prelude::*;
use std::sync::LazyLock;

static PLANS: LazyLock<Vec<Vec<char>>> =
    LazyLock::new(|| shipped_plans().iter().map(|(_, text)| text.chars().collect()).collect());

/// Reads, and holds every fault to its form.
fn look_at(text: &str) {
    let Err(faults) = read(text) else { return };
    assert!(!faults.faults.is_empty(), "refused without a fault");
    // A carriage return alone ends a line too (YAML 1.2, §5.4).
    let lines = text.split(['\n', '\r']).count();
    for fault in &faults.faults {
        assert!((1..=lines).contains(&fault.place.line), "line {} of {lines}: {}", fault.place.line, fault.reason);
        assert!(fault.place.column >= 1, "{}", fault.reason);
        assert!(!fault.reason.is_empty() && !fault.fix.is_empty());
    }
}

/// Pieces that mean something to YAML or to the plan language.
#[rustfmt::skip]
static PIECES: &[&str] = &[
    "{", "}", "[", "]", ": ", ", ", "\n", "- ", "  ", "#", "&a ", "*a", "!!str ", "'", "\"", "|\n", ">", "?", "~",
    "---\n", "\t", "\r\n", "\u{feff}", "<<", "any", "host", "plan", "rules", "claim", "0", "10.0.0.0/8", "::/0", "1h",
    "-1", "99999999999999999999d", "1.1.1.1:0", "ü",
];

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![4 => prop::sample::select(PIECES).prop_map(str::to_owned), 1 => any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_is_read_or_refused(text in any::<String>()) {
        look_at(&text);
    }

    #[test]
    fn arbitrary_yaml_is_read_or_refused(pieces in prop::collection::vec(piece(), 0..60)) {
        look_at(&pieces.concat());
    }

    #[test]
    fn a_changed_plan_is_read_or_refused(
        which in any::<prop::sample::Index>(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, piece()), 1..6),
    ) {
        let mut text = PLANS[which.index(PLANS.len())].clone();
        for (at, length, put) in cuts {
            let at = at.index(text.len().max(1)).min(text.len());
            let end = (at + length).min(text.len());
            text.splice(at..end, put.chars());
        }
        look_at(&text.into_iter().collect::<String>());
    }

    /// A whole value is replaced, which reaches further into the checks than broken syntax does.
    #[test]
    fn a_plan_with_another_value_is_read_or_refused(
        which in any::<prop::sample::Index>(), line in any::<prop::sample::Index>(), put in piece(),
    ) {
        let text: String = PLANS[which.index(PLANS.len())].iter().collect();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let line = line.index(lines.len());
        if let Some((key, _)) = lines[line].split_once(": ") {
            lines[line] = format!("{key}: {}", put.replace('\n', " "));
        }
        look_at(&lines.join("\n"));
    }
}
