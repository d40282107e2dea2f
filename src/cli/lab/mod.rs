//! `fencepost lab`: a world on loopback, the agents that look at it, and the orders to break and heal it.

mod matrix;
mod orders;
mod play;

use super::args::{Lab, LabOrder};
use super::{Outcome, runtime};

pub fn run(command: &Lab) -> Outcome {
    let runtime = runtime::runtime()?;
    let outcome = match &command.order {
        None if command.once => runtime.block_on(play::once(command)),
        None => runtime.block_on(play::run(command)),
        Some(LabOrder::List) => runtime.block_on(orders::list(command.control)),
        Some(LabOrder::Break { name }) => runtime.block_on(orders::break_with(command.control, name)),
        Some(LabOrder::Heal) => runtime.block_on(orders::heal(command.control)),
    };
    runtime::end(runtime);
    outcome
}
