//! `fencepost run` as a process: its HTTP, its signals, its reloads.

use crate::support::agent::Running;
use crate::support::place::Place;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A plan with `many` targets that hold, and one whose address is a black hole.
fn plan(place: &Place, many: usize, extra: &str) -> PathBuf {
    let mut targets = String::new();
    for i in 0..many {
        // Ports make them different endpoints; all but the first are never reached and refuse.
        let port = if i == 0 { place.tls.port } else { 20 + u16::try_from(i).unwrap() };
        let _ = writeln!(
            targets,
            "  t{i}: {{service: azure-openai, owner: team-{i}, port: {port}, endpoints: {{contoso.openai.azure.com: [127.0.0.2]}}}}"
        );
    }
    let text = format!(
        "plan: watched\nsettings: {{every: 2s, timeout: 500ms, trust: ca.pem}}\n\
         networks: {{private: [127.0.0.2/31, 127.0.0.10/32], public: [127.0.0.4/30]}}\n\
         vantages:\n  here: {{kind: test, resolvers: [unbound], witness: {{connect: '127.0.0.2:{tls}'}}}}\n  \
         there: {{kind: test, resolvers: [unbound]}}\n\
         resolvers: {{unbound: {{address: '127.0.0.1:{dns}'}}}}\n\
         targets:\n{targets}  hole: {{service: azure-openai, port: {tls}, endpoints: {{three.openai.azure.com: [127.0.0.2, 127.0.0.3, 127.0.0.10]}}}}\n\
         {extra}\nrules: [{{name: all private, from: any, to: any, claim: private}}]\n",
        tls = place.tls.port,
        dns = place.dns.port,
    );
    place.folder.write("watched.yaml", text)
}

fn started(plan: &std::path::Path) -> Running {
    let mut running = Running::start(plan, "here");
    running.wait_for_log("first round complete");
    running
}

fn check<'a>(board: &'a Value, name: &str) -> &'a Value {
    let checks = board["checks"].as_array().unwrap();
    checks.iter().find(|check| check["check"] == name).unwrap_or_else(|| panic!("no check {name} in {board:#}"))
}

#[test]
fn every_path_answers_as_documented() {
    let place = Place::new();
    let running = started(&plan(&place, 2, ""));
    for (method, path, status, kind, says) in [
        ("GET", "/", 200, "text/html", "Fencepost"),
        ("GET", "/metrics", 200, "text/plain; version=0.0.4", "fencepost_check_verdict{"),
        ("GET", "/api/v1/board", 200, "application/json", "\"checks\""),
        ("GET", "/-/healthy", 200, "text/plain", "healthy"),
        ("HEAD", "/-/healthy", 200, "text/plain", ""),
        ("GET", "/-/ready", 200, "text/plain", "ready"),
        ("POST", "/-/reload", 200, "text/plain", "read again"),
        ("GET", "/-/reload", 405, "", ""),
        ("GET", "/probe?target=10.0.0.1", 404, "", ""),
        ("POST", "/metrics", 405, "", ""),
    ] {
        let (got, head, body) = running.http(method, path);
        assert_eq!(got, status, "{method} {path}: {head}");
        assert!(head.to_lowercase().contains(kind), "{method} {path}: {head}");
        assert!(body.contains(says), "{method} {path}: {body}");
    }
    let board = running.board();
    assert_eq!(check(&board, "t0/contoso.openai.azure.com")["verdict"], "holds");
    assert_eq!(check(&board, "t1/contoso.openai.azure.com")["findings"][0]["code"], "connect-refused");
    assert_eq!(check(&board, "hole/three.openai.azure.com")["findings"][0]["code"], "connect-timeout");
    assert_eq!(board["summary"], serde_json::json!({"holds": 1, "broken": 2, "unknown": 0}));
    assert_eq!(board["witness"]["succeeded"], true);
}

