//! The lab holds the agent's eyes and judgement against what is known to be wrong: every fault, both ways to play it.

mod fronts;
mod loopback;
mod machine;
mod names;
mod resolvers;
mod round;
mod simulated;
mod world;
