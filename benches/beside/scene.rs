//! Those who look at the same servers, and what they say.

use crate::blackbox::Blackbox;
use crate::servers::{Servers, records};
use crate::support::Folder;
use crate::support::agent::Running;
use crate::support::prometheus::Prometheus;
use crate::support::receiver::Receiver;
use std::fmt::Write;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

pub const CHECKS: usize = 200;
/// Looks, scrapes and evaluations of rules alike.
pub const ROUND: Duration = Duration::from_secs(5);

pub struct Scene {
    pub servers: Servers,
    pub agent: Running,
    pub blackbox: Blackbox,
    prometheus: Prometheus,
    receiver: Receiver,
    _state: Folder,
}

impl Scene {
    /// Returns when both have looked at everything.
    pub fn start() -> Self {
        let servers = Servers::start();
        let receiver = Receiver::start();
        let settings = format!("every: {}s, timeout: 1s, confirm: 1, recover: 1", ROUND.as_secs());
        let mut plan = servers.plan(&settings, CHECKS, |_| (servers.tls.port, "127.0.0.2"));
        let _ = writeln!(plan, "alerts: {{webhooks: {{pager: {{url: 'http://{}/', secret: key}}}}}}", receiver.address);
        servers.folder.write("key", "0123456789abcdef");
        let state = Folder::new();
        let options = ["--state", state.path().to_str().unwrap(), "--log", "fencepost=info"];
        let mut agent = Running::start_with(&servers.folder.write("plan.yaml", plan), "here", &options);
        agent.wait_for_log("first round complete");
        agent.let_log_go();
        let blackbox = Blackbox::start(&servers, CHECKS);
        let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboards/rules");
        let beside = servers.folder.write("blackbox.rules.yaml", crate::blackbox::RULES);
        let seconds = ROUND.as_secs();
        let config = format!(
            "global: {{scrape_interval: {seconds}s, scrape_timeout: {seconds}s, evaluation_interval: {seconds}s}}\n\
             rule_files: ['{}/*.yaml', '{}']\nscrape_configs:\n\
             - {{job_name: fencepost, static_configs: [{{targets: ['{}']}}]}}\n{}",
            rules.display(),
            beside.display(),
            agent.address,
            blackbox.scrapes(&servers, CHECKS)
        );
        let prometheus = Prometheus::configured(&config);
        let scene = Self { servers, agent, blackbox, prometheus, receiver, _state: state };
        let wanted = (CHECKS * 5) as f64;
        while scene.value("sum(probe_success)") < wanted
            || scene.value("sum(fencepost_check_verdict{verdict=\"holds\"})") < CHECKS as f64
        {
            sleep(Duration::from_millis(100));
        }
        scene
    }

    pub fn prometheus_pid(&self) -> u32 {
        self.prometheus.pid
    }

    /// The one value of an expression, 0 where it has none.
    pub fn value(&self, expression: &str) -> f64 {
        let samples = self.prometheus.query(expression).unwrap();
        samples.first().map_or(0.0, |sample| sample["value"][1].as_str().unwrap().parse().unwrap())
    }

    /// The looks of the agent so far.
    pub fn looks(&self) -> f64 {
        self.agent.metric("fencepost_check_runs_total")
    }

    /// One name becomes public at both resolvers.
    pub fn flip(&self, name: usize) {
        self.serve(&records(&[name]));
    }

    /// Everything is private again; returns when no alert is left.
    pub fn heal(&self) {
        self.serve(&records(&[]));
        while self.value("count(ALERTS{alertstate=\"firing\"})") > 0.0
            || self.agent.metric("fencepost_alerts_firing") > 0.0
        {
            sleep(Duration::from_millis(100));
        }
        self.receiver.all();
    }

    fn serve(&self, records: &str) {
        self.servers.dns.iter().for_each(|resolver| resolver.change(records));
    }

    /// Whether the agent has told of a public answer since this was last asked.
    pub fn is_told(&self) -> bool {
        let said = self.receiver.all();
        said.iter().flat_map(|request| request.json()["events"].as_array().cloned().unwrap_or_default()).any(|event| {
            event["status"] == "firing" && event["labels"]["alertname"] == "FencepostPublicFallbackAnswered"
        })
    }

    pub fn fires(&self, alert: &str) -> bool {
        self.value(&format!("count(ALERTS{{alertname=\"{alert}\",alertstate=\"firing\"}})")) > 0.0
    }
}
