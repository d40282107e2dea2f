//! Plans out of blackbox_exporter's configuration: what comes out reads, whatever went in, and says what is missing.

use crate::repository::{repo, text_of};
use crate::support::agent::{fencepost, outcome};
use crate::support::{Folder, succeed};
use fencepost::catalog::Catalog;
use fencepost::import;
use fencepost::plan;
use proptest::prelude::*;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

const FILES: [&str; 3] = ["prometheus.yml", "blackbox.yml", "targets.yml"];

fn path(file: &str) -> PathBuf {
    repo(&format!("tests/it/imports/{file}"))
}

/// The result is kept beside what it was made of: `tests/it/imports/plan.yaml`.
#[test]
fn jobs_and_modules_become_the_plan_that_is_kept() {
    let files = FILES.map(|file| (file.to_owned(), text_of(&format!("tests/it/imports/{file}"))));
    let imported = import::blackbox(&files, &Catalog::embedded()).unwrap();
    let made = repo("target/imported-plan.yaml");
    fs::write(&made, &imported.plan).unwrap();
    let kept = text_of("tests/it/imports/plan.yaml");
    assert_eq!(imported.plan, kept, "if the change is meant: cp {} tests/it/imports/plan.yaml", made.display());
    for secret in ["hunter2", "secret"] {
        assert!(!imported.plan.contains(secret), "{secret}");
    }
    let read = plan::read("plan.yaml", &imported.plan, &Catalog::embedded().outlines()).unwrap();
    assert_eq!(read.targets.iter().map(|target| target.endpoints.len()).sum::<usize>(), imported.endpoints);
}

/// The files are what their own tool reads.
#[test]
fn prometheus_reads_the_files_that_are_imported() {
    succeed(Command::new("promtool").args(["check", "config", "--syntax-only"]).arg(path("prometheus.yml")));
}

#[test]
fn the_command_prints_a_plan_that_plan_check_takes() {
    let (code, plan, said) = outcome(fencepost().args(["plan", "import", "blackbox"]).args(FILES.map(path)));
    assert_eq!((code, said.as_str()), (0, "imported 7 endpoints, with 24 notes: see the head of the plan\n"));
    let folder = Folder::new();
    let (code, _, err) = outcome(fencepost().args(["plan", "check"]).arg(folder.write("plan.yaml", plan)));
    assert_eq!((code, err.as_str()), (0, ""));
}

#[test]
fn what_cannot_be_imported_is_told_with_its_reason() {
    let refused = |files: &[(&str, &str)]| {
        let files: Vec<_> = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        import::blackbox(&files, &Catalog::embedded()).unwrap_err()
    };
    let modules = "modules: {icmp: {prober: icmp}}";
    let job = "scrape_configs: [{job_name: ping, params: {module: [icmp]}, static_configs: [{targets: [10.0.0.4]}]}]";
    for (files, told) in [
        (vec![("a.yml", "groups: []")], "a.yml: this is neither a Prometheus configuration"),
        (vec![("a.yml", "modules: [")], "a.yml: "),
        (vec![("a.yml", "modules: {http: {}}")], "prober"),
        (vec![("b.yml", modules)], "nothing of this can be carried over"),
        (vec![("p.yml", job)], "the module icmp is in none of the files"),
        (vec![("p.yml", job), ("b.yml", modules)], "there is no look for the prober icmp; 10.0.0.4 is left out"),
        (vec![("a.yml", modules), ("b.yml", modules)], "b.yml: the module icmp stands in another file too"),
    ] {
        let why = refused(&files);
        assert!(why.contains(told), "{files:?}: {why}");
    }
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,8}",
        "\\PC{0,12}",
        "[\\x00-\\x7f]{0,12}",
        Just("yes".to_owned()),
        Just("010".to_owned()),
        Just("*a: &b {".to_owned()),
        Just("# no\ncomment: 1".to_owned()),
    ]
}

fn target() -> impl Strategy<Value = String> {
    let host = prop_oneof![
        "[a-z0-9-]{1,10}\\.(openai\\.azure\\.com|services\\.ai\\.azure\\.com|vault\\.azure\\.net|example)",
        "[0-9]{1,4}\\.[a-z]{1,4}",
        Just("api.openai.com".to_owned()),
        Just("yes".to_owned()),
        word(),
    ];
    (host, 0u32..70_000, word()).prop_map(|(host, port, path)| match port % 3 {
        0 => format!("https://{host}/{path}"),
        1 => format!("https://{host}:{port}"),
        _ => format!("{host}:{port}"),
    })
}

/// Reading the catalogue takes longer than an import.
static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::embedded);

proptest! {
    #[test]
    fn whatever_is_imported_is_a_plan_that_reads(
        targets in proptest::collection::vec(target(), 1..8),
        labels in proptest::collection::btree_map(
            prop_oneof![Just("owner".to_owned()), Just("env".to_owned()), Just("environment".to_owned()), word()], word(), 0..3),
        (job, query, expression, proxy, trust) in (word(), target(), word(), word(), word()),
        (interval, timeout) in (0u64..4_000_000, 0u64..100_000),
        codes in proptest::collection::vec(0u16..700, 0..3),
    ) {
        let group = serde_json::json!({"targets": targets, "labels": labels});
        let probe = |name: &str, module: &str| serde_json::json!({
            "job_name": name, "scrape_interval": format!("{interval}ms"), "params": {"module": [module]},
            "static_configs": [group],
        });
        let query = query.trim_start_matches("https://").split(['/', ':']).next().unwrap_or_default().to_owned();
        let prometheus = serde_json::json!({"scrape_configs": [probe(&job, "web"), probe("tls", "tls"), probe("dns", "dns")]});
        let modules = serde_json::json!({"modules": {
            "web": {"prober": "http", "timeout": format!("{timeout}ms"), "http": {
                "valid_status_codes": codes, "proxy_url": format!("http://{proxy}"), "tls_config": {"ca_file": trust}}},
            "tls": {"prober": "tcp", "tcp": {"tls": true}},
            "dns": {"prober": "dns", "dns": {"query_name": query,
                "validate_answer_rrs": {"fail_if_not_matches_regexp": [expression, "10\\.20\\.3\\.5"]}}},
        }});
        let files = [("p.yml".to_owned(), prometheus.to_string()), ("b.yml".to_owned(), modules.to_string())];
        if let Ok(imported) = import::blackbox(&files, &CATALOG) {
            let read = plan::read("plan", &imported.plan, &CATALOG.outlines());
            prop_assert!(read.is_ok(), "{}\n{}", read.unwrap_err(), imported.plan);
        }
    }
}
