//! Every fault in the simulated net, under paused time: no wait is a real one.

use super::round::{Round, assert_fault, assert_healthy, plan, round};
use crate::catalog::Catalog;
use crate::lab::{PLAN, Simulated, Stage, World};
use crate::observe::{Lens, Net, Pacer, Trust, source_for};
use crate::plan::{Plan, Vantage};
use std::sync::Arc;

const WORLD: &str = include_str!("../../../probes/worlds/hub-and-spoke.yaml");

struct Bench {
    stage: Arc<Stage>,
    trust: Arc<Trust>,
    catalog: Catalog,
    plan: Plan,
}

impl Bench {
    fn new() -> Self {
        Self::of(World::hub_and_spoke())
    }

    fn of(world: World) -> Self {
        let stage = Stage::new(world).unwrap();
        let trust = Arc::new(Trust::new(Some(stage.authority().pem().as_bytes())).unwrap());
        let catalog = Catalog::embedded();
        let plan = plan(PLAN, &catalog);
        Self { stage, trust, catalog, plan }
    }

    fn lens(&self, vantage: &Vantage) -> Lens {
        let source = source_for(vantage).unwrap();
        let net = Simulated::new(Arc::clone(&self.stage), source);
        Lens { net: Arc::new(net), trust: Arc::clone(&self.trust), pacer: Arc::new(Pacer::default()) }
    }

    async fn round(&self) -> Round {
        round(&self.plan, &self.catalog, |vantage| self.lens(vantage)).await
    }
}

#[tokio::test(start_paused = true)]
async fn the_healthy_world_holds() {
    let healthy = Bench::new().round().await;
    assert_eq!(healthy.len(), 4 * 7);
    assert_healthy(&healthy);
}

#[tokio::test(start_paused = true)]
async fn every_fault_shows_as_it_says_and_heals() {
    let bench = Bench::new();
    let healthy = bench.round().await;
    let names: Vec<String> = bench.stage.world().faults().map(|(name, _)| name.to_owned()).collect();
    for name in names {
        bench.stage.break_with(&name).unwrap();
        assert_fault(&bench.stage.world(), &name, &healthy, &bench.round().await);
        bench.stage.heal();
        assert_eq!(bench.round().await, healthy, "after healing {name}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_vanishes_takes_the_whole_timeout_and_no_more() {
    let bench = Bench::new();
    let vantage = bench.plan.vantage("sandbox").unwrap();
    let lens = bench.lens(vantage);
    let start = tokio::time::Instant::now();
    let to = "127.20.3.5:8443".parse().unwrap();
    let waited = tokio::time::timeout(bench.plan.settings.timeout, lens.net.connect(to)).await;
    assert!(waited.is_err(), "the firewall lets the sandbox in");
    assert_eq!(start.elapsed(), bench.plan.settings.timeout);
}

#[tokio::test(start_paused = true)]
async fn a_slow_world_that_cuts_its_answers_short_still_holds() {
    let slow = WORLD.replace("ports:", "latency_ms: 30\nports:");
    let text = slow.replace("otherwise: azure}", "otherwise: azure, truncates: true}");
    let bench = Bench::of(World::read("slow.yaml", &text).unwrap());
    let start = tokio::time::Instant::now();
    assert_healthy(&bench.round().await);
    // Names take a datagram, a connection and an answer each, a drop takes the timeout; the witness is looked at beside.
    let latency = std::time::Duration::from_millis(30);
    assert!(start.elapsed() >= bench.plan.settings.timeout + latency * 3, "{:?}", start.elapsed());
}

#[tokio::test]
async fn the_machine_has_the_hosts_file_and_the_name_servers_of_its_world() {
    let machine = "machine: {hosts: {contoso-chat.openai.azure.com: [127.20.3.5]}, name_servers: [hub]}\n";
    let world = World::read("with-machine.yaml", &format!("{WORLD}\n{machine}")).unwrap();
    let net = Simulated::new(Stage::new(world).unwrap(), "127.20.1.1".parse().unwrap());
    let host = crate::plan::HostName::parse("contoso-chat.openai.azure.com").unwrap();
    let known = crate::facts::OsOutcome::Addresses(vec!["127.20.3.5".parse().unwrap()]);
    assert_eq!(net.os_lookup(host).await, known);
    assert_eq!(net.host_resolvers(), vec!["127.10.0.4:8053".parse().unwrap()]);
}
