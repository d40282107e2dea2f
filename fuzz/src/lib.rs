//! The targets' bodies, shared with the ordinary tests: `tests/it/fuzz.rs` plays every kept input through them again.

#[path = "../../tests/it/fuzzed/mod.rs"]
pub mod fuzzed;