#[test]
fn promtool_accepts_the_metrics_and_the_contract_is_kept() {
    let place = Place::new();
    let exception =
        "exceptions: {EX-1: {from: there, to: any, claim: public, owner: ana, reason: rehearsal, ends: 2099-01-31}}";
    let running = started(&plan(&place, 2, exception));
    let (_, _, text) = running.http("GET", "/metrics");
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let said = promtool.wait_with_output().unwrap();
    let complaints = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success() && complaints.is_empty(), "{complaints}");
    let name = "t0/contoso.openai.azure.com";
    for line in [
        "fencepost_build_info{version=".to_owned(),
        "fencepost_vantage_info{vantage=\"here\",kind=\"test\",plan=\"watched\"} 1".to_owned(),
        "fencepost_plan_vantage_info{vantage=\"there\",kind=\"test\",owner=\"\"} 1".to_owned(),
        format!("fencepost_check_info{{check=\"{name}\",target=\"t0\",endpoint=\"contoso.openai.azure.com\",claim=\"private\",owner=\"team-0\",environment=\"\"}} 1"),
        format!("fencepost_check_verdict{{check=\"{name}\",verdict=\"holds\"}} 1"),
        format!("fencepost_check_verdict{{check=\"{name}\",verdict=\"broken\"}} 0"),
        format!("fencepost_check_public_fallback{{check=\"{name}\",state=\"none\"}} 1"),
        "fencepost_check_finding{check=\"t1/contoso.openai.azure.com\",finding=\"connect-refused\",severity=\"critical\",cause=\"\"} 1".to_owned(),
        format!("fencepost_check_runs_total{{check=\"{name}\"}}"),
        format!("fencepost_check_last_run_timestamp_seconds{{check=\"{name}\"}}"),
        format!("fencepost_check_verdict_since_timestamp_seconds{{check=\"{name}\"}}"),
        format!("fencepost_public_exposure_seconds_total{{check=\"{name}\",state=\"usable\"}} 0"),
        format!("fencepost_dns_answers{{check=\"{name}\",resolver=\"unbound\",family=\"A\",class=\"expected\"}} 1"),
        format!("fencepost_dns_answers{{check=\"{name}\",resolver=\"unbound\",family=\"AAAA\",class=\"public\"}} 0"),
        "fencepost_dns_query_duration_seconds_bucket{resolver=\"unbound\",le=".to_owned(),
        "fencepost_probe_phase_duration_seconds_count{phase=\"tls\"}".to_owned(),
        format!("fencepost_tls_not_after_timestamp_seconds{{check=\"{name}\"}} 3976214400"),
        "fencepost_witness_up{witness=\"connect:127.0.0.2:".to_owned(),
        "fencepost_exception_ends_timestamp_seconds{exception=\"EX-1\"} 4073587200".to_owned(),
        "fencepost_plan_info{plan=\"watched\",hash=\"".to_owned(),
        "fencepost_plan_last_reload_successful 1".to_owned(),
        "fencepost_plan_last_reload_success_timestamp_seconds ".to_owned(),
        "fencepost_schedule_lag_seconds_count".to_owned(),
        "fencepost_schedule_skipped_total 0".to_owned(),
        "process_resident_memory_bytes".to_owned(),
    ] {
        assert!(text.lines().any(|l| l.starts_with(&line)), "no line begins with {line}\n{text}");
    }
    // An address, an error text or a run id is no label.
    assert!(!text.lines().any(|l| l.contains("127.0.0.") && !l.starts_with("fencepost_witness_up")), "{text}");
    let per_check = text.lines().filter(|l| l.contains(&format!("check=\"{name}\""))).count();
    let bound = fencepost::publish::series_per_check(1, 0);
    assert!(per_check <= bound, "{per_check} series for one check, the bound says {bound}");
}

#[test]
fn sigterm_within_a_round_ends_within_one_timeout() {
    let place = Place::new();
    let mut running = Running::start(&plan(&place, 3, ""), "here");
    // This look waits for an address that never answers.
    running.wait_for_log("hole/three.openai.azure.com");
    let told = Instant::now();
    running.signal("-TERM");
    let status = running.wait();
    assert_eq!(status.code(), Some(0));
    // Without the bound it would be a whole round of 2 s, or the address's own patience.
    assert!(told.elapsed() < Duration::from_millis(500 + 1_400), "{:?}", told.elapsed());
}

