//! The world of the moment, shared by whatever plays it. A change is whole: nobody sees half of one.

use super::authority::{Authority, AuthorityError};
use super::world::{UnknownFault, World};
use std::sync::Arc;
use tokio::sync::watch;

pub struct Stage {
    scene: watch::Sender<Played>,
    authority: Authority,
}

/// A world, and how many changes led to it.
#[derive(Clone)]
pub(super) struct Played {
    pub generation: u64,
    pub world: Arc<World>,
}

impl Stage {
    pub fn new(world: World) -> Result<Arc<Self>, AuthorityError> {
        let authority = Authority::new(world.scene())?;
        let (scene, _) = watch::channel(Played { generation: 0, world: Arc::new(world) });
        Ok(Arc::new(Self { scene, authority }))
    }

    /// The world as it is now.
    pub fn world(&self) -> Arc<World> {
        Arc::clone(&self.scene.borrow().world)
    }

    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Puts one fault more in force.
    pub fn break_with(&self, name: &str) -> Result<(), UnknownFault> {
        self.change(|world| world.with_fault(name))
    }

    /// Takes all faults back.
    pub fn heal(&self) {
        let Ok(()) = self.change(|world| Ok::<_, std::convert::Infallible>(world.healed()));
    }

    fn change<E>(&self, how: impl FnOnce(&World) -> Result<World, E>) -> Result<(), E> {
        let mut outcome = Ok(());
        self.scene.send_if_modified(|played| match how(&played.world) {
            Ok(world) => {
                *played = Played { generation: played.generation + 1, world: Arc::new(world) };
                true
            }
            Err(e) => {
                outcome = Err(e);
                false
            }
        });
        outcome
    }

    pub(super) fn generation(&self) -> u64 {
        self.scene.borrow().generation
    }

    pub(super) fn watch(&self) -> watch::Receiver<Played> {
        self.scene.subscribe()
    }
}
