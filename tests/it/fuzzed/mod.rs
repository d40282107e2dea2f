//! What must be true whatever somebody else wrote: one function for each sort of input, from bytes.
//!
//! The targets of `fuzz/` call these, and so does the test that plays every input kept in `fuzz/seeds` again. They may
//! name nothing but the program, the standard library, `serde_json` and `tokio`, because both sides include this file.

mod fed;

use fed::Fed;
use fencepost::alert::{Alerting, Known};
use fencepost::catalog::{Catalog, Service};
use fencepost::facts::{Facts, HttpOutcome, LookupOutcome, NameFacts};
use fencepost::judge::{Around, Asked, Judgement, Terms, Verdict, Witnessing, inquiries, judge};
use fencepost::observe::{Kind, Question, Subject, subject_of};
use fencepost::plan::{self, Claim, HostName, Layer, Plan, ServiceOutlines, View, is_harmless};
use fencepost::publish::{Report, saved};
use fencepost::state::Record;
use fencepost::{standing, state, story, web};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::HashSet;
use std::fmt::Debug;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// The name of a folder of inputs, and what takes them.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("plan", plan_text),
    ("dns", dns_reply),
    ("http", http_answer),
    ("facts", judged_facts),
    ("state", state_lines),
    ("report", saved_report),
    ("web", web_text),
];

static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::embedded);
static SERVICES: LazyLock<ServiceOutlines> = LazyLock::new(|| CATALOG.outlines());

/// One account whose name may resolve to these addresses and no others.
static GROUND: LazyLock<Plan> = LazyLock::new(|| {
    let text = "plan: fuzzed\nvantages: {app: {kind: production, resolvers: [hub]}}\nresolvers: {hub: {address: 10.0.0.4}}\n\
                targets: {chat: {service: azure-openai, endpoints: {contoso-chat.openai.azure.com: \
                [10.20.3.5, \"fd00:20::/64\"]}}}\nrules: [{name: all, from: any, to: any, claim: private}]\n";
    plan::read("plan.yaml", text, &SERVICES).unwrap()
});

const HOST: &str = "contoso-chat.openai.azure.com";

/// More pairs than this are decided by a test of their own; here they would only be slow.
const MOST_CASES: usize = 200;

/// The same in two files: every fault is at a place of one of them.
fn in_two_files(text: &str) {
    let half = text.len() / 2;
    let (first, second) = text.split_at(text[..text.floor_char_boundary(half)].rfind('\n').map_or(0, |at| at + 1));
    let files = [("1.yaml".to_owned(), first.to_owned()), ("2.yaml".to_owned(), second.to_owned())];
    let Err(faults) = plan::read_folder("plan.d", &files, &SERVICES) else { return };
    assert!(!faults.faults.is_empty(), "refused without a fault");
    for fault in &faults.faults {
        let lines = files[fault.place.file].1.split(['\n', '\r']).count();
        assert!((1..=lines).contains(&fault.place.line) && fault.place.column >= 1, "{fault:?}");
    }
}

/// Every fault has a place in the text, a reason and a fix, and moves no cursor.
fn well_told(faults: &plan::Faults, text: &str) {
    assert!(!faults.faults.is_empty(), "refused without a fault");
    // A carriage return alone ends a line too (YAML 1.2, §5.4).
    let lines = text.split(['\n', '\r']).count();
    for fault in &faults.faults {
        let (line, column) = (fault.place.line, fault.place.column);
        assert!((1..=lines).contains(&line) && column >= 1, "{line}:{column} of {lines}: {}", fault.reason);
        assert!(!fault.reason.trim().is_empty() && !fault.fix.trim().is_empty(), "{fault:?}");
        assert!(fault.reason.chars().chain(fault.fix.chars()).all(is_harmless), "{fault:?}");
    }
}

/// A web configuration: as a plan; what is taken says the same again, and opens nothing against itself.
pub fn web_text(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match web::read("web.yaml", text) {
        Ok(config) => {
            assert_eq!(web::read("web.yaml", text).unwrap(), config, "one text, two configurations");
            assert_eq!(config.given_up_by(&config), None);
            assert!(config.users.values().all(|hash| (4..=web::HIGHEST_COST).contains(&hash.cost())));
            assert!(config.rate.is_none_or(|rate| !rate.interval.is_zero() && rate.burst > 0));
            let shown = format!("{config:?}");
            assert!(config.users.values().all(|hash| !shown.contains(hash.text())), "{shown}");
        }
        Err(faults) => well_told(&faults, text),
    }
}

