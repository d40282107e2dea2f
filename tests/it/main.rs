//! Everything that looks at the program from outside, as one binary.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, and so do its helpers")]
#![expect(
    clippy::disallowed_methods,
    reason = "servers of a test run in threads, and a running agent is timed from outside"
)]

mod alerts;
mod alerts_post;
mod charts;
mod cli;
mod dashboards;
mod deploy;
mod docs;
mod environment;
mod environment_net;
mod explain;
mod facts_of;
mod faults;
mod findings;
mod fuzz;
mod fuzzed;
mod gate;
mod growth;
mod hostile;
mod house;
mod import;
mod inhibition;
mod killed;
mod lab;
mod judge;
mod judge_any;
mod judge_doubt;
mod judge_gaps;
mod judge_rest;
mod judge_same;
mod judge_why;
mod lossy;
mod metrics;
mod netns;
mod netns_agents;
mod oncall;
mod overlap;
mod plan_folder;
mod plan_refused;
mod plan_signed;
mod plan_source;
mod plans;
mod prometheus;
mod proxy;
mod push;
mod quiet;
mod real;
mod real_causes;
mod report;
mod repository;
mod run;
mod scenarios;
mod service;
mod shells;
mod schema;
mod state;
mod support;
mod tale;
mod text;
mod threats;
mod web;
mod year;
