//! Everything that needs the whole program or real servers.

mod real;
mod support;
