//! A real nginx with TLS on loopback addresses of one port.

use super::certificates::Issued;
use super::island::Island;
use super::{Daemon, Folder, free_port, succeed};
use std::fmt::Write;
use std::process::Command;

/// One address and what it answers: certificate, status, extra header lines, body.
pub struct Front<'a> {
    pub address: &'a str,
    pub certificate: &'a Issued,
    pub status: u16,
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a str,
}

pub struct Nginx {
    pub port: u16,
    _daemon: Daemon,
    _folder: Folder,
}

impl Nginx {
    pub fn start(fronts: &[Front<'_>]) -> Self {
        Self::run(Command::new("nginx"), free_port(), fronts)
    }

    /// Serves on an island, where every port is free.
    pub fn start_on(island: &Island, port: u16, fronts: &[Front<'_>]) -> Self {
        Self::run(island.command("nginx"), port, fronts)
    }

    fn run(mut nginx: Command, port: u16, fronts: &[Front<'_>]) -> Self {
        let folder = Folder::new();
        let dir = folder.path().display().to_string();
        let mut config = format!(
            "worker_processes 1;\npid {dir}/nginx.pid;\nerror_log {dir}/error.log;\nevents {{ worker_connections 1024; }}\n\
             http {{\n  access_log off;\n  client_body_temp_path {dir}/b;\n  proxy_temp_path {dir}/p;\n  \
             fastcgi_temp_path {dir}/f;\n  uwsgi_temp_path {dir}/u;\n  scgi_temp_path {dir}/s;\n"
        );
        for (i, front) in fronts.iter().enumerate() {
            let chain = folder.write(&format!("{i}.pem"), &front.certificate.chain);
            let key = folder.write(&format!("{i}.key"), &front.certificate.key);
            let headers: String =
                front.headers.iter().map(|(n, v)| format!("add_header {n} \"{v}\" always; ")).collect();
            let body = front.body.replace('\'', "\\'");
            let _ = writeln!(
                config,
                "  server {{ listen {}:{port} ssl; ssl_certificate {}; ssl_certificate_key {};\n    \
                 location / {{ default_type application/json; {headers} return {} '{body}'; }} }}",
                front.address,
                chain.display(),
                key.display(),
                front.status
            );
        }
        config.push_str("}\n");
        let file = folder.write("nginx.conf", config);
        let log = folder.path().join("error.log");
        // It returns once its ports are open.
        succeed(nginx.arg("-c").arg(&file).arg("-e").arg(log));
        let daemon = Daemon::by_pid_file(&folder.path().join("nginx.pid"));
        Self { port, _daemon: daemon, _folder: folder }
    }
}
