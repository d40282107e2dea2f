//! What a running agent tells the service manager, by a socket as systemd gives it one.

use crate::support::Folder;
use crate::support::agent::{Running, fencepost};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::PathBuf;
use std::time::Duration;

/// An agent that says nothing for so long will not say it.
const LONGEST: Duration = Duration::from_secs(30);

/// Two checks whose resolver is not there, so that their looks end at once.
const PLAN: &str = "plan: managed
settings: {every: 2s, timeout: 500ms}
vantages: {here: {kind: test, resolvers: [nobody]}}
resolvers: {nobody: {address: '127.0.0.1:1'}}
targets: {chat: {service: azure-openai, port: 1, endpoints: {a.openai.azure.com: [127.0.0.2], b.openai.azure.com: [127.0.0.3]}}}
rules: [{name: all, from: any, to: any, claim: private}]
";

struct Managed {
    agent: Running,
    socket: UnixDatagram,
    plan: PathBuf,
    _folder: Folder,
}

impl Managed {
    /// An agent and the manager that it was told of; `variables` are what the manager says beside its socket.
    fn start(is_abstract: bool, variables: &[(&str, &str)]) -> Self {
        let folder = Folder::new();
        let plan = folder.write("plan.yaml", PLAN);
        let path = folder.path().join("notify");
        let (socket, name) = if is_abstract {
            let name = path.to_string_lossy().into_owned();
            let at = SocketAddr::from_abstract_name(&name).unwrap();
            (UnixDatagram::bind_addr(&at).unwrap(), format!("@{name}"))
        } else {
            (UnixDatagram::bind(&path).unwrap(), path.to_string_lossy().into_owned())
        };
        socket.set_read_timeout(Some(LONGEST)).unwrap();
        let mut command = fencepost();
        command.env("NOTIFY_SOCKET", name).envs(variables.iter().copied());
        let agent = Running::spawn(command, &plan, "here", &[]);
        Self { agent, socket, plan, _folder: folder }
    }

    fn told(&self) -> String {
        let mut bytes = [0; 4_096];
        let length = self.socket.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }

    /// What is told until something holds this text, with it.
    fn told_until(&self, text: &str) -> Vec<String> {
        let mut all = Vec::new();
        while !all.last().is_some_and(|told: &String| told.contains(text)) {
            all.push(self.told());
        }
        all
    }
}

#[test]
fn the_service_manager_hears_of_start_board_reload_and_stop() {
    for is_abstract in [false, true] {
        let mut managed = Managed::start(is_abstract, &[]);
        let waiting = "2 checks: 0 hold, 0 broken, 0 unknown, 2 not looked at yet";
        assert_eq!(managed.told(), format!("READY=1\nSTATUS={waiting}"));
        managed.agent.wait_for_log("first round complete");
        let board = managed.agent.board();
        let count = |verdict: &str| board["summary"][verdict].as_u64().unwrap();
        let (holds, broken, unknown) = (count("holds"), count("broken"), count("unknown"));
        assert_eq!(holds + broken + unknown, 2);
        managed.told_until(&format!("STATUS=2 checks: {holds} hold, {broken} broken, {unknown} unknown"));

        std::fs::write(&managed.plan, PLAN.replace("claim: private", "claim: privat")).unwrap();
        managed.agent.signal("-HUP");
        let told = managed.told_until("READY=1");
        let reloading = told.iter().rev().nth(1).unwrap();
        let since = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap_or_else(|| panic!("{told:?}"));
        assert!(since.parse::<u64>().unwrap() > 0);
        assert!(
            told.last().unwrap().ends_with("; the newest plan could not be read, the one before stays"),
            "{told:?}"
        );

        std::fs::write(&managed.plan, PLAN).unwrap();
        managed.agent.signal("-HUP");
        let told = managed.told_until("READY=1");
        assert!(!told.last().unwrap().contains("newest plan"), "{told:?}");

        managed.agent.signal("-TERM");
        assert_eq!(managed.told_until("STOPPING=1").last().unwrap(), "STOPPING=1\nSTATUS=stopping");
        assert_eq!(managed.agent.wait().code(), Some(0));
    }
}

#[test]
fn the_main_loop_gives_signs_of_life_to_a_manager_that_waits_for_them() {
    let mut managed = Managed::start(false, &[("WATCHDOG_USEC", "400000")]);
    for _ in 0..3 {
        managed.told_until("WATCHDOG=1");
    }
    managed.agent.signal("-TERM");
    managed.told_until("STOPPING=1");
    managed.agent.wait();
    // It waits for somebody else.
    let mut managed = Managed::start(false, &[("WATCHDOG_USEC", "4000"), ("WATCHDOG_PID", "1")]);
    managed.agent.wait_for_log("first round complete");
    managed.agent.signal("-TERM");
    let told = managed.told_until("STOPPING=1");
    assert!(!told.iter().any(|told| told.contains("WATCHDOG")), "{told:?}");
    managed.agent.wait();
}

#[test]
fn a_manager_that_cannot_be_told_holds_up_nothing() {
    let folder = Folder::new();
    let plan = folder.write("plan.yaml", PLAN);
    for (name, says) in [("/nonexistent/notify", "was not told"), ("vsock:2:1", "cannot be told how the agent does")] {
        let mut command = fencepost();
        command.env("NOTIFY_SOCKET", name);
        // The first of them is said before the agent is there, so it begins with its log.
        command.args(["run", "--vantage", "here", "--listen", "127.0.0.1:0", "--plan"]).arg(&plan);
        let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
        let log = std::io::BufReader::new(child.stderr.take().unwrap());
        let mut lines = std::io::BufRead::lines(log).map_while(Result::ok);
        assert!(lines.any(|line| line.contains(says)), "{name}");
        assert!(lines.any(|line| line.contains("first round complete")), "{name}");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
