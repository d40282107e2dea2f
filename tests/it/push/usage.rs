//! What the options of pushing take, what they refuse, and what they never tell.

use super::Quick;
use crate::support::agent::outcome;
use crate::support::receiver::Receiver;
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn what_cannot_be_pushed_is_refused_before_anything_is_looked_at() {
    let quick = Quick::new();
    let write = |name: &str, text: &str| quick.folder.write(name, text).display().to_string();
    let (token, words) = (write("token", "hunter2\n"), write("words", "hunter2 and more\n"));
    let (a, b) = ("remote-write=https://a.example/write", "otlp=https://b.example/v1/metrics");
    let elsewhere = format!("https://c.example={token}");
    let rows: [(&[&str], &str); 17] = [
        (&["--push", "https://a.example/path-secret"], "it does not say how"),
        (&["--push", "pushgateway=https://a.example"], "write remote-write=URL or otlp=URL"),
        (&["--push", "otlp=a.example"], "write otlp=https://HOST/v1/metrics"),
        (&["--push", "otlp=https://ana:hunter2@a.example/"], "holds credentials"),
        (&["--push", a, "--push", a], "remote-write at https://a.example is there twice"),
        (&["--push-required"], "--push is missing"),
        (&["--push-linger", "1s"], "--push is missing"),
        (&["--push", a, "--push-linger", "11m"], "write up to 10m"),
        (&["--push", a, "--push-linger", "soon"], "500ms, 30s, 5m"),
        (&["--push", a, "--push-label", "vantage=x"], "label `vantage` of their own"),
        (&["--push", a, "--push-token", "/nonexistent"], "/nonexistent: No such file"),
        (&["--push", a, "--push-token", "/dev/zero"], "it has more than"),
        (&["--push", a, "--push-token", &words], "holds more than a token"),
        (&["--push", a, "--push-basic", &words], "no user and password"),
        (&["--push", a, "--push-headers", &words], "is no header"),
        (&["--push", a, "--push", b, "--push-token", &token], "does not say for whom"),
        (&["--push", a, "--push-token", &elsewhere], "nothing is pushed to https://c.example"),
    ];
    for (options, says) in rows {
        let (code, out, err) = outcome(&mut quick.check(options));
        assert_eq!((code, out.as_str()), (2, ""), "{options:?}: {err}");
        assert!(err.contains(says), "{options:?}: {err}");
        assert!(!err.contains("hunter2") && !err.contains("-secret"), "{options:?}: {err}");
    }
    for (variable, value, says) in [
        ("FENCEPOST_PUSH_TOKEN", "hunter2 and more", "FENCEPOST_PUSH_TOKEN holds more than a token"),
        ("FENCEPOST_PUSH_TOKEN", "hunter2", "FENCEPOST_PUSH_TOKEN does not say for whom"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "hunter2", "OTEL_EXPORTER_OTLP_HEADERS holds a part that is no NAME=VALUE"),
    ] {
        let options = if says.contains("for whom") { &["--push", a, "--push", b][..] } else { &["--push", b] };
        let (code, _, err) = outcome(quick.check(options).env(variable, value));
        assert!(code == 2 && err.contains(says) && !err.contains("hunter2"), "{variable}: {err}");
    }
    // Every fault at once.
    let (_, _, err) =
        outcome(&mut quick.check(&["--push", "x", "--push-label", "y", "--push", b, "--push-token", &words]));
    assert!(["--push x", "--push-label y", "--push-token"].iter().all(|part| err.contains(part)), "{err}");
}

/// A secret goes to the one whom it is for, and nowhere else.
#[test]
fn a_proof_goes_to_its_receiver_alone() {
    let (quick, one, two) = (Quick::new(), Receiver::start(), Receiver::start());
    let write = |name: &str, text: &str| {
        let path = quick.folder.write(name, text);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path.display().to_string()
    };
    let (token, headers) = (write("token", "token-1\n"), write("headers", "X-Scope-OrgID: network\nApi-Key: key-2\n"));
    let (a, b) = (format!("remote-write=http://{}/w", one.address), format!("otlp=http://{}/v1/metrics", two.address));
    let (for_one, for_two) = (format!("http://{}={token}", one.address), format!("http://{}/={headers}", two.address));
    let options = ["--push", &a, "--push", &b, "--push-token", &for_one, "--push-headers", &for_two];
    let (_, _, err) = outcome(&mut quick.check(&options));
    assert_eq!(err, "");
    let (to_one, to_two) = (one.all(), two.all());
    assert_eq!((to_one.len(), to_two.len()), (2, 2));
    for request in &to_one {
        assert_eq!((request.header("authorization"), request.header("api-key")), (Some("Bearer token-1"), None));
    }
    for request in &to_two {
        assert_eq!((request.header("authorization"), request.header("api-key")), (None, Some("key-2")));
        assert_eq!(request.header("x-scope-orgid"), Some("network"));
    }
    // From the environment: for OTLP alone, and not where a file says something.
    let mut command = quick.check(&["--push", &a, "--push", &b]);
    outcome(command.env("OTEL_EXPORTER_OTLP_HEADERS", "api-key=key%203,x-more=4"));
    assert!(one.all().iter().all(|request| request.header("api-key").is_none()));
    let told = two.all();
    assert_eq!((told[0].header("api-key"), told[0].header("x-more")), (Some("key 3"), Some("4")));
    let mut command = quick.check(&["--push", &b, "--push-token", &token]);
    outcome(command.env("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "api-key=key-5"));
    let told = two.all();
    assert_eq!((told[0].header("api-key"), told[0].header("authorization")), (None, Some("Bearer token-1")));
    outcome(quick.check(&["--push", &a]).env("FENCEPOST_PUSH_TOKEN", "token-6"));
    assert_eq!(one.all()[0].header("authorization"), Some("Bearer token-6"));
    // An empty variable is none, as pipelines write a secret that is not there.
    outcome(quick.check(&[]).env("FENCEPOST_PUSH_TOKEN", "").env("FENCEPOST_PUSH", a.as_str()));
    assert_eq!(one.all()[0].header("authorization"), None);
    let (code, _, err) = outcome(quick.check(&[]).env("FENCEPOST_PUSH", ""));
    assert_eq!((code, err.as_str()), (quick.code(), ""));
}

#[test]
fn no_secret_of_a_push_is_shown() {
    let (quick, receiver) = (Quick::new(), Receiver::start());
    let token = quick.folder.write("token", "token-secret-1\n");
    fs::set_permissions(&token, fs::Permissions::from_mode(0o644)).unwrap();
    let said = "who is token-secret-1?";
    receiver.say([format!("HTTP/1.1 401 Unauthorized\r\nContent-Length: {}\r\n\r\n{said}", said.len())]);
    let push = format!("remote-write=http://{}/path-secret-2?sig=query-secret-3", receiver.address);
    let options = ["--log", "trace", "--push", &push, "--push-token", token.to_str().unwrap()];
    let (_, out, err) = outcome(&mut quick.check(&options));
    assert!(err.contains("status 401 Unauthorized: who is (secret)?"), "{err}");
    assert!(err.contains("token: every user of this machine can read this secret"), "{err}");
    assert!((1..=3).all(|n| !format!("{out}{err}").contains(&format!("-secret-{n}"))), "{err}");
    let (_, out, _) =
        outcome(crate::support::agent::fencepost().args(["check", "--help"]).env("FENCEPOST_PUSH", &push));
    assert!(out.contains("FENCEPOST_PUSH") && !out.contains("-secret-"), "{out}");
}
