//! `fencepost lab` as a process of its own, with free ports and a folder that goes with it.

use super::agent::{fencepost, http};
use super::{Folder, free_ports, succeed};
use fencepost::schedule::slot;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

pub const CHAT: &str = "contoso-chat.openai.azure.com";

const GATEWAY: &str = "contoso-ai.azure-api.net";

/// A name for the gateway's target whose check is looked at right after the start.
static EARLY: LazyLock<String> = LazyLock::new(|| {
    let early = |target: &String| slot(&format!("{target}/{GATEWAY}"), Duration::from_secs(2)).as_millis() < 40;
    (0..).map(|n| format!("gateway-{n}")).find(early).unwrap()
});

/// The check of [`LabProcess::gateway_plan`].
pub fn gateway_check() -> String {
    format!("{}/{GATEWAY}", *EARLY)
}

const VANTAGES: [&str; 4] = ["prod-app", "build", "sandbox", "branch-lan"];

pub struct LabProcess {
    child: Child,
    control: String,
    listen: u16,
    folder: Folder,
}

impl LabProcess {
    /// Starts a lab, and returns once every vantage has looked at everything.
    pub fn start() -> Self {
        let folder = Folder::new();
        let listen = free_ports(5);
        let control = format!("127.0.0.1:{}", listen + 4);
        let mut command = fencepost();
        command.args(["lab", "--control", &control, "--listen", &format!("127.0.0.1:{listen}")]);
        command.args(["--log", "off", "--dns-port", "0", "--tls-port", "0", "--dir"]).arg(folder.path());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        let lines: Vec<String> = said.map_while(Result::ok).take_while(|line| !line.starts_with("Ctrl-C")).collect();
        assert!(lines.iter().any(|line| line.contains("private holds")), "{lines:#?}");
        Self { child, control, listen, folder }
    }

    pub fn plan(&self) -> PathBuf {
        self.folder.path().join("plan.yaml")
    }

    /// The ports of its name servers and of its fronts.
    pub fn ports(&self) -> (String, String) {
        let plan = std::fs::read_to_string(self.plan()).unwrap();
        let port = |before: &str, after: char| {
            plan.split(before).nth(1).unwrap().split(after).next().unwrap().trim().to_owned()
        };
        (port("127.10.0.4:", '"'), port("port:", '\n'))
    }

    /// A text of this lab as one that runs at the usual ports would print it.
    pub fn with_usual_ports(&self, text: &str) -> String {
        let (dns, tls) = self.ports();
        text.replace(&dns, "8053").replace(&tls, "8443")
    }

    /// A plan with one private check of this lab, its gateway as prod-app sees it.
    pub fn gateway_plan(&self, settings: &str) -> PathBuf {
        let (dns, tls) = self.ports();
        let text = format!(
            "plan: gateway\n\
             settings: {{{settings}, trust: authority.pem}}\n\
             networks: {{private: [127.10.0.0/16, 127.20.0.0/16], public: [127.203.0.0/16]}}\n\
             vantages: {{prod-app: {{kind: production, within: [127.20.1.0/24], resolvers: [hub]}}}}\n\
             resolvers: {{hub: {{address: '127.10.0.4:{dns}'}}}}\n\
             targets: {{{}: {{service: api-management, port: {tls}, endpoints: {{{GATEWAY}: [127.20.4.4]}}}}}}\n\
             rules: [{{name: privately, from: any, to: any, claim: private}}]\n",
            *EARLY
        );
        let path = self.folder.path().join("gateway.yaml");
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn order(&self, words: &[&str]) -> String {
        succeed(fencepost().arg("lab").args(words).args(["--control", &self.control]))
    }

    /// Where it takes orders.
    pub fn control(&self) -> &str {
        &self.control
    }

    /// Where the agent of one vantage listens.
    pub fn agent(&self, vantage: &str) -> String {
        let place = VANTAGES.iter().position(|name| *name == vantage).unwrap();
        format!("127.0.0.1:{}", usize::from(self.listen) + place)
    }

    /// The board of one vantage's agent, as JSON.
    pub fn board(&self, vantage: &str) -> String {
        http(&self.agent(vantage), "GET", "/api/v1/board").2
    }
}

impl Drop for LabProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
