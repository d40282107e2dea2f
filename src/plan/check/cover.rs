//! Every pair of a vantage and a target is decided, every rule decides something, and `private` knows its addresses.
//!
//! Faults of things that could not be read are reported where they stand. What only follows from them is not: a typo
//! in one rule would otherwise bring a fault for every pair the rule was meant to cover.

use super::super::file::{RuleFile, TargetFile};
use super::super::{Claim, Plan, Target};
use super::{Checker, shortened};
use std::collections::BTreeMap;

impl Checker<'_> {
    pub(super) fn coverage(&mut self, plan: &Plan, rules: &[RuleFile], targets: &[TargetFile]) {
        let rules_read = !rules.is_empty() && !self.unread.rules && !self.uncertain_rules.contains(&true);
        let places_read = !plan.vantages.is_empty()
            && !plan.targets.is_empty()
            && self.unread.vantages.is_empty()
            && self.unread.targets.is_empty();
        let mut decides = vec![0_usize; plan.rules.len()];
        let mut uncovered: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for vantage in &plan.vantages {
            for (target, file) in plan.targets.iter().zip(targets) {
                let Some(decider) = plan.deciding_rule(vantage, target) else {
                    uncovered.entry(target.name.as_str()).or_default().push(vantage.name.as_str());
                    continue;
                };
                decides[decider] += 1;
                if plan.rules[decider].claim == Claim::Private {
                    self.expected_addresses(file, target, &format!("rule `{}`", plan.rules[decider].name));
                }
            }
        }
        for file in targets.iter().filter(|_| rules_read) {
            if let Some(vantages) = uncovered.get(file.name.value.as_str()) {
                self.fault(
                    file.name.place,
                    format!("no rule covers target `{}` from {}", file.name.value, shortened(vantages)),
                    "add a rule for it; `claim: none` covers it on purpose without looking",
                );
            }
        }
        for (i, rule) in rules.iter().enumerate().filter(|(i, _)| places_read && decides.get(*i) == Some(&0)) {
            if !self.uncertain_rules[i] {
                self.idle_rule(plan, rule, i);
            }
        }
    }

    pub(super) fn exceptions_know_addresses(&mut self, plan: &Plan, targets: &[TargetFile]) {
        for exception in plan.exceptions.iter().filter(|e| e.claim == Claim::Private) {
            let somewhere = plan.vantages.iter().any(|vantage| exception.from.matches(vantage));
            for (target, file) in plan.targets.iter().zip(targets) {
                if somewhere && exception.to.matches(target) {
                    self.expected_addresses(file, target, &format!("exception `{}`", exception.name));
                }
            }
        }
    }

    fn expected_addresses(&mut self, file: &TargetFile, target: &Target, claimant: &str) {
        if target.endpoints.iter().any(|e| e.from_catalog) {
            self.fault(
                file.name.place,
                format!("{claimant} claims that `{}` is private, but its names are the catalogue's own", target.name),
                "claim `blocked`, `public` or `none` for it; there are no private endpoints for these names",
            );
            return;
        }
        for endpoint in target.endpoints.iter().filter(|e| file.endpoints_read && e.expected.is_empty()) {
            let written = file.endpoints.iter().find(|e| e.host.value == endpoint.host);
            self.fault(
                written.map_or(file.name.place, |e| e.host.place),
                format!("{claimant} claims that `{}` is private, but its addresses are not given", endpoint.host),
                format!("write the private endpoint's addresses: `{}: [10.20.3.5]`", endpoint.host),
            );
        }
    }

    fn idle_rule(&mut self, plan: &Plan, file: &RuleFile, index: usize) {
        let rule = &plan.rules[index];
        let mut pairs = plan.vantages.iter().filter(|v| rule.from.matches(v)).flat_map(|v| {
            plan.targets.iter().filter(|t| rule.to.matches(t)).filter_map(move |t| plan.deciding_rule(v, t))
        });
        match pairs.next() {
            Some(earlier) => self.fault(
                file.place,
                format!("rule `{}` can never match: rule `{}` decides before it", rule.name, plan.rules[earlier].name),
                "move it up, or remove it",
            ),
            None => self.fault(
                file.place,
                format!("rule `{}` can never match: it selects no vantage or no target", rule.name),
                "widen `from` or `to`, or remove it",
            ),
        }
    }
}
