//! The door of the agent's HTTP: who gets in, and over what. It follows the files of the web configuration while the
//! agent runs, and never opens further than it stood at the start.

mod clients;
mod guard;
mod host;
mod login;
mod setup;

#[cfg(test)]
pub mod tests;

pub use guard::{guarded, of_this_machine_only};
pub use setup::Readings;

use super::meters::Meters;
use guard::Pace;
use login::Login;
use prometheus::IntGauge;
use setup::Setup;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::Duration;
use tokio::time::Instant;

/// How often the files are looked at, at the most; no client can make it more.
pub const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// Reads the web configuration and the files it names; the error is fit for an operator.
pub type WebSource = Box<dyn Fn() -> Result<Readings, String> + Send + Sync>;

pub struct Door {
    /// Whether only this machine reaches it, so that requests must name this machine.
    on_loopback: bool,
    current: Mutex<Arc<Setup>>,
    files: Option<Files>,
    login: Login,
    pace: Pace,
}

struct Files {
    source: WebSource,
    seen: Mutex<Seen>,
    succeeded: IntGauge,
    /// When they are looked at again.
    due: Mutex<Instant>,
}

/// What was read last.
struct Seen {
    taken: Readings,
    /// Why later ones were refused, where they were.
    refused: Option<String>,
}

impl Door {
    /// A door that asks nobody.
    pub fn open(listen: IpAddr) -> Self {
        Self::new(listen, Setup::default(), None)
    }

    /// A door that does what files say. The error says why they cannot be followed; then nobody may be let in.
    pub fn kept_by(source: WebSource, listen: IpAddr, meters: &Meters) -> Result<Self, String> {
        let readings = source()?;
        let setup = Setup::new(&readings)?;
        let succeeded = IntGauge::new(
            "fencepost_web_config_last_reload_successful",
            "Whether the web configuration, as it stands on disk, is the one in force.",
        )
        .and_then(|gauge| meters.registry.register(Box::new(gauge.clone())).map(|()| gauge))
        .map_err(|e| e.to_string())?;
        succeeded.set(1);
        let seen = Mutex::new(Seen { taken: readings, refused: None });
        let due = Mutex::new(Instant::now() + BETWEEN_LOOKS);
        Ok(Self::new(listen, setup, Some(Files { source, seen, succeeded, due })))
    }

    fn new(listen: IpAddr, setup: Setup, files: Option<Files>) -> Self {
        let current = Mutex::new(Arc::new(setup));
        let on_loopback = listen.to_canonical().is_loopback();
        Self { on_loopback, current, files, login: Login::new(), pace: Pace::default() }
    }

    /// `http` or `https`, as it is now.
    pub fn scheme(&self) -> &'static str {
        if self.as_it_stands().tls.is_some() { "https" } else { "http" }
    }

    /// What a new connection speaks; `None` for plain HTTP.
    pub async fn tls(self: &Arc<Self>) -> Option<Arc<rustls::ServerConfig>> {
        self.setup().await.tls.clone()
    }

    /// Whether clients must prove who they are, as it is now.
    pub fn asks_who(&self) -> bool {
        let files = self.files.as_ref();
        files.is_some_and(|files| held(&files.seen).taken.config.asks_who())
    }

    /// Reads the files now, whenever they were read before.
    pub fn reread(&self) {
        let Some(files) = &self.files else { return };
        match files.seen.try_lock() {
            Ok(mut seen) => self.look(files, &mut seen),
            Err(TryLockError::Poisoned(seen)) => self.look(files, &mut seen.into_inner()),
            // A look is under way, and may have begun too early: the next request brings another.
            Err(TryLockError::WouldBlock) => *held(&files.due) = Instant::now(),
        }
    }

    fn look(&self, files: &Files, seen: &mut Seen) {
        match (files.source)().and_then(|readings| self.taken(readings, seen)) {
            Ok(()) => {
                if seen.refused.take().is_some() {
                    tracing::info!("the web configuration is whole again");
                }
                files.succeeded.set(1);
            }
            Err(why) => {
                if seen.refused.as_ref() != Some(&why) {
                    tracing::error!(why, "the web configuration is not taken; the last good one stays");
                    seen.refused = Some(why);
                }
                files.succeeded.set(0);
            }
        }
    }

    fn taken(&self, readings: Readings, seen: &mut Seen) -> Result<(), String> {
        if readings == seen.taken {
            return Ok(());
        }
        if let Some(given_up) = seen.taken.config.given_up_by(&readings.config) {
            return Err(format!(
                "it no longer asks for {given_up}\n    fix: put that back; a running agent opens no door, so restart it if that is meant"
            ));
        }
        let setup = Setup::new(&readings)?;
        *held(&self.current) = Arc::new(setup);
        seen.taken = readings;
        tracing::info!("the web configuration changed, and is taken");
        Ok(())
    }

    /// What is in force, once the files were looked at where it is time to.
    #[expect(
        clippy::disallowed_methods,
        reason = "files may lie on a disk that hangs; one look at a time, once a second"
    )]
    async fn setup(self: &Arc<Self>) -> Arc<Setup> {
        let is_due = |files: &Files| {
            let (mut due, now) = (held(&files.due), Instant::now());
            let is_due = *due <= now;
            if is_due {
                *due = now + BETWEEN_LOOKS;
            }
            is_due
        };
        if self.files.as_ref().is_some_and(is_due) {
            let door = Arc::clone(self);
            // One that panicked has changed nothing.
            let _ = tokio::task::spawn_blocking(move || door.reread()).await;
        }
        self.as_it_stands()
    }

    fn as_it_stands(&self) -> Arc<Setup> {
        Arc::clone(&held(&self.current))
    }
}

fn held<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
