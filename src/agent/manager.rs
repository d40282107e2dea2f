//! What the service manager (systemd) is told: that the agent is ready, that its main loop goes round, and what the board
//! comes to. Where nobody manages the agent, nothing is said.
//!
//! The words are those of `sd_notify(3)`. The socket is kept open, so that an agent without descriptors still gives
//! signs of life, and never waits: a manager that does not listen holds up no look.

use crate::judge::Verdict;
use crate::publish::{Board, SharedBoard};
use sd_notify::NotifyState;
use std::ffi::OsString;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;
use tokio::time::Instant;

/// The status is worked out at most so often; a large plan has many looks in a second.
const STATUS_EVERY: Duration = Duration::from_secs(1);

/// The service manager, where there is one.
pub struct Manager(Option<Told>);

struct Told {
    socket: UnixDatagram,
    at: SocketAddr,
    watchdog: Option<Watchdog>,
    /// When the status is worked out, where something was looked at since it was.
    status_due: Option<Instant>,
    status: String,
}

/// The manager ends an agent that gives no sign of life for twice this long.
struct Watchdog {
    every: Duration,
    next: Instant,
}

impl Manager {
    /// Nobody manages this agent.
    pub fn nobody() -> Self {
        Self(None)
    }

    /// The one that NOTIFY_SOCKET names. One that cannot be told is logged, and the agent runs without.
    pub fn of_environment() -> Self {
        let Some(name) = std::env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty()) else { return Self(None) };
        let watchdog = sd_notify::watchdog_enabled().map(|wait| wait / 2).filter(|every| !every.is_zero());
        match Told::new(&name, watchdog) {
            Ok(told) => Self(Some(told)),
            Err(e) => {
                tracing::warn!(socket = %name.display(), error = %e, "the service manager cannot be told how the agent does");
                Self(None)
            }
        }
    }

    /// The plan is read, requests are taken: from here on, and again after each reload.
    pub fn ready(&mut self, board: &SharedBoard) {
        let Some(told) = &mut self.0 else { return };
        told.status = words(&board.snapshot());
        told.status_due = None;
        told.say(&[NotifyState::Ready, NotifyState::Status(&told.status)]);
    }

    /// The plan is read again; [`Manager::ready`] follows, whatever came of it.
    pub fn reloading(&self) {
        let Some(told) = &self.0 else { return };
        match NotifyState::monotonic_usec_now() {
            Ok(since) => told.say(&[NotifyState::Reloading, since]),
            Err(e) => tracing::debug!(error = %e, "the service manager is not told of the reload"),
        }
    }

    /// The agent was told to stop, and ends what is under way.
    pub fn stopping(&self) {
        if let Some(told) = &self.0 {
            told.say(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
        }
    }

    /// Something was looked at: what the board comes to may have changed.
    pub fn looked(&mut self) {
        if let Some(told) = &mut self.0 {
            told.status_due.get_or_insert_with(|| Instant::now() + STATUS_EVERY);
        }
    }

    /// When there is something to say.
    pub fn next(&self) -> Option<Instant> {
        let told = self.0.as_ref()?;
        told.watchdog.as_ref().map(|watchdog| watchdog.next).into_iter().chain(told.status_due).min()
    }

    /// Says what is due.
    pub fn act(&mut self, board: &SharedBoard) {
        let Some(told) = &mut self.0 else { return };
        let now = Instant::now();
        if let Some(watchdog) = told.watchdog.as_mut().filter(|watchdog| watchdog.next <= now) {
            watchdog.next = now + watchdog.every;
            told.say(&[NotifyState::Watchdog]);
        }
        if told.status_due.is_some_and(|due| due <= now) {
            told.status_due = None;
            let status = words(&board.snapshot());
            if status != told.status {
                told.say(&[NotifyState::Status(&status)]);
                told.status = status;
            }
        }
    }
}

impl Told {
    fn new(name: &OsString, every: Option<Duration>) -> io::Result<Self> {
        let at = match name.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
            [b'/', ..] => SocketAddr::from_pathname(name)?,
            _ => return Err(io::Error::other("it is neither a path nor the name of an abstract socket")),
        };
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        let watchdog = every.map(|every| Watchdog { every, next: Instant::now() });
        Ok(Self { socket, at, watchdog, status_due: None, status: String::new() })
    }

    fn say(&self, states: &[NotifyState<'_>]) {
        let said: Vec<String> = states.iter().map(ToString::to_string).collect();
        if let Err(e) = self.socket.send_to_addr(said.join("\n").as_bytes(), &self.at) {
            tracing::warn!(error = %e, said = said.join(", "), "the service manager was not told");
        }
    }
}

/// What the board comes to, in one line for `systemctl status`.
fn words(board: &Board) -> String {
    let [holds, broken, unknown] = Verdict::ALL.map(|verdict| board.count(verdict));
    let claimed = board.checks.iter().filter(|entry| entry.face.claim != "none").count();
    line(claimed, [holds, broken, unknown], board.reload.succeeded)
}

fn line(checks: usize, [holds, broken, unknown]: [usize; 3], plan_is_read: bool) -> String {
    let waiting = checks.saturating_sub(holds + broken + unknown);
    let mut line = format!(
        "{checks} {}: {holds} hold, {broken} broken, {unknown} unknown",
        if checks == 1 { "check" } else { "checks" }
    );
    if waiting > 0 {
        line += &format!(", {waiting} not looked at yet");
    }
    if !plan_is_read {
        line += "; the newest plan could not be read, the one before stays";
    }
    line
}

#[test]
fn the_status_counts_what_is_claimed() {
    for (checks, verdicts, plan_is_read, says) in [
        (42, [40, 1, 1], true, "42 checks: 40 hold, 1 broken, 1 unknown"),
        (3, [0, 0, 0], true, "3 checks: 0 hold, 0 broken, 0 unknown, 3 not looked at yet"),
        (
            1,
            [0, 1, 0],
            false,
            "1 check: 0 hold, 1 broken, 0 unknown; the newest plan could not be read, the one before stays",
        ),
    ] {
        assert_eq!(line(checks, verdicts, plan_is_read), says);
    }
}
