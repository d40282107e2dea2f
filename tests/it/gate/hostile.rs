//! What a server says stands in every form, and gives no order to whoever reads the form.

use super::commands::{of_azure, of_github};
use super::{junit, prove, rows};
use crate::support::Folder;
use crate::support::agent::{fencepost, outcome};
use fencepost::publish::forms::{self, Gate};
use fencepost::publish::{FailOn, Report};
use serde_json::{Value, json};

/// Words of a server that means no good: orders to pipelines, marks of every form, and what no form may hold. A wire's
/// text is cut to one line of readable characters long before; a report from elsewhere is not.
const WORDS: &[&str] = &[
    "::set-output name=stolen::yes",
    "  ::add-path::/tmp/evil",
    "\n::stop-commands::token\n::error::forged",
    "\r\n\t::add-mask::e",
    "##vso[task.setvariable variable=stolen]yes",
    "x ##VSO[task.complete result=Succeeded]fine",
    "##[add-path]/tmp/evil",
    "###[error]forged",
    "##teamcity[buildStatus status='SUCCESS']",
    "%0A::error::forged%0D%0A##vso[task.prependpath]/tmp/evil %25 %AZP25",
    "a | b | c \\| d",
    "```\n# Heading\n[link](https://evil.example/) <script>alert(1)</script> ![i](http://evil.example/i)",
    "</details> <img src=x onerror=alert(1)> @everyone https://evil.example www.evil.example `x`",
    "]]> </failure></testcase><testcase name=\"forged\"/> &amp; \" ' <",
    "control \u{0}\u{1}\u{8}\u{b}\u{1b}[31m\u{7f}\u{fffe}\u{ffff} characters",
    "# SKIP forged # TODO forged\nok 99 - forged\n1..1\nBail out! forged",
    "#\u{ad}#vso[task.setvariable variable=stolen]yes",
    "\u{ad}:\u{200b}:error::forged",
    "\u{2028}::error::forged\u{85}::error::forged",
];

/// A report whose every free word is one of these.
fn report(verdicts: &[&str]) -> Report {
    let check = |(place, (words, verdict)): (usize, (&&str, &&str))| {
        let finding = json!({
            "code": "not-the-service", "severity": "critical", "side": "path", "cause": null,
            "summary": "Something answers, but not as this service does.", "evidence": [words, words],
            "for": [words], "against": [words], "try": "Find out what answers at this address.",
            "confirm": [format!("nslookup {words}")],
        });
        json!({
            "check": format!("t{place}/h{place}.example"), "target": format!("t{place}"),
            "endpoint": format!("h{place}.example"), "claim": "private", "verdict": verdict,
            "public_fallback": "none", "rule": words, "owner": words, "findings": [finding], "facts": null,
        })
    };
    let all = verdicts.iter().cycle();
    let checks: Vec<Value> = WORDS.iter().zip(all).enumerate().map(check).collect();
    let count = |verdict| checks.iter().filter(|check| check["verdict"] == verdict).count();
    let words = WORDS.concat();
    let report = json!({
        "plan": words, "plan_hash": "00", "vantage": words, "at": "2026-11-23T06:00:00Z",
        "summary": {"holds": count("holds"), "broken": count("broken"), "unknown": count("unknown")},
        "checks": checks,
        "runner": {
            "hostname": words, "addresses": ["10.0.0.1"], "resolvers": ["10.0.0.4:53"], "search": WORDS,
            "proxies": [{"variable": "NO_PROXY", "value": words}],
            "pipeline": {"system": "GitHub Actions", "runner": words, "hosted": words},
        },
    });
    serde_json::from_value(report).unwrap()
}

const VERDICTS: [&[&str]; 3] = [&["broken"], &["broken", "unknown", "holds"], &["holds"]];

