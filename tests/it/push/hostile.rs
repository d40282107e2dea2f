//! Receivers that fail, refuse, lie or never answer: a run waits for them within bounds, tells it, and keeps its verdict.

use super::Quick;
use crate::repository::{CATALOG, read};
use crate::support::agent::outcome;
use crate::support::certificates::Authority;
use crate::support::receiver::{Receiver, Request};
use crate::support::{free_port, succeed};
use fencepost::agent::{Estate, Grounds, shared_board};
use fencepost::clock;
use fencepost::dial::Lookup;
use fencepost::observe::{Lens, Pacer, Sockets, Trust};
use fencepost::plan::{Url, is_harmless};
use fencepost::publish::push::{Credentials, Destination, Kind, LONGEST_ANSWER, LONGEST_PUSH, Labels, Push};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::time::Instant;

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

/// What came of one run against a receiver that answers so, and 204 from then on.
fn run(quick: &Quick, kind: &str, answers: &[String]) -> (i32, String, Vec<Request>) {
    let receiver = Receiver::start();
    receiver.say(answers.iter().map(String::as_str));
    let push = format!("{kind}=http://{}/path-secret?sig=query-secret", receiver.address);
    let (code, _, err) = outcome(&mut quick.check(&["--push", &push]));
    assert!(err.chars().all(|c| c == '\n' || is_harmless(c)), "{err:?}");
    assert!(!err.contains("-secret"), "{err}");
    (code, err.replace(&receiver.address, "HOST"), receiver.all())
}

/// Each row: how it is written, what is answered first, how many requests come, and what is told.
#[test]
fn an_answer_decides_what_comes_next() {
    let ok = || answer("204 No Content", "", "");
    let told = |kind: &str, why: &str| format!("push to {kind} at http://HOST: {why}\n");
    let left = |kind: &str, why: &str| told(kind, &format!("not marked as ended: {why}"));
    let bad = "status 400 Bad Request: no such [31mtenant ## # vso[task.complete result=Succeeded]";
    let refusal = || {
        answer("400 Bad Request", "", "no such \u{1b}[31mtenant ###vso[task.complete result=Succeeded]\n::error::FAKE")
    };
    let failure = || answer("500 Internal Server Error", "", "");
    let busy = |after: &str| answer("429 Too Many Requests", &format!("Retry-After: {after}\r\n"), "");
    let late = || answer("400 Bad Request", "", "out of order sample");
    let gone = "status 404 Not Found";
    let redirect = "status 307 Temporary Redirect, which is not followed";
    let rw = "remote-write";
    let slow = "status 429 Too Many Requests";
    let protobuf =
        answer("400 Bad Request", "Content-Type: application/x-protobuf\r\n", "\u{8}\u{3}\u{12}\u{7}no room");
    let rows = [
        (rw, vec![], 2, String::new()),
        // It may be taken yet.
        (rw, vec![failure()], 3, String::new()),
        (rw, vec![ok(), failure()], 3, String::new()),
        (rw, vec![busy("0")], 3, String::new()),
        ("otlp", vec![answer("503 Service Unavailable", "Retry-After: 0\r\n", "")], 3, String::new()),
        // Not so soon.
        (rw, vec![busy("15"), busy("15")], 2, told(rw, slow) + &left(rw, slow)),
        // Never; some of it may be there all the same, so an end is sent.
        (rw, vec![refusal(), refusal()], 2, told(rw, bad) + &left(rw, bad)),
        (rw, vec![ok(), refusal()], 2, left(rw, bad)),
        ("otlp", vec![failure()], 2, told("otlp", "status 500 Internal Server Error")),
        ("otlp", vec![protobuf], 2, told("otlp", "status 400 Bad Request: no room")),
        // Never, and nothing is there.
        (rw, vec![answer("404 Not Found", "", "")], 1, told(rw, gone)),
        (rw, vec![answer("307 Temporary Redirect", "Location: /elsewhere\r\n", "")], 1, told(rw, redirect)),
        // Somebody else was sooner.
        (rw, vec![late()], 3, String::new()),
        (rw, vec![late(), late(), late()], 4, told(rw, "status 400 Bad Request: out of order sample")),
    ];
    let quick = Quick::new();
    let without = quick.code();
    for (kind, answers, requests, says) in rows {
        let (code, err, seen) = run(&quick, kind, &answers);
        assert_eq!((code, err, seen.len()), (without, says, requests), "{kind}, {answers:?}");
    }
}

/// Trying again sends the same, so that what was taken unseen is not taken for something else; only where the time was too
/// old, a new one.
#[test]
fn what_is_tried_again_is_the_same() {
    let quick = Quick::new();
    let (_, _, failed) = run(&quick, "remote-write", &[answer("502 Bad Gateway", "", "")]);
    assert_eq!(failed[0].body, failed[1].body);
    let late = answer("409 Conflict", "", "err-mimir-sample-out-of-order");
    let (_, _, late) = run(&quick, "remote-write", &[late]);
    assert_ne!(late[0].body, late[1].body);
    let head = |name| failed[0].header(name).unwrap_or_default();
    assert_eq!((head("content-encoding"), head("content-type")), ("snappy", "application/x-protobuf"));
    assert_eq!(head("x-prometheus-remote-write-version"), "0.1.0");
    assert!(head("user-agent").starts_with("fencepost/"));
}

