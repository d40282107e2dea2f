//! Which rule decides: the first one that matches a vantage and a target, unless an exception covers the day.

use super::{
    CheckName, Claim, Endpoint, Exception, Plan, Resolver, Rule, Target, TargetSelector, Vantage, VantageName,
    VantageSelector,
};
use jiff::civil::Date;

/// What decides a vantage and a target on one day.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'p> {
    pub rule: &'p Rule,
    pub exception: Option<&'p Exception>,
}

impl<'p> Decision<'p> {
    pub fn claim(&self) -> &'p Claim {
        self.exception.map_or(&self.rule.claim, |exception| &exception.claim)
    }
}

/// One vantage looking at one endpoint under one claim.
#[derive(Clone, Copy, Debug)]
pub struct Case<'p> {
    pub vantage: &'p Vantage,
    pub target: &'p Target,
    pub endpoint: &'p Endpoint,
    pub decision: Decision<'p>,
}

impl Case<'_> {
    /// `target/host`, unique within a vantage.
    pub fn name(&self) -> CheckName {
        CheckName::new(&format!("{}/{}", self.target.name, self.endpoint.host))
    }
}

impl VantageSelector {
    pub fn matches(&self, vantage: &Vantage) -> bool {
        match self {
            Self::Any => true,
            Self::Names(names) => names.contains(&vantage.name),
            Self::Where { name, kind } => {
                name.as_ref().is_none_or(|n| *n == vantage.name) && kind.as_ref().is_none_or(|k| *k == vantage.kind)
            }
        }
    }
}

impl TargetSelector {
    pub fn matches(&self, target: &Target) -> bool {
        match self {
            Self::Any => true,
            Self::Names(names) => names.contains(&target.name),
            Self::Where { name, service, environment, region } => {
                name.as_ref().is_none_or(|n| *n == target.name)
                    && service.as_ref().is_none_or(|s| *s == target.service)
                    && environment.as_ref().is_none_or(|e| Some(e) == target.environment.as_ref())
                    && region.as_ref().is_none_or(|r| Some(r) == target.region.as_ref())
            }
        }
    }
}

impl Exception {
    /// Whether the exception covers a day; its last day is still covered.
    pub fn covers(&self, day: Date) -> bool {
        self.begins.is_none_or(|begins| begins <= day) && day <= self.ends
    }
}

impl Plan {
    pub fn vantage(&self, name: &str) -> Option<&Vantage> {
        self.vantages.iter().find(|vantage| vantage.name.as_str() == name)
    }

    pub fn resolver(&self, name: &str) -> Option<&Resolver> {
        self.resolvers.iter().find(|resolver| resolver.name.as_str() == name)
    }

    /// The rule that decides a pair. A checked plan covers every pair, so `None` is met only while checking.
    pub(super) fn deciding_rule(&self, vantage: &Vantage, target: &Target) -> Option<usize> {
        self.rules.iter().position(|rule| rule.from.matches(vantage) && rule.to.matches(target))
    }

    /// What decides a vantage and a target on a day.
    pub fn decide(&self, vantage: &Vantage, target: &Target, day: Date) -> Option<Decision<'_>> {
        let rule = &self.rules[self.deciding_rule(vantage, target)?];
        let covers = |e: &&Exception| e.covers(day) && e.from.matches(vantage) && e.to.matches(target);
        Some(Decision { rule, exception: self.exceptions.iter().find(covers) })
    }

    /// The exception of a pair that ended last before a day.
    pub fn lapsed(&self, vantage: &Vantage, target: &Target, day: Date) -> Option<&Exception> {
        let of_pair = self.exceptions.iter().filter(|e| e.from.matches(vantage) && e.to.matches(target));
        of_pair.filter(|exception| exception.ends < day).max_by_key(|exception| exception.ends)
    }

    /// Everything a vantage looks at on a day, in the order of the plan; pairs covered by `none` are left out.
    pub fn cases(&self, vantage: &VantageName, day: Date) -> Vec<Case<'_>> {
        self.all_cases(vantage, day).filter(|case| *case.decision.claim() != Claim::None).collect()
    }

    /// As [`Plan::cases`], with the pairs covered by `none`.
    pub fn all_cases(&self, vantage: &VantageName, day: Date) -> impl Iterator<Item = Case<'_>> {
        let vantage = self.vantages.iter().find(|v| v.name == *vantage);
        vantage.into_iter().flat_map(move |vantage| {
            self.targets.iter().flat_map(move |target| {
                self.decide(vantage, target, day).into_iter().flat_map(move |decision| {
                    target.endpoints.iter().map(move |endpoint| Case { vantage, target, endpoint, decision })
                })
            })
        })
    }
}
