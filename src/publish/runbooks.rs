//! The runbooks, built into the binary: at three in the morning the agent's own page may be all there is.

macro_rules! runbooks {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../docs/runbooks/", $name, ".md"))),)*]
    };
}

/// Name and text of each; a test holds the list against the folder.
pub const RUNBOOKS: &[(&str, &str)] = runbooks! {
    "FencepostAlertsFailing"
    "FencepostBlockBroken"
    "FencepostCertificateExpiring"
    "FencepostCheckUnknown"
    "FencepostChecksStale"
    "FencepostExceptionExpired"
    "FencepostExceptionExpiring"
    "FencepostExceptionUnused"
    "FencepostPlanReloadFailed"
    "FencepostPlanSkew"
    "FencepostPrivatePathDown"
    "FencepostPublicFallbackAnswered"
    "FencepostPublicFallbackUsable"
    "FencepostPublicPathDown"
    "FencepostPublicSideOpen"
    "FencepostResolversDisagree"
    "FencepostStateNotKept"
    "FencepostVantageMissing"
    "FencepostWitnessFailing"
};

/// A runbook by its name, with or without `.md`.
pub fn runbook(name: &str) -> Option<&'static str> {
    let bare = name.strip_suffix(".md").unwrap_or(name);
    RUNBOOKS.iter().find(|(known, _)| *known == bare).map(|(_, text)| *text)
}
