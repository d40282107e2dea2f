//! The lab holds the agent's eyes and judgement against what is known to be wrong: every fault, both ways to play it.

mod loopback;
mod names;
mod round;
mod simulated;
mod world;
