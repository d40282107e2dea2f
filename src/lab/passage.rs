//! What becomes of a connection: the firewall first, then the front's own state.

use super::scene::{Action, Front, FrontState};
use super::world::World;
use std::net::IpAddr;

/// What a connection meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passage<'w> {
    /// The front of this name takes the connection.
    Open(&'w str, &'w Front),
    /// Packets vanish.
    Dropped,
    /// Nothing listens there.
    Refused,
    Reset,
    Unreachable,
}

impl World {
    /// What a connection from an address to an address meets.
    ///
    /// Where no front is, it is refused: that is what loopback does, and both ways to play a world must agree.
    pub fn passage(&self, source: IpAddr, to: IpAddr) -> Passage<'_> {
        let scene = self.scene();
        let to = to.to_canonical();
        let Some((name, front)) = scene.fronts.iter().find(|(_, front)| front.address == to) else {
            return Passage::Refused;
        };
        let action = scene.whereabouts(source).map_or(Action::Allow, |from| scene.action(from, name));
        match action {
            Action::Drop => Passage::Dropped,
            Action::Refuse => Passage::Refused,
            Action::Reset => Passage::Reset,
            Action::Unreachable => Passage::Unreachable,
            Action::Allow => match front.state {
                FrontState::Serving
                | FrontState::ResetsHandshake
                | FrontState::ClosesHandshake
                | FrontState::StallsHandshake
                | FrontState::StallsRequest
                | FrontState::Garbles => Passage::Open(name, front),
                FrontState::Refusing => Passage::Refused,
                FrontState::Silent => Passage::Dropped,
            },
        }
    }
}
