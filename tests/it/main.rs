//! Everything that looks at the program from outside, as one binary.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, and so do its helpers")]

mod facts_of;
mod faults;
mod judge;
mod judge_any;
mod plans;
mod schema;
mod support;
mod text;
