//! A real unbound on a loopback port, authoritative for zones of the test.

use super::island::Island;
use super::{Daemon, Folder, free_port, succeed};
use std::fmt::Write;
use std::path::PathBuf;
use std::process::Command;

/// Writes zones, and a configuration that serves them on loopback and knows nothing else; gives the file to start it with.
pub fn authoritative(folder: &Folder, port: u16, zones: &[(&str, &str)]) -> PathBuf {
    let dir = folder.path().display().to_string();
    let mut config = format!(
        "server:\n  interface: 127.0.0.1@{port}\n  do-daemonize: yes\n  chroot: \"\"\n  username: \"\"\n  \
         directory: \"{dir}\"\n  pidfile: \"{dir}/unbound.pid\"\n  use-syslog: no\n  logfile: \"{dir}/unbound.log\"\n  \
         access-control: 127.0.0.0/8 allow\n  module-config: \"iterator\"\n  root-hints: \"\"\n  do-ip6: no\n  \
         num-threads: 1\n  do-not-query-localhost: no\n"
    );
    // What no zone knows is refused here: nothing leaves this machine.
    config.push_str("  local-zone: \".\" refuse\n");
    for (name, _) in zones {
        let _ = writeln!(config, "  local-zone: \"{name}\" transparent");
    }
    config.push_str("remote-control:\n  control-enable: no\n");
    for (name, records) in zones {
        let file = write_zone(folder, name, records);
        let _ = writeln!(
            config,
            "auth-zone:\n  name: \"{name}\"\n  zonefile: \"{}\"\n  for-downstream: yes\n  for-upstream: yes",
            file.display()
        );
    }
    folder.write("unbound.conf", config)
}

/// A zone file; a running unbound takes another one up at SIGHUP.
pub fn write_zone(folder: &Folder, name: &str, records: &str) -> PathBuf {
    let text = format!(
        "$ORIGIN {name}.\n$TTL 10\n@ SOA ns.{name}. host.{name}. 1 3600 300 2419200 10\n@ NS ns.{name}.\n{records}\n"
    );
    folder.write(&format!("{name}.zone"), text)
}

pub struct Unbound {
    pub port: u16,
    daemon: Daemon,
    _folder: Folder,
}

impl Unbound {
    /// Each zone is its name and its records, in zone file form; SOA and NS are added.
    pub fn start(zones: &[(&str, &str)]) -> Self {
        let folder = Folder::new();
        let port = free_port();
        let file = authoritative(&folder, port, zones);
        // It returns once its ports are open.
        succeed(Command::new("unbound").arg("-c").arg(&file));
        let daemon = Daemon::by_pid_file(&folder.path().join("unbound.pid"));
        Self { port, daemon, _folder: folder }
    }

    /// Answers at an address of an island, and asks others for everything: for each suffix one server, `.` for the rest.
    pub fn forwarding(island: &Island, address: &str, rules: &[(String, String)]) -> Self {
        let folder = Folder::new();
        let dir = folder.path().display().to_string();
        let mut config = format!(
            "server:\n  interface: {address}\n  outgoing-interface: {address}\n  do-daemonize: yes\n  chroot: \"\"\n  username: \"\"\n  \
             directory: \"{dir}\"\n  pidfile: \"{dir}/unbound.pid\"\n  use-syslog: no\n  logfile: \"{dir}/unbound.log\"\n  \
             access-control: 0.0.0.0/0 allow\n  module-config: \"iterator\"\n  do-ip6: no\n  num-threads: 1\n\
             remote-control:\n  control-enable: no\n"
        );
        for (suffix, to) in rules {
            let _ = writeln!(config, "forward-zone:\n  name: \"{suffix}\"\n  forward-addr: {to}");
        }
        let file = folder.write("unbound.conf", config);
        succeed(island.command("unbound").arg("-c").arg(&file));
        let daemon = Daemon::by_pid_file(&folder.path().join("unbound.pid"));
        Self { port: 53, daemon, _folder: folder }
    }

    pub fn stop(&self) {
        self.daemon.stop();
    }
}
