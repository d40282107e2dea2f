//! A real dnsmasq on an address of an island: passes questions on and answers back as they come, without following aliases
//! itself, as many forwarders of routers and Windows servers do.

use super::island::Island;
use super::{Daemon, Folder, succeed};

pub struct Dnsmasq {
    _daemon: Daemon,
    _folder: Folder,
}

impl Dnsmasq {
    /// For each suffix one server, `.` for the rest.
    pub fn forwarding(island: &Island, address: &str, rules: &[(String, String)], caches: bool) -> Self {
        let to = |(suffix, to): &(String, String)| {
            if suffix == "." { format!("--server={to}") } else { format!("--server=/{suffix}/{to}") }
        };
        Self::start(island, address, caches, &rules.iter().map(to).collect::<Vec<_>>())
    }

    /// One name with one address, and nothing else.
    pub fn knowing(island: &Island, address: &str, name: &str, at: &str) -> Self {
        Self::start(island, address, false, &[format!("--address=/{name}/{at}")])
    }

    fn start(island: &Island, address: &str, caches: bool, options: &[String]) -> Self {
        let folder = Folder::new();
        let pid = folder.path().join("dnsmasq.pid");
        let mut command = island.command("dnsmasq");
        command.args([
            "--conf-file=/dev/null",
            "--no-resolv",
            "--no-hosts",
            "--bind-interfaces",
            "--user=root",
            "--group=root",
        ]);
        command.arg(format!("--listen-address={address}")).arg(format!("--pid-file={}", pid.display()));
        command.arg(format!("--cache-size={}", if caches { 150 } else { 0 }));
        command.args(options);
        // It returns once its ports are open.
        succeed(&mut command);
        Self { _daemon: Daemon::by_pid_file(&pid), _folder: folder }
    }
}
