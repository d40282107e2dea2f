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

/// What some clients see.
pub struct View {
    pub name: String,
    /// A prefix.
    pub clients: String,
    pub zones: Vec<Zone>,
}

pub struct Named {
    _daemon: Daemon,
    _folder: Folder,
}

impl Named {
    pub fn start(island: &Island, address: &str, zones: &[Zone], forwarder: Option<&str>) -> Self {
        let onward = forwarder.map_or(RECURSION.to_owned(), forward);
        let folder = Folder::new();
        let zones = declared(&folder, "", zones);
        Self::run(island, address, folder, &onward, &zones)
    }

    /// Each view has its own zones; what a view has no zone for is asked of the forwarder, and nobody else is answered.
    pub fn with_views(island: &Island, address: &str, views: &[View], forwarder: &str) -> Self {
        let folder = Folder::new();
        let mut text = String::new();
        for View { name, clients, zones } in views {
            let zones = declared(&folder, name, zones);
            let onward = forward(forwarder);
            let _ = writeln!(text, "view \"{name}\" {{ match-clients {{ {clients}; }}; {onward}\n{zones}}};");
        }
        Self::run(island, address, folder, "", &text)
    }

    fn run(island: &Island, address: &str, folder: Folder, onward: &str, zones: &str) -> Self {
        let dir = folder.path().display().to_string();
        let config = format!(
            "options {{\n  directory \"{dir}\"; pid-file \"{dir}/named.pid\"; session-keyfile \"{dir}/session.key\"; lock-file none;\n  \
             listen-on port 53 {{ {address}; }}; listen-on-v6 {{ none; }};\n  query-source address {address};\n  \
             allow-query {{ any; }}; dnssec-validation no; empty-zones-enable no; qname-minimization off;\n  {onward}\n}};\n\
             controls {{ }};\nlogging {{ category default {{ null; }}; }};\n{zones}"
        );
        let file = folder.write("named.conf", config);
        // It returns once it serves.
        succeed(island.command("named").arg("-c").arg(&file));
        let daemon = Daemon::by_pid_file(&folder.path().join("named.pid"));
        Self { _daemon: daemon, _folder: folder }
    }
}

const RECURSION: &str = "recursion yes; allow-recursion { any; };";

fn forward(to: &str) -> String {
    format!("{RECURSION} forward only; forwarders {{ {to}; }};")
}

/// Writes the zones' files, and says in BIND's words which they are.
fn declared(folder: &Folder, prefix: &str, zones: &[Zone]) -> String {
    let mut declared = String::new();
    for (i, zone) in zones.iter().enumerate() {
        let name = format!("{}.", zone.name);
        let text = format!(
            "$ORIGIN {}\n$TTL 10\n@ SOA {}. azureprivatedns-host.microsoft.com. 1 3600 300 2419200 10\n@ NS {}.\n{}",
            if zone.name.is_empty() { "." } else { &name },
            zone.primary,
            zone.primary,
            zone.records
        );
        let file = folder.write(&format!("{prefix}{i}.zone"), text);
        let _ = writeln!(
            declared,
            "zone \"{}\" {{ type primary; file \"{}\"; check-names ignore; check-integrity no; }};",
            if zone.name.is_empty() { "." } else { &zone.name },
            file.display()
        );
    }
    declared
}
