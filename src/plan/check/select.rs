//! What `from` and `to` mean, and names that nothing answers to.

use super::super::file::SelectorFile;
use super::super::read::{Spot, nearest};
use super::super::{
    ServiceName, Target, TargetName, TargetSelector, Vantage, VantageKind, VantageName, VantageSelector,
};
use super::{Checker, shortened};

impl Checker<'_> {
    pub(super) fn dangling<'a>(&mut self, name: &Spot<String>, what: &str, known: impl Iterator<Item = &'a str>) {
        let known: Vec<&str> = known.collect();
        let fix = match nearest(&name.value, known.iter().copied()) {
            Some(near) => format!("write `{near}`"),
            None if known.is_empty() => "the plan has none; add it".to_owned(),
            None => format!("add it, or use one of: {}", shortened(&known)),
        };
        self.fault(name.place, format!("there is no {what} `{}`", name.value), fix);
    }

    pub(super) fn vantage_selector(&mut self, file: &SelectorFile, vantages: &[Vantage]) -> VantageSelector {
        match file {
            SelectorFile::Any => VantageSelector::Any,
            SelectorFile::Names(wanted) => {
                wanted.iter().for_each(|name| self.known_vantage(name, vantages));
                VantageSelector::Names(wanted.iter().map(|spot| VantageName::new(&spot.value)).collect())
            }
            SelectorFile::Where(wanted) => {
                let name = of(wanted, "vantage");
                let kind = of(wanted, "kind");
                name.into_iter().for_each(|name| self.known_vantage(name, vantages));
                // The kind may be that of a vantage that could not be read.
                if self.unread.vantages.is_empty() {
                    let kinds = || vantages.iter().map(|v| v.kind.as_str());
                    kind.into_iter().for_each(|kind| self.known(kind, "vantage of kind", kinds()));
                }
                VantageSelector::Where {
                    name: name.map(|spot| VantageName::new(&spot.value)),
                    kind: kind.map(|spot| VantageKind::new(&spot.value)),
                }
            }
        }
    }

    pub(super) fn target_selector(&mut self, file: &SelectorFile, targets: &[Target]) -> TargetSelector {
        match file {
            SelectorFile::Any => TargetSelector::Any,
            SelectorFile::Names(wanted) => {
                wanted.iter().for_each(|name| self.known_target(name, targets));
                TargetSelector::Names(wanted.iter().map(|spot| TargetName::new(&spot.value)).collect())
            }
            SelectorFile::Where(wanted) => {
                of(wanted, "target").into_iter().for_each(|name| self.known_target(name, targets));
                self.known_properties(wanted, targets);
                TargetSelector::Where {
                    name: of(wanted, "target").map(|spot| TargetName::new(&spot.value)),
                    service: of(wanted, "service").map(|spot| ServiceName::new(&spot.value)),
                    environment: of(wanted, "environment").map(|spot| spot.value.clone()),
                    region: of(wanted, "region").map(|spot| spot.value.clone()),
                }
            }
        }
    }

    fn known_properties(&mut self, wanted: &[(&'static str, Spot<String>)], targets: &[Target]) {
        if !self.unread.targets.is_empty() {
            return;
        }
        let services = || targets.iter().map(|t| t.service.as_str());
        let environments = || targets.iter().filter_map(|t| t.environment.as_deref());
        let regions = || targets.iter().filter_map(|t| t.region.as_deref());
        for (key, spot) in wanted {
            match *key {
                "service" => self.known(spot, "target of service", services()),
                "environment" => self.known(spot, "target in environment", environments()),
                "region" => self.known(spot, "target in region", regions()),
                _ => {}
            }
        }
    }

    fn known_vantage(&mut self, name: &Spot<String>, vantages: &[Vantage]) {
        if !self.unread.vantages.contains(&name.value) {
            self.known(name, "vantage", vantages.iter().map(|v| v.name.as_str()));
        }
    }

    fn known_target(&mut self, name: &Spot<String>, targets: &[Target]) {
        if !self.unread.targets.contains(&name.value) {
            self.known(name, "target", targets.iter().map(|t| t.name.as_str()));
        }
    }

    fn known<'a>(&mut self, name: &Spot<String>, what: &str, known: impl Iterator<Item = &'a str> + Clone) {
        if !known.clone().any(|k| k == name.value) {
            self.dangling(name, what, known);
        }
    }
}

fn of<'a>(wanted: &'a [(&'static str, Spot<String>)], key: &str) -> Option<&'a Spot<String>> {
    wanted.iter().find(|(k, _)| *k == key).map(|(_, spot)| spot)
}
