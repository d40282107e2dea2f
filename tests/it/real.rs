//! `fencepost check` against real name servers and real TLS: unbound and nginx on loopback.

use crate::support::agent::{fencepost, outcome};
use crate::support::place::Place;
use serde_json::Value;
use std::io::Read;
use std::net::TcpListener;

impl Place {
    /// Checks a plan of one target; returns the exit code and the first check of the report.
    fn check(&self, endpoint: &str, expected: &str, rule: &str) -> (i32, Value) {
        self.check_with(endpoint, expected, rule, "")
    }

    fn check_with(&self, endpoint: &str, expected: &str, rule: &str, vantage: &str) -> (i32, Value) {
        let (dns, tls) = (self.dns.port, self.tls.port);
        let plan = format!(
            "plan: real\nsettings: {{every: 4s, timeout: 800ms, trust: ca.pem}}\n\
             networks: {{private: [127.0.0.2/31], public: [127.0.0.4/30, '::1']}}\n\
             vantages: {{here: {{kind: test, resolvers: [unbound]{vantage}}}}}\n\
             resolvers: {{unbound: {{address: '127.0.0.1:{dns}'}}}}\n\
             targets: {{it: {{service: azure-openai, port: {tls}, endpoints: {{{endpoint}.openai.azure.com: [{expected}]}}}}}}\n\
             rules: [{{name: the rule, from: any, to: any, {rule}}}]\n"
        );
        let file = self.folder.write("plan.yaml", plan);
        let (code, out, err) =
            outcome(fencepost().args(["check", "--vantage", "here", "--format", "json", "--plan"]).arg(file));
        let report: Value = serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}{err}"));
        (code, report["checks"][0].clone())
    }

    fn witness(&self) -> String {
        format!(", witness: {{connect: '127.0.0.2:{}'}}", self.tls.port)
    }
}