/// A plan: it reads, or every fault says where, why, and what to write instead.
pub fn plan_text(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    in_two_files(text);
    let plan = match plan::read("plan.yaml", text, &SERVICES) {
        Ok(plan) => plan,
        Err(faults) => return well_told(&faults, text),
    };
    let again = plan::read("plan.yaml", text, &SERVICES).unwrap();
    assert_eq!(format!("{plan:?}"), format!("{again:?}"), "one text, two plans");
    let day = "2026-11-22".parse().unwrap();
    for vantage in &plan.vantages {
        let mut names = HashSet::new();
        for case in plan.cases(&vantage.name, day).into_iter().take(MOST_CASES) {
            assert!(names.insert(case.name()), "{} is looked at twice", case.name());
            let service = CATALOG.service(&case.target.service).unwrap();
            let subject = subject_of(&plan, &case, service);
            assert!(subject.port > 0 && !subject.timeout.is_zero(), "{subject:?}");
            let asked = Question::new(1, &subject.host_name, Kind::A).and_then(|question| question.wire());
            assert!(asked.is_ok(), "{} cannot be asked for: {asked:?}", subject.host_name);
        }
    }
}

/// A message of a name server, behind a byte that says for what it was asked: facts of a bounded size without a
/// character that would do something where they are shown.
pub fn dns_reply(bytes: &[u8]) {
    let Some((kind, reply)) = bytes.split_first() else { return };
    let kind = [Kind::A, Kind::Aaaa, Kind::Soa][usize::from(kind % 3)];
    let id = reply.get(..2).map_or(0, |id| u16::from_be_bytes([id[0], id[1]]));
    let question = Question::new(id, &HostName::from_wire(HOST), kind).unwrap();
    let Some(outcome) = question.read(reply) else { return };
    if let LookupOutcome::Answer(answer) = &outcome {
        assert!(answer.chain.len() <= 32, "{} aliases", answer.chain.len());
        assert!(answer.addresses.is_sorted() && answer.addresses.len() <= reply.len() / 4, "{:?}", answer.addresses);
        assert!(
            answer.addresses.iter().all(|address| address.is_ipv4() == (kind == Kind::A)),
            "{:?}",
            answer.addresses
        );
    }
    is_tame(&outcome);
    is_the_same_when_saved(&outcome);
    let mut facts = facts();
    let hub = &mut facts.names.resolvers[0];
    if kind == Kind::Aaaa {
        hub.aaaa.outcome = outcome
    } else {
        hub.a.outcome = outcome
    }
    holds_together(&facts, &Witnessing::NotSeen, true);
}

/// What is made of the bytes that come back to the key-less request.
pub fn http_outcome(bytes: &[u8]) -> HttpOutcome {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Builder::new_current_thread().enable_time().build().unwrap());
    let subject = subject();
    RUNTIME.block_on(async {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        fencepost::observe::request(&subject, Fed::with(bytes), deadline).await
    })
}

/// What comes back to the key-less request: facts of a bounded size, and a judgement.
pub fn http_answer(bytes: &[u8]) {
    let outcome = http_outcome(bytes);
    is_tame(&outcome);
    is_the_same_when_saved(&outcome);
    let mut facts = facts();
    if let Some(http) = &mut facts.paths[0].http {
        http.outcome = outcome;
    }
    holds_together(&facts, &Witnessing::Succeeded("something".to_owned()), true);
}

/// Facts as JSON, behind a byte that says what was witnessed: what must be true of every judgement.
pub fn judged_facts(bytes: &[u8]) {
    let Some((byte, json)) = bytes.split_first() else { return };
    let Ok(facts) = serde_json::from_slice::<Facts>(json) else { return };
    let said = "something".to_owned();
    let witness = match byte % 3 {
        0 => Witnessing::NotSeen,
        1 => Witnessing::Failed(said),
        _ => Witnessing::Succeeded(said),
    };
    holds_together(&facts, &witness, false);
}

/// The file of the state: what is read was written, and whatever was written can be gone on with.
pub fn state_lines(bytes: &[u8]) {
    let (records, _) = state::records(bytes);
    // A checksum keeps all but a few inputs out, so each line is also taken as what stands behind one.
    let bare = bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    let all: Vec<Record<'static>> = records.into_iter().chain(bare).collect();
    let text: String = all.iter().map(|record| state::line(record).unwrap()).collect();
    let (again, bad) = state::records(text.as_bytes());
    assert!(again == all && bad == 0, "what was written is read as something else: {text}");
    for record in all {
        match record {
            Record::Head { .. } | Record::Exception { .. } => {}
            Record::Standing { standing, .. } => followed(&standing),
            Record::Alerting(alerting) => resumed(alerting.into_owned()),
        }
    }
}

