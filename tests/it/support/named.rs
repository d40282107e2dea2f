//! A real BIND on an address of an island: primary for some zones, forwarding everything else, or nothing.

use super::island::Island;
use super::{Daemon, Folder, succeed};
use std::fmt::Write;

/// A zone as BIND holds it.
pub struct Zone {
    pub name: String,
    /// What its SOA names as the primary server.
    pub primary: String,
    /// Lines of a zone file.
    pub records: String,
}

pub struct Named {
    _daemon: Daemon,
    _folder: Folder,
}

impl Named {
    pub fn start(island: &Island, address: &str, zones: &[Zone], forwarder: Option<&str>) -> Self {
        let folder = Folder::new();
        let dir = folder.path().display().to_string();
        let onward = forwarder.map_or("recursion yes; allow-recursion { any; };".to_owned(), |to| {
            format!("recursion yes; allow-recursion {{ any; }}; forward only; forwarders {{ {to}; }};")
        });
        let mut config = format!(
            "options {{\n  directory \"{dir}\"; pid-file \"{dir}/named.pid\"; session-keyfile \"{dir}/session.key\"; lock-file none;\n  \
             listen-on port 53 {{ {address}; }}; listen-on-v6 {{ none; }};\n  query-source address {address};\n  \
             allow-query {{ any; }}; dnssec-validation no; empty-zones-enable no; qname-minimization off;\n  {onward}\n}};\n\
             controls {{ }};\nlogging {{ category default {{ null; }}; }};\n"
        );
        for (i, zone) in zones.iter().enumerate() {
            let name = format!("{}.", zone.name);
            let text = format!(
                "$ORIGIN {}\n$TTL 10\n@ SOA {}. azureprivatedns-host.microsoft.com. 1 3600 300 2419200 10\n@ NS {}.\n{}",
                if zone.name.is_empty() { "." } else { &name },
                zone.primary,
                zone.primary,
                zone.records
            );
            let file = folder.write(&format!("{i}.zone"), text);
            let _ = writeln!(
                config,
                "zone \"{}\" {{ type primary; file \"{}\"; check-names ignore; check-integrity no; }};",
                if zone.name.is_empty() { "." } else { &zone.name },
                file.display()
            );
        }
        let file = folder.write("named.conf", config);
        // It returns once it serves.
        succeed(island.command("named").arg("-c").arg(&file));
        let daemon = Daemon::by_pid_file(&folder.path().join("named.pid"));
        Self { _daemon: daemon, _folder: folder }
    }
}
