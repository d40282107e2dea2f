//! Real servers for the tests: started on loopback with a folder of their own, stopped by pid.

pub mod agent;
pub mod alertmanager;
pub mod certificates;
pub mod clock;
pub mod disk;
pub mod dnsmasq;
pub mod estate;
pub mod exposition;
pub mod island;
pub mod machine;
pub mod named;
pub mod lab;
pub mod nginx;
pub mod place;
pub mod prometheus;
pub mod promql;
pub mod receiver;
pub mod shelf;
pub mod squid;
pub mod teller;
pub mod town;
pub mod unbound;

use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder that is removed with its owner.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("fencepost-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A port that is free for TCP and UDP on loopback.
pub fn free_port() -> u16 {
    free_ports(1)
}

/// The first of so many ports in a row that are free for TCP and UDP on loopback. They lie below the range from which the
/// kernel gives ports to clients, and differ from test process to test process, so that a port which one test gave up is
/// not taken by the next.
pub fn free_ports(many: u16) -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let is_free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok() && UdpSocket::bind(("127.0.0.1", port)).is_ok();
    for _ in 0..1_000 {
        let taken = NEXT.fetch_add(u32::from(many), Ordering::Relaxed);
        let step = std::process::id().wrapping_mul(31).wrapping_add(taken);
        let port = 10_000 + u16::try_from(step % 22_000).unwrap();
        if (port..port + many).all(is_free) {
            return port;
        }
    }
    panic!("no port is free");
}

/// Runs a command that must succeed.
pub fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}; run scripts/install-test-tools.sh"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{text}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

/// A daemon, known by its pid; stopped with its owner.
pub struct Daemon(u32);

impl Daemon {
    /// The daemon's first process may end before its second has written the pid; this waits for the number.
    pub fn by_pid_file(path: &Path) -> Self {
        loop {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            if let Some(pid) = text.strip_suffix('\n').and_then(|text| text.trim().parse().ok()) {
                return Self(pid);
            }
            std::thread::yield_now();
        }
    }

    /// Ends the daemon and returns when it is gone.
    pub fn stop(&self) {
        let _ = Command::new("kill").arg(self.0.to_string()).status();
        while self.is_alive() {
            std::thread::yield_now();
        }
    }

    /// A process that ended but was not yet waited for is not alive.
    fn is_alive(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0)).unwrap_or_default();
        stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with('Z'))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.stop();
    }
}
