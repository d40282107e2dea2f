//! Fencepost beside Debian's blackbox_exporter: the same evidence from the same servers at the same rate, in one run.
//!
//! Both watch the same endpoints through the same two resolvers: blackbox_exporter with a DNS module for each name and
//! type and an HTTPS module, probed by a real Prometheus once a round; Fencepost with a plan, scraped by the same
//! Prometheus once a round. CPU and memory are the kernel's accounts of the two processes. Run with
//! `cargo bench --bench beside`, or with `-- steady`, `-- flips` or `-- holes` for a part of it. It needs
//! `prometheus-blackbox-exporter` beside what the tests need.

#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a bench prints, and fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "it measures by the clock on the wall")]

mod blackbox;
#[path = "../shared/handshake.rs"]
mod handshake;
mod holes;
mod process;
mod scene;
#[path = "../shared/servers.rs"]
mod servers;
#[path = "../../tests/it/support/mod.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod support;

use process::Process;
use scene::{CHECKS, ROUND, Scene};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long CPU is counted; twelve rounds.
const WINDOW: Duration = Duration::from_secs(60);

/// How often a record is turned to a public address and back.
const FLIPS: usize = 8;

fn main() {
    let named: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let is_wanted = |part: &str| named.is_empty() || named.iter().any(|name| name == part);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("machine: {cores} cores, {}", std::env::consts::ARCH);
    if is_wanted("steady") || is_wanted("flips") {
        let scene = Scene::start();
        println!(
            "{CHECKS} checks, each of 2 resolvers, A and AAAA, and one HTTPS connection, every {} s\n",
            ROUND.as_secs()
        );
        println!("{:<44} {:>10} {:>10} {:>8}", "", "fencepost", "blackbox", "ratio");
        if is_wanted("steady") {
            steady(&scene);
        }
        if is_wanted("flips") {
            detection(&scene);
        }
        println!();
    }
    if is_wanted("holes") {
        holes::one_shot();
        holes::lag();
    }
}

/// One line of the table; the ratio says how many times cheaper or faster Fencepost is.
fn row(what: &str, unit: &str, fencepost: f64, blackbox: f64) {
    println!("{:<44} {fencepost:>10.2} {blackbox:>10.2} {:>8.2}", format!("{what}, {unit}"), blackbox / fencepost);
}

/// Both at work, nothing wrong.
fn steady(scene: &Scene) {
    let (agent, blackbox, prometheus) =
        (Process::of(scene.agent.pid()), Process::of(scene.blackbox.pid()), Process::of(scene.prometheus_pid()));
    let looks_before = scene.looks();
    let before = (agent.cpu(), blackbox.cpu(), prometheus.cpu());
    sleep(WINDOW);
    let after = (agent.cpu(), blackbox.cpu(), prometheus.cpu());
    let looks = scene.looks() - looks_before;
    // Each check is five probes: A and AAAA of two resolvers, and the connection.
    let probed = scene.value(&format!("sum(count_over_time(probe_success[{}s]))", WINDOW.as_secs())) / 5.0;
    let ms = |time: Duration, checks: f64| time.as_secs_f64() * 1e3 / checks;
    let (handshake, paced) = (bare(scene, 1_000, Duration::ZERO), bare(scene, 800, ROUND / CHECKS as u32));
    row("CPU per check", "ms", ms(after.0 - before.0, looks), ms(after.1 - before.1, probed));
    let own = ms(after.0 - before.0, looks);
    let in_handshakes = |one: Duration| own / (one.as_secs_f64() * 1e3);
    println!("{:<44} {:>10.2}", "  in bare handshakes one after the other", in_handshakes(handshake));
    println!("{:<44} {:>10.2}", "  in bare handshakes at the same pace", in_handshakes(paced));
    println!("{:<44} {:>21.2}", "  and Prometheus, for both, ms", ms(after.2 - before.2, looks));
    row("resident memory", "MiB", agent.resident(), blackbox.resident());
    row(
        "time in scrapes of one round",
        "ms",
        1e3 * scene.value("sum(scrape_duration_seconds{job=\"fencepost\"})"),
        1e3 * scene.value("sum(scrape_duration_seconds{job=\"blackbox\"})"),
    );
    row(
        "samples of one scrape of everything",
        "series",
        scene.value("sum(scrape_samples_scraped{job=\"fencepost\"})"),
        scene.value("sum(scrape_samples_scraped{job=\"blackbox\"})"),
    );
}

/// CPU of one bare handshake with the same server. A processor that slept between two of them works with cold caches, as
/// it does for an agent.
fn bare(scene: &Scene, many: usize, pause: Duration) -> Duration {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let before = handshake::thread_cpu();
    let (authority, port) = (&scene.servers.authority, scene.servers.tls.port);
    runtime.block_on(handshake::bare_handshakes(authority, port, many, pause));
    (handshake::thread_cpu() - before) / u32::try_from(many).unwrap()
}

/// A record turns to a public address: until an alert fires.
fn detection(scene: &Scene) {
    let (mut direct, mut by_rule, mut blackbox) = (Vec::new(), Vec::new(), Vec::new());
    for flip in 0..FLIPS {
        // Another moment of the round each time, and another name.
        sleep(ROUND * u32::try_from(flip).unwrap() / u32::try_from(FLIPS).unwrap());
        let start = Instant::now();
        scene.flip(flip + 3);
        let (mut told, mut ruled, mut boxed) = (None, None, None);
        while told.is_none() || ruled.is_none() || boxed.is_none() {
            let now = || Some(start.elapsed().as_secs_f64());
            told = told.or_else(|| if scene.is_told() { now() } else { None });
            ruled = ruled.or_else(|| if scene.fires("FencepostPublicFallbackAnswered") { now() } else { None });
            boxed = boxed.or_else(|| if scene.fires("BlackboxAnswerChanged") { now() } else { None });
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "no alert within a minute: {told:?} {ruled:?} {boxed:?}"
            );
            sleep(Duration::from_millis(10));
        }
        direct.extend(told);
        by_rule.extend(ruled);
        blackbox.extend(boxed);
        scene.heal();
    }
    for of in [&mut direct, &mut by_rule, &mut blackbox] {
        of.sort_by(f64::total_cmp);
    }
    let middle = |of: &[f64]| of[of.len() / 2];
    row("detection of a flip, by rules, median", "s", middle(&by_rule), middle(&blackbox));
    row("  longest", "s", by_rule[FLIPS - 1], blackbox[FLIPS - 1]);
    println!("{:<44} {:>10.2}", "  by the agent itself, median, s", middle(&direct));
    println!("{:<44} {:>10.2}", "  longest, s", direct[FLIPS - 1]);
}
