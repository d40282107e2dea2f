//! `check` as the gate of a pipeline: its forms, its exit codes, what it waits for, and the recipes that pipelines use.

mod commands;
mod estate;
mod files;
mod hostile;
mod recipes;
mod wait;

use crate::repository::repo;
use crate::support::{Folder, succeed};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Every form, as the command line names it.
const FORMS: [&str; 8] = ["human", "json", "junit", "tap", "github", "azure-pipelines", "markdown", "textfile"];

/// The options that write every form into a file of this folder, named like the form.
fn every_form_into(folder: &Path) -> Vec<String> {
    FORMS.iter().flat_map(|form| ["--output".to_owned(), format!("{form}={}", folder.join(form).display())]).collect()
}

/// A tool of PyPI that scripts/install-test-tools.sh put there.
fn python_tool(name: &str) -> PathBuf {
    let tool = repo("target/test-tools/venv/bin").join(name);
    assert!(tool.exists(), "{} is missing; run scripts/install-test-tools.sh", tool.display());
    tool
}

/// What a JUnit file says: its counts, and for every case whether it passed, with type and message where it did not. Read
/// by a library that others read such files with.
fn junit(file: &Path) -> Value {
    let script = "
import json, sys
from junitparser import JUnitXml
xml = JUnitXml.fromfile(sys.argv[1])
cases = []
for suite in xml:
    for case in suite:
        bad = [(type(r).__name__.lower(), r.type, r.message, r.text) for r in case.result]
        cases.append({'name': case.name, 'classname': case.classname, 'time': case.time, 'out': case.system_out,
                      'bad': bad})
properties = {p.name: p.value for suite in xml for p in suite.properties()}
print(json.dumps({'tests': xml.tests, 'failures': xml.failures, 'errors': xml.errors, 'skipped': xml.skipped,
                  'cases': cases, 'properties': properties}))
";
    succeed(Command::new("xmllint").arg("--noout").arg(file));
    let told = succeed(Command::new(python_tool("python3")).args(["-c", script]).arg(file));
    serde_json::from_str(&told).unwrap()
}

/// Whether `prove` counts a file of TAP as passed, and what it says.
fn prove(text: &str) -> (bool, String) {
    let folder = Folder::new();
    let file = folder.write("gate.tap", text);
    let output = Command::new("prove").arg("--verbose").arg(file).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("Parse errors"), "{said}");
    (output.status.success(), said)
}

/// The rows of the tables of a Markdown text, as cells. Blocks of code hold none.
fn rows(markdown: &str) -> Vec<Vec<String>> {
    let mut code = false;
    let mut rows = Vec::new();
    for line in markdown.lines() {
        code ^= line.starts_with("```");
        if !code && line.starts_with('|') {
            let line = line.replace("\\|", "\u{1}");
            let cells = line.trim_matches('|').split('|').map(|cell| cell.trim().replace('\u{1}', "|"));
            rows.push(cells.collect());
        }
    }
    assert!(!code, "a block of code is not closed:\n{markdown}");
    rows
}
