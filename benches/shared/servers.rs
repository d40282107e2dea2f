//! Two resolvers, a private and a public front, and plans of any size: what benches look at.

use crate::support::certificates::Authority;
use crate::support::nginx::{Front, Nginx};
use crate::support::unbound::{authoritative, write_zone};
use crate::support::{Daemon, Folder, free_port, succeed};
use std::fmt::Write;
use std::process::Command;

const ZONE: &str = "azure.com";

const KEYLESS: &str = r#"{ "statusCode": 401, "message": "Unauthorized. Access token is missing." }"#;
const DISABLED: &str =
    r#"{"error":{"code":"403","message": "Public access is disabled. Please configure private endpoint."}}"#;

/// A real unbound whose zone may be changed while it runs.
pub struct Resolver {
    pub port: u16,
    _daemon: Daemon,
    folder: Folder,
}

impl Resolver {
    pub fn start(records: &str) -> Self {
        let folder = Folder::new();
        let port = free_port();
        let file = authoritative(&folder, port, &[(ZONE, records)]);
        succeed(Command::new("unbound").arg("-c").arg(&file));
        let daemon = Daemon::by_pid_file(&folder.path().join("unbound.pid"));
        Self { port, _daemon: daemon, folder }
    }

    /// Serves other records from now on.
    pub fn change(&self, records: &str) {
        write_zone(&self.folder, ZONE, records);
        let pid = std::fs::read_to_string(self.folder.path().join("unbound.pid")).unwrap();
        succeed(Command::new("kill").args(["-HUP", pid.trim()]));
    }
}

/// Every account has its record; those that are named here are public.
pub fn records(public: &[usize]) -> String {
    let mut text = "*.openai CNAME it.privatelink.openai\nit.privatelink.openai A 127.0.0.2\n".to_owned();
    for name in public {
        let _ = writeln!(text, "contoso-{name}.openai A 127.0.0.3");
    }
    text
}

pub struct Servers {
    pub dns: [Resolver; 2],
    pub tls: Nginx,
    pub folder: Folder,
    pub authority: String,
}

impl Servers {
    pub fn start() -> Self {
        let authority = Authority::new("Bench authority");
        let certificate = authority.issue(&["*.openai.azure.com"]);
        let front = |address, status, body| Front { address, certificate: &certificate, status, headers: &[], body };
        let dns = [Resolver::start(&records(&[])), Resolver::start(&records(&[]))];
        let tls = Nginx::start(&[front("127.0.0.2", 401, KEYLESS), front("127.0.0.3", 403, DISABLED)]);
        let folder = Folder::new();
        folder.write("ca.pem", authority.pem());
        Self { dns, tls, folder, authority: authority.pem() }
    }

    /// A plan whose endpoints are expected at what a function says.
    pub fn plan(
        &self,
        settings: &str,
        checks: usize,
        port_and_address: impl Fn(usize) -> (u16, &'static str),
    ) -> String {
        let mut text = format!(
            "plan: bench\nsettings: {{{settings}, trust: ca.pem}}\n\
             networks: {{private: [127.0.0.2/32, 127.0.0.9/32], public: [127.0.0.3/32]}}\n\
             vantages: {{here: {{kind: bench, resolvers: [one, two]}}}}\n\
             resolvers: {{one: {{address: '127.0.0.1:{}'}}, two: {{address: '127.0.0.1:{}'}}}}\n\
             rules: [{{name: all, from: any, to: any, claim: private}}]\ntargets:\n",
            self.dns[0].port, self.dns[1].port
        );
        for i in 0..checks {
            let (port, address) = port_and_address(i);
            let _ = writeln!(
                text,
                "  t{i}: {{service: azure-openai, owner: team, port: {port}, endpoints: {{contoso-{i}.openai.azure.com: [{address}]}}}}"
            );
        }
        text
    }
}
