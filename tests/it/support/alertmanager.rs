//! A real Alertmanager on a loopback port.

use super::{Folder, free_port, succeed};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

pub struct Alertmanager {
    child: Child,
    /// Kept open: a server whose log nobody takes is ended by the first line.
    _log: BufReader<ChildStderr>,
    pub address: String,
    _folder: Folder,
}

impl Alertmanager {
    pub fn start(config: &Path) -> Self {
        let folder = Folder::new();
        let address = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new("prometheus-alertmanager");
        command.arg(format!("--config.file={}", config.display()));
        command.arg(format!("--storage.path={}", folder.path().display()));
        // No cluster: it is alone, and listens nowhere else.
        command.args([format!("--web.listen-address={address}"), "--cluster.listen-address=".to_owned()]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut seen = String::new();
        while !seen.contains(&address) {
            assert!(log.read_line(&mut seen).unwrap() > 0, "alertmanager ended:\n{seen}");
        }
        Self { child, _log: log, address, _folder: folder }
    }

    /// Sends alerts as Prometheus does.
    pub fn post(&self, alerts: &Value) {
        let url = format!("http://{}/api/v2/alerts", self.address);
        let body = alerts.to_string();
        succeed(Command::new("curl").args([
            "-sSf",
            "--noproxy",
            "*",
            "-H",
            "Content-Type: application/json",
            "-d",
            &body,
            &url,
        ]));
    }

    /// Every alert that it holds.
    pub fn alerts(&self) -> Vec<Value> {
        let url = format!("http://{}/api/v2/alerts", self.address);
        let text = succeed(Command::new("curl").args(["-sSf", "--noproxy", "*", &url]));
        serde_json::from_str(&text).unwrap()
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        succeed(Command::new("kill").arg(self.child.id().to_string()));
        let _ = self.child.wait();
    }
}
