//! The ready plans of `probes/`, built into the binary: each is a plan to begin with.

/// Name and text of every ready plan, the shortest first.
pub const EXAMPLES: &[(&str, &str)] = &[
    ("minimal", include_str!("../../probes/minimal.yaml")),
    ("foundry", include_str!("../../probes/foundry.yaml")),
    ("gateway-only", include_str!("../../probes/gateway-only.yaml")),
    ("build-runner", include_str!("../../probes/build-runner.yaml")),
    ("outside", include_str!("../../probes/outside.yaml")),
    ("hub-and-spoke", include_str!("../../probes/hub-and-spoke.yaml")),
    ("lab", include_str!("../../probes/lab.yaml")),
];

/// The text of a ready plan.
pub fn example(name: &str) -> Option<&'static str> {
    EXAMPLES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
