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
        "A private name resolves publicly; the public side refuses, or is not clear."
    PrivatePathDown "FencepostPrivatePathDown" Critical
        "A private endpoint cannot be used from here, and no public answer is the reason."
    BlockBroken "FencepostBlockBroken" Critical
        "A path that must be blocked is not blocked as the plan says."
    PublicPathDown "FencepostPublicPathDown" Warning
        "A public side that is meant to be open from here is not."
    PublicSideOpen "FencepostPublicSideOpen" Warning
        "The public side of a private endpoint is open: one DNS fault away from leaking."
    ResolversDisagree "FencepostResolversDisagree" Warning
        "The resolvers of a vantage answer differently, and some of the answers do not work."
    CheckUnknown "FencepostCheckUnknown" Warning
        "A check could not tell for ten minutes."
    WitnessFailing "FencepostWitnessFailing" Warning
        "Nothing proves that this vantage works, so its blocks prove nothing."
    ChecksStale "FencepostChecksStale" Warning
        "Checks are not looked at: their last look is older than three rounds."
    ExceptionExpiring "FencepostExceptionExpiring" Warning
        "An exception ends within 7 days."
    ExceptionExpired "FencepostExceptionExpired" Warning
        "An exception has ended and still stands in the plan."
    ExceptionUnused "FencepostExceptionUnused" Info
        "An exception was never needed."
    CertificateExpiring "FencepostCertificateExpiring" Warning
        "A certificate expires within 14 days."
    PlanReloadFailed "FencepostPlanReloadFailed" Warning
        "The newest plan could not be read; an older one is in force."
    StateNotKept "FencepostStateNotKept" Warning
        "What the agent knows would not survive a restart."
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
