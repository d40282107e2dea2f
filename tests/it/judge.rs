//! Facts in, verdict out: the cases that the product promises, one a row.

use crate::facts_of::{
    answered, facts, gives, gives_by, no_such_name, nothing, os_gave, requested, resolver, shook, stopped,
};
use crate::repository::{CATALOG, read};
use fencepost::facts::{
    CertTrouble, ConnectOutcome, Facts, HttpOutcome, LookupOutcome, OsOutcome, PathFacts, TlsOutcome,
};
use fencepost::judge::{Around, Asked, Judgement, PublicFallback, Terms, Verdict, Witnessing, judge};
use fencepost::plan::{Claim, Layer, Plan, ServiceName};
use std::sync::LazyLock;

/// One account with three private addresses.
static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    read(
        "plan: judged\n\
         vantages: {app: {kind: production}}\n\
         targets:\n  chat:\n    service: azure-openai\n    endpoints:\n      \
         contoso-chat.openai.azure.com: [10.20.3.5, 10.20.3.6, 10.20.3.7, \"fd00:20::/64\"]\n\
         rules: [{name: all, from: any, to: any, claim: private}]\n",
    )
    .unwrap()
});

pub fn judged(claim: &Claim, facts: &Facts, witness: &Witnessing) -> Judgement {
    judged_as("azure-openai", claim, facts, witness)
}

/// As if the host were one of another service.
pub fn judged_as(service: &str, claim: &Claim, facts: &Facts, witness: &Witnessing) -> Judgement {
    let target = &PLAN.targets[0];
    let service = CATALOG.service(&ServiceName::new(service)).unwrap();
    let asked = Asked {
        claim,
        target,
        endpoint: &target.endpoints[0],
        service,
        networks: &PLAN.networks,
        around: &Around::default(),
        terms: Terms::of_rule(claim, "2026-11-22".parse().unwrap()),
    };
    judge(&asked, facts, witness)
}

pub fn blocked(by: &[Layer]) -> Claim {
    Claim::Blocked(by.iter().copied().collect())
}

pub fn succeeded() -> Witnessing {
    Witnessing::Succeeded("connecting to login.microsoftonline.com:443 succeeded".to_owned())
}

fn failed() -> Witnessing {
    Witnessing::Failed("connecting to login.microsoftonline.com:443 failed".to_owned())
}

fn codes(judgement: &Judgement) -> Vec<&'static str> {
    judgement.findings.iter().map(|finding| finding.code.word()).collect()
}

const HERE: &str = "10.20.3.5";
const PUBLIC: &str = "20.10.3.4";
const DENIED: &str = "Public access is disabled. Please configure private endpoint.";
const ALIAS: &str = "contoso-chat.privatelink.openai.azure.com";

struct Row {
    what: &'static str,
    facts: Facts,
    verdict: Verdict,
    fallback: PublicFallback,
    code: &'static str,
}

fn row(what: &'static str, facts: Facts, verdict: Verdict, fallback: PublicFallback, code: &'static str) -> Row {
    Row { what, facts, verdict, fallback, code }
}

fn hold(claim: &Claim, witness: &Witnessing, rows: Vec<Row>) {
    for Row { what, facts, verdict, fallback, code } in rows {
        let judgement = judged(claim, &facts, witness);
        let found = codes(&judgement);
        assert_eq!((judgement.verdict, judgement.fallback), (verdict, fallback), "{what}: {found:?}");
        assert!(if code.is_empty() { found.is_empty() } else { found.contains(&code) }, "{what}: {found:?}");
    }
}

/// One resolver that gives the expected address, which ends like this.
fn private_path(path: PathFacts) -> Facts {
    facts(vec![resolver("azure", gives_by(&[ALIAS], &[HERE]), nothing())], vec![path])
}

#[test]
fn a_private_claim_holds_when_the_service_answers_whatever_it_answers() {
    for status in [401, 404, 429] {
        let judgement = judged(&Claim::Private, &private_path(answered(HERE, status, "")), &Witnessing::NotSeen);
        assert_eq!(judgement.verdict, Verdict::Holds, "{status}: {:?}", codes(&judgement));
        assert_eq!(judgement.fallback, PublicFallback::None);
    }
}

fn one(a: LookupOutcome, aaaa: LookupOutcome, paths: Vec<PathFacts>) -> Facts {
    facts(vec![resolver("azure", a, aaaa)], paths)
}

fn here() -> PathFacts {
    answered(HERE, 401, "")
}

fn front() -> PathFacts {
    answered(PUBLIC, 403, DENIED)
}

