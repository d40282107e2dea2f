//! What those try who mean no good to an agent, and what comes of it. `docs/threat-model.md` names these tests.

mod page;

use crate::repository::text_of;
use crate::support::agent::{Running, fencepost, outcome};
use crate::support::certificates::Authority;
use crate::support::{Folder, free_port};
use fencepost::plan::is_harmless;
use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

/// A plan whose one resolver is at this port, and whose one target expects 127.0.0.2 at that one.
pub fn plan(folder: &Folder, dns: u16, tls: u16, more: &str) -> PathBuf {
    folder.write("ca.pem", Authority::new("Test authority").pem());
    let text = format!(
        "plan: threatened\nsettings: {{every: 1h, timeout: 300ms, trust: ca.pem}}\n\
         vantages: {{here: {{kind: test, resolvers: [it]}}}}\nresolvers: {{it: {{address: '127.0.0.1:{dns}'}}}}\n\
         targets: {{it: {{service: azure-openai, port: {tls}, endpoints: {{contoso.openai.azure.com: [127.0.0.2]}}}}}}\n\
         rules: [{{name: the rule, from: any, to: any, claim: private}}]\n{more}\n"
    );
    folder.write("plan.yaml", text)
}

fn agent() -> (Running, Folder) {
    let folder = Folder::new();
    let plan = plan(&folder, free_port(), free_port(), "");
    (Running::start(&plan, "here"), folder)
}

/// A name server that answers each question with what a function adds to it.
fn name_server(answer: impl Fn(&[u8]) -> Vec<u8> + Send + 'static) -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            if socket.send_to(&answer(&buffer[..length]), from).is_err() {
                break;
            }
        }
    });
    port
}

/// A question as its own reply, with so many answers and without its EDNS record.
fn reply(query: &[u8], rcode: u8, answers: u8) -> Vec<u8> {
    let mut reply = query[..query.len() - 11].to_vec();
    reply[2] |= 0x80;
    reply[3] = 0x80 | rcode;
    reply[7] = answers;
    reply[11] = 0;
    reply
}

#[test]
fn what_a_name_server_says_moves_no_cursor() {
    let folder = Folder::new();
    let dns = name_server(|query| {
        let mut reply = reply(query, 2, 0);
        reply[11] = 1;
        let said = "\u{1b}]0;owned\u{7}\u{1b}[31m\u{9b}2J\r\nFAKE log line\u{202e}txt".as_bytes();
        let length = u16::try_from(said.len() + 2).unwrap();
        reply.extend_from_slice(&[0, 0, 41, 4, 208, 0, 0, 0, 0]);
        reply.extend_from_slice(&(length + 4).to_be_bytes());
        reply.extend_from_slice(&[0, 15]);
        reply.extend_from_slice(&length.to_be_bytes());
        reply.extend_from_slice(&[0, 22]);
        reply.extend_from_slice(said);
        reply
    });
    let plan = plan(&folder, dns, free_port(), "");
    for words in [
        vec!["check", "--vantage", "here", "--plan"],
        vec!["check", "--vantage", "here", "--format", "json", "--plan"],
        vec!["explain", "it", "--vantage", "here", "--plan"],
    ] {
        let (code, out, err) = outcome(fencepost().args(&words).arg(&plan));
        assert_eq!(code, 1, "{err}");
        assert!(out.contains("FAKE log line"), "what was said is shown, as text: {out}");
        assert!(out.chars().chain(err.chars()).all(|c| c == '\n' || is_harmless(c)), "{words:?}: {out:?}");
        assert!(!out.lines().any(|line| line.trim_start().starts_with("FAKE")), "a line of its own: {out}");
    }
    for format in ["text", "json"] {
        let mut command = fencepost();
        command
            .args(["run", "--vantage", "here", "--log-format", format, "--listen", "127.0.0.1:0", "--plan"])
            .arg(&plan);
        let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
        let mut log = String::new();
        let mut said = std::io::BufReader::new(child.stderr.take().unwrap());
        while !log.contains("FAKE log line") {
            assert!(std::io::BufRead::read_line(&mut said, &mut log).unwrap() > 0, "{log}");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(log.chars().all(|c| c == '\n' || is_harmless(c)), "{log:?}");
        assert!(!log.lines().any(|line| line.trim_start().starts_with("FAKE")), "{log}");
    }
}

/// Whoever answers for a name does not lead the agent to its own machine, to its cloud's metadata, nor anywhere without
/// the plan.
#[test]
fn an_answer_does_not_lead_the_agent_to_its_own_machine() {
    let (folder, listener) = (Folder::new(), TcpListener::bind("127.0.0.9:0").unwrap());
    let port = listener.local_addr().unwrap().port();
    let dns = name_server(|query| {
        let is_a = query[query.len() - 14] == 1;
        let mut reply = reply(query, 0, if is_a { 2 } else { 0 });
        for address in [[127, 0, 0, 9], [169, 254, 169, 254]].into_iter().filter(|_| is_a) {
            reply.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 10, 0, 4]);
            reply.extend_from_slice(&address);
        }
        reply
    });
    let plan = plan(&folder, dns, port, "");
    let (code, out, _) =
        outcome(fencepost().args(["check", "--vantage", "here", "--format", "json", "--plan"]).arg(&plan));
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &report["summary"]["broken"]), (1, &1.into()), "{report:#}");
    let tried: Vec<_> =
        report["checks"][0]["facts"]["paths"].as_array().unwrap().iter().map(|path| &path["address"]).collect();
    assert_eq!(tried, ["127.0.0.2"], "the plan's own address and nothing else");
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "the agent went where the answer led");
}

