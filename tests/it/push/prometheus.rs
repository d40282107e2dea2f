//! Debian's Prometheus as the receiver: what it shows of a run, and that it knows of its end.

use super::Quick;
use crate::repository::repo;
use crate::support::agent::{fencepost, outcome};
use crate::support::certificates::Authority;
use crate::support::lab::LabProcess;
use crate::support::prometheus::{Prometheus, percent};
use crate::support::{Folder, succeed};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::File;
use std::process::{Child, Command, Stdio};

/// Everything that a run may have pushed.
const ALL: &str = r#"{__name__=~"fencepost_.+"}"#;

fn check(lab: &LabProcess, options: &[&str]) -> Command {
    let mut command = fencepost();
    command.args(["check", "--vantage", "prod-app", "--format", "json", "--plan"]).arg(lab.plan()).args(options);
    command
}

/// The labels of samples, without the name, as text.
fn labelled(samples: &[Value], names: &[&str]) -> BTreeSet<Vec<String>> {
    let text = |sample: &Value, name: &&str| sample["metric"][name].as_str().unwrap_or_default().to_owned();
    samples.iter().map(|sample| names.iter().map(|name| text(sample, name)).collect()).collect()
}

/// What the report says of its checks, as [`labelled`] has it.
fn reported(report: &Value, key: &str) -> BTreeSet<Vec<String>> {
    let checks = report["checks"].as_array().unwrap().iter();
    checks.map(|check| ["check", key].map(|key| check[key].as_str().unwrap().to_owned()).to_vec()).collect()
}

/// A run that lingers. Its report goes into a file: nobody would empty a pipe meanwhile.
struct Lingering {
    child: Child,
    folder: Folder,
}

impl Lingering {
    fn start(lab: &LabProcess, push: &str) -> Self {
        let folder = Folder::new();
        let report = File::create(folder.path().join("report.json")).unwrap();
        let mut command = check(lab, &["--push", push, "--push-linger", "10m"]);
        let child = command.stdin(Stdio::null()).stdout(report).stderr(Stdio::piped()).spawn().unwrap();
        Self { child, folder }
    }

    /// Interrupts it; its report, once it ended by itself with this code and without a complaint.
    fn interrupt(self, signal: &str, code: i32) -> Value {
        succeed(Command::new("kill").args([signal, &self.child.id().to_string()]));
        let output = self.child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), said.as_str()), (Some(code), ""));
        serde_json::from_slice(&std::fs::read(self.folder.path().join("report.json")).unwrap()).unwrap()
    }
}

