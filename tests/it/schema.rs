//! The schema in `docs/` is the one the program prints, and it judges the ready plans as the program does.

use crate::plans::spoilt_everywhere;
use crate::repository::{shipped_plans, text_of};
use fencepost::plan::schema;
use jsonschema::Validator;
use serde_json::Value;
use std::path::Path;

const FILE: &str = "docs/plan.schema.json";

fn json_of(yaml: &str) -> Value {
    serde_saphyr::from_str(yaml).unwrap()
}

fn validator() -> Validator {
    jsonschema::draft202012::new(&schema()).unwrap()
}

#[test]
fn the_checked_in_schema_is_the_printed_one() {
    let printed = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
    let differs = text_of(FILE) != printed;
    // The file to check in, where a reviewer can compare it.
    let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plan.schema.json");
    std::fs::write(&fresh, printed).unwrap();
    assert!(!differs, "{FILE} is not what `fencepost plan schema` prints; the new text is in {}", fresh.display());
}

#[test]
fn the_schema_is_a_schema() {
    assert!(jsonschema::draft202012::meta::is_valid(&schema()));
}

#[test]
fn every_shipped_plan_is_valid() {
    let validator = validator();
    for (name, text) in shipped_plans() {
        let plan = json_of(&text);
        let troubles: Vec<String> =
            validator.iter_errors(&plan).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(troubles.is_empty(), "{name}: {troubles:#?}");
    }
}

#[test]
fn an_unknown_key_in_any_table_is_invalid() {
    let validator = validator();
    for (name, text) in shipped_plans() {
        for (line, text) in spoilt_everywhere(&text) {
            assert!(!validator.is_valid(&json_of(&text)), "{name} is valid with a strange key at line {line}");
        }
    }
}