/// Whether a push that is not taken matters, the operator says.
#[test]
fn a_push_that_is_required_takes_a_green_verdict_away() {
    let lab = crate::support::lab::LabProcess::start();
    let receiver = Receiver::start();
    receiver.answer(403);
    let push = format!("remote-write=http://{}/", receiver.address);
    let code = |options: &[&str]| {
        let mut command = crate::support::agent::fencepost();
        command
            .args(["check", "--vantage", "prod-app", "--plan"])
            .arg(lab.plan())
            .args(["--push", &push])
            .args(options);
        let (code, _, err) = outcome(&mut command);
        assert!(err.contains("status 403 Forbidden"), "{err}");
        code
    };
    assert_eq!((code(&[]), code(&["--push-required"])), (0, 3));
    lab.order(&["break", "zone-not-linked"]);
    assert_eq!((code(&[]), code(&["--push-required"])), (1, 1));
}

#[test]
fn what_answers_without_http_and_who_is_not_there_is_told() {
    let quick = Quick::new();
    let without = quick.code();
    let (code, err, seen) = run(&quick, "remote-write", &vec!["SSH-2.0-OpenSSH_9.2\r\n".to_owned(); 3]);
    assert!(code == without && seen.len() == 4, "three attempts, then the end: {}", seen.len());
    assert!(err.starts_with("push to remote-write at http://HOST: ") && err.lines().count() == 1, "{err}");
    let nobody = format!("otlp=http://127.0.0.1:{}/path-secret", free_port());
    let (code, _, err) = outcome(&mut quick.check(&["--push", &nobody]));
    assert!(err.contains("Connection refused") && err.lines().count() == 1 && !err.contains("-secret"), "{err}");
    assert_eq!(code, without);
}

/// A push with nothing but the plan to tell.
fn push(address: &str) -> (Push, fencepost::publish::Board) {
    let plan = std::fs::read_to_string(Quick::new().plan).unwrap();
    let trust = Trust::new(Some(Authority::new("Test authority").pem().as_bytes())).unwrap();
    let tls = trust.client_config().unwrap();
    let lens =
        Lens { net: Arc::new(Sockets::new(None)), trust: Arc::new(trust), pacer: Arc::new(Pacer::of_one_round()) };
    let grounds = Grounds::new(read(&plan).unwrap(), CATALOG.clone(), Some("build"), &[]).unwrap();
    let board = shared_board(&Estate::new(grounds, lens, clock::day(clock::now()))).snapshot();
    let url = Url::parse(&format!("http://{address}/")).unwrap();
    let destination = Destination { kind: Kind::RemoteWrite, url, credentials: Credentials::default() };
    let lookup: Lookup = Arc::new(|_| Box::pin(async { Ok(Vec::new()) }));
    (Push::new(vec![destination], Labels::new("build", []), tls, lookup).unwrap(), board)
}

/// A server that does this with every connection once a request began, and tells what came of it.
fn server<T: Send + 'static>(
    attend: impl Fn(std::net::TcpStream) -> T + Send + 'static,
) -> (String, std::sync::mpsc::Receiver<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 64]);
            if sender.send(attend(stream)).is_err() {
                break;
            }
        }
    });
    (address, told)
}

/// Time is paused: nothing happens but the timeouts.
#[tokio::test(start_paused = true)]
async fn a_receiver_that_never_answers_costs_one_bounded_time() {
    // Kept open, and not a word.
    let (address, _streams) = server(|stream| stream);
    let (mut push, board) = push(&address);
    let begun = Instant::now();
    let round = push.round(&board, LONGEST_PUSH).await;
    assert_eq!(round.iter().map(|trouble| trouble.why.as_str()).collect::<Vec<_>>(), ["no answer in time"]);
    assert!(begun.elapsed() <= LONGEST_PUSH, "{:?}", begun.elapsed());
    assert_eq!(push.open().count(), 1, "nobody knows whether it was taken");
    let begun = Instant::now();
    assert_eq!(push.end(std::time::Duration::from_secs(5)).await.len(), 1);
    assert!(begun.elapsed() <= std::time::Duration::from_secs(5));
}

/// The client closes the connection in a task of its own, which must run while the test waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_answer_without_end_is_read_to_its_bound() {
    let (address, told) = server(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\r\n");
        let mut sent = 0;
        while stream.write_all(&[b'x'; 4096]).is_ok() {
            sent += 4096;
        }
        sent
    });
    let (mut push, board) = push(&address);
    let round = push.round(&board, LONGEST_PUSH).await;
    assert!(round[0].why.len() < 300 && round[0].why.contains("xxx"), "{round:?}");
    let sent = told.recv().unwrap();
    assert!(sent >= LONGEST_ANSWER / 2, "the receiver was cut off in the midst of its answer");
    // What the kernel's buffers took on the way is not ours to bound; it is far from what ten seconds would carry.
    assert!(sent < 64 << 20, "{sent}");
}

/// Somebody stops the job while the receiver hangs: whether it took anything nobody knows, so the end is sent.
#[test]
fn a_run_that_is_stopped_while_a_receiver_hangs_ends_there_too() {
    let quick = Quick::new();
    let without = quick.code();
    let requests = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&requests);
    let (address, streams) = server(move |mut stream| {
        if count.fetch_add(1, Ordering::SeqCst) > 0 {
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
        }
        stream
    });
    let push = format!("otlp=http://{address}/v1/metrics");
    let mut command = quick.check(&["--push", &push]);
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let _held = streams.recv().unwrap();
    succeed(Command::new("kill").arg(child.id().to_string()));
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), said.as_str()), (Some(without), ""));
    assert_eq!(requests.load(Ordering::SeqCst), 2, "the round, and its end");
}