/// Waits until every rule was evaluated on what is there now.
fn evaluated(prometheus: &Prometheus) {
    let now = fencepost::clock::now();
    let last = |rule: &Value| rule["lastEvaluation"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    while !prometheus.rules().iter().all(|rule| last(rule) > now) {
        std::thread::yield_now();
    }
}

#[test]
fn a_pushed_run_is_seen_and_then_ended() {
    let rules = ["checks", "agents", "exceptions"].map(|name| repo(&format!("dashboards/rules/{name}.rules.yaml")));
    let config = format!(
        "global: {{evaluation_interval: 1s}}\nrule_files: {:?}\n",
        rules.map(|path| path.display().to_string())
    );
    let (lab, prometheus) = (LabProcess::start(), Prometheus::receiving(&config, &[]));
    let push = format!("remote-write=http://{}/api/v1/write", prometheus.address);
    let query = |expression: &str| prometheus.query(expression).unwrap();

    // While it lingers, everything is there and says what the report says, and no rule takes it for an agent.
    let run = Lingering::start(&lab, &push);
    prometheus.wait_for("fencepost_check_verdict");
    evaluated(&prometheus);
    assert_eq!(query("ALERTS"), [] as [Value; 0]);
    assert_eq!(query(r#"{__name__=~".+:.+"}"#), [] as [Value; 0]);
    let shown = ["fencepost_check_verdict == 1", "fencepost_check_public_fallback == 1"].map(query);
    let everything = query(ALL);
    let report = run.interrupt("-TERM", 0);
    assert_eq!(labelled(&shown[0], &["check", "verdict"]), reported(&report, "verdict"));
    assert_eq!(labelled(&shown[1], &["check", "state"]), reported(&report, "public_fallback"));
    let place = BTreeSet::from([vec!["fencepost".to_owned(), "prod-app".to_owned()]]);
    assert_eq!(labelled(&everything, &["job", "instance"]), place);

    // The run is over. Without its mark each series would stand for five minutes more.
    let ended = |runs: usize| {
        assert_eq!(query(ALL), [] as [Value; 0], "it is over");
        let history = query(&format!("last_over_time({ALL}[1h])"));
        assert!(history.len() >= everything.len(), "what was there stays in the history");
        let looks = query("count_over_time(fencepost_check_verdict[1h])");
        let counts: BTreeSet<&str> = looks.iter().map(|sample| sample["value"][1].as_str().unwrap()).collect();
        assert_eq!(counts, BTreeSet::from([runs.to_string().as_str()]), "each run is one sample, and an end is none");
    };
    ended(1);
    let verdicts =
        |verdict: &str| query(&format!(r#"last_over_time(fencepost_check_verdict{{verdict="{verdict}"}}[1h]) == 1"#));
    assert_eq!(labelled(&verdicts("holds"), &["check", "verdict"]), reported(&report, "verdict"));

    // The next runs of the same runner are taken, however soon they come.
    lab.order(&["break", "zone-not-linked"]);
    for _ in 0..2 {
        let (code, _, err) = outcome(&mut check(&lab, &["--push", &push, "--push-required"]));
        assert_eq!((code, err.as_str()), (1, ""));
    }
    ended(3);
    let run = Lingering::start(&lab, &push);
    let causes = prometheus.wait_for(r#"fencepost_check_finding{finding="public-answer"}"#);
    let report = run.interrupt("-INT", 1);
    let broken = verdicts("broken");
    assert!(!broken.is_empty() && labelled(&broken, &["check", "verdict"]).is_subset(&reported(&report, "verdict")));
    assert_eq!(causes[0]["metric"]["cause"], "zone-not-linked");
    ended(4);
}

/// TLS under an authority of the operator's own, and a password.
#[test]
fn a_receiver_with_tls_and_a_password_is_pushed_to() {
    let (authority, stranger) = (Authority::new("Test authority"), Authority::new("Corporate inspection"));
    let (quick, other) = (Quick::trusting(&authority), Quick::trusting(&stranger));
    let issued = authority.issue(&["localhost", "127.0.0.1"]);
    quick.folder.write("tls.pem", &issued.chain);
    quick.folder.write("tls.key", &issued.key);
    let hash = bcrypt::hash("hunter2", 4).unwrap();
    let web =
        format!("tls_server_config: {{cert_file: tls.pem, key_file: tls.key}}\nbasic_auth_users: {{ana: '{hash}'}}\n");
    let web = format!("--web.config.file={}", quick.folder.write("web.yaml", web).display());
    let prometheus = Prometheus::receiving("{}", &[web]);
    let push = format!("remote-write=https://{}/api/v1/write", prometheus.address);
    let file = |text: &str| quick.folder.write("basic", text).display().to_string();
    let pushed = |plan: &Quick, text: &str| {
        let (_, _, err) = outcome(&mut plan.check(&["--push", &push, "--push-basic", &file(text)]));
        err.lines().filter(|line| !line.contains("can read this secret")).collect::<String>()
    };
    let shown = |expression: &str| {
        let ca = quick.folder.path().join("ca.pem");
        let url = format!("https://{}/api/v1/query?query={}", prometheus.address, percent(expression));
        let answer = succeed(Command::new("curl").args(["-s", "-u", "ana:hunter2", &url, "--cacert"]).arg(ca));
        serde_json::from_str::<Value>(&answer).unwrap()["data"]["result"].as_array().unwrap().len()
    };
    let ever = format!("last_over_time({ALL}[1h])");
    assert!(pushed(&quick, "ana:hunter3\n").contains("status 401 Unauthorized"));
    let said = pushed(&other, "ana:hunter2\n");
    assert!(said.contains("UnknownIssuer") && !said.contains("not marked as ended"), "{said}");
    assert_eq!(shown(&ever), 0, "nothing of it was taken");
    assert_eq!(pushed(&quick, "ana:hunter2\n"), "");
    assert!(shown(&ever) > 5 && shown(ALL) == 0);
    let mut command = quick.check(&["--push", &push]);
    let (_, _, err) = outcome(command.env("FENCEPOST_PUSH_BASIC", "ana:hunter2"));
    assert_eq!(err, "");
}
