//! The whole agent in simulated time, on a network where nothing ever answers: the slowest looks there are. Whatever the
//! number of looks at a time, and however often the plan is read again, no check is looked at twice at once, and none is
//! forgotten.

use fencepost::agent::{Estate, Grounds, Means, Orders, PlanSource, run, shared_board};
use fencepost::catalog::Catalog;
use fencepost::facts::{MachineFacts, OsOutcome};
use fencepost::observe::{BoxFuture, Datagrams, Lens, Net, Pacer, ProxyPlace, Stream, Trust};
use fencepost::plan::{self, HostName};
use fencepost::publish::{Entry, Meters};
use fencepost::{clock, lab};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::future::pending;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

const CHECKS: u8 = 30;

const EVERY: Duration = Duration::from_secs(8);

/// How many connections to an address are under way, and were at the most.
#[derive(Default)]
struct Count {
    now: HashMap<IpAddr, u32>,
    most: u32,
    begun: HashMap<IpAddr, u32>,
}

/// Swallows everything, and counts.
#[derive(Default)]
struct Deaf(Arc<Mutex<Count>>);

struct UnderWay(Arc<Mutex<Count>>, IpAddr);

impl UnderWay {
    fn begin(count: &Arc<Mutex<Count>>, to: IpAddr) -> Self {
        let mut held = count.lock().unwrap();
        let now = held.now.entry(to).or_default();
        *now += 1;
        held.most = held.most.max(held.now[&to]);
        *held.begun.entry(to).or_default() += 1;
        drop(held);
        Self(Arc::clone(count), to)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        *self.0.lock().unwrap().now.get_mut(&self.1).unwrap() -= 1;
    }
}

struct Swallowed;

impl Datagrams for Swallowed {
    fn send<'a>(&'a mut self, _: &'a [u8]) -> BoxFuture<'a, io::Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn receive<'a>(&'a mut self, _: &'a mut [u8]) -> BoxFuture<'a, io::Result<usize>> {
        Box::pin(pending())
    }
}

impl Net for Deaf {
    fn datagrams(&self, _: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Datagrams>>> {
        Box::pin(async { Ok(Box::new(Swallowed) as Box<dyn Datagrams>) })
    }

    fn connect(&self, to: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            let _held = UnderWay::begin(&self.0, to.ip());
            pending().await
        })
    }

    fn os_lookup(&self, _: HostName) -> BoxFuture<'_, OsOutcome> {
        Box::pin(pending())
    }

    fn host_resolvers(&self) -> Vec<SocketAddr> {
        Vec::new()
    }

    fn machine(&self, _: &HostName) -> MachineFacts {
        MachineFacts::default()
    }

    fn is_in_azure(&self) -> bool {
        false
    }

    fn environment_proxy(&self, _: &HostName, _: u16) -> Option<ProxyPlace> {
        None
    }

    fn own_lookup(&self, _: String) -> BoxFuture<'_, io::Result<Vec<IpAddr>>> {
        Box::pin(pending())
    }
}

fn estate(count: &Arc<Mutex<Count>>) -> Estate {
    let mut text = "plan: deaf\nsettings: {every: 8s, timeout: 2s}\nvantages: {here: {kind: test, resolvers: [r]}}\n\
                    resolvers: {r: {address: 10.0.0.4}}\nrules: [{name: all, from: any, to: any, claim: private}]\ntargets:\n"
        .to_owned();
    for i in 1..=CHECKS {
        let _ =
            writeln!(text, "  t{i}: {{service: azure-openai, endpoints: {{h{i}.openai.azure.com: [10.20.3.{i}]}}}}");
    }
    let catalog = Catalog::embedded();
    let plan = plan::read("plan.yaml", &text, &catalog.outlines()).unwrap();
    let stage = lab::Stage::new(lab::World::hub_and_spoke()).unwrap();
    let trust = Trust::new(Some(stage.authority().pem().as_bytes())).unwrap();
    let net = Deaf(Arc::clone(count));
    let lens = Lens { net: Arc::new(net), trust: Arc::new(trust), pacer: Arc::new(Pacer::default()) };
    let grounds = Grounds::new(plan, catalog, Some("here"), &[]).unwrap();
    Estate::new(grounds, lens, clock::day(clock::now()))
}

