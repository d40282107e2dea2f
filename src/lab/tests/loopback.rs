//! Every fault against real servers and real sockets on loopback, in real time.

use super::fronts::end;
use super::round::{Round, assert_fault, assert_healthy, plan, round};
use crate::catalog::Catalog;
use crate::lab::{Lab, LabHandle, Ports, World, control};
use crate::observe::{Lens, Pacer, Sockets, Subject, Trust, look, source_for};
use crate::plan::{HostName, Networks, Plan};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

const WORLD: &str = include_str!("../../../probes/worlds/hub-and-spoke.yaml");

const ANY_PORT: Ports = Ports { dns: 0, tls: 0 };

async fn looked(handle: &LabHandle, catalog: &Catalog, plan: &Plan) -> Round {
    let trust = Arc::new(Trust::new(Some(handle.authority_pem().as_bytes())).unwrap());
    let pacer = Arc::new(Pacer::default());
    let lens = |vantage: &crate::plan::Vantage| Lens {
        net: Arc::new(Sockets::new(source_for(vantage))),
        trust: Arc::clone(&trust),
        pacer: Arc::clone(&pacer),
    };
    round(plan, catalog, lens).await
}

#[tokio::test]
async fn every_fault_shows_on_real_sockets_as_it_does_in_the_simulated_net() {
    let lab = Lab::bind(World::hub_and_spoke(), ANY_PORT).unwrap();
    let handle = lab.handle();
    let catalog = Catalog::embedded();
    let mut plan = plan(&handle.plan_text(), &catalog);
    // All vantages look at once, on the thread on which the lab answers: that takes longer than in the lab of a user.
    (plan.settings.every, plan.settings.timeout) = (Duration::from_secs(8), Duration::from_secs(2));
    let stop = CancellationToken::new();
    let looking = async {
        let healthy = looked(&handle, &catalog, &plan).await;
        assert_healthy(&healthy);
        for fault in handle.faults() {
            handle.break_with(&fault.name).await.unwrap();
            assert_eq!(handle.broken().as_slice(), std::slice::from_ref(&fault.name));
            let now = looked(&handle, &catalog, &plan).await;
            assert_fault(&World::hub_and_spoke(), &fault.name, &healthy, &now);
            handle.heal().await;
        }
        assert_eq!(looked(&handle, &catalog, &plan).await, healthy, "after healing everything");
        stop.cancel();
    };
    let (served, ()) = tokio::join!(lab.serve(stop.clone()), looking);
    served.unwrap();
}

#[tokio::test]
async fn fronts_behave_as_badly_on_real_sockets() {
    let front = |number: u8, state: &str| {
        let names = "names: [chat.contoso.example], answer: {status: 401}";
        format!("  f{number}: {{address: 127.20.3.{number}, {names}, {state}}}\n")
    };
    let states = [
        ("state: serving", "401"),
        ("state: resets-handshake", "reset"),
        ("state: closes-handshake", "closed"),
        ("state: stalls-handshake", "silence"),
        ("state: stalls-request", "no answer"),
        ("state: garbles", "no TLS"),
        ("expires: 2024-02-29", "expired"),
        ("latency_ms: 50", "401"),
        ("latency_ms: 20000", "no answer"),
        ("answers_from: {spoke: {status: 403}}", "403"),
        ("answers_from: {hub: {status: 403}}", "401"),
    ];
    let fronts: String = (1..).zip(states).map(|(number, (state, _))| front(number, state)).collect();
    let rest = "resolvers: {any: {address: 127.20.0.4, kind: public}}\nfronts:\n";
    let networks = "networks: {spoke: [127.20.0.0/16], hub: [127.10.0.0/16]}";
    let text = format!("world: fronts\nabout: one front for each state\n{networks}\n{rest}{fronts}");
    let lab = Lab::bind(World::read("fronts.yaml", &text).unwrap(), ANY_PORT).unwrap();
    let trust = Arc::new(Trust::new(Some(lab.authority_pem().as_bytes())).unwrap());
    let net = Arc::new(Sockets::new(Some("127.20.1.1".parse().unwrap())));
    let lens = Lens { net, trust, pacer: Arc::new(Pacer::default()) };
    let expected = (1..=states.len()).map(|number| format!("127.20.3.{number}/32").parse().unwrap()).collect();
    let subject = Subject {
        host_name: HostName::parse("chat.contoso.example").unwrap(),
        port: lab.ports().tls,
        path: "/".to_owned(),
        resolvers: Vec::new(),
        host: false,
        expected,
        networks: Arc::new(Networks::default()),
        fronts: Vec::new(),
        proxy: None,
        timeout: Duration::from_secs(4),
    };
    let stop = CancellationToken::new();
    let looking = async {
        let facts = look(&lens, &subject).await;
        assert_eq!(facts.paths.len(), states.len());
        for (path, (state, ending)) in facts.paths.iter().zip(states) {
            let tls = path.tls.as_ref().map(|tls| &tls.outcome);
            assert_eq!(end(tls, path.http.as_ref().map(|http| &http.outcome)), ending, "{state}");
        }
        stop.cancel();
    };
    let (served, ()) = tokio::join!(lab.serve(stop.clone()), looking);
    served.unwrap();
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let lab = Lab::bind(World::hub_and_spoke(), ANY_PORT).unwrap();
    let Err(taken) = Lab::bind(World::hub_and_spoke(), lab.ports()) else { panic!("two labs share a port") };
    let said = taken.to_string();
    assert!(said.contains(&format!(":{}", lab.ports().dns)), "{said}");
    assert!(said.starts_with("the lab cannot listen on 127."), "{said}");
}

