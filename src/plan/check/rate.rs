//! A plan must not ask more of a resolver than it may be asked.

use super::super::file::SettingsFile;
use super::super::{Claim, MOST_QUESTIONS_PER_SECOND, Plan, ResolverRef, Vantage};
use super::Checker;

/// Each look asks each resolver for A and AAAA.
const QUESTIONS_PER_LOOK: u64 = 2;

impl Checker<'_> {
    /// The agent paces its questions; a plan that needs more would fall behind for ever.
    pub(super) fn rates(&mut self, plan: &Plan, file: &SettingsFile) {
        let place = file.every.as_ref().map_or(file.place, |spot| spot.place);
        let every = plan.settings.every.as_millis().max(1);
        for vantage in plan.vantages.iter().filter(|vantage| is_paced(plan, vantage)) {
            let questions = u128::from(QUESTIONS_PER_LOOK * looks(plan, vantage));
            let needed = questions * 1_000;
            let most = u128::from(MOST_QUESTIONS_PER_SECOND) * every;
            if needed > most {
                self.fault(
                    place,
                    format!(
                        "vantage `{}` would ask each resolver {} questions a second, more than the {MOST_QUESTIONS_PER_SECOND} \
                         that are asked at the most",
                        vantage.name,
                        needed.div_ceil(every)
                    ),
                    format!("write `every: {}s` or more", questions.div_ceil(u128::from(MOST_QUESTIONS_PER_SECOND))),
                );
            }
        }
    }
}

/// Resolvers on the machine itself are asked as often as one likes.
fn is_paced(plan: &Plan, vantage: &Vantage) -> bool {
    vantage.resolvers.iter().any(|reference| match reference {
        ResolverRef::Host => true,
        ResolverRef::Named(name) => plan.resolver(name.as_str()).is_some_and(|r| !r.address.ip().is_loopback()),
    })
}

fn looks(plan: &Plan, vantage: &Vantage) -> u64 {
    let looked_at = plan
        .targets
        .iter()
        .filter(|target| plan.deciding_rule(vantage, target).is_some_and(|rule| plan.rules[rule].claim != Claim::None));
    looked_at.map(|target| target.endpoints.len() as u64).sum()
}

#[cfg(test)]
mod tests {
    use crate::plan::{ServiceName, ServiceOutline, read};
    use std::fmt::Write;

    fn faults(endpoints: usize, every: &str) -> String {
        let mut text = format!(
            "plan: large\nsettings: {{every: {every}, timeout: 1s}}\nvantages: {{here: {{kind: a}}}}\n\
             rules: [{{name: all, from: any, to: any, claim: private}}]\n\
             targets:\n  it:\n    service: s\n    endpoints:\n"
        );
        for i in 0..endpoints {
            writeln!(text, "      host-{i}.example: [10.0.0.1]").unwrap();
        }
        let services = [(ServiceName::new("s"), ServiceOutline::default())].into_iter().collect();
        read("large.yaml", &text, &services).map_or_else(|faults| faults.to_string(), |_| String::new())
    }

    #[test]
    fn a_plan_that_asks_too_much_is_refused_with_a_round_that_fits() {
        assert_eq!(faults(7_500, "30s"), "");
        let said = faults(10_000, "30s");
        assert!(
            said.starts_with("large.yaml:2:19: vantage `here` would ask each resolver 667 questions a second"),
            "{said}"
        );
        assert!(said.contains("write `every: 40s` or more"), "{said}");
        assert_eq!(faults(10_000, "40s"), "");
    }
}
