//! Black holes: how late looks begin while half of the targets answer nothing, and how long one slow target holds up a
//! one-shot check.

use crate::process::Process;
use crate::servers::{self, Servers};
use crate::support::agent::{Running, fencepost, outcome};
use crate::support::free_port;
use serde_json::Value;
use socket2::{Domain, SockFilter, Socket, Type};
use std::net::SocketAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

const HOLE: &str = "127.0.0.9";

/// A listener whose every packet is dropped by a filter, as behind a firewall that drops.
struct Hole {
    port: u16,
    _socket: Socket,
}

impl Hole {
    fn open() -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        // The classic BPF instruction "return 0": keep nothing of the packet.
        socket.attach_filter(&[SockFilter::new(0x06, 0, 0, 0)]).unwrap();
        let at: SocketAddr = format!("{HOLE}:{}", free_port()).parse().unwrap();
        socket.bind(&at.into()).unwrap();
        socket.listen(1).unwrap();
        Self { port: at.port(), _socket: socket }
    }
}

/// Records that lead every second account into the hole.
fn records(checks: usize, is_hole: impl Fn(usize) -> bool) -> String {
    let lost = (0..checks).filter(|i| is_hole(*i));
    let lost: String = lost.map(|i| format!("contoso-{i}.openai CNAME hole.privatelink.openai\n")).collect();
    format!("{}hole.privatelink.openai A {HOLE}\n{lost}", servers::records(&[]))
}

/// `check` of 100 endpoints of which one is a black hole.
pub fn one_shot() {
    const ENDPOINTS: usize = 100;
    let (servers, hole) = (Servers::start(), Hole::open());
    let records = records(ENDPOINTS, |i| i == 50);
    servers.dns.iter().for_each(|resolver| resolver.change(&records));
    let place = |i| if i == 50 { (hole.port, HOLE) } else { (servers.tls.port, "127.0.0.2") };
    let plan = servers.plan("every: 30s, timeout: 1s", ENDPOINTS, place);
    let file = servers.folder.write("plan.yaml", plan);
    let mut over = Vec::new();
    for _ in 0..7 {
        let start = Instant::now();
        let mut command = fencepost();
        let (_, out, err) =
            outcome(command.args(["check", "--vantage", "here", "--format", "json", "--plan"]).arg(&file));
        let took = start.elapsed().as_secs_f64();
        let report: Value = serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {err}"));
        let seconds =
            report["checks"].as_array().unwrap().iter().map(|check| check["facts"]["seconds"].as_f64().unwrap());
        let slowest = seconds.fold(0.0, f64::max);
        assert!(slowest >= 1.0, "the hole answered");
        over.push((took - slowest) * 1e3);
    }
    over.sort_by(f64::total_cmp);
    println!(
        "one-shot check of {ENDPOINTS} endpoints, over its slowest: median {:.0} ms, longest {:.0} ms (aim 100 ms)",
        over[over.len() / 2],
        over[over.len() - 1]
    );
}

/// 500 checks a second, half of them into the hole.
pub fn lag() {
    const CHECKS: usize = 5_000;
    const WINDOW: Duration = Duration::from_secs(30);
    let (servers, hole) = (Servers::start(), Hole::open());
    let records = records(CHECKS, |i| i % 2 == 0);
    servers.dns.iter().for_each(|resolver| resolver.change(&records));
    let place = |i: usize| if i.is_multiple_of(2) { (hole.port, HOLE) } else { (servers.tls.port, "127.0.0.2") };
    let plan = servers.plan("every: 10s, timeout: 2s", CHECKS, place);
    let file = servers.folder.write("plan.yaml", plan);
    let mut agent = Running::start_with(&file, "here", &["--log", "fencepost=info"]);
    agent.wait_for_log("first round complete");
    agent.let_log_go();
    // The second round opens every incident.
    sleep(Duration::from_secs(12));
    let process = Process::of(agent.pid());
    let before = (buckets(&agent), looks(&agent), process.cpu(), Instant::now());
    sleep(WINDOW);
    let after = (buckets(&agent), looks(&agent), process.cpu(), before.3.elapsed());
    let looked = after.1 - before.1;
    let counts: Vec<(f64, f64)> =
        after.0.iter().zip(&before.0).map(|((bound, after), (_, before))| (*bound, after - before)).collect();
    let skipped = agent.metric("fencepost_schedule_skipped_total");
    println!(
        "half of {CHECKS} checks black-holed: {:.0} looks a second, lag p50 {:.1} ms, p99 {:.1} ms (aim 50 ms), skipped {skipped}, \
         CPU {:.0} % of one core, {:.1} MiB",
        looked / after.3.as_secs_f64(),
        quantile(&counts, 0.5) * 1e3,
        quantile(&counts, 0.99) * 1e3,
        (after.2 - before.2).as_secs_f64() / after.3.as_secs_f64() * 100.0,
        process.resident()
    );
}

fn looks(agent: &Running) -> f64 {
    agent.metric("fencepost_check_runs_total")
}

/// Upper bounds and cumulative counts of the lag.
fn buckets(agent: &Running) -> Vec<(f64, f64)> {
    let metrics = agent.http("GET", "/metrics").2;
    let lines = metrics.lines().filter_map(|line| line.strip_prefix("fencepost_schedule_lag_seconds_bucket{le=\""));
    lines
        .map(|line| {
            let (bound, count) = line.split_once("\"} ").unwrap();
            (bound.parse().unwrap_or(f64::INFINITY), count.parse().unwrap())
        })
        .collect()
}

/// As Prometheus' histogram_quantile: linear within a bucket.
fn quantile(counts: &[(f64, f64)], share: f64) -> f64 {
    let wanted = counts.last().unwrap().1 * share;
    let mut below = (0.0, 0.0);
    for (bound, count) in counts {
        if *count >= wanted {
            return below.0 + (bound - below.0) * (wanted - below.1) / (count - below.1);
        }
        below = (*bound, *count);
    }
    f64::INFINITY
}