/// A saved report: it is told, or it is said what is wrong with it; nothing of it moves a cursor.
pub fn saved_report(bytes: &[u8]) {
    let report = match saved(bytes) {
        Ok(report) => report,
        Err(unread) => {
            let lines = bytes.split(|byte| *byte == b'\n').count();
            assert!(unread.place.is_none_or(|(line, column)| (1..=lines).contains(&line) && column > 0), "{unread:?}");
            assert!(!unread.reason.is_empty() && unread.reason.chars().all(is_harmless), "{unread:?}");
            return;
        }
    };
    for record in report.records() {
        for line in [60, story::WIDTH].into_iter().flat_map(|width| story::tale(&record, width)) {
            assert!(line.text.chars().all(is_harmless), "{:?}", line.text);
        }
    }
    let text = serde_json::to_string(&report).unwrap();
    if let Ok(again) = serde_json::from_str::<Report>(&text) {
        assert_eq!(again.records().count(), report.records().count(), "{text}");
    }
}

/// Everything there is to say of facts, and what must be true of it under every claim.
fn holds_together(facts: &Facts, witness: &Witnessing, seen_by_this_program: bool) {
    let target = &GROUND.targets[0];
    let brief = story::Brief { service: "azure-openai".to_owned(), port: 443, ..story::Brief::default() };
    let by = || Layer::ALL.into_iter().collect();
    for claim in [Claim::Private, Claim::Blocked(by()), Claim::Public, Claim::None] {
        let judgement = judged(&claim, facts, witness);
        let unproved = matches!(claim, Claim::Blocked(_)) && !matches!(witness, Witnessing::Succeeded(_));
        assert!(judgement.verdict == Verdict::Holds || !judgement.findings.is_empty(), "no reason: {judgement:?}");
        assert!(!unproved || judgement.verdict != Verdict::Holds, "a block without a witness: {judgement:?}");
        assert_eq!(gist(&judgement), gist(&judged(&claim, &turned(facts), witness)), "the order matters");
        let ground = story::Ground { host: HOST, brief: &brief, facts };
        for finding in &judgement.findings {
            let told = story::told(finding, &ground);
            if seen_by_this_program {
                is_tame(&told);
            }
        }
        let worse = judged(&claim, &with_a_public_answer(facts), witness);
        assert!(claim != Claim::Private || worse.verdict == Verdict::Broken, "a public answer passes: {worse:?}");
        let asked = asked(&claim, target.endpoints.first());
        assert!(inquiries(&asked, facts, true).questions.len() <= 24 * (facts.names.resolvers.len() + 1));
    }
}

fn asked<'a>(claim: &'a Claim, endpoint: Option<&'a plan::Endpoint>) -> Asked<'a> {
    static AROUND: LazyLock<Around> = LazyLock::new(Around::default);
    let target = &GROUND.targets[0];
    Asked {
        claim,
        target,
        endpoint: endpoint.unwrap_or(&target.endpoints[0]),
        service: service(),
        networks: &GROUND.networks,
        around: &AROUND,
        terms: Terms::of_rule(claim, "2026-11-22".parse().unwrap()),
    }
}

fn service() -> &'static Service {
    CATALOG.service(&GROUND.targets[0].service).unwrap()
}

fn judged(claim: &Claim, facts: &Facts, witness: &Witnessing) -> Judgement {
    judge(&asked(claim, None), facts, witness)
}

/// A judgement without its evidence, which is in the order of the facts.
fn gist(judgement: &Judgement) -> (Verdict, &'static str, Vec<String>) {
    let told = |finding: &fencepost::judge::Finding| {
        format!("{} {:?} {:?}", finding.code.word(), finding.cause(), finding.weight)
    };
    let mut findings: Vec<String> = judgement.findings.iter().map(told).collect();
    findings.sort();
    (judgement.verdict, judgement.fallback.word(), findings)
}

fn turned(facts: &Facts) -> Facts {
    let mut turned = facts.clone();
    turned.paths.reverse();
    turned.untried.reverse();
    turned.names.resolvers.reverse();
    turned
}

fn with_a_public_answer(facts: &Facts) -> Facts {
    let mut worse = facts.clone();
    let leak = public_answer();
    worse.names.resolvers.extend(leak.resolvers);
    worse
}

