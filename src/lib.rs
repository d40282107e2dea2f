//! A **plan** says what should be true. The **schedule** says when to look. We **observe** facts, and only facts. We
//! **judge** the facts against the plan. **Standing** follows verdicts over time. We **publish** from one board.
//!
//! The modules in reading order; the first ten are pure.

pub mod plan; // what must be true
pub mod catalog; // what is known of each service
pub mod facts; // what the wire said
pub mod schedule; // when to look
pub mod judge; // what the facts mean for a claim
pub mod standing; // a verdict over time
pub mod story; // findings in plain words
pub mod alert; // which alerts are held, and what is to be sent
pub mod import; // plans out of what other tools were told
pub mod web; // who may read the agent's pages
pub mod state; // what survives a restart
pub mod dial; // how everything that is sent goes out
pub mod source; // where the plan comes from
pub mod clock; // the wall clock's one door
pub mod observe; // looking at names and addresses
pub mod publish; // one board, many faces
pub mod agent; // the loop that ties all this together
pub mod lab; // worlds to break on purpose
pub mod cli; // files, standard output, exit codes
