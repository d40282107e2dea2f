//! OTLP, read by OpenTelemetry's own protobufs.

use super::Quick;
use crate::repository::repo;
use crate::support::agent::outcome;
use crate::support::receiver::Receiver;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};

/// What the official protobufs read or write; see the script.
pub fn official(words: &[&str], input: &[u8]) -> Vec<u8> {
    let python = repo("target/test-tools/venv/bin/python");
    let mut command = Command::new(&python);
    command.arg(repo("tests/it/push/otlp.py")).args(words).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child =
        command.spawn().unwrap_or_else(|e| panic!("{}: {e}; run scripts/install-test-tools.sh", python.display()));
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the script says why");
    output.stdout
}

/// Labels, or what a resource says of itself.
type Attributes = BTreeMap<String, String>;

/// Points by name and labels.
type Points = BTreeMap<(String, Attributes), Value>;

fn attributes(of: &Value) -> Attributes {
    let list = of["attributes"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    list.iter().map(|pair| (text(&pair["key"]), text(&pair["value"]["stringValue"]))).collect()
}

fn number(value: &Value) -> u64 {
    value.as_str().unwrap().parse().unwrap()
}

/// Every point; and the resource.
fn points(body: &[u8]) -> (Points, Attributes) {
    let request: Value = serde_json::from_slice(&official(&["request"], body)).unwrap();
    let [resource] = request["resourceMetrics"].as_array().unwrap().as_slice() else { panic!("{request:#}") };
    let [scope] = resource["scopeMetrics"].as_array().unwrap().as_slice() else { panic!("{request:#}") };
    assert_eq!(scope["scope"]["name"], "fencepost");
    let mut points = Points::new();
    for metric in scope["metrics"].as_array().unwrap() {
        let name = metric["name"].as_str().unwrap();
        let unit = name.ends_with("_seconds").then_some("s");
        assert_eq!((metric["unit"].as_str(), metric["description"].is_string()), (unit, true), "{metric:#}");
        for point in metric["gauge"]["dataPoints"].as_array().unwrap() {
            let known = points.insert((name.to_owned(), attributes(point)), point.clone());
            assert_eq!(known, None, "{name} says it once");
        }
    }
    (points, attributes(&resource["resource"]))
}

#[test]
fn a_run_is_told_to_opentelemetry_and_ends_there() {
    let (quick, receiver) = (Quick::new(), Receiver::start());
    let push = format!("otlp=http://{}/v1/metrics", receiver.address);
    let options =
        ["--format", "json", "--push", &push, "--push-label", "instance=runner-7", "--push-label", "region=we"];
    let (_, out, err) = outcome(&mut quick.check(&options));
    assert_eq!(err, "");
    let report: Value = serde_json::from_str(&out).unwrap();
    let [round, end] = &receiver.all()[..] else { panic!("a round and its end") };
    for request in [round, end] {
        assert_eq!(request.line, "POST /v1/metrics HTTP/1.1");
        assert_eq!(
            (request.header("content-type"), request.header("content-encoding")),
            (Some("application/x-protobuf"), None)
        );
    }
    let ((said, resource), (ended, _)) = (points(&round.body), points(&end.body));
    let resource: Vec<_> = resource.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let expected = [
        ("region", "we"),
        ("service.instance.id", "runner-7"),
        ("service.name", "fencepost"),
        ("service.version", env!("CARGO_PKG_VERSION")),
    ];
    assert_eq!(resource, expected);

    // What it says is what the report says.
    let check = &report["checks"][0];
    let value = |name: &str, labels: &[(&str, &str)]| {
        let mut labels: BTreeMap<_, _> = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        if name != "run_info" {
            labels.insert("check".to_owned(), check["check"].as_str().unwrap().to_owned());
        }
        said.get(&(format!("fencepost_{name}"), labels)).map(|point| point["asDouble"].as_f64().unwrap())
    };
    for verdict in ["holds", "broken", "unknown"] {
        let expected = f64::from(u8::from(check["verdict"] == verdict));
        assert_eq!(value("check_verdict", &[("verdict", verdict)]), Some(expected), "{verdict}");
    }
    for state in ["none", "latent", "answered", "usable", "unknown"] {
        let expected = f64::from(u8::from(check["public_fallback"] == state));
        assert_eq!(value("check_public_fallback", &[("state", state)]), Some(expected), "{state}");
    }
    let findings = check["findings"].as_array().unwrap();
    assert!(!findings.is_empty());
    for finding in findings {
        let code = finding["code"].as_str().unwrap();
        let names = |(name, labels): &&(String, Attributes)| {
            name == "fencepost_check_finding" && labels.get("finding").is_some_and(|known| known == code)
        };
        assert_eq!(said.keys().filter(names).count(), 1, "{code}");
    }
    let hash = report["plan_hash"].as_str().unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let run = [("plan", "pushed"), ("hash", hash), ("vantage", "build"), ("kind", "build"), ("version", version)];
    assert_eq!(value("run_info", &run), Some(1.0));

    // And all of it ends, later, without a value.
    assert!(said.keys().eq(ended.keys()));
    let latest = said.values().map(|point| number(&point["timeUnixNano"])).max().unwrap();
    for (series, point) in &ended {
        assert_eq!((&point["flags"], point.get("asDouble")), (&1.into(), None), "{series:?}");
        assert!(number(&point["timeUnixNano"]) > latest);
    }
    for (series, point) in &said {
        assert_eq!(point.get("flags"), None, "{series:?}");
        assert!(number(&point["startTimeUnixNano"]) <= number(&point["timeUnixNano"]));
    }
}

#[test]
fn what_was_taken_in_part_is_told() {
    let (quick, receiver) = (Quick::new(), Receiver::start());
    let answer = official(&["3", "too \u{1b}[31mold"], b"");
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", answer.len());
    receiver.say([[head.into_bytes(), answer].concat()]);
    let push = format!("otlp=http://{}/v1/metrics", receiver.address);
    let (_, _, err) = outcome(&mut quick.check(&["--push", &push]));
    assert_eq!(err, format!("push to otlp at http://{}: it took all but 3 points: too [31mold\n", receiver.address));
    assert_eq!(receiver.all().len(), 2, "it is not sent again, and ends");
}

/// What is large goes in several requests, each as one moment.
#[test]
fn a_large_plan_is_told_piece_by_piece() {
    let (mut quick, receiver) = (Quick::new(), Receiver::start());
    let targets = (0..250).map(|n| {
        format!("  t{n}: {{service: azure-openai, port: 1, endpoints: {{a{n}.openai.azure.com: [127.0.0.2]}}}}\n")
    });
    let targets = format!("targets:\n{}rules", targets.collect::<String>());
    let plan = std::fs::read_to_string(&quick.plan).unwrap();
    let (head, rest) = plan.split_once("targets:").unwrap();
    let plan = format!("{head}{targets}{}", rest.split_once("rules").unwrap().1);
    quick.plan = quick.folder.write("large.yaml", plan);
    let push = format!("otlp=http://{}/v1/metrics", receiver.address);
    let (_, _, err) = outcome(&mut quick.check(&["--push", &push]));
    assert_eq!(err, "");
    let requests: Vec<Points> = receiver.all().iter().map(|request| points(&request.body).0).collect();
    let sizes: Vec<usize> = requests.iter().map(Points::len).collect();
    assert!(sizes.len() == 4 && sizes.iter().all(|size| *size <= 2_000), "{sizes:?}");
    let (round, end) = requests.split_at(2);
    let all = |half: &[Points]| half.iter().flat_map(Points::keys).cloned().collect::<BTreeSet<_>>();
    assert!(all(round) == all(end) && all(round).len() == sizes[0] + sizes[1], "{sizes:?}");
    for half in [round, end] {
        let times: BTreeSet<_> = half.iter().flatten().map(|(_, point)| number(&point["timeUnixNano"])).collect();
        assert_eq!(times.len(), 1);
    }
}