#[test]
fn a_public_answer_breaks_a_private_claim_and_a_public_front_does_not() {
    use PublicFallback as F;
    use Verdict::{Broken, Holds};
    hold(
        &Claim::Private,
        &Witnessing::NotSeen,
        vec![
            row(
                "mixed A",
                one(gives(&[HERE, PUBLIC]), nothing(), vec![here(), front()]),
                Broken,
                F::Answered,
                "mixed-answer",
            ),
            row(
                "mixed AAAA",
                one(
                    gives(&[HERE]),
                    gives(&["fd00:20::5", "2603:1030::1"]),
                    vec![here(), answered("fd00:20::5", 401, "")],
                ),
                Broken,
                F::Answered,
                "mixed-answer",
            ),
            row(
                "public AAAA",
                one(gives(&[HERE]), gives(&["2603:1030::1"]), vec![here()]),
                Broken,
                F::Answered,
                "public-ipv6-answer",
            ),
            row(
                "public, refused",
                one(gives(&[PUBLIC]), nothing(), vec![front()]),
                Broken,
                F::Answered,
                "public-answer",
            ),
            row(
                "public, open",
                one(gives(&[PUBLIC]), nothing(), vec![answered(PUBLIC, 401, "")]),
                Broken,
                F::Usable,
                "public-answer",
            ),
            row(
                "front open",
                one(gives(&[HERE]), nothing(), vec![here(), answered(PUBLIC, 401, "")]),
                Holds,
                F::Latent,
                "public-side-open",
            ),
            row("front closed", one(gives(&[HERE]), nothing(), vec![here(), front()]), Holds, F::None, ""),
            row(
                "hosts file",
                os_gave(
                    one(gives(&[HERE]), nothing(), vec![here()]),
                    OsOutcome::Addresses(vec![crate::facts_of::ip(PUBLIC)]),
                ),
                Broken,
                F::Answered,
                "hosts-override",
            ),
            row(
                "disagreement",
                facts(
                    vec![resolver("azure", gives(&[HERE]), nothing()), resolver("hub", gives(&[PUBLIC]), nothing())],
                    vec![here(), front()],
                ),
                Broken,
                F::Answered,
                "resolvers-disagree",
            ),
        ],
    );
}

#[test]
fn an_answer_that_is_not_the_private_address_never_holds() {
    use PublicFallback as F;
    use Verdict::{Broken, Unknown};
    hold(
        &Claim::Private,
        &Witnessing::NotSeen,
        vec![
            row(
                "other private",
                one(gives(&["10.9.9.9"]), nothing(), vec![here()]),
                Broken,
                F::None,
                "unexpected-private-address",
            ),
            row("sinkhole", one(gives(&["0.0.0.0"]), nothing(), vec![here()]), Broken, F::None, "special-answer"),
            row("no record", one(gives_by(&[ALIAS], &[]), nothing(), vec![here()]), Broken, F::None, "record-missing"),
            row("no name", one(no_such_name(), no_such_name(), vec![here()]), Broken, F::None, "name-missing"),
            row(
                "silence",
                one(LookupOutcome::Silent, LookupOutcome::Silent, vec![here()]),
                Unknown,
                F::Unknown,
                "resolver-silent",
            ),
            row(
                "not asked",
                one(LookupOutcome::NotAsked("no descriptors".into()), nothing(), vec![]),
                Unknown,
                F::Unknown,
                "agent-overloaded",
            ),
        ],
    );
}

#[test]
fn how_a_private_path_may_end() {
    use PublicFallback as F;
    use Verdict::{Broken, Unknown};
    let wrong_name = TlsOutcome::Untrusted(vec![CertTrouble::WrongName]);
    hold(
        &Claim::Private,
        &Witnessing::NotSeen,
        vec![
            row("timeout", private_path(stopped(HERE, ConnectOutcome::TimedOut)), Broken, F::None, "connect-timeout"),
            row("refused", private_path(stopped(HERE, ConnectOutcome::Refused)), Broken, F::None, "connect-refused"),
            row(
                "not tried",
                private_path(stopped(HERE, ConnectOutcome::NotTried("no descriptors".into()))),
                Unknown,
                F::None,
                "agent-overloaded",
            ),
            row("wrong name", private_path(shook(HERE, wrong_name)), Broken, F::None, "tls-wrong-name"),
            row("cut handshake", private_path(shook(HERE, TlsOutcome::Reset)), Broken, F::None, "tls-reset"),
            row("no answer", private_path(requested(HERE, HttpOutcome::TimedOut)), Unknown, F::None, "http-timeout"),
            row("server error", private_path(answered(HERE, 503, "")), Unknown, F::None, "service-failing"),
            row("denied", private_path(answered(HERE, 403, DENIED)), Broken, F::None, "denied-as-public"),
        ],
    );
}

/// One black-holed address of three breaks the claim, and hides nothing about the other two.
#[test]
fn a_black_hole_among_three_addresses_is_named_alone() {
    let all = gives(&["10.20.3.5", "10.20.3.6", "10.20.3.7"]);
    let paths = vec![
        answered("10.20.3.5", 401, ""),
        stopped("10.20.3.6", ConnectOutcome::TimedOut),
        shook("10.20.3.7", TlsOutcome::Untrusted(vec![CertTrouble::Expired])),
    ];
    let judgement =
        judged(&Claim::Private, &facts(vec![resolver("azure", all, nothing())], paths), &Witnessing::NotSeen);
    assert_eq!(judgement.verdict, Verdict::Broken);
    let mut found = codes(&judgement);
    found.sort_unstable();
    assert_eq!(found, ["connect-timeout", "tls-expired"]);
}

