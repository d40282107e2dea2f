//! A network of its own for one test: a namespace with nothing but loopback, on which any address may stand. Nothing in it
//! reaches anything outside. Files of `/etc` can be laid over, and shared memory is its own.

use super::{Folder, succeed};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

pub struct Island {
    /// Holds the namespaces open; it ends when its standard input does.
    holder: Child,
    _leash: Option<ChildStdin>,
    etc: Folder,
}

impl Island {
    /// A network in which this machine has these addresses.
    pub fn new(addresses: &[String]) -> Self {
        let stand: String = addresses.iter().map(|address| format!("ip address add {address} dev lo\n")).collect();
        let script = format!("set -e\nip link set lo up\nmount -t tmpfs shm /dev/shm\n{stand}echo ready\nexec cat");
        let mut holder = Command::new("unshare")
            .args(["--net", "--mount", "--propagation", "private", "sh", "-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("unshare: {e}; run scripts/install-test-tools.sh"));
        let mut said = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said.trim(), "ready", "this test needs the right to make network and mount namespaces (root)");
        Self { _leash: holder.stdin.take(), holder, etc: Folder::new() }
    }

    /// Whose namespaces these are.
    pub fn pid(&self) -> String {
        self.holder.id().to_string()
    }

    /// A command that runs on the island.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.holder.id().to_string(), "--net", "--mount", "--"]).arg(program);
        command
    }

    /// Lays a file over one of `/etc`, for those on the island.
    pub fn etc(&self, name: &str, text: &str) {
        let file = self.etc.write(name, text);
        succeed(self.command("mount").arg("--bind").arg(file).arg(Path::new("/etc").join(name)));
    }

    /// Changes a file that was laid over.
    pub fn rewrite(&self, name: &str, text: &str) {
        // In place: what is mounted is this file, not its name.
        self.etc.write(name, text);
    }
}

impl Drop for Island {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
