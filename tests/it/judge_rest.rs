//! Findings that no scenario brings about, and proof that every finding is expected by some test.

use crate::facts_of::{answered, facts, gives, nothing, os_gave, resolver, stopped};
use crate::judge::{blocked, judged, succeeded};
use crate::repository::{files_in, text_of};
use fencepost::facts::{ConnectOutcome, LookupOutcome, OsOutcome};
use fencepost::judge::{Code, Verdict, Witnessing};
use fencepost::plan::{Claim, Layer};
use std::collections::BTreeSet;

const HERE: &str = "10.20.3.5";
const PUBLIC: &str = "20.10.3.4";

#[test]
fn what_is_rare_has_its_finding_too() {
    let azure = || resolver("azure", gives(&[HERE]), nothing());
    let good = || facts(vec![azure()], vec![answered(HERE, 401, "")]);
    let garbled = || LookupOutcome::Garbled("the reply does not parse".to_owned());
    let through =
        |status| facts(vec![resolver("azure", gives(&[PUBLIC]), nothing())], vec![answered(PUBLIC, status, "")]);
    for (what, claim, seen, verdict, code) in [
        (
            "a resolver that answers nonsense",
            Claim::Private,
            facts(vec![resolver("hub", garbled(), garbled())], vec![]),
            Verdict::Unknown,
            "resolver-garbled",
        ),
        (
            "nonsense beside a good answer",
            Claim::Private,
            facts(vec![azure(), resolver("hub", garbled(), garbled())], vec![answered(HERE, 401, "")]),
            Verdict::Unknown,
            "resolver-garbled",
        ),
        (
            "getaddrinfo knows no such name",
            Claim::Private,
            os_gave(good(), OsOutcome::NoSuchName),
            Verdict::Broken,
            "os-lookup-failing",
        ),
        (
            "getaddrinfo asks for patience",
            Claim::Private,
            os_gave(good(), OsOutcome::TryAgain),
            Verdict::Unknown,
            "os-lookup-failing",
        ),
        (
            "getaddrinfo without descriptors",
            Claim::Private,
            os_gave(good(), OsOutcome::NotAsked("no descriptors".to_owned())),
            Verdict::Unknown,
            "agent-overloaded",
        ),
        (
            "a block beside getaddrinfo without descriptors",
            blocked(&[Layer::Timeout]),
            os_gave(
                facts(vec![azure()], vec![stopped(HERE, ConnectOutcome::TimedOut)]),
                OsOutcome::NotAsked("no descriptors".to_owned()),
            ),
            Verdict::Unknown,
            "agent-overloaded",
        ),
        (
            "a reset of the connection",
            Claim::Private,
            facts(vec![azure()], vec![stopped(HERE, ConnectOutcome::Reset)]),
            Verdict::Broken,
            "connect-reset",
        ),
        (
            "an answer that is only believed to be open",
            blocked(&[Layer::Denied]),
            through(405),
            Verdict::Unknown,
            "answer-ambiguous",
        ),
    ] {
        let judgement = judged(&claim, &seen, &succeeded());
        let codes: Vec<&str> = judgement.findings.iter().map(|finding| finding.code.word()).collect();
        assert_eq!((judgement.verdict, codes.first()), (verdict, Some(&code)), "{what}: {codes:?}");
    }
}

#[test]
fn an_open_public_side_is_named_also_while_a_resolver_does_not_tell() {
    let azure = || resolver("azure", gives(&[HERE]), nothing());
    let silent = || resolver("hub", LookupOutcome::Silent, LookupOutcome::Silent);
    let paths = || vec![answered(HERE, 401, ""), answered(PUBLIC, 401, "")];
    for (what, resolvers) in [("all told", vec![azure()]), ("hub did not tell", vec![azure(), silent()])] {
        let judgement = judged(&Claim::Private, &facts(resolvers, paths()), &succeeded());
        let codes: Vec<&str> = judgement.findings.iter().map(|finding| finding.code.word()).collect();
        assert!(codes.contains(&"public-side-open"), "{what}: {codes:?}");
    }
}

#[test]
fn an_open_block_says_who_lets_the_request_in() {
    let here = || answered(HERE, 401, "");
    let there = || answered(PUBLIC, 401, "");
    for (paths, causes) in [
        (vec![here()], vec!["path-open"]),
        (vec![there()], vec!["public-access-on"]),
        (vec![here(), there()], vec!["public-access-on", "path-open"]),
    ] {
        let seen = facts(vec![resolver("azure", gives(&[HERE, PUBLIC]), nothing())], paths);
        let judgement = judged(&blocked(&[Layer::Timeout]), &seen, &succeeded());
        let found: Vec<&str> = judgement.findings.iter().filter_map(|f| f.cause()).map(|cause| cause.word()).collect();
        assert_eq!(found, causes);
    }
}

#[test]
fn a_machine_is_offline_only_where_nothing_at_all_works() {
    let no_way = || LookupOutcome::Unreachable;
    let nowhere = || stopped(HERE, ConnectOutcome::Unreachable("network is unreachable".to_owned()));
    let seen = facts(vec![resolver("azure", no_way(), no_way())], vec![nowhere()]);
    let first = |witness: &Witnessing| judged(&Claim::Private, &seen, witness).findings[0].code.word();
    assert_eq!(first(&Witnessing::NotSeen), "agent-offline");
    assert_eq!(first(&Witnessing::Failed("connecting failed".to_owned())), "agent-offline");
    assert_ne!(first(&succeeded()), "agent-offline", "a witness that succeeded had a network");
}

/// `scripts/without-each-finding` proves it by taking each finding away; this only keeps new ones from being forgotten.
#[test]
fn every_finding_is_expected_by_a_scenario_or_a_row() {
    let mut expected: BTreeSet<String> = BTreeSet::new();
    let scenarios = files_in("tests/scenarios", "yaml").into_iter().map(|(_, text)| text);
    let worlds = files_in("probes/worlds", "yaml").into_iter().map(|(_, text)| text);
    for text in scenarios.chain(worlds) {
        for key in ["code: ", "finding: "] {
            let words = text.split(key).skip(1).filter_map(|rest| rest.split([',', '}', '\n']).next());
            expected.extend(words.map(|word| word.trim().to_owned()));
        }
    }
    for file in ["tests/it/judge.rs", "tests/it/judge_gaps.rs", "tests/it/judge_rest.rs", "src/agent/tests/mod.rs"] {
        expected.extend(text_of(file).split('"').skip(1).step_by(2).map(str::to_owned));
    }
    let forgotten: Vec<&str> = Code::ALL.iter().map(|code| code.word()).filter(|w| !expected.contains(*w)).collect();
    assert!(forgotten.is_empty(), "no test expects {forgotten:?}");
}
