//! Debian's blackbox_exporter, told to gather what a `private` check of Fencepost gathers.

use crate::servers::Servers;
use crate::support::{Folder, free_port, succeed};
use std::fmt::Write;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// The alert that a user of blackbox_exporter would write; without `for`, as a public answer leaks at once.
pub const RULES: &str = r#"
groups:
  - name: blackbox
    rules:
      - alert: BlackboxAnswerChanged
        expr: probe_success{kind=~"A|AAAA"} == 0
"#;

pub struct Blackbox {
    child: Child,
    port: u16,
    _folder: Folder,
}

impl Blackbox {
    /// Returns when it listens.
    pub fn start(servers: &Servers, checks: usize) -> Self {
        let folder = Folder::new();
        let mut config = format!(
            "modules:\n  https: {{prober: http, timeout: 1s, http: {{valid_status_codes: [401], fail_if_not_ssl: true, \
             follow_redirects: false, preferred_ip_protocol: ip4, tls_config: {{ca_file: {}}}}}}}\n",
            servers.folder.path().join("ca.pem").display()
        );
        for i in 0..checks {
            // The name that is asked for belongs to the module, so each name needs modules of its own.
            let name = format!("contoso-{i}.openai.azure.com");
            for (kind, rule) in [
                ("A", r"fail_if_none_matches_regexp: ['IN\tA\t127\.0\.0\.2$']"),
                ("AAAA", r"fail_if_matches_regexp: ['IN\tAAAA\t']"),
            ] {
                let _ = writeln!(
                    config,
                    "  {kind}-{i}: {{prober: dns, timeout: 1s, dns: {{query_name: {name}, query_type: {kind}, \
                     transport_protocol: udp, preferred_ip_protocol: ip4, validate_answer_rrs: {{{rule}}}}}}}"
                );
            }
        }
        let file = folder.write("blackbox.yml", config);
        let port = free_port();
        let mut command = Command::new("prometheus-blackbox-exporter");
        command.arg(format!("--config.file={}", file.display()));
        command.args([format!("--web.listen-address=127.0.0.1:{port}"), "--log.level=error".to_owned()]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut child = child.unwrap_or_else(|e| panic!("prometheus-blackbox-exporter: {e}; install it from Debian"));
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(child.try_wait().unwrap().is_none(), "prometheus-blackbox-exporter ended");
            std::thread::yield_now();
        }
        Self { child, port, _folder: folder }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The job that makes Prometheus probe: five probes for each check.
    pub fn scrapes(&self, servers: &Servers, checks: usize) -> String {
        let mut text = "- job_name: blackbox\n  metrics_path: /probe\n  static_configs:\n".to_owned();
        let mut probe = |module: String, kind: &str, target: String, host: String| {
            let _ = writeln!(
                text,
                "  - {{targets: ['127.0.0.1:{}'], labels: {{__param_module: {module}, __param_target: '{target}'{host}, \
                 kind: {kind}, instance: '{module}@{target}'}}}}",
                self.port
            );
        };
        for i in 0..checks {
            for dns in &servers.dns {
                for kind in ["A", "AAAA"] {
                    probe(format!("{kind}-{i}"), kind, format!("127.0.0.1:{}", dns.port), String::new());
                }
            }
            let name = format!("contoso-{i}.openai.azure.com");
            let target = format!("https://127.0.0.2:{}/openai/models?n={i}", servers.tls.port);
            probe("https".to_owned(), "https", target, format!(", __param_hostname: {name}"));
        }
        text
    }
}

impl Drop for Blackbox {
    fn drop(&mut self) {
        succeed(Command::new("kill").arg(self.child.id().to_string()));
        let _ = self.child.wait();
    }
}
