//! What a visitor meets at a front, directly and through a proxy, in the words of the facts.

use crate::facts::{CertTrouble, Facts, HttpOutcome, TlsOutcome, Tunnel};
use crate::lab::{Simulated, Stage, World};
use crate::observe::{AskedResolver, Lens, Pacer, Subject, Trust, look};
use crate::plan::{HostName, Networks, ResolverName, View};
use std::sync::Arc;
use std::time::Duration;

const HOST: &str = "chat.contoso.example";

const WORLD: &str = r#"
world: fronts
about: one front
networks: {spoke: [10.20.0.0/16], hub: [10.0.0.0/16]}
records: {chat.contoso.example: {addresses: [10.20.3.5]}}
resolvers:
  good:  {address: 10.0.0.4, kind: public}
  empty: {address: 10.0.0.6, kind: public, silent_for: [contoso.example]}
fronts: {chat: {address: 10.20.3.5, names: [chat.contoso.example], answer: {status: 401}, FRONT}}
PROXY
"#;

async fn looked(front: &str, proxy: &str) -> Facts {
    let world = World::read("fronts.yaml", &WORLD.replace("FRONT", front).replace("PROXY", proxy));
    let stage = Stage::new(world.unwrap_or_else(|e| panic!("{front} {proxy}: {e}"))).unwrap();
    let trust = Arc::new(Trust::new(Some(stage.authority().pem().as_bytes())).unwrap());
    let net = Arc::new(Simulated::new(stage, "10.20.1.1".parse().unwrap()));
    let server = "10.0.0.4:53".parse().unwrap();
    let resolver = AskedResolver { name: ResolverName::new("good"), server, view: View::Private, configured: false };
    let subject = Subject {
        host_name: HostName::parse(HOST).unwrap(),
        port: 443,
        path: "/".to_owned(),
        resolvers: vec![resolver],
        host: true,
        expected: Vec::new(),
        networks: Arc::new(Networks::default()),
        fronts: Vec::new(),
        proxy: None,
        timeout: Duration::from_secs(5),
    };
    look(&Lens { net, trust, pacer: Arc::new(Pacer::default()) }, &subject).await
}

/// How far a visitor came: the status, or what became of the handshake or the request.
pub fn end(tls: Option<&TlsOutcome>, http: Option<&HttpOutcome>) -> String {
    match (tls, http) {
        (_, Some(HttpOutcome::Answered { status, .. })) => status.to_string(),
        (_, Some(HttpOutcome::TimedOut)) => "no answer".to_owned(),
        (_, Some(HttpOutcome::Broken(_) | HttpOutcome::Garbled(_))) => "broken answer".to_owned(),
        (Some(TlsOutcome::Untrusted(troubles)), None) if *troubles == [CertTrouble::Expired] => "expired".to_owned(),
        (Some(TlsOutcome::Untrusted(_)), None) => "untrusted".to_owned(),
        (Some(TlsOutcome::Reset), None) => "reset".to_owned(),
        (Some(TlsOutcome::Closed), None) => "closed".to_owned(),
        (Some(TlsOutcome::TimedOut), None) => "silence".to_owned(),
        (Some(TlsOutcome::Garbled(_) | TlsOutcome::Alert(_)), None) => "no TLS".to_owned(),
        (Some(TlsOutcome::Trusted) | None, None) => "nothing".to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn every_state_of_a_front_shows_itself() {
    for (front, ending) in [
        ("state: serving", "401"),
        ("state: resets-handshake", "reset"),
        ("state: closes-handshake", "closed"),
        ("state: stalls-handshake", "silence"),
        ("state: stalls-request", "no answer"),
        ("state: garbles", "no TLS"),
        ("expires: 2024-02-29", "expired"),
        ("expires: 2048-12-31", "401"),
        ("issuer: inspection", "untrusted"),
        ("latency_ms: 4000", "401"),
        ("latency_ms: 6000", "no answer"),
        ("answers_from: {spoke: {status: 403}}", "403"),
        ("answers_from: {hub: {status: 403}}", "401"),
        ("open: true, when_open: {status: 200}, answers_from: {spoke: {status: 403}}", "403"),
    ] {
        let facts = looked(front, "").await;
        let path = &facts.paths[0];
        let tls = path.tls.as_ref().map(|tls| &tls.outcome);
        assert_eq!(end(tls, path.http.as_ref().map(|http| &http.outcome)), ending, "{front}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_proxy_carries_the_request_from_where_it_stands() {
    let denies_hub = "answers_from: {hub: {status: 403}}";
    let of_nothing = "state: serving";
    let dropped = "state: silent";
    let refused = "state: refusing";
    for (front, proxy, tunnel, ending) in [
        (of_nothing, "resolver: good, stands_in: spoke", Tunnel::Open, "401"),
        (denies_hub, "resolver: good, stands_in: hub", Tunnel::Open, "403"),
        (denies_hub, "resolver: good, stands_in: spoke", Tunnel::Open, "401"),
        (of_nothing, "resolver: empty, stands_in: spoke", Tunnel::Refused(502), "nothing"),
        (refused, "resolver: good, stands_in: spoke", Tunnel::Refused(502), "nothing"),
        (dropped, "resolver: good, stands_in: spoke", Tunnel::TimedOut, "nothing"),
        (of_nothing, "resolver: good, stands_in: spoke, asks_for_credential: true", Tunnel::Refused(407), "nothing"),
        ("issuer: inspection", "resolver: good, stands_in: spoke", Tunnel::Open, "untrusted"),
        ("state: resets-handshake", "resolver: good, stands_in: spoke", Tunnel::Open, "reset"),
    ] {
        let proxies = format!(
            "proxies: {{web: {{address: 10.0.0.8, port: 3128, {proxy}}}}}\nmachine: {{proxy: web, name_servers: [good]}}"
        );
        let facts = looked(front, &proxies).await;
        let seen = facts.proxy.unwrap();
        let tls = seen.tls.as_ref().map(|tls| &tls.outcome);
        let ended = end(tls, seen.http.as_ref().map(|http| &http.outcome));
        assert_eq!((seen.tunnel, ended.as_str()), (tunnel, ending), "{front} {proxy}");
    }
}