fn codes(check: &Value) -> Vec<&str> {
    check["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

const BLOCKED: &str = "claim: blocked, by: [timeout, refused, denied]";

#[test]
fn verdicts_and_exit_codes_of_the_three_claims() {
    let place = Place::new();
    let witness = place.witness();
    for (endpoint, expected, rule, vantage, exit, verdict, fallback, finding) in [
        ("contoso", "127.0.0.2", "claim: private", "", 0, "holds", "none", None),
        ("leaky", "127.0.0.2", "claim: private", "", 1, "broken", "usable", Some("public-answer")),
        ("denied", "127.0.0.2", "claim: private", "", 1, "broken", "answered", Some("public-answer")),
        ("missing", "127.0.0.2", "claim: private", "", 1, "broken", "none", Some("record-missing")),
        ("nosuch", "127.0.0.2", "claim: private", "", 1, "broken", "none", Some("name-missing")),
        ("mixed", "127.0.0.2", "claim: private", "", 1, "broken", "answered", Some("mixed-answer")),
        ("mixed6", "127.0.0.2", "claim: private", "", 1, "broken", "answered", Some("public-ipv6-answer")),
        ("closed", "127.0.0.6", "claim: private", "", 1, "broken", "none", Some("connect-refused")),
        ("denied", "", BLOCKED, witness.as_str(), 0, "holds", "answered", None),
        ("closed", "", BLOCKED, witness.as_str(), 0, "holds", "answered", None),
        ("leaky", "", BLOCKED, witness.as_str(), 1, "broken", "usable", Some("block-open")),
        (
            "closed",
            "",
            "claim: blocked, by: [denied]",
            witness.as_str(),
            1,
            "broken",
            "answered",
            Some("block-by-other-layer"),
        ),
        // No witness, a dead one, and a mistyped name prove nothing.
        ("closed", "", BLOCKED, "", 3, "unknown", "answered", Some("witness-failing")),
        (
            "closed",
            "",
            BLOCKED,
            ", witness: {connect: '127.0.0.99:1'}",
            3,
            "unknown",
            "answered",
            Some("witness-failing"),
        ),
        ("clsoed", "", BLOCKED, witness.as_str(), 3, "unknown", "none", Some("name-missing")),
        ("clsoed", "", "claim: blocked, by: [dns]", witness.as_str(), 3, "unknown", "none", Some("name-missing")),
        (
            "missing",
            "127.0.0.2",
            "claim: blocked, by: [dns]",
            witness.as_str(),
            1,
            "broken",
            "none",
            Some("blocked-by-name-only"),
        ),
        ("leaky", "", "claim: public", "", 0, "holds", "usable", None),
        ("denied", "", "claim: public", "", 1, "broken", "answered", Some("public-side-closed")),
        ("nosuch", "", "claim: public", "", 3, "unknown", "none", Some("public-side-unseen")),
    ] {
        let (code, check) = place.check_with(endpoint, expected, rule, vantage);
        let said = format!("{endpoint} under {rule}{vantage}: {check:#}");
        assert_eq!(check["verdict"], verdict, "{said}");
        assert_eq!(check["public_fallback"], fallback, "{said}");
        assert_eq!(code, exit, "{said}");
        assert_eq!(codes(&check).first().copied(), finding, "{said}");
    }
}

#[test]
fn a_bad_certificate_yields_its_facts() {
    let place = Place::new();
    for (endpoint, address, code, issuer) in [
        ("wrongca", "127.0.0.7", "tls-untrusted", "CN=Corporate inspection"),
        ("expired", "127.0.0.8", "tls-expired", "CN=Test authority"),
        ("othername", "127.0.0.9", "tls-wrong-name", "CN=Test authority"),
    ] {
        let (exit, check) = place.check(endpoint, address, "claim: private");
        assert_eq!((exit, codes(&check)), (1, vec![code]), "{check:#}");
        let tls = &check["facts"]["paths"][0]["tls"];
        assert_eq!(tls["certificate"]["issuer"], issuer, "{tls:#}");
        assert!(tls["certificate"]["not_after"].as_str().unwrap().starts_with("20"), "{tls:#}");
        assert_eq!(check["facts"]["paths"][0]["http"], Value::Null, "a request went to a peer that proved nothing");
    }
}

#[test]
fn one_black_hole_of_three_neither_delays_nor_hides_the_others() {
    let place = Place::new();
    let _ = &place.hole;
    let (exit, check) = place.check("three", "127.0.0.2, 127.0.0.3, 127.0.0.10", "claim: private");
    assert_eq!((exit, codes(&check)), (1, vec!["connect-timeout"]), "{check:#}");
    let paths = check["facts"]["paths"].as_array().unwrap();
    let reached: Vec<_> = paths.iter().filter(|path| path["http"]["outcome"]["answered"]["status"] == 401).collect();
    assert_eq!(reached.len(), 2, "{check:#}");
    // All are tried at once: the whole look takes one timeout for its addresses, not the sum.
    let seconds = check["facts"]["seconds"].as_f64().unwrap();
    assert!(seconds < 1.6, "{seconds}");
}

#[test]
fn a_truncated_answer_is_asked_for_again_over_tcp() {
    let place = Place::new();
    let (_, check) = place.check("many", "127.0.1.0/24", "claim: private");
    let a = &check["facts"]["names"]["resolvers"][0]["a"];
    assert_eq!(a["transport"], "tcp-after-truncation", "{a:#}");
    assert_eq!(a["outcome"]["answer"]["addresses"].as_array().unwrap().len(), 90);
    // A look tries so many addresses and says which it left out.
    assert_eq!(check["facts"]["paths"].as_array().unwrap().len(), fencepost::observe::MOST_ADDRESSES);
    assert_eq!(check["facts"]["untried"].as_array().unwrap().len(), 90 - fencepost::observe::MOST_ADDRESSES);
}

#[test]
fn a_dead_resolver_is_unknown_and_never_a_block() {
    let place = Place::new();
    place.dns.stop();
    let (exit, check) = place.check("contoso", "127.0.0.2", "claim: private");
    assert_eq!((exit, &check["verdict"]), (3, &Value::from("unknown")), "{check:#}");
    let witness = place.witness();
    let (exit, check) = place.check_with("closed", "", BLOCKED, &witness);
    assert_eq!((exit, &check["verdict"]), (3, &Value::from("unknown")), "{check:#}");
}

#[test]
fn a_handshake_that_stalls_costs_one_timeout_and_a_finding() {
    let place = Place::new();
    // Accepts and says nothing, on the port of the plan at an address of its own.
    let listener = TcpListener::bind(("127.0.0.6", place.tls.port)).unwrap();
    let stalled = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut hello = Vec::new();
        stream.read_to_end(&mut hello).map(|_| hello.len())
    });
    let (exit, check) = place.check("closed", "127.0.0.6", "claim: private");
    assert_eq!((exit, codes(&check)), (1, vec!["tls-timeout"]), "{check:#}");
    assert!(stalled.join().unwrap().unwrap() > 100, "the agent sent its hello");
}

#[test]
fn an_unknown_vantage_ends_with_the_addresses_seen() {
    let place = Place::new();
    let _ = place.check("contoso", "127.0.0.2", "claim: private");
    let plan = place.folder.path().join("plan.yaml");
    let (code, out, err) = outcome(fencepost().args(["check", "--plan"]).arg(&plan));
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("127.0.0.1") && err.contains("--vantage") && err.contains("here"), "{err}");
    let (code, _, err) = outcome(fencepost().args(["check", "--vantage", "elsewhere", "--plan"]).arg(&plan));
    assert_eq!(code, 2);
    assert!(err.contains("no vantage `elsewhere`"), "{err}");
}
