//! The JSON of `check` and of the board: its schema is checked in, and real output keeps to it.

use crate::repository::{repo, text_of};
use crate::support::agent::{fencepost, outcome};
use fencepost::publish::report_schema;
use serde_json::Value;

#[test]
fn the_schema_in_the_documents_is_the_schema_of_the_code() {
    let written: Value = serde_json::from_str(&text_of("docs/report.schema.json")).unwrap();
    if written != report_schema() {
        let fresh = repo("target/report.schema.json");
        std::fs::write(&fresh, serde_json::to_string_pretty(&report_schema()).unwrap() + "\n").unwrap();
        panic!("write it anew: cp target/report.schema.json docs/report.schema.json");
    }
}

#[test]
fn what_check_prints_keeps_to_the_schema_and_to_the_contract() {
    let folder = crate::support::Folder::new();
    // A resolver that nobody runs: the report of a check that could not be told is whole all the same.
    let plan = folder.write(
        "plan.yaml",
        "plan: contract\nsettings: {every: 2s, timeout: 100ms, trust: ca.pem}\n\
         vantages: {here: {kind: test, resolvers: [dead], witness: {connect: '127.0.0.1:1'}}}\n\
         resolvers: {dead: {address: '127.0.0.1:1'}}\n\
         targets: {it: {service: azure-openai, owner: ana, endpoints: {contoso.openai.azure.com: [127.0.0.2]}}}\n\
         rules: [{name: the rule, from: any, to: any, claim: private}]\n",
    );
    folder.write("ca.pem", crate::support::certificates::Authority::new("Test authority").pem());
    let (code, out, err) =
        outcome(fencepost().args(["check", "--format", "json", "--vantage", "here", "--plan"]).arg(plan));
    assert_eq!((code, err.as_str()), (3, ""), "{out}");
    let report: Value = serde_json::from_str(&out).unwrap();
    let validator = jsonschema::validator_for(&report_schema()).unwrap();
    let faults: Vec<String> = validator.iter_errors(&report).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    for (value, wanted) in [
        (&report, vec!["plan", "vantage", "at", "checks", "summary"]),
        (&report["summary"], vec!["holds", "broken", "unknown"]),
        (
            &report["checks"][0],
            vec!["check", "target", "endpoint", "claim", "verdict", "public_fallback", "findings", "facts"],
        ),
        (&report["checks"][0]["findings"][0], vec!["code", "severity", "summary", "evidence", "try"]),
    ] {
        let present = keys(value);
        assert!(wanted.iter().all(|key| present.iter().any(|k| k == key)), "{present:?} lacks one of {wanted:?}");
    }
}
