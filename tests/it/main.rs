//! Everything that needs the whole program or real servers.

mod hostile;
mod real;
mod run;
mod support;