#[test]
fn files_without_end_are_refused() {
    for words in [
        vec!["plan", "check", "/dev/zero"],
        vec!["plan", "check", "--catalog", "/dev/zero", "/dev/null"],
        vec!["explain", "--replay", "/dev/zero"],
    ] {
        let (code, _, err) = outcome(fencepost().args(&words));
        assert!(code == 2 && err.contains("/dev/zero: it has more than the"), "{words:?}: {code} {err}");
    }
}

#[test]
fn what_a_file_says_moves_no_cursor() {
    let folder = Folder::new();
    let plan = folder.write("plan.yaml", "plan: p\n\"\\e[31mkey\\r\\u202e\": 1\nvantages: {\"a\\e[2J\": {kind: k}}\n");
    let report = folder.write("report.json", r#"{"plan":{"\u001b[31m":1},"plan_hash":"\u001b[2J"}"#);
    let inner = folder.write("inner.json", r#"{"plan":"p","plan_hash":"h","vantage":"v","at":"\u001b[2J\u202e"}"#);
    for words in [
        vec!["plan", "check", plan.to_str().unwrap()],
        vec!["explain", "--replay", report.to_str().unwrap()],
        vec!["explain", "--replay", inner.to_str().unwrap()],
    ] {
        let (code, out, err) = outcome(fencepost().args(&words));
        assert!(code == 2 && !err.is_empty(), "{words:?}: {out}{err}");
        assert!(out.chars().chain(err.chars()).all(|c| c == '\n' || is_harmless(c)), "{words:?}: {err:?}");
    }
}

#[test]
fn no_secret_is_shown_kept_or_logged() {
    let (folder, state) = (Folder::new(), Folder::new());
    let sink = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = sink.local_addr().unwrap();
    let alerts = format!(
        "alerts:\n  alertmanagers: {{main: {{url: 'http://{at}', token: am.token}}}}\n  \
         webhooks: {{soc: {{url: 'http://{at}/hook/path-secret-3?sig=query-secret-4', secret: soc.secret}}}}"
    );
    let plan = plan(&folder, free_port(), free_port(), &alerts);
    folder.write("am.token", "token-secret-1\n");
    folder.write("soc.secret", "webhook-secret-2\n");
    for secret in ["am.token", "soc.secret"] {
        fs::set_permissions(folder.path().join(secret), fs::Permissions::from_mode(0o644)).unwrap();
    }
    let mut agent = Running::start_with(&plan, "here", &["--state", state.path().to_str().unwrap()]);
    let mut seen = agent.log_until("first round complete");
    assert!(seen.contains("alerts are sent there"), "{seen}");
    for path in ["/", "/metrics", "/api/v1/board", "/api/v1/incidents", "/-/ready"] {
        seen.push_str(&agent.http("GET", path).2);
    }
    // A reload that fails tells why.
    fs::write(folder.path().join("am.token"), "token-secret-1 and more\n").unwrap();
    seen.push_str(&agent.http("POST", "/-/reload").2);
    agent.signal("-TERM");
    seen.push_str(&agent.rest_of_log());
    assert!(agent.wait().success());
    for entry in fs::read_dir(state.path()).unwrap() {
        seen.push_str(&String::from_utf8_lossy(&fs::read(entry.unwrap().path()).unwrap()));
    }
    for number in 1..=4 {
        assert!(!seen.contains(&format!("secret-{number}")), "secret {number} is told: {seen}");
    }
}

#[test]
fn secrets_and_folders_that_others_can_use_are_told() {
    let (folder, state) = (Folder::new(), Folder::new());
    let alerts = "alerts: {webhooks: {soc: {url: 'http://127.0.0.1:1/', secret: soc.secret}}}";
    let plan = plan(&folder, free_port(), free_port(), alerts);
    let secret = folder.write("soc.secret", "a-key-of-sixteen-bytes\n");
    let log_of = |secret_mode: u32, folder_mode: u32| {
        fs::set_permissions(&secret, fs::Permissions::from_mode(secret_mode)).unwrap();
        fs::set_permissions(state.path(), fs::Permissions::from_mode(folder_mode)).unwrap();
        let mut command = fencepost();
        command.args(["run", "--vantage", "here", "--listen", "127.0.0.1:0", "--state"]).arg(state.path());
        let mut child = command.arg("--plan").arg(&plan).stderr(std::process::Stdio::piped()).spawn().unwrap();
        let (mut log, mut said) = (String::new(), std::io::BufReader::new(child.stderr.take().unwrap()));
        while !log.contains("first round complete") {
            assert!(std::io::BufRead::read_line(&mut said, &mut log).unwrap() > 0, "{log}");
        }
        crate::support::succeed(Command::new("kill").arg(child.id().to_string()));
        child.wait().unwrap();
        ["can read this secret", "others can write in the folder of the state"].map(|said| log.contains(said))
    };
    assert_eq!(log_of(0o600, 0o700), [false, false]);
    assert_eq!(log_of(0o644, 0o777), [true, true]);
}

/// The page of threats names the test that shows each row, or says why none does.
#[test]
fn every_threat_names_a_test_that_exists_or_says_why_none_does() {
    let text = text_of("docs/threat-model.md");
    let mut functions = String::new();
    for folder in ["src", "tests"] {
        let found = Command::new("grep")
            .args(["-rhoE", "fn [a-z_0-9]+", folder])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output();
        functions.push_str(&String::from_utf8(found.unwrap().stdout).unwrap());
    }
    let known: std::collections::HashSet<&str> =
        functions.lines().filter_map(|line| line.strip_prefix("fn ")).collect();
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what they try |"));
    let mut count = 0;
    for row in rows {
        count += 1;
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        assert_eq!(cells.len(), 4, "four columns: {row}");
        let shown = cells[3];
        let tests: Vec<&str> = shown.split('`').skip(1).step_by(2).collect();
        let said = shown.strip_prefix("not tested: ").is_some_and(|reason| reason.len() > 10);
        assert!(said || !tests.is_empty(), "neither a test nor a reason: {row}");
        for test in tests.into_iter().filter(|_| !said) {
            assert!(known.contains(test), "there is no test {test}: {row}");
        }
    }
    assert!(count >= 30, "only {count} rows");
}