#[test]
fn what_a_blocked_claim_needs_to_hold() {
    use PublicFallback as F;
    use Verdict::{Broken, Holds, Unknown};
    let at = |path| facts(vec![resolver("azure", gives(&[HERE]), nothing())], vec![path]);
    let outside = |path| facts(vec![resolver("azure", gives(&[PUBLIC]), nothing())], vec![path]);
    let unnamed = |outcome: LookupOutcome, paths| facts(vec![resolver("azure", outcome.clone(), outcome)], paths);
    let timeout = || stopped(HERE, ConnectOutcome::TimedOut);
    hold(
        &blocked(&[Layer::Timeout, Layer::Denied]),
        &succeeded(),
        vec![
            row("all time out", at(timeout()), Holds, F::None, ""),
            row("denied", outside(answered(PUBLIC, 403, DENIED)), Holds, F::Answered, ""),
            row("public open", outside(answered(PUBLIC, 401, "")), Broken, F::Usable, "block-open"),
            row("private open", at(answered(HERE, 401, "")), Broken, F::None, "block-open"),
            row("throttled is open", at(answered(HERE, 429, "")), Broken, F::None, "block-open"),
            row("another layer", at(stopped(HERE, ConnectOutcome::Refused)), Broken, F::None, "block-by-other-layer"),
            row("server error", at(answered(HERE, 503, "")), Unknown, F::None, "service-failing"),
            row(
                "not tried",
                at(stopped(HERE, ConnectOutcome::NotTried("no descriptors".into()))),
                Unknown,
                F::None,
                "agent-overloaded",
            ),
            row("a typo", unnamed(no_such_name(), vec![]), Unknown, F::None, "name-missing"),
            row(
                "a typo with a stopped address",
                unnamed(no_such_name(), vec![timeout()]),
                Unknown,
                F::None,
                "name-missing",
            ),
            row(
                "a dead resolver",
                unnamed(LookupOutcome::Silent, vec![timeout()]),
                Unknown,
                F::Unknown,
                "resolver-silent",
            ),
            row(
                "no name, open address",
                unnamed(no_such_name(), vec![answered(HERE, 401, "")]),
                Broken,
                F::None,
                "blocked-by-name-only",
            ),
        ],
    );
    hold(
        &blocked(&[Layer::Dns]),
        &succeeded(),
        vec![
            row("a typo", unnamed(no_such_name(), vec![]), Unknown, F::None, "name-missing"),
            row("a known name", unnamed(gives_by(&[ALIAS], &[]), vec![]), Holds, F::None, ""),
            row("a sinkhole", unnamed(gives(&["0.0.0.0"]), vec![]), Holds, F::None, ""),
        ],
    );
}

#[test]
fn without_a_witness_only_an_open_path_is_believed() {
    let claim = blocked(&[Layer::Timeout]);
    let names = || vec![resolver("azure", gives(&[HERE]), nothing())];
    for witness in [failed(), Witnessing::NotSeen] {
        let timed_out = facts(names(), vec![stopped(HERE, ConnectOutcome::TimedOut)]);
        let judgement = judged(&claim, &timed_out, &witness);
        assert_eq!((judgement.verdict, codes(&judgement)), (Verdict::Unknown, vec!["witness-failing"]));
        let open = facts(names(), vec![answered(HERE, 401, "")]);
        assert_eq!(judged(&claim, &open, &witness).verdict, Verdict::Broken);
    }
}

/// A look tries only so many addresses; what it left out may be open.
#[test]
fn an_address_that_was_not_tried_is_no_block() {
    let names = vec![resolver("azure", gives(&[HERE, "10.20.3.6"]), nothing())];
    let mut seen = facts(names, vec![stopped(HERE, ConnectOutcome::TimedOut)]);
    seen.untried = vec![crate::facts_of::ip("10.20.3.6")];
    let judgement = judged(&blocked(&[Layer::Timeout]), &seen, &succeeded());
    assert_eq!((judgement.verdict, codes(&judgement)), (Verdict::Unknown, vec!["agent-overloaded"]));
}

#[test]
fn a_public_claim_wants_the_public_side_open() {
    use PublicFallback as F;
    let outside = |path| facts(vec![resolver("azure", gives(&[PUBLIC]), nothing())], vec![path]);
    hold(
        &Claim::Public,
        &Witnessing::NotSeen,
        vec![
            row("open", outside(answered(PUBLIC, 401, "")), Verdict::Holds, F::Usable, ""),
            row("closed", outside(answered(PUBLIC, 403, DENIED)), Verdict::Broken, F::Answered, "public-side-closed"),
            row("unseen", private_path(answered(HERE, 401, "")), Verdict::Unknown, F::None, "public-side-unseen"),
        ],
    );
}
