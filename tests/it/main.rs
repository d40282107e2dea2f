//! Everything that looks at the program from outside, as one binary.

mod faults;
mod plans;
mod schema;
mod support;
mod text;
