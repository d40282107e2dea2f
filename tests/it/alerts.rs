//! Direct alerts of a running agent: a webhook that checks the signature, and Debian's Alertmanager.

use crate::repository::text_of;
use crate::support::agent::{Running, fencepost, outcome};
use crate::support::alertmanager::Alertmanager;
use crate::support::lab::LabProcess;
use crate::support::receiver::{Receiver, Request};
use crate::support::{Folder, succeed};
use fencepost::publish::alerts::{SIGNATURE_HEADER, events_schema};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const KEY: &str = "0123456789abcdef-the-key-of-the-test";
const TOKEN: &str = "the-token-of-the-test";

/// The lab's plan with a short round, and with destinations.
fn plan(lab: &LabProcess, alerts: &str) -> PathBuf {
    let text = std::fs::read_to_string(lab.plan()).unwrap();
    let usual = "every: 5s, timeout: 1s, confirm: 2";
    assert!(text.contains(usual), "{text}");
    let folder = lab.plan().parent().unwrap().to_owned();
    std::fs::write(folder.join("soc.secret"), format!("{KEY}\n")).unwrap();
    std::fs::write(folder.join("am.token"), format!("{TOKEN}\n")).unwrap();
    let text = text.replace(usual, "every: 2s, timeout: 500ms, confirm: 1");
    let file = folder.join("alerts.yaml");
    std::fs::write(&file, format!("{text}\n{alerts}\n")).unwrap();
    file
}

