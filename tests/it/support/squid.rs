//! A real squid on an address of an island, with a resolver of its own choosing.

use super::Folder;
use super::island::Island;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

pub struct Squid {
    child: Child,
    _folder: Folder,
}

impl Squid {
    /// Listens at `address:3128` and asks `resolver` for names.
    pub fn start(island: &Island, address: &str, resolver: &str) -> Self {
        Self::start_with(island, address, resolver, "http_access allow all")
    }

    /// As [`Squid::start`], with rules of access in squid's words.
    pub fn start_with(island: &Island, address: &str, resolver: &str, access: &str) -> Self {
        let folder = Folder::new();
        let dir = folder.path().display().to_string();
        let config = format!(
            "http_port {address}:3128\n{access}\ndns_nameservers {resolver}\ncache deny all\naccess_log none\n\
             cache_log /dev/null\ncache_effective_user proxy\npid_filename none\ncoredump_dir {dir}\npinger_enable off\n\
             netdb_filename none\nvisible_hostname proxy.contoso.example\nshutdown_lifetime 0 seconds\nmime_table {dir}/mime.conf\n"
        );
        folder.write("mime.conf", "");
        let file = folder.write("squid.conf", config);
        let mut command = island.command("squid");
        command
            .args(["-N", "-d", "1", "-f"])
            .arg(file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|e| panic!("squid: {e}; run scripts/install-test-tools.sh"));
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut seen = Vec::new();
        loop {
            let Some(line) = log.next() else { panic!("squid ended: {seen:#?}") };
            if line.contains("Accepting HTTP Socket connections") {
                break;
            }
            seen.push(line);
        }
        // Its log must be read on, or it would stop when the pipe is full.
        std::thread::spawn(move || log.count());
        Self { child, _folder: folder }
    }
}

impl Drop for Squid {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
