//! A real Prometheus on a loopback port, with rules of this repository.

use super::agent::http;
use super::{Folder, free_port, succeed};
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

/// Many times what anything of a test takes, even on a machine with much else to do.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Prometheus {
    pub pid: u32,
    child: Child,
    /// Kept open: a server whose log nobody takes is ended by the first line.
    _log: BufReader<ChildStderr>,
    pub address: String,
    _folder: Folder,
}

impl Prometheus {
    /// Scrapes these addresses and evaluates these rules, both every second, and returns when it answers.
    pub fn start(targets: &[String], rules: &[PathBuf]) -> Self {
        Self::run(targets, rules, "")
    }

    /// As [`Prometheus::start`], and tells an Alertmanager.
    pub fn alerting(targets: &[String], rules: &[PathBuf], alertmanager: &str) -> Self {
        let told = format!("alerting: {{alertmanagers: [{{static_configs: [{{targets: ['{alertmanager}']}}]}}]}}\n");
        Self::run(targets, rules, &told)
    }

    fn run(targets: &[String], rules: &[PathBuf], further: &str) -> Self {
        let mut config =
            "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\nrule_files:\n".to_owned();
        for file in rules {
            let _ = writeln!(config, "  - {}", file.display());
        }
        let _ = write!(
            config,
            "scrape_configs:\n  - job_name: fencepost\n    static_configs: [{{targets: {targets:?}}}]\n{further}"
        );
        Self::configured(&config)
    }

    /// As [`Prometheus::configured`], and takes what is pushed by remote write.
    pub fn receiving(config: &str, options: &[String]) -> Self {
        Self::with(config, &[&["--web.enable-remote-write-receiver".to_owned()], options].concat())
    }

    /// With a configuration of the caller's, and returns when it answers.
    pub fn configured(config: &str) -> Self {
        Self::with(config, &[])
    }

    fn with(config: &str, options: &[String]) -> Self {
        let folder = Folder::new();
        let address = format!("127.0.0.1:{}", free_port());
        let file = folder.write("prometheus.yml", config);
        let mut command = Command::new("prometheus");
        command.arg(format!("--config.file={}", file.display()));
        command.arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()));
        command.args([format!("--web.listen-address={address}"), "--log.format=json".to_owned()]).args(options);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut seen = String::new();
        while !seen.contains("Server is ready to receive web requests") {
            assert!(log.read_line(&mut seen).unwrap() > 0, "prometheus ended:\n{seen}");
        }
        Self { pid: child.id(), child, _log: log, address, _folder: folder }
    }

    fn get(&self, path: &str) -> Value {
        let (_, _, body) = http(&self.address, "GET", path);
        serde_json::from_str(&body).unwrap_or_else(|e| panic!("{path}: {e}\n{body}"))
    }

    /// What an expression gives now, as the samples of the API; or what is wrong with it.
    pub fn query(&self, expression: &str) -> Result<Vec<Value>, String> {
        let answer = self.get(&format!("/api/v1/query?query={}", percent(expression)));
        match answer["data"]["result"].as_array() {
            Some(samples) => Ok(samples.clone()),
            None => Err(answer["error"].to_string()),
        }
    }

    /// Asks until the expression gives something. Prometheus tells nobody when it has scraped. What never comes is named
    /// in the end.
    pub fn wait_for(&self, expression: &str) -> Vec<Value> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let samples = self.query(expression).unwrap();
            if !samples.is_empty() {
                return samples;
            }
            std::thread::yield_now();
        }
        panic!("this gave nothing for {PATIENCE:?}: {expression}");
    }

    /// Every rule with its health and its last error.
    pub fn rules(&self) -> Vec<Value> {
        let groups = self.get("/api/v1/rules")["data"]["groups"].clone();
        groups.as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap().clone()).collect()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        succeed(Command::new("kill").arg(self.pid.to_string()));
        let _ = self.child.wait();
    }
}

/// Text as a part of an address.
pub fn percent(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' => encoded.push(char::from(byte)),
            byte => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}