/// Runs the example of the documentation on a request, as a receiver would.
fn verified_by_the_example(request: &Request, key: &Path) -> bool {
    let page = text_of("docs/alerts.md");
    let example = page.split("```python\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let script = key.with_file_name("verify.py");
    std::fs::write(&script, example).unwrap();
    let signature = request.header(&SIGNATURE_HEADER.to_lowercase()).unwrap();
    let mut python = Command::new("python3").arg(script).arg(key).arg(signature).stdin(Stdio::piped()).spawn().unwrap();
    python.stdin.take().unwrap().write_all(&request.body).unwrap();
    python.wait().unwrap().success()
}

fn events(request: &Request) -> Vec<Value> {
    let validator = jsonschema::validator_for(&events_schema()).unwrap();
    let body = request.json();
    let troubles: Vec<String> = validator.iter_errors(&body).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(troubles.is_empty(), "{troubles:#?}\n{body:#}");
    body["events"].as_array().unwrap().clone()
}

fn metric(running: &Running, line: &str) -> Option<f64> {
    let (_, _, text) = running.http("GET", "/metrics");
    text.lines().find_map(|l| l.strip_prefix(line)?.trim().parse().ok())
}

#[test]
fn a_webhook_hears_of_a_leak_until_it_is_over_and_can_tell_who_speaks() {
    let (lab, soc) = (LabProcess::start(), Receiver::start());
    let plan = plan(
        &lab,
        &format!(
            "alerts: {{webhooks: {{soc: {{url: 'http://{}/hook?sig=hidden', secret: soc.secret}}}}}}",
            soc.address
        ),
    );
    let key = plan.with_file_name("soc.secret");
    // The receiver is ill when the first news comes.
    soc.answer(503);
    let mut running = Running::start(&plan, "prod-app");
    let said = running.wait_for_log("alerts are sent there");
    assert!(said.contains(&format!("http://{}\"", soc.address)) && !said.contains("hidden"), "{said}");
    assert_eq!(metric(&running, "fencepost_alerts_sent_total{destination=\"soc\"}"), Some(0.0));
    running.wait_for_log("first round complete");
    lab.order(&["break", "public-fallback-usable"]);
    let first = soc.next();
    let again = soc.next();
    soc.answer(204);
    assert_eq!(first.line, "POST /hook?sig=hidden HTTP/1.1");
    assert_eq!(events(&first)[0]["id"], events(&again)[0]["id"], "what is sent again is the same event");
    let mut told = vec![first, again];
    // One alert for the leak, and one for the other name of the zone, whose public side is closed.
    let mut firing: BTreeSet<(String, String)> = BTreeSet::new();
    let name = |event: &Value| event["labels"]["alertname"].as_str().unwrap().to_owned();
    let wanted = ["FencepostPublicFallbackAnswered", "FencepostPublicFallbackUsable"];
    while !wanted.iter().all(|wanted| firing.iter().any(|(_, known)| known == wanted)) {
        told.push(soc.next());
        firing.extend(
            events(told.last().unwrap()).iter().map(|event| (event["id"].as_str().unwrap().to_owned(), name(event))),
        );
    }
    let leak = told.iter().flat_map(events).find(|event| name(event) == wanted[1]).unwrap();
    let labels = &leak["labels"];
    for (label, value) in [
        ("severity", "critical"),
        ("vantage", "prod-app"),
        ("plan", "lab"),
        ("finding", "public-answer"),
        ("cause", "zone-not-linked"),
        ("zone", "privatelink.openai.azure.com"),
        ("owner", "ai-platform"),
        ("environment", "prod"),
        ("via", "agent"),
    ] {
        assert_eq!(labels[label], value, "{leak:#}");
    }
    assert!(!labels.to_string().contains("127."), "no address is a label: {labels}");
    assert_eq!(leak["checks"], serde_json::json!(["chat-prod/contoso-chat.openai.azure.com"]));
    assert!(leak["annotations"]["evidence"].as_str().unwrap().contains("127.203.1.10 (public)"), "{leak:#}");
    let runbook = format!("http://{}/runbooks/{}.md", running.address, wanted[1]);
    assert_eq!(leak["annotations"]["runbook_url"], runbook);
    let (status, head, text) = running.http("GET", &format!("/runbooks/{}.md", wanted[1]));
    assert!(
        status == 200 && head.to_lowercase().contains("text/markdown") && text.starts_with(&format!("# {}", wanted[1]))
    );
    assert!(metric(&running, "fencepost_alerts_firing ").unwrap() >= 2.0);
    assert!(metric(&running, "fencepost_alerts_failed_total{destination=\"soc\"}").unwrap() >= 2.0);

    lab.order(&["heal"]);
    let ended = |told: &[Request]| -> BTreeSet<String> {
        let resolved =
            told.iter().flat_map(events).filter(|event| event["status"] == "resolved" && event["ends_at"].is_string());
        resolved.map(|event| name(&event)).collect()
    };
    while !wanted.iter().all(|wanted| ended(&told).contains(*wanted)) {
        told.push(soc.next());
    }
    for request in &told {
        assert!(verified_by_the_example(request, &key), "{request:?}");
    }
    let mut forged = told[0].clone();
    forged.body.push(b' ');
    assert!(!verified_by_the_example(&forged, &key));
    // Neither the key nor what the address hides shows anywhere.
    for path in ["/", "/metrics", "/api/v1/board"] {
        let (_, _, text) = running.http("GET", path);
        assert!(!text.contains(KEY) && !text.contains("hidden"), "{path}");
    }
    running.signal("-TERM");
    assert_eq!(running.wait().code(), Some(0));
}

/// What Alertmanager holds, as name and target or zone.
fn held(alertmanager: &Alertmanager) -> BTreeSet<(String, String)> {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let alerts = alertmanager.alerts();
    let scope = |labels: &Value| format!("{}{}", word(&labels["zone"]), word(&labels["target"]));
    alerts.iter().map(|alert| (word(&alert["labels"]["alertname"]), scope(&alert["labels"]))).collect()
}

fn set(rows: &[(&str, &str)]) -> BTreeSet<(String, String)> {
    rows.iter().map(|(name, scope)| ((*name).to_owned(), (*scope).to_owned())).collect()
}

/// The outage is short here, so that the test is; one longer than the retry window is played with time as an argument in
/// `src/alert/tests/outbox.rs`. The rest is real.
#[test]
fn an_alertmanager_that_was_away_in_the_middle_of_an_incident_holds_exactly_what_is_true() {
    let (lab, pager) = (LabProcess::start(), Receiver::start());
    let mut alertmanager = Alertmanager::start(&format!("http://{}/", pager.address));
    let destination = format!("alertmanagers: {{main: {{url: 'http://{}', token: am.token}}}}", alertmanager.address);
    let mut running = Running::start(&plan(&lab, &format!("alerts: {{{destination}}}")), "prod-app");
    running.wait_for_log("first round complete");
    let name = "FencepostPublicFallbackAnswered";
    let (gateway, openai) = ("privatelink.azure-api.net", "privatelink.openai.azure.com");
    let paged = |wanted: &str, status: &str| loop {
        let page = pager.next().json();
        if page["status"] == status && page["commonLabels"]["alertname"] == wanted {
            return page;
        }
    };
    lab.order(&["break", "zone-not-linked"]);
    lab.order(&["break", "record-missing"]);
    running.wait_for_log("FencepostPublicFallbackAnswered");
    paged("FencepostPrivatePathDown", "firing");
    // One of the two may still be on its way.
    while held(&alertmanager) != set(&[(name, gateway), ("FencepostPrivatePathDown", openai)]) {
        std::thread::yield_now();
    }

    alertmanager.stop();
    // One is healed while nobody hears of it, and another one begins. The lab heals all at once; one good look closes
    // nothing.
    lab.order(&["heal"]);
    lab.order(&["break", "zone-not-linked"]);
    lab.order(&["break", "public-ai-reachable"]);
    let (mut resolved, mut raised) = (false, false);
    while !(resolved && raised) {
        let line = running.wait_for_log("\"alert\":\"Fencepost");
        resolved |= line.contains("alert resolved") && line.contains("PrivatePathDown");
        raised |= line.contains("alert raised") && line.contains("BlockBroken");
        assert!(!(line.contains("alert resolved") && line.contains(name)), "{line}");
    }
    pager.all();
    alertmanager.begin();
    paged("FencepostBlockBroken", "firing");
    assert_eq!(held(&alertmanager), set(&[(name, gateway), ("FencepostBlockBroken", "unmanaged-ai")]));
    lab.order(&["heal"]);
    paged("FencepostBlockBroken", "resolved");
    // Both incidents close with the second good look, and one of the two alerts may be told of a little later.
    while !held(&alertmanager).is_empty() {
        pager.next();
    }
    let (_, _, metrics) = running.http("GET", "/metrics");
    assert!(!metrics.contains(TOKEN));
}

/// An agent that is killed while it holds an alert, time and again, has told it once, and ends it once.
#[test]
fn what_was_told_before_a_kill_is_not_told_again_and_ends_after_it() {
    let (lab, soc) = (LabProcess::start(), Receiver::start());
    let webhook = format!("alerts: {{webhooks: {{soc: {{url: 'http://{}/', secret: soc.secret}}}}}}", soc.address);
    let file = plan(&lab, &webhook);
    let folder = Folder::new();
    let start = || {
        let mut running = Running::start_with(&file, "prod-app", &["--state", folder.path().to_str().unwrap()]);
        running.wait_for_log("first round complete");
        running
    };
    let mut running = start();
    lab.order(&["break", "zone-not-linked"]);
    let first = events(&soc.next());
    assert_eq!((first.len(), &first[0]["status"]), (1, &"firing".into()));
    // What came of the delivery is on disk.
    running.wait_for_metric("fencepost_alerts_queued{destination=\"soc\"} 0");
    let writes = running.metric("fencepost_state_writes_total");
    while running.metric("fencepost_state_writes_total") < writes + 2.0 {
        std::thread::yield_now();
    }
    for _ in 0..5 {
        running.kill();
        running = start();
        running.wait_for_metric("fencepost_alerts_firing 1");
    }
    running.kill();
    lab.order(&["heal"]);
    let _running = start();
    let last = events(&soc.next());
    assert_eq!((last.len(), &last[0]["status"]), (1, &"resolved".into()), "{last:#?}");
    assert_eq!((&last[0]["labels"], &last[0]["starts_at"]), (&first[0]["labels"], &first[0]["starts_at"]));
}

#[test]
fn the_bearer_token_goes_along() {
    let (lab, receiver) = (LabProcess::start(), Receiver::start());
    let destination =
        format!("alertmanagers: {{main: {{url: 'http://{}/prefix/', token: am.token}}}}", receiver.address);
    let _running = Running::start(&plan(&lab, &format!("alerts: {{{destination}}}")), "prod-app");
    lab.order(&["break", "zone-not-linked"]);
    let request = receiver.next();
    assert_eq!(request.line, "POST /prefix/api/v2/alerts HTTP/1.1");
    assert_eq!(request.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    assert_eq!(request.header("content-type"), Some("application/json"));
}

#[test]
fn secrets_are_read_by_run_alone_and_a_bad_one_is_a_fault() {
    let (lab, soc) = (LabProcess::start(), Receiver::start());
    let destinations = format!(
        "alerts:\n  alertmanagers: {{main: {{url: 'http://{0}', token: missing.token}}}}\n  \
         webhooks: {{soc: {{url: 'http://{0}/', secret: short.secret}}}}",
        soc.address
    );
    let file = plan(&lab, &destinations);
    std::fs::write(file.with_file_name("short.secret"), "0123456789abcde\n\n").unwrap();
    let run = |words: &[&str]| outcome(fencepost().args(words).arg("--plan").arg(&file));
    let (code, _, err) = run(&["run", "--vantage", "prod-app", "--listen", "127.0.0.1:0"]);
    assert_eq!(code, 2, "{err}");
    for said in ["missing.token: No such file", "short.secret is shorter than 16 bytes", "fix: make a key"] {
        assert!(err.contains(said), "{err}");
    }
    assert!(!err.contains("0123456789abcde"), "{err}");
    assert_eq!(run(&["check", "--vantage", "prod-app"]).0, 0);
    assert_eq!(run(&["explain", "--vantage", "prod-app", "gateway"]).0, 0);
    succeed(fencepost().args(["plan", "check"]).arg(&file));
    assert!(soc.all().is_empty(), "nobody but `run` sends anything");
}

/// A plan that is read again brings its destinations and takes the old ones away; a bad secret leaves all as it was.
#[test]
fn destinations_come_and_go_with_the_plan() {
    let (lab, soc) = (LabProcess::start(), Receiver::start());
    let webhook = |name: &str, secret: &str| {
        format!("alerts: {{webhooks: {{{name}: {{url: 'http://{}/{name}', secret: {secret}}}}}}}", soc.address)
    };
    let file = plan(&lab, &webhook("one", "soc.secret"));
    let mut running = Running::start(&file, "prod-app");
    lab.order(&["break", "zone-not-linked"]);
    assert!(soc.next().line.starts_with("POST /one "));
    plan(&lab, &webhook("two", "none.secret"));
    let (status, _, why) = running.http("POST", "/-/reload");
    assert!(status == 422 && why.contains("none.secret"), "{why}");
    plan(&lab, &webhook("two", "soc.secret"));
    assert_eq!(running.http("POST", "/-/reload").0, 200);
    running.wait_for_log("plan reloaded");
    // A new receiver hears of everything that fires.
    let request = loop {
        let request = soc.next();
        if request.line.starts_with("POST /two ") {
            break request;
        }
    };
    assert_eq!(events(&request)[0]["labels"]["alertname"], "FencepostPublicFallbackAnswered");
    assert_eq!(metric(&running, "fencepost_alerts_queued{destination=\"one\"}"), None);
    assert!(metric(&running, "fencepost_alerts_queued{destination=\"two\"}").is_some());
}

/// A receiver that takes the connection and says nothing must not hold up the stop.
#[test]
fn a_delivery_that_hangs_holds_up_the_stop_for_two_seconds_at_most() {
    let (lab, listener) = (LabProcess::start(), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = listener.local_addr().unwrap();
    let webhook = format!("alerts: {{webhooks: {{soc: {{url: 'http://{address}/', secret: soc.secret}}}}}}");
    let mut running = Running::start(&plan(&lab, &webhook), "prod-app");
    lab.order(&["break", "zone-not-linked"]);
    let (mut stream, _) = listener.accept().unwrap();
    stream.read_exact(&mut [0; 4]).unwrap();
    let told = Instant::now();
    running.signal("-TERM");
    assert_eq!(running.wait().code(), Some(0));
    let took = told.elapsed();
    // One timeout for looks, two seconds for the delivery, and some for the machine; an attempt alone would take ten.
    assert!(took < Duration::from_millis(500 + 2_000 + 3_000), "{took:?}");
}

/// Here the receiver is the proxy, which is asked for the whole address.
#[test]
fn proxy_variables_hold_for_alerts() {
    let (lab, proxy) = (LabProcess::start(), Receiver::start());
    let webhook = "alerts: {webhooks: {soc: {url: 'http://hooks.contoso.example/hook', secret: soc.secret}}}";
    let mut command = fencepost();
    command.env("http_proxy", format!("http://{}", proxy.address)).args(["--log", "off"]);
    command.args(["run", "--vantage", "prod-app", "--listen", "127.0.0.1:0", "--plan"]).arg(plan(&lab, webhook));
    let mut child = command.spawn().unwrap();
    lab.order(&["break", "zone-not-linked"]);
    assert_eq!(proxy.next().line, "POST http://hooks.contoso.example/hook HTTP/1.1");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn the_checked_in_schema_of_events_is_the_one_of_the_program() {
    let printed = format!("{}\n", serde_json::to_string_pretty(&events_schema()).unwrap());
    let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("webhook.schema.json");
    std::fs::write(&fresh, &printed).unwrap();
    let file = "docs/webhook.schema.json";
    assert!(text_of(file) == printed, "{file} differs; the new text is in {}", fresh.display());
    // What the page shows is what is sent.
    let page = text_of("docs/alerts.md");
    let example = page.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let example: Value = serde_json::from_str(example).unwrap();
    assert!(jsonschema::validator_for(&events_schema()).unwrap().is_valid(&example), "{example:#}");
}

#[test]
fn every_runbook_is_built_in() {
    let built: Vec<&str> = fencepost::publish::RUNBOOKS.iter().map(|(name, _)| *name).collect();
    let there: Vec<String> =
        crate::repository::files_in("docs/runbooks", "md").into_iter().map(|(name, _)| name).collect();
    assert_eq!(built, there, "src/publish/runbooks.rs lists the one, docs/runbooks holds the other");
}
