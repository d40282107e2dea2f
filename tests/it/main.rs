//! Everything that looks at the program from outside, as one binary.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, and so do its helpers")]

mod faults;
mod plans;
mod schema;
mod support;
mod text;