/// Runs so many rounds, with a reload after each of these times.
async fn run_deaf(at_a_time: usize, rounds: u32, reloads: &[Duration]) -> (Count, Vec<Arc<Entry>>, f64) {
    let count = Arc::new(Mutex::new(Count::default()));
    let first = estate(&count);
    let board = shared_board(&first);
    let meters = Arc::new(Meters::new().unwrap());
    let (order, reload) = mpsc::channel(1);
    let stop = CancellationToken::new();
    let source: PlanSource = {
        let count = Arc::clone(&count);
        Box::new(move |_| Box::pin(std::future::ready(Ok(Some(estate(&count))))))
    };
    let means = Means::alone(Arc::clone(&meters), at_a_time, source);
    let orders = Orders { reload, stop: stop.clone() };
    let beside = async {
        for wait in reloads {
            sleep(*wait).await;
            let (answer, answered) = oneshot::channel();
            order.send(answer).await.unwrap();
            answered.await.unwrap().unwrap();
        }
        sleep(EVERY * rounds).await;
        stop.cancel();
    };
    tokio::join!(run(first, board.clone(), means, orders), beside);
    let skipped = meters.registry.gather().into_iter().find(|m| m.name() == "fencepost_schedule_skipped_total");
    let skipped = skipped.unwrap().get_metric()[0].get_counter().get_value();
    let count = std::mem::take(&mut *count.lock().unwrap());
    (count, board.snapshot().checks, skipped)
}

fn runs(checks: &[Arc<Entry>]) -> impl Iterator<Item = u64> + '_ {
    checks.iter().map(|entry| entry.seen.as_ref().map_or(0, |seen| seen.standing.runs))
}

#[tokio::test(start_paused = true)]
async fn the_slowest_looks_are_each_made_once_a_round_and_never_twice_at_once() {
    let (count, checks, skipped) = run_deaf(64, 20, &[]).await;
    assert_eq!((count.most, checks.len()), (1, usize::from(CHECKS)));
    assert!(runs(&checks).all(|runs| (20..=21).contains(&runs)), "{:?}", runs(&checks).collect::<Vec<_>>());
    assert!(skipped < 0.5, "{skipped} were skipped");
}

/// Three at a time, each of four seconds: not all fit into a round of eight. What is left out is counted, and nobody starves.
#[tokio::test(start_paused = true)]
async fn looks_that_do_not_fit_are_counted_and_shared() {
    let (count, checks, skipped) = run_deaf(3, 60, &[]).await;
    assert_eq!(count.most, 1);
    let all: u64 = runs(&checks).sum();
    let due = u64::from(CHECKS) * 60;
    let counted = all as f64 + skipped;
    assert!((counted - due as f64).abs() <= f64::from(CHECKS) * 6.0, "{all} looks and {skipped} skipped of {due}");
    assert!(runs(&checks).all(|runs| runs * 3 >= all / u64::from(CHECKS)), "{:?}", runs(&checks).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn reloads_in_the_middle_of_looks_double_none() {
    let reloads = [100, 900, 3_000, 1, 4_500, 8_000, 2_000].map(Duration::from_millis);
    let (count, checks, _) = run_deaf(64, 5, &reloads).await;
    assert_eq!((count.most, count.now.values().sum::<u32>()), (1, 0));
    assert!(runs(&checks).all(|runs| runs >= 5), "{:?}", runs(&checks).collect::<Vec<_>>());
    assert_eq!(count.begun.len(), usize::from(CHECKS));
}