#[test]
fn a_bad_plan_at_reload_leaves_the_old_one_in_force() {
    let place = Place::new();
    let file = plan(&place, 2, "");
    let mut running = started(&file);
    let good = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, good.replace("claim: private", "claim: privat")).unwrap();
    let (status, _, body) = running.http("POST", "/-/reload");
    assert_eq!(status, 422);
    assert!(body.contains("the claim cannot be `privat`") && body.contains("old plan stays"), "{body}");
    running.wait_for_log("the old one stays");
    running.signal("-HUP");
    running.wait_for_log("the old one stays");
    let (_, _, text) = running.http("GET", "/metrics");
    assert!(text.contains("\nfencepost_plan_last_reload_successful 0\n"), "{text}");
    assert_eq!(running.board()["checks"].as_array().unwrap().len(), 3);
    std::fs::write(&file, good.replace("plan: watched", "plan: renamed")).unwrap();
    running.signal("-HUP");
    running.wait_for_log("plan reloaded");
    let (_, _, text) = running.http("GET", "/metrics");
    assert!(text.contains("\nfencepost_plan_last_reload_successful 1\n"), "{text}");
    assert_eq!(running.board()["plan"], "renamed");
}

#[test]
fn a_reload_under_load_loses_no_check() {
    let place = Place::new();
    let file = plan(&place, 120, "");
    let mut running = started(&file);
    let now = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    let mut since = now();
    for _ in 0..10 {
        since = now();
        assert_eq!(running.http("POST", "/-/reload").0, 200);
        running.wait_for_log("plan reloaded");
        let board = running.board();
        let checks = board["checks"].as_array().unwrap();
        assert_eq!(checks.len(), 121);
        assert!(checks.iter().all(|check| !check["verdict"].is_null()), "a check lost what was known of it");
    }
    // After the reloads every check is looked at again: the smallest "last run" passes the moment of the last reload.
    running.wait_for_log("first round complete");
    let (_, _, text) = running.http("GET", "/metrics");
    let runs = text.lines().filter(|line| line.starts_with("fencepost_check_last_run_timestamp_seconds{"));
    let last: Vec<f64> = runs.map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect();
    assert_eq!(last.len(), 121);
    assert!(last.iter().all(|at| *at > since), "{last:?} {since}");
    // A check that leaves the plan leaves the board and the metrics.
    plan(&place, 2, "");
    running.signal("-HUP");
    running.wait_for_log("plan reloaded");
    assert_eq!(running.board()["checks"].as_array().unwrap().len(), 3);
    assert!(!running.http("GET", "/metrics").2.contains("t100/"));
}

#[test]
fn a_client_that_says_half_a_word_does_not_hold_up_the_stop() {
    let place = Place::new();
    let mut running = Running::start(&plan(&place, 1, ""), "here");
    let mut client = std::net::TcpStream::connect(&running.address).unwrap();
    client.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n").unwrap();
    let told = Instant::now();
    running.signal("-TERM");
    assert_eq!(running.wait().code(), Some(0));
    assert!(told.elapsed() < Duration::from_secs(3), "{:?}", told.elapsed());
}

#[test]
fn a_pair_that_nobody_claims_is_neither_looked_at_nor_counted() {
    let place = Place::new();
    let file = plan(
        &place,
        1,
        "exceptions: {EX: {from: here, to: t0, claim: private, owner: ana, reason: later, begins: 2098-01-01, ends: 2099-01-01}}",
    );
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("from: any, to: any, claim: private", "from: any, to: any, claim: none"))
        .unwrap();
    let mut command = crate::support::agent::fencepost();
    let (code, out, _) = crate::support::agent::outcome(
        command.args(["check", "--vantage", "here", "--format", "json", "--plan"]).arg(&file),
    );
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 3, "nothing was looked at, so nothing is known: {out}");
    assert_eq!(report["summary"], serde_json::json!({"holds": 0, "broken": 0, "unknown": 0}));
}
