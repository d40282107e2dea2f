//! The command line: files of the user's own, and what is said when something is misspelt.

use crate::support::Folder;
use crate::support::agent::{fencepost, outcome};

const SERVICE: &str = "service: vector-store
title: Vector store
about: A service of our own behind a private endpoint.
clouds:
  commercial:
    suffixes: [vectors.example]
    zones: [privatelink.vectors.example]
    certainty: documented
    source: our own operations manual
request: {path: /healthz, source: our own operations manual}
answers:
  - {status: [200, 401], means: open, certainty: documented, source: our own operations manual}
";

const PLAN: &str = "plan: own
vantages: {here: {kind: test}}
targets: {store: {service: vector-store, endpoints: {a.vectors.example: [10.20.3.5]}}}
rules: [{name: all, from: any, to: any, claim: private}]
";

#[test]
fn a_catalogue_file_of_the_users_own_extends_the_built_in_one() {
    let folder = Folder::new();
    let (plan, catalog) = (folder.write("plan.yaml", PLAN), folder.write("vectors.yaml", SERVICE));
    let (code, _, err) = outcome(fencepost().args(["plan", "check"]).arg(&plan));
    assert_eq!(code, 2);
    assert!(err.contains("plan.yaml:3:28: there is no service `vector-store`"), "{err}");
    let (code, out, err) = outcome(fencepost().args(["plan", "check"]).arg(&plan).arg("--catalog").arg(&catalog));
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let private_name = PLAN.replace("a.vectors.example", "a.privatelink.vectors.example");
    let plan = folder.write("private.yaml", private_name);
    let (code, _, err) = outcome(fencepost().args(["plan", "check"]).arg(&plan).arg("--catalog").arg(&catalog));
    assert_eq!(code, 2);
    assert!(err.contains("write the name that applications use, such as `a.vectors.example`"), "{err}");
    let misspelt = folder.write("vectors.yaml", SERVICE.replace("suffixes:", "sufixes:"));
    let (code, _, err) = outcome(fencepost().args(["plan", "check"]).arg(&plan).arg("--catalog").arg(&misspelt));
    assert_eq!(code, 2);
    assert!(err.contains("vectors.yaml") && err.contains("sufixes") && err.contains("line 6"), "{err}");
}

#[test]
fn what_is_misspelt_is_answered_with_what_was_meant() {
    for (words, says) in [
        (vec!["findings", "publc-answer"], "write `public-answer`"),
        (vec!["findings", "zone-not-linkd"], "write `zone-not-linked`"),
        (vec!["plan", "example", "nosuch"], "there is no example `nosuch`"),
        (vec!["--log", "bogus[[", "findings"], "--log `bogus[[`"),
        (vec!["plan", "check", "/nonexistent/plan.yaml"], "/nonexistent/plan.yaml: No such file"),
    ] {
        let (code, _, err) = outcome(fencepost().args(&words));
        assert_eq!(code, 2, "{words:?}: {err}");
        assert!(err.contains(says), "{words:?}: {err}");
    }
    let folder = Folder::new();
    let plan = folder.write("plan.yaml", PLAN.replace("vector-store", "https"));
    let (code, _, err) = outcome(fencepost().args(["check", "--vantage", "her", "--plan"]).arg(&plan));
    assert_eq!(code, 2);
    assert!(err.contains("did you mean `here`?"), "{err}");
}

#[test]
fn every_finding_has_its_page_on_the_command_line() {
    let (code, out, _) = outcome(fencepost().arg("findings"));
    assert_eq!((code, out.lines().count()), (0, 1 + fencepost::judge::Code::ALL.len()));
    for finding in fencepost::judge::Code::ALL {
        let (code, out, _) = outcome(fencepost().args(["findings", finding.word()]));
        assert_eq!(code, 0);
        let flat = out.split_whitespace().collect::<Vec<_>>().join(" ");
        let causes = fencepost::story::about(*finding).unwrap().causes;
        let tries = causes.iter().map(|cause| cause.first_try()).chain(causes.is_empty().then(|| finding.first_try()));
        assert!(flat.contains(finding.summary()), "{out}");
        tries.into_iter().for_each(|what| assert!(flat.contains(what), "{what} is missing in {out}"));
    }
}

#[test]
fn a_cause_leads_to_its_finding_and_capitals_do_no_harm() {
    let (code, out, _) = outcome(fencepost().args(["findings", "zone-not-linked"]));
    assert_eq!(code, 0);
    assert!(out.contains("zone-not-linked is a cause") && out.contains("# public-answer\n"), "{out}");
    let (code, out, _) = outcome(fencepost().args(["findings", "PUBLIC-ANSWER"]));
    assert!(code == 0 && out.starts_with("# public-answer\n"), "{out}");
}

#[test]
fn one_of_a_kind_is_not_many() {
    let folder = Folder::new();
    let plan = folder.write("plan.yaml", PLAN.replace("vector-store", "https"));
    let (_, out, err) = outcome(fencepost().args(["plan", "check"]).arg(&plan));
    assert!(out.contains(": 1 vantage, 1 target with 1 endpoint, 1 rule, 0 exceptions\n"), "{out}{err}");
}

/// What was found is not the fault of whoever asked, and nobody has read it.
#[test]
fn a_full_disk_is_no_misuse() {
    let folder = Folder::new();
    let plan = folder.write("plan.yaml", PLAN.replace("vector-store", "https"));
    for words in [vec!["findings"], vec!["findings", "public-answer"], vec!["plan", "check", plan.to_str().unwrap()]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = fencepost().args(&words).stdout(full).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{words:?}: {err}");
        assert!(err.starts_with("standard output: "), "{words:?}: {err}");
    }
}

#[test]
fn a_file_that_the_plan_names_and_nobody_has_is_noted() {
    let folder = Folder::new();
    let plan = "plan: own
settings: {trust: own-ca.pem}
vantages: {here: {kind: test}}
targets: {chat: {service: azure-openai, endpoints: {contoso.openai.azure.com: [10.20.3.5]}}}
rules: [{name: all, from: any, to: any, claim: private}]
";
    let plan = folder.write("plan.yaml", plan);
    let (code, out, _) = outcome(fencepost().args(["plan", "check"]).arg(&plan));
    assert_eq!(code, 0, "agents may have it");
    assert!(out.contains("note: settings.trust: own-ca.pem: No such file"), "{out}");
    folder.write("own-ca.pem", "");
    let (_, out, _) = outcome(fencepost().args(["plan", "check"]).arg(&plan));
    assert!(!out.contains("note:"), "{out}");
}
