//! `docs/metrics.md` as tables that tests can hold against what agents show.

use crate::repository::text_of;
use crate::support::exposition::{Exposition, Sample};
use fencepost::publish::series_per_check;
use std::collections::{BTreeMap, BTreeSet};

/// A family as the page describes it.
#[derive(Debug)]
pub struct Described {
    pub kind: String,
    pub labels: BTreeSet<String>,
    /// The values of a label, where the page lists them.
    pub values: BTreeMap<String, BTreeSet<String>>,
}

/// Every family of the page by its name.
pub fn described() -> BTreeMap<String, Described> {
    let text = text_of("docs/metrics.md");
    let mut families = BTreeMap::new();
    let mut each_check = false;
    for line in text.lines() {
        each_check |= line == "## Each check";
        let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
        let [name, kind, labels, ..] = cells[..] else { continue };
        let Some(name) = name.split('`').nth(1).filter(|name| name.starts_with("fencepost_")) else { continue };
        let kind = kind.split(',').next().unwrap_or_default().trim().to_owned();
        let mut family = Described { kind, labels: BTreeSet::new(), values: BTreeMap::new() };
        family.labels.extend(each_check.then(|| "check".to_owned()));
        let mut pieces = labels.split('`').skip(1);
        while let (Some(label), after) = (pieces.next(), pieces.next().unwrap_or_default()) {
            family.labels.insert(label.to_owned());
            let values = after.strip_prefix(':').into_iter().flat_map(|list| list.split(',')).map(str::trim);
            let values: BTreeSet<String> = values.filter(|value| !value.is_empty()).map(str::to_owned).collect();
            if !values.is_empty() {
                family.values.insert(label.to_owned(), values);
            }
        }
        assert!(families.insert(name.to_owned(), family).is_none(), "docs/metrics.md names {name} twice");
    }
    assert!(families.len() > 30, "the tables of docs/metrics.md were not found");
    families
}

/// The families that agents have shown so far, and where they differ from the page.
#[derive(Debug, Default)]
pub struct Shown {
    families: BTreeSet<String>,
    trouble: BTreeSet<String>,
}

impl Shown {
    /// Takes what an agent shows whose private view has so many resolvers.
    pub fn take(&mut self, page: &BTreeMap<String, Described>, seen: &Exposition, resolvers: usize) {
        for (family, kind) in seen.kinds.iter().filter(|(family, _)| family.starts_with("fencepost_")) {
            match page.get(family) {
                Some(described) if described.kind == *kind => {}
                Some(described) => drop(self.trouble.insert(format!("{family} is a {kind}, no {}", described.kind))),
                None => drop(self.trouble.insert(format!("{family} is not on the page"))),
            }
        }
        let mut series: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for sample in seen.samples.iter().filter(|sample| sample.name.starts_with("fencepost_")) {
            let family = sample.family(&seen.kinds);
            self.families.insert(family.to_owned());
            if let Some(described) = page.get(family) {
                self.trouble.extend(difference(described, sample));
            }
            if let Some(check) = sample.label("check") {
                let (all, findings) = series.entry(check).or_default();
                *all += 1;
                *findings += usize::from(family == "fencepost_check_finding");
            }
        }
        for (check, (all, findings)) in series {
            if all > series_per_check(resolvers, findings) {
                self.trouble.insert(format!("{check} has {all} series, with {findings} findings"));
            }
        }
    }

    /// What differs from the page, and what of the page nobody showed.
    pub fn trouble(&self, page: &BTreeMap<String, Described>) -> Vec<String> {
        let unseen = page.keys().filter(|family| !self.families.contains(*family));
        let unseen = unseen.map(|family| format!("{family} is on the page, and no agent showed it"));
        self.trouble.iter().cloned().chain(unseen).collect()
    }
}

fn difference(described: &Described, sample: &Sample) -> Option<String> {
    let is_bucket = described.kind == "histogram" && sample.name.ends_with("_bucket");
    let labels: BTreeSet<&str> =
        sample.labels.keys().map(String::as_str).filter(|label| !(is_bucket && *label == "le")).collect();
    let right = labels == described.labels.iter().map(String::as_str).collect()
        && described
            .values
            .iter()
            .all(|(label, values)| sample.label(label).is_some_and(|value| values.contains(value)));
    (!right).then(|| format!("{} has {:?}", sample.name, sample.labels))
}

#[test]
fn the_metrics_page_tells_how_many_series_a_check_has() {
    let page = text_of("docs/metrics.md");
    let (bare, resolver) = (series_per_check(0, 0), series_per_check(1, 0) - series_per_check(0, 0));
    assert!(page.contains(&format!("at most {bare} series, {resolver} more for each resolver")));
}

#[test]
fn what_differs_from_the_page_is_found() {
    let page = described();
    let trouble = |text: &str| {
        let mut shown = Shown::default();
        shown.take(&page, &Exposition::read(text), 0);
        assert!(shown.trouble(&page).len() > page.len() - 2, "what nobody shows is told");
        shown.trouble.into_iter().collect::<Vec<_>>()
    };
    let verdict =
        |labels: &str| trouble(&format!("# TYPE fencepost_check_verdict gauge\nfencepost_check_verdict{labels} 1\n"));
    assert_eq!(verdict("{check=\"a\",verdict=\"broken\"}"), [""; 0]);
    for wrong in ["{check=\"a\"}", "{check=\"a\",verdict=\"fine\"}", "{check=\"a\",verdict=\"broken\",x=\"\"}", ""] {
        assert_eq!(verdict(wrong).len(), 1, "{wrong}");
    }
    assert_eq!(trouble("# TYPE fencepost_checks counter\n"), ["fencepost_checks is not on the page"]);
    assert_eq!(trouble("# TYPE fencepost_checks_stale counter\n").len(), 1);
    let many: String = (0..30).map(|_| "fencepost_check_runs_total{check=\"a\"} 1\n").collect();
    assert_eq!(trouble(&many), ["a has 30 series, with 0 findings"]);
}
