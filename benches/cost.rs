//! What a check costs, beside the bare cost of a TLS handshake: CPU, memory, and the time to encode `/metrics`.
//!
//! Real parts: two unbounds and one nginx on loopback. CPU is that of the probing thread alone, from the kernel's
//! accounting; the servers' is theirs. Run with `cargo bench --bench cost`.

#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a bench prints, and fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "it measures by the clock on the wall")]

#[path = "../tests/it/support/mod.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod support;
#[path = "shared/handshake.rs"]
mod handshake;
#[path = "shared/servers.rs"]
#[expect(dead_code, reason = "the other bench uses the rest")]
mod servers;

use fencepost::agent::{Estate, Grounds, once};
use fencepost::catalog::Catalog;
use fencepost::clock;
use fencepost::judge::Verdict;
use fencepost::observe::{Lens, Pacer, Sockets, Trust};
use fencepost::plan::{self, Claim};
use fencepost::publish::{Board, Meters, Pieces};
use fencepost::state::{Folder as State, Record};
use handshake::{bare_handshakes, thread_cpu};
use servers::Servers;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::Folder;
use support::agent::Running;

fn plan_of(servers: &Servers, checks: usize) -> String {
    servers.plan("every: 60s, timeout: 5s", checks, |_| (servers.tls.port, "127.0.0.2"))
}

fn estate_of(servers: &Servers, checks: usize) -> Estate {
    let catalog = Catalog::embedded();
    let plan = plan::read("bench", &plan_of(servers, checks), &catalog.outlines()).unwrap();
    let grounds = Grounds::new(plan, catalog, Some("here"), &[]).unwrap();
    let trust = Trust::new(Some(servers.authority.as_bytes())).unwrap();
    let lens = Lens { net: Arc::new(Sockets::new(None)), trust: Arc::new(trust), pacer: Arc::new(Pacer::default()) };
    Estate::new(grounds, lens, clock::day(clock::now()))
}

fn main() {
    let servers = Servers::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("machine: {cores} cores, {}", std::env::consts::ARCH);
    println!();

    let (check, handshake) = cpu_per_check(&runtime, &servers);
    println!("CPU of one full private check (2 resolvers, A and AAAA, one HTTPS connection)");
    println!("  check                 {:>8.3} ms   aim 0.5 ms", ms(check));
    println!("  bare TLS handshake    {:>8.3} ms   rustls, connect and handshake on the same nginx", ms(handshake));
    println!("  ratio                 {:>8.2}      aim 1.5", check.as_secs_f64() / handshake.as_secs_f64());
    println!();

    let board = runtime.block_on(once(&estate_of(&servers, 10_000), 64, || {}));
    println!("time to encode /metrics, {} checks", 10_000);
    let (series, bytes, took) = encoding(&board);
    println!(
        "  encode                {:>8.0} ms   aim 150 ms; {series} series, {} KiB, of {} checks",
        ms(took),
        bytes / 1024,
        board.checks.len()
    );
    let (bytes, took) = keeping(&servers, &board);
    println!("  state to disk         {:>8.0} ms   {} KiB, four times a round", ms(took), bytes / 1024);
    println!();

    println!("resident memory of a running agent after its first round and one scrape");
    for (checks, aim) in [(200, 16), (10_000, 64)] {
        let (now, peak) = memory(&servers, checks);
        println!("  {checks:>6} checks         {now:>8.1} MiB  aim {aim} MiB; peak {peak:.1} MiB");
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Checks and bare handshakes in turn, so that both meet the same machine; the medians of the rounds.
fn cpu_per_check(runtime: &tokio::runtime::Runtime, servers: &Servers) -> (Duration, Duration) {
    const CHECKS: usize = 200;
    let estate = estate_of(servers, CHECKS);
    let mut checks = Vec::new();
    let mut handshakes = Vec::new();
    for _ in 0..9 {
        let before = thread_cpu();
        let board = runtime.block_on(once(&estate, 8, || {}));
        checks.push((thread_cpu() - before) / CHECKS as u32);
        assert_eq!(board.count(Verdict::Holds), CHECKS, "every check must hold");
        let before = thread_cpu();
        runtime.block_on(bare_handshakes(&servers.authority, servers.tls.port, CHECKS, Duration::ZERO));
        handshakes.push((thread_cpu() - before) / CHECKS as u32);
    }
    checks.sort();
    handshakes.sort();
    (checks[checks.len() / 2], handshakes[handshakes.len() / 2])
}

/// Encodes a board of 10,000 checks, which was filled by real looks.
fn encoding(board: &Board) -> (usize, usize, Duration) {
    let meters = Arc::new(Meters::new().unwrap());
    let mut times = Vec::new();
    let (mut series, mut bytes) = (0, 0);
    for _ in 0..5 {
        let start = Instant::now();
        let pieces: Vec<String> =
            Pieces::new(board.clone(), Arc::clone(&meters), board.at).map(Result::unwrap).collect();
        times.push(start.elapsed());
        series = pieces.iter().flat_map(|piece| piece.lines()).filter(|line| !line.starts_with('#')).count();
        bytes = pieces.iter().map(String::len).sum();
    }
    times.sort();
    (series, bytes, times[times.len() / 2])
}

/// Writes the standings of a board, synced, as an agent does beside its looks.
fn keeping(servers: &Servers, board: &Board) -> (u64, Duration) {
    let folder = State::open(&servers.folder.path().join("state"), "here").unwrap().folder;
    let mut times = Vec::new();
    for _ in 0..5 {
        let start = Instant::now();
        let records = board.checks.iter().map(|entry| Record::Standing {
            check: Cow::Borrowed(&entry.face.check),
            claim: Cow::Owned(Claim::Private),
            standing: Cow::Borrowed(&entry.seen.as_ref().unwrap().standing),
        });
        folder.write(records).unwrap();
        times.push(start.elapsed());
    }
    times.sort();
    (std::fs::metadata(folder.state_file()).unwrap().len(), times[times.len() / 2])
}

/// Resident memory now and at its peak, in MiB.
fn memory(servers: &Servers, checks: usize) -> (f64, f64) {
    let state = Folder::new();
    let options = ["--state", state.path().to_str().unwrap()];
    let plan = servers.folder.write("plan.yaml", plan_of(servers, checks));
    let mut running = Running::start_with(&plan, "here", &options);
    running.wait_for_log("first round complete");
    running.wait_for_metric("fencepost_state_durable 1");
    let (status, _, _) = running.http("GET", "/metrics");
    assert_eq!(status, 200);
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.pid())).unwrap();
    let kib = |key: &str| -> f64 {
        let line = status.lines().find(|line| line.starts_with(key)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    (kib("VmRSS:") / 1024.0, kib("VmHWM:") / 1024.0)
}
