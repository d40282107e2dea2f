//! The closed list of alerts that an agent can hold. Names and severities are those of the Prometheus rules.

use crate::judge::Severity;
use serde::{Deserialize, Serialize};

macro_rules! alerts {
    ($($name:ident $word:literal $severity:ident $summary:literal)*) => {
        /// What an alert is called.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum AlertName { $(#[serde(rename = $word)] $name,)* }

        impl AlertName {
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            pub const fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }

            /// What it says, the same each time.
            pub const fn summary(self) -> &'static str {
                match self { $(Self::$name => $summary,)* }
            }
        }
    };
}

alerts! {
    PublicFallbackUsable "FencepostPublicFallbackUsable" Critical
        "A private name resolves publicly, and the public side lets requests in."
    PublicFallbackAnswered "FencepostPublicFallbackAnswered" Critical
        "A private name resolves publicly; the public side does not clearly let requests in."
    PrivatePathDown "FencepostPrivatePathDown" Critical
        "A private endpoint cannot be used, and no public answer is the reason."
    BlockBroken "FencepostBlockBroken" Critical
        "A path that must be blocked is not blocked as the plan says."
    PublicPathDown "FencepostPublicPathDown" Warning
        "A public side that the plan wants open is closed."
    PublicSideOpen "FencepostPublicSideOpen" Warning
        "The public side of a private service lets requests in."
    ResolversDisagree "FencepostResolversDisagree" Warning
        "The resolvers of a vantage give different kinds of answers."
    CheckUnknown "FencepostCheckUnknown" Warning
        "For ten minutes an agent could not tell whether a claim is true."
    WitnessFailing "FencepostWitnessFailing" Warning
        "No witness works from a vantage, so nothing can be proven there."
    ChecksStale "FencepostChecksStale" Warning
        "An agent does not look at its checks when it should."
    ExceptionExpiring "FencepostExceptionExpiring" Warning
        "An exception ends within 7 days."
    ExceptionExpired "FencepostExceptionExpired" Warning
        "An exception has ended and is still in the plan."
    ExceptionUnused "FencepostExceptionUnused" Info
        "An exception was never needed."
    CertificateExpiring "FencepostCertificateExpiring" Warning
        "A certificate ends within 14 days."
    PlanReloadFailed "FencepostPlanReloadFailed" Warning
        "An agent could not read its plan, and goes on with the old one."
    StateNotKept "FencepostStateNotKept" Warning
        "An agent cannot keep its state; a restart would forget incidents."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_is_kept_is_the_name_that_is_sent() {
        for name in AlertName::ALL {
            assert_eq!(serde_json::to_string(name).unwrap(), format!("\"{}\"", name.word()));
            assert!(name.summary().ends_with('.') && name.summary().len() > 20, "{}", name.word());
        }
    }
}
