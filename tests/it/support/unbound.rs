//! A real unbound on a loopback port, authoritative for zones of the test.

use super::island::Island;
use super::{Daemon, Folder, free_port, succeed};
use std::fmt::Write;
use std::process::Command;

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
        for (i, (name, records)) in zones.iter().enumerate() {
            let text = format!(
                "$ORIGIN {name}.\n$TTL 10\n@ SOA ns.{name}. host.{name}. 1 3600 300 2419200 10\n@ NS ns.{name}.\n{records}\n"
            );
            let file = folder.write(&format!("{i}.zone"), text);
            let _ = writeln!(
                config,
                "auth-zone:\n  name: \"{name}\"\n  zonefile: \"{}\"\n  for-downstream: yes\n  for-upstream: yes",
                file.display()
            );
        }
        let file = folder.write("unbound.conf", config);
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
