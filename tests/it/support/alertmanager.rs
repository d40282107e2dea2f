//! A real Alertmanager on loopback: with a configuration of its own, or one that tells a receiver of the test of everything at once.

use super::agent::http;
use super::{Folder, free_port, succeed};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

pub struct Alertmanager {
    pub address: String,
    child: Option<Child>,
    folder: Folder,
}

impl Alertmanager {
    /// Sends every alert, alone, to a webhook; returns once it listens.
    pub fn start(webhook: &str) -> Self {
        Self::with_config(&format!(
            "route:\n  receiver: test\n  group_by: ['...']\n  group_wait: 0s\n  group_interval: 1s\n\
             receivers:\n  - name: test\n    webhook_configs:\n      - {{url: '{webhook}', send_resolved: true}}\n"
        ))
    }

    /// With a configuration of its own; returns once it listens.
    pub fn with_config(config: &str) -> Self {
        let folder = Folder::new();
        folder.write("alertmanager.yml", config);
        let mut alertmanager = Self { address: format!("127.0.0.1:{}", free_port()), child: None, folder };
        alertmanager.begin();
        alertmanager
    }

    /// Starts it at the same address with what it kept on disk, which is not its alerts.
    pub fn begin(&mut self) {
        let dir = self.folder.path().display().to_string();
        let mut command = Command::new("prometheus-alertmanager");
        command
            .arg(format!("--config.file={dir}/alertmanager.yml"))
            .arg(format!("--storage.path={dir}/data"))
            .arg(format!("--web.listen-address={}", self.address))
            .arg("--cluster.listen-address=")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|e| panic!("prometheus-alertmanager: {e}; run scripts/install-test-tools.sh"));
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut seen = Vec::new();
        loop {
            let Some(line) = log.next() else { panic!("Alertmanager ended: {seen:#?}") };
            // It opens its port before it says this.
            if line.contains("Listening on") {
                break;
            }
            seen.push(line);
        }
        // Its log must be read on, or it would stop when the pipe is full.
        std::thread::spawn(move || log.count());
        self.child = Some(child);
    }

    /// Ends it, and returns when it is gone.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Sends alerts as Prometheus does.
    pub fn post(&self, alerts: &Value) {
        let url = format!("http://{}/api/v2/alerts", self.address);
        let mut command = Command::new("curl");
        command.args(["-sSf", "--noproxy", "*", "-H", "Content-Type: application/json", "-d", &alerts.to_string()]);
        succeed(command.arg(url));
    }

    /// Name and labels of every alert that is active.
    pub fn alerts(&self) -> Vec<Value> {
        let (status, _, body) = http(&self.address, "GET", "/api/v2/alerts");
        assert_eq!(status, 200, "{body}");
        serde_json::from_str::<Vec<Value>>(&body).unwrap()
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        self.stop();
    }
}
