//! The world file: what it may not say, and what a fault's name may be.

use crate::judge::{Cause, Code, PublicFallback, Verdict};
use crate::lab::{Passage, World};

const TEXT: &str = include_str!("../../../probes/worlds/hub-and-spoke.yaml");

#[test]
fn every_expectation_uses_the_agents_words() {
    let world = World::hub_and_spoke();
    for (name, fault) in world.faults() {
        assert!(!fault.expect.is_empty(), "{name} expects nothing");
        assert!(fault.story.ends_with('.') && !fault.title.ends_with('.'), "{name}");
        for row in &fault.expect {
            assert!(Verdict::ALL.iter().any(|v| v.word() == row.verdict), "{name}: {}", row.verdict);
            assert!(PublicFallback::ALL.iter().any(|f| f.word() == row.fallback), "{name}: {}", row.fallback);
            let code = |word: &String| Code::ALL.iter().any(|code| code.word() == word);
            assert!(row.finding.iter().all(code), "{name}: {:?}", row.finding);
            let cause = |word: &String| Cause::ALL.iter().any(|cause| cause.word() == word);
            assert!(row.cause.iter().all(cause), "{name}: {:?}", row.cause);
        }
    }
}

#[test]
fn a_world_that_does_not_fit_together_says_where() {
    for (from, to, said) in [
        ("kind: public}", "kind: public, kidn: x}", "kidn"),
        ("stands_in: hub, ", "", "resolver `hub` needs `stands_in` and `otherwise`"),
        ("otherwise: azure", "otherwise: azur", "resolver `hub` asks `azur`"),
        ("links: {hub: {}, prod: {}}", "links: {hub: {}, prd: {}}", "is linked to `prd`, which is no network"),
        ("from: [branch], to: *private", "from: [brnch], to: *private", "there is no network `brnch`"),
        ("address: 127.20.4.4\n", "address: 127.20.3.5\n", "has the address 127.20.3.5 of"),
        ("name: foundry-private, state", "name: foundry-privat, state", "there is no front `foundry-privat`"),
        ("rule: no-ai-from-prod}", "rule: no-ai}", "there is no firewall rule `no-ai`"),
        ("{ttl: 60, addresses: [127.203.1.1]}", "{ttl: 60}", "`status.contoso.example` needs either"),
        ("status.contoso.example: ", "Status.contoso.example: ", "in lower case"),
    ] {
        assert!(TEXT.contains(from), "{from} is not in the world");
        let Err(faults) = World::read("w.yaml", &TEXT.replace(from, to)) else { panic!("{to} was accepted") };
        assert!(faults.to_string().contains(said), "{to}: {faults}");
    }
}

#[test]
fn a_fault_is_known_by_its_name_only() {
    let world = World::hub_and_spoke();
    let near = world.with_fault("zone-not-linkd").unwrap_err();
    assert_eq!(near.suggestion.as_deref(), Some("zone-not-linked"));
    let far = world.with_fault("xyz").unwrap_err();
    assert!(far.suggestion.is_none() && far.to_string().contains("black-hole"), "{far}");
}

#[test]
fn faults_add_up_and_heal_together() {
    let world = World::hub_and_spoke();
    let broken = world.with_fault("record-missing").and_then(|w| w.with_fault("black-hole")).unwrap();
    let again = broken.with_fault("record-missing").unwrap();
    assert_eq!(again.broken(), ["record-missing", "black-hole"]);
    assert_eq!(again.scene(), broken.scene());
    assert_ne!(broken.scene(), world.scene());
    let healed = broken.healed();
    assert!(healed.broken().is_empty());
    assert_eq!(healed.scene(), world.scene());
}

#[test]
fn the_firewall_decides_before_the_front() {
    let healthy = World::hub_and_spoke();
    let silent = healthy.with_fault("black-hole").unwrap();
    let refusing = healthy.with_fault("refused-port").unwrap();
    for (world, source, to, met) in [
        (&healthy, "127.20.1.1", "127.20.3.10", "open"),
        (&silent, "127.20.1.1", "127.20.3.10", "dropped"),
        (&refusing, "127.20.1.1", "127.20.4.4", "refused"),
        (&refusing, "127.40.0.1", "127.20.4.4", "dropped"),
        (&healthy, "127.40.0.1", "127.203.10.1", "reset"),
        (&healthy, "127.192.0.1", "127.203.10.1", "refused"),
        (&healthy, "127.20.1.1", "127.20.3.99", "refused"),
        (&healthy, "127.0.0.1", "::ffff:127.203.1.10", "open"),
    ] {
        let word = match world.passage(source.parse().unwrap(), to.parse().unwrap()) {
            Passage::Open(..) => "open",
            Passage::Dropped => "dropped",
            Passage::Refused => "refused",
            Passage::Reset => "reset",
            Passage::Unreachable => "unreachable",
        };
        assert_eq!(word, met, "{source} to {to}");
    }
}
