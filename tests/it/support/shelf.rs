//! A real nginx that serves files by https, and writes down who asked for what.

use super::certificates::Authority;
use super::{Daemon, Folder, free_port, succeed};
use std::path::PathBuf;
use std::process::Command;

/// One shelf. Below `/open` everybody reads; `/token` asks for a bearer token and `/query` for a signature in the query,
/// both `hunter2`; `/moved` leads elsewhere; `/slow` gives a hundred bytes a second; all show the same files.
pub struct Shelf {
    pub port: u16,
    pub folder: Folder,
    authority: Authority,
    daemon: Option<Daemon>,
}

impl Shelf {
    pub fn start() -> Self {
        let (folder, authority, port) = (Folder::new(), Authority::new("Authority of the shelf"), free_port());
        let issued = authority.issue(&["127.0.0.1"]);
        folder.write("chain.pem", issued.chain);
        folder.write("key.pem", issued.key);
        folder.write("ca.pem", authority.pem());
        std::fs::create_dir(folder.path().join("files")).unwrap();
        let dir = folder.path().display().to_string();
        let at = |place: &str, more: &str| format!("location /{place}/ {{ alias {dir}/files/; {more} }}");
        let places = [
            at("open", ""),
            at("token", "if ($http_authorization != \"Bearer hunter2\") { return 401; }"),
            at("query", "if ($arg_sig != \"hunter2\") { return 403; }"),
            at("slow", "limit_rate 100;"),
            "location /moved/ { return 302 https://127.0.0.1/hunter2; }".to_owned(),
            "location /failing/ { return 503; }".to_owned(),
        ];
        let config = format!(
            "worker_processes 1;\npid {dir}/nginx.pid;\nerror_log {dir}/error.log;\nevents {{ worker_connections 256; }}\n\
             http {{\n  log_format told '$status $uri';\n  access_log {dir}/access.log told;\n  client_body_temp_path {dir}/b;\n  \
             proxy_temp_path {dir}/p;\n  fastcgi_temp_path {dir}/f;\n  uwsgi_temp_path {dir}/u;\n  scgi_temp_path {dir}/s;\n  \
             server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {dir}/chain.pem; ssl_certificate_key {dir}/key.pem;\n{}\n  }}\n}}\n",
            places.join("\n")
        );
        folder.write("nginx.conf", config);
        let mut shelf = Self { port, folder, authority, daemon: None };
        shelf.open();
        shelf
    }

    /// Starts the server again.
    pub fn open(&mut self) {
        let (config, log) = (self.folder.path().join("nginx.conf"), self.folder.path().join("error.log"));
        // It returns once its port is open.
        succeed(Command::new("nginx").arg("-c").arg(config).arg("-e").arg(log));
        self.daemon = Some(Daemon::by_pid_file(&self.folder.path().join("nginx.pid")));
    }

    /// Stops the server.
    pub fn close(&mut self) {
        drop(self.daemon.take());
        let _ = std::fs::remove_file(self.folder.path().join("nginx.pid"));
    }

    pub fn url(&self, path: &str) -> String {
        format!("https://127.0.0.1:{}/{path}", self.port)
    }

    /// The CA certificate of the server.
    pub fn trust(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub fn authority_pem(&self) -> String {
        self.authority.pem()
    }

    /// Puts a file on the shelf as a whole, and takes others away.
    pub fn put(&self, name: &str, text: impl AsRef<[u8]>) {
        let files = self.folder.path().join("files");
        std::fs::write(files.join("fresh"), text).unwrap();
        std::fs::rename(files.join("fresh"), files.join(name)).unwrap();
    }

    pub fn take_away(&self, name: &str) {
        std::fs::remove_file(self.folder.path().join("files").join(name)).unwrap();
    }

    /// What was asked for, one line each: status and path.
    pub fn asked(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("access.log")).unwrap()
    }

    /// Waits until something was asked for so often.
    pub fn wait_for(&self, line: &str, times: usize) {
        while self.asked().lines().filter(|told| *told == line).count() < times {
            std::thread::yield_now();
        }
    }
}
