//! The servers that both look at, and those who look.

use crate::blackbox::Blackbox;
use crate::support::agent::Running;
use crate::support::certificates::Authority;
use crate::support::nginx::{Front, Nginx};
use crate::support::prometheus::Prometheus;
use crate::support::receiver::Receiver;
use crate::support::{Daemon, Folder, free_port, succeed};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

pub const CHECKS: usize = 200;
/// Looks, scrapes and evaluations of rules alike.
pub const ROUND: Duration = Duration::from_secs(5);

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
        let dir = folder.path().display().to_string();
        folder.write("azure.zone", zone(records));
        let config = format!(
            "server:\n  interface: 127.0.0.1@{port}\n  chroot: \"\"\n  username: \"\"\n  directory: \"{dir}\"\n  \
             pidfile: \"{dir}/unbound.pid\"\n  use-syslog: no\n  logfile: \"{dir}/unbound.log\"\n  \
             access-control: 127.0.0.0/8 allow\n  module-config: \"iterator\"\n  root-hints: \"\"\n  do-ip6: no\n  \
             num-threads: 1\n  local-zone: \".\" refuse\n  local-zone: \"azure.com\" transparent\n\
             remote-control:\n  control-enable: no\n\
             auth-zone:\n  name: \"azure.com\"\n  zonefile: \"{dir}/azure.zone\"\n  for-downstream: yes\n  \
             for-upstream: yes\n"
        );
        let file = folder.write("unbound.conf", config);
        succeed(Command::new("unbound").arg("-c").arg(&file));
        let daemon = Daemon::by_pid_file(&folder.path().join("unbound.pid"));
        Self { port, _daemon: daemon, folder }
    }

    /// Serves other records from now on.
    pub fn change(&self, records: &str) {
        self.folder.write("azure.zone", zone(records));
        let pid = std::fs::read_to_string(self.folder.path().join("unbound.pid")).unwrap();
        succeed(Command::new("kill").args(["-HUP", pid.trim()]));
    }
}

fn zone(records: &str) -> String {
    format!(
        "$ORIGIN azure.com.\n$TTL 1\n@ SOA ns.azure.com. host.azure.com. 1 3600 300 2419200 1\n@ NS ns.azure.com.\n{records}\n"
    )
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