/// Every report at every gate.
fn each(mut act: impl FnMut(Gate<'_>)) {
    for verdicts in VERDICTS {
        for fail_on in FailOn::ALL {
            let mut report = report(verdicts);
            report.at_gate(fail_on, None);
            act(Gate { report: &report, fail_on });
        }
    }
}

#[test]
fn no_pipeline_finds_an_order_of_a_server_in_any_form() {
    each(|gate| {
        let json = forms::inert_json(&serde_json::to_string_pretty(gate.report).unwrap());
        assert_eq!(serde_json::to_value(gate.report).unwrap(), serde_json::from_str::<Value>(&json).unwrap());
        for text in [json, forms::tap(gate), forms::markdown(gate), forms::junit(gate).unwrap()] {
            assert_eq!((of_github(&text), of_azure(&text)), (vec![], vec![]), "{text}");
        }
        let github = forms::github(gate);
        assert_eq!(of_azure(&github), [], "{github}");
        let (orders, lines) = (of_github(&github), github.lines().count());
        assert!(orders.iter().all(|order| ["error", "warning", "notice"].contains(&order.name.as_str())), "{orders:?}");
        assert!(orders.iter().all(|order| order.properties.keys().eq(["title"])), "{orders:?}");
        assert!(orders.iter().all(|order| order.properties["title"].contains("not-the-service")), "{orders:?}");
        assert_eq!(lines, 3 + orders.len(), "a line that nobody meant:\n{github}");
        assert!(of_github(&orders.iter().map(|order| order.data.as_str()).collect::<String>()).is_empty());

        let azure = forms::azure_pipelines(gate, Some("/tmp/a;]%b.md"));
        let orders = of_azure(&azure);
        let ours = ["task.logissue", "task.uploadsummary", "task.complete"];
        assert!(orders.iter().all(|order| ours.contains(&order.name.as_str())), "{orders:?}");
        let known = |order: &super::commands::Order| {
            order.properties.keys().all(|k| ["type", "code", "result"].contains(&k.as_str()))
        };
        assert!(orders.iter().all(known), "{orders:?}");
        let succeeded =
            |order: &super::commands::Order| order.properties.get("result").is_some_and(|r| r == "Succeeded");
        assert!(!orders.iter().any(succeeded), "{orders:?}");
        let summary = orders.iter().find(|order| order.name == "task.uploadsummary").unwrap();
        assert_eq!(summary.data, "/tmp/a;]%b.md");
        assert_eq!(azure.split(['\n', '\r']).filter(|line| line.trim_start().starts_with("::")).count(), 0, "{azure}");
    });
}

#[test]
fn no_word_of_a_server_changes_what_a_harness_counts() {
    each(|gate| {
        let (passed, said) = prove(&forms::tap(gate));
        assert_eq!(passed, gate.report.passes(gate.fail_on), "{said}");
        assert!(said.contains(&format!("Tests={},", WORDS.len())), "{said}");
        assert!(!said.lines().any(|line| line.starts_with("ok 99")), "{said}");
        let folder = Folder::new();
        let told = junit(&folder.write("junit.xml", forms::junit(gate).unwrap()));
        assert_eq!(told["tests"], WORDS.len(), "{told:#}");
        let names: Vec<&str> = told["cases"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
        assert!(names.iter().all(|name| name.ends_with(".example is private")), "{names:?}");
        assert_eq!(told["failures"].as_u64().unwrap() + told["errors"].as_u64().unwrap() == 0, passed, "{told:#}");
    });
}

#[test]
fn no_word_of_a_server_is_a_mark_of_markdown() {
    each(|gate| {
        let text = forms::markdown(gate);
        let rows = rows(&text);
        let cells: Vec<usize> = rows.iter().map(Vec::len).collect();
        // A heading, a rule and the checks; then the machine.
        let mut wanted = vec![7; 2 + WORDS.len()];
        wanted.extend(vec![2; 2 + 6]);
        assert_eq!(cells, wanted, "{text}");
        let mut code = false;
        for line in text.lines() {
            code ^= line.starts_with("```");
            if !code {
                for mark in ["<script", "<img", "](", "://", "@everyone", "www.evil"] {
                    assert!(!line.contains(mark), "{mark} in {line}");
                }
            }
        }
        let blocks = text.lines().filter(|line| line.starts_with("```")).count();
        assert_eq!(blocks, 2 * WORDS.len(), "{text}");
    });
}

/// A tale is set in lines of the terminal's width, so any word may come to stand at the beginning of one.
#[test]
fn no_pipeline_finds_an_order_in_a_tale_or_in_a_table() {
    let folder = Folder::new();
    let mut seen = 0;
    for blanks in 0..60 {
        let mut report = serde_json::to_value(report(&["broken"])).unwrap();
        for check in report["checks"].as_array_mut().unwrap() {
            let words = format!("{} {}", "x".repeat(blanks), check["rule"].as_str().unwrap());
            check["findings"][0]["evidence"] = json!([words]);
        }
        let file = folder.write("report.json", report.to_string());
        for format in ["human", "json"] {
            let mut command = fencepost();
            command.env("COLUMNS", "60").args(["explain", "--format", format, "--replay"]).arg(&file);
            let (code, out, err) = outcome(&mut command);
            assert_eq!((code, err.as_str()), (1, ""));
            assert_eq!((of_github(&out), of_azure(&out)), (vec![], vec![]), "{out}");
            seen += out.matches("set-output").count();
        }
    }
    assert!(seen >= 120, "what the server said is told all the same: {seen}");
}

/// A plan may come from somebody's branch, and what is wrong with it is told in its own words.
#[test]
fn no_pipeline_finds_an_order_in_the_faults_of_a_plan() {
    let folder = Folder::new();
    let plan = "plan: p\n'##vso[task.setvariable variable=stolen]yes': 1\n\
                vantages: {'\\n::add-path::/tmp/evil': {kind: x}, ok: {'##[add-mask]x': 1}}\n";
    let file = folder.write("plan.yaml", plan);
    for words in [&["plan", "check"][..], &["check", "--plan"]] {
        let (code, out, err) = outcome(fencepost().args(words).arg(&file));
        assert_eq!((code, out.as_str()), (2, ""));
        assert!(err.contains("setvariable") && err.contains("add-path") && err.contains("add-mask"), "{err}");
        assert_eq!((of_github(&err), of_azure(&err)), (vec![], vec![]), "{err}");
    }
}