#[tokio::test]
async fn only_loopback_is_stood_on_or_pointed_at() {
    for (inside, outside) in
        [("127.9.9.9", "9.9.9.9"), ("[127.203.10.1]", "[192.0.2.1]"), ("[127.20.4.99]", "[192.0.2.1]")]
    {
        let text = WORLD.replace(inside, outside);
        let Err(refused) = Lab::bind(World::read("real.yaml", &text).unwrap(), ANY_PORT) else {
            panic!("{outside} was taken")
        };
        assert!(refused.to_string().contains(outside.trim_matches(['[', ']'])), "{refused}");
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_short_is_fetched_over_tcp() {
    let text = WORLD.replace("otherwise: azure}", "otherwise: azure, truncates: true}");
    let lab = Lab::bind(World::read("truncating.yaml", &text).unwrap(), ANY_PORT).unwrap();
    let handle = lab.handle();
    let catalog = Catalog::embedded();
    let plan = plan(&handle.plan_text(), &catalog);
    let stop = CancellationToken::new();
    let looking = async {
        assert_healthy(&looked(&handle, &catalog, &plan).await);
        stop.cancel();
    };
    let (served, ()) = tokio::join!(lab.serve(stop.clone()), looking);
    served.unwrap();
}

#[tokio::test]
async fn the_lab_is_told_what_to_do_over_http() {
    let lab = Lab::bind(World::hub_and_spoke(), ANY_PORT).unwrap();
    let handle = lab.handle();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let served = axum::serve(listener, control::router(handle.clone())).into_future();
    let asking = async {
        assert!(ask(address, "GET /faults").await.contains(r#""name":"zone-not-linked""#));
        assert!(ask(address, "POST /break/zone-not-linkd").await.contains("write `zone-not-linked`"));
        let broken = ask(address, "POST /break/zone-not-linked").await;
        assert!(broken.starts_with("HTTP/1.1 200") && broken.contains(r#""active":true"#), "{broken}");
        assert_eq!(handle.broken(), ["zone-not-linked"]);
        assert!(!ask(address, "POST /heal").await.contains(r#""active":true"#));
        assert!(ask(address, "GET /authority.pem").await.contains("BEGIN CERTIFICATE"));
        let plan_text = ask(address, "GET /plan.yaml").await;
        let (_, body) = plan_text.split_once("\r\n\r\n").unwrap();
        let plan = plan(body, &Catalog::embedded());
        assert_eq!(plan.settings.trust.as_deref(), Some(control::AUTHORITY_FILE));
        let azure = plan.resolver("azure").unwrap();
        assert_eq!(azure.address.port(), handle.ports().dns);
        assert!(plan.targets.iter().all(|target| target.port == handle.ports().tls));
        stop.cancel();
    };
    tokio::select! {
        ended = served => panic!("the control interface ended: {ended:?}"),
        (lab, ()) = async { tokio::join!(lab.serve(stop.clone()), asking) } => lab.unwrap(),
    }
}

async fn ask(address: std::net::SocketAddr, what: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("{what} HTTP/1.1\r\nhost: lab\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(Duration::from_secs(10), stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer
}