/// A good look: one resolver, one address, one answer.
fn facts() -> Facts {
    static GOOD: LazyLock<Facts> = LazyLock::new(|| {
        let answer = |addresses: &str| {
            format!(
                r#"{{"answer":{{"rcode":0,"addresses":[{addresses}],"ttl":10,"authoritative":false,"truncated":false,
                "recursion_available":true,"authentic_data":false}}}}"#
            )
        };
        let lookup = |family: &str, addresses: &str| {
            format!(r#"{{"family":"{family}","transport":"udp","seconds":0.002,"outcome":{}}}"#, answer(addresses))
        };
        let text = format!(
            r#"{{"at":"2026-11-22T15:00:00Z","seconds":0.01,"names":{{"os":null,"resolvers":[{{"resolver":"hub",
            "server":"10.0.0.4:53","view":"private","a":{},"aaaa":{}}}]}},"paths":[{{"address":"10.20.3.5","port":443,
            "why":["answered"],"connect":{{"seconds":0.001,"outcome":"connected"}},"tls":{{"seconds":0.002,"outcome":
            "trusted"}},"http":{{"seconds":0.003,"outcome":"timed-out"}}}}]}}"#,
            lookup("A", "\"10.20.3.5\""),
            lookup("AAAA", "")
        );
        serde_json::from_str(&text).unwrap()
    });
    GOOD.clone()
}

/// One resolver more, which leads to the public side.
fn public_answer() -> NameFacts {
    let mut names = facts().names;
    let further = &mut names.resolvers[0];
    (further.server, further.view) = (([10, 0, 0, 5], 53).into(), View::Private);
    if let LookupOutcome::Answer(answer) = &mut further.a.outcome {
        Arc::make_mut(answer).addresses = vec![[20, 99, 9, 9].into()];
    }
    names
}

fn subject() -> Subject {
    let vantage = &GROUND.vantages[0].name;
    let cases = GROUND.cases(vantage, "2026-11-22".parse().unwrap());
    subject_of(&GROUND, cases.first().unwrap(), service())
}

/// Texts that are short, on one line, and show nothing but themselves.
fn is_tame(seen: &impl Serialize) {
    fn texts(value: &Value) {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
            Value::String(text) => {
                assert!(text.chars().all(is_harmless), "{text:?}");
                assert!(text.len() <= 96 << 10, "{} bytes", text.len());
            }
            Value::Array(all) => all.iter().for_each(texts),
            Value::Object(all) => all.values().for_each(texts),
        }
    }
    texts(&serde_json::to_value(seen).unwrap());
}

fn is_the_same_when_saved<T: Serialize + DeserializeOwned + PartialEq + Debug>(seen: &T) {
    let text = serde_json::to_string(seen).unwrap();
    let again: T = serde_json::from_str(&text).unwrap();
    assert_eq!(&again, seen);
}

/// What is taken up after a restart goes on, at whatever time.
fn followed(before: &standing::Standing) {
    let terms = standing::Terms { confirm: 3, recover: 2, private: true, longest: Duration::from_secs(60) };
    let mut standing = before.clone();
    let looks =
        [facts(), with_a_public_answer(&facts())].map(|facts| judged(&Claim::Private, &facts, &Witnessing::NotSeen));
    for now in moments() {
        for look in &looks {
            let (after, _) = standing::stand(Some(&standing), look, now, &terms);
            let opened = |standing: &standing::Standing| standing.course.incidents();
            assert!(opened(&after) >= opened(&standing), "an incident was forgotten");
            assert!(after.exposure.iter().zip(&standing.exposure).all(|(after, before)| after >= before));
            standing = after;
            standing::rejudged(&mut standing, look, now, &terms);
        }
    }
}

/// A clock may be set to anything on the way, and back.
fn moments() -> [Timestamp; 3] {
    ["2026-11-22T15:00:00Z", "2100-01-01T00:00:00Z", "1970-01-01T00:00:00Z"].map(|at| at.parse().unwrap())
}

/// As [`followed`], of alerts that were held and news that waited.
fn resumed(mut alerting: Alerting) {
    alerting.outbox.resume();
    for now in moments() {
        let notices = alerting.desk.reconcile(Vec::new(), &Known::default(), now);
        alerting.outbox.take(&notices);
        let _ = alerting.outbox.wait(&alerting.desk, now);
        for outcome in [fencepost::alert::Outcome::Failed("late".to_owned()), fencepost::alert::Outcome::Refused(400)] {
            for delivery in alerting.outbox.due(&alerting.desk, now) {
                alerting.outbox.done(&delivery.destination, &outcome, now);
            }
        }
    }
}
