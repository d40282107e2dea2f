//! The recipes of `deploy/github` and `deploy/azure-pipelines`: their files keep to the schemas of those who read them, and
//! their scripts run as they stand there, with the variables of a runner.

use super::commands::{of_azure, of_github};
use super::{junit, python_tool};
use crate::repository::{repo, text_of};
use crate::support::lab::LabProcess;
use crate::support::{Folder, succeed};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

const ACTION: &str = "deploy/github/action.yml";
const TEMPLATE: &str = "deploy/azure-pipelines/gate.yml";

fn yaml(path: &str) -> Value {
    serde_saphyr::from_str(&text_of(path)).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

/// The one step that runs a script, by the key that holds it.
fn step<'v>(steps: &'v Value, script: &str) -> &'v Value {
    let mut with = steps.as_array().unwrap().iter().filter(|step| step.get(script).is_some());
    let step = with.next().unwrap_or_else(|| panic!("no step has `{script}`"));
    assert!(with.next().is_none(), "only one step runs a script");
    step
}

/// The variables of a step, with its expressions replaced by what the user gave, else by the default.
fn variables(
    step: &Value,
    what: &str,
    given: &[(&str, &str)],
    defaults: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let value = |expression: &str| -> String {
        let inside = expression.strip_prefix("${{ ").and_then(|rest| rest.strip_suffix(" }}"));
        let Some(name) = inside.and_then(|inside| inside.strip_prefix(what)) else { panic!("unknown: {expression}") };
        let given = given.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        given.unwrap_or_else(|| defaults.get(name).unwrap_or_else(|| panic!("{name} is required")).clone())
    };
    let all = step["env"].as_object().unwrap();
    all.iter().map(|(name, expression)| (name.clone(), value(text(expression)))).collect()
}

/// What a script of a recipe came to.
struct Ran {
    code: i32,
    out: String,
    /// `name=value` lines of GITHUB_OUTPUT.
    outputs: BTreeMap<String, String>,
    summary: String,
    folder: Folder,
}

fn ran(script: &str, variables: BTreeMap<String, String>, more: &[(&str, String)]) -> Ran {
    let folder = Folder::new();
    let (output, summary) = (folder.write("output", ""), folder.write("summary", "before\n"));
    let script = folder.write("script.sh", script);
    let mut command = Command::new("bash");
    // As GitHub runs bash; Azure's agent passes no more.
    command.args(["--noprofile", "--norc", "-eo", "pipefail"]).arg(script).env_clear().envs(variables);
    command.env("PATH", std::env::var_os("PATH").unwrap()).envs(more.iter().cloned());
    command.env("RUNNER_TEMP", folder.path()).env("AGENT_TEMPDIRECTORY", folder.path());
    command.env("GITHUB_OUTPUT", &output).env("GITHUB_STEP_SUMMARY", &summary).current_dir(folder.path());
    let (code, out, err) = crate::support::agent::outcome(&mut command);
    let read = |path: PathBuf| std::fs::read_to_string(path).unwrap();
    let outputs = read(output)
        .lines()
        .map(|line| line.split_once('=').unwrap())
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect();
    Ran { code, out: out + &err, outputs, summary: read(summary), folder }
}

/// Runs the action's script with these inputs.
fn action(inputs: &[(&str, &str)]) -> Ran {
    let action = yaml(ACTION);
    let defaults = action["inputs"]
        .as_object()
        .unwrap()
        .iter()
        .filter_map(|(name, input)| Some((name.clone(), input.get("default")?.as_str()?.to_owned())));
    let step = step(&action["runs"]["steps"], "run");
    assert_eq!(text(&step["shell"]), "bash");
    let variables = variables(step, "inputs.", inputs, &defaults.collect());
    let here = ("GITHUB_ACTION_PATH", repo("deploy/github").display().to_string());
    ran(text(&step["run"]), variables, &[here, ("GITHUB_ACTIONS", "true".to_owned())])
}

/// Runs the template's script with these parameters.
fn template(parameters: &[(&str, &str)]) -> Ran {
    let template = yaml(TEMPLATE);
    let defaults = template["parameters"].as_array().unwrap().iter().filter_map(|parameter| {
        Some((text(&parameter["name"]).to_owned(), parameter.get("default")?.as_str()?.to_owned()))
    });
    let step = step(&template["steps"], "bash");
    let variables = variables(step, "parameters.", parameters, &defaults.collect());
    ran(text(&step["bash"]), variables, &[("TF_BUILD", "True".to_owned())])
}

const BINARY: &str = env!("CARGO_BIN_EXE_fencepost");

fn digest(path: &Path) -> String {
    succeed(Command::new("sha256sum").arg(path)).split(' ').next().unwrap().to_owned()
}

#[test]
fn the_action_annotates_sums_up_and_ends_with_the_exit_code() {
    let lab = LabProcess::start();
    let plan = lab.plan().display().to_string();
    let sum = digest(Path::new(BINARY));
    let inputs = [("plan", plan.as_str()), ("vantage", "prod-app"), ("binary", BINARY), ("sha256", sum.as_str())];
    let green = action(&inputs);
    assert_eq!(green.code, 0, "{}", green.out);
    assert_eq!(of_github(&green.out), [], "{}", green.out);
    assert!(green.summary.starts_with("before\n") && green.summary.contains("the gate passes"), "{}", green.summary);
    assert_eq!(green.outputs["exit-code"], "0");
    assert_eq!(junit(Path::new(&green.outputs["junit"]))["tests"], 7);

    lab.order(&["break", "zone-not-linked"]);
    let red = action(&[&inputs[..], &[("only", " gateway,\n chat-prod ")]].concat());
    assert_eq!((red.code, red.outputs["exit-code"].as_str()), (1, "1"), "{}", red.out);
    let orders = of_github(&red.out);
    assert_eq!(orders.len(), 1, "{orders:#?}");
    assert_eq!(orders[0].properties["title"], "public-answer (zone-not-linked): gateway/contoso-ai.azure-api.net");
    assert!(red.summary.contains("the gate fails"), "{}", red.summary);
    let report: Value = serde_json::from_str(&std::fs::read_to_string(&red.outputs["json"]).unwrap()).unwrap();
    assert_eq!(report["summary"], serde_json::json!({"holds": 1, "broken": 1, "unknown": 0}));
    assert_eq!(junit(Path::new(&red.outputs["junit"]))["failures"], 1);
    assert!(Path::new(&red.outputs["junit"]).starts_with(red.folder.path()), "results stay in the runner's own folder");

    let warned = action(&[&inputs[..], &[("fail-on", "never"), ("wait", "1ms")]].concat());
    assert_eq!((warned.code, of_github(&warned.out)[0].name.as_str()), (0, "warning"), "{}", warned.out);
}

#[test]
fn the_template_logs_issues_and_leaves_results_where_the_next_step_finds_them() {
    let lab = LabProcess::start();
    let plan = lab.plan().display().to_string();
    let sum = digest(Path::new(BINARY));
    let parameters = [("plan", plan.as_str()), ("vantage", "prod-app"), ("binary", BINARY), ("sha256", sum.as_str())];
    let green = template(&parameters);
    assert_eq!(green.code, 0, "{}", green.out);
    let names = |ran: &Ran| of_azure(&ran.out).into_iter().map(|order| order.name).collect::<Vec<_>>();
    assert_eq!(names(&green), ["task.uploadsummary"], "{}", green.out);

    lab.order(&["break", "zone-not-linked"]);
    let red = template(&[&parameters[..], &[("only", "gateway chat-prod")]].concat());
    assert_eq!(red.code, 1, "{}", red.out);
    assert_eq!(names(&red), ["task.logissue", "task.uploadsummary", "task.complete"], "{}", red.out);
    let publish = yaml(TEMPLATE)["steps"]
        .as_array()
        .unwrap()
        .iter()
        .find(|step| step["task"] == "PublishTestResults@2")
        .cloned()
        .unwrap();
    assert_eq!(publish["condition"], "succeededOrFailed()");
    let file = text(&publish["inputs"]["testResultsFiles"])
        .replace("$(Agent.TempDirectory)", &red.folder.path().display().to_string());
    assert_eq!(junit(Path::new(&file))["failures"], 1);
}

#[test]
fn a_recipe_that_cannot_run_says_why_and_runs_nothing() {
    let plan = "/nonexistent/plan.yaml";
    for (inputs, says) in [
        (vec![("plan", plan), ("binary", "/nonexistent/fencepost")], "was not found"),
        (vec![("plan", plan), ("binary", BINARY), ("sha256", "00")], "is not the one that sha256 names"),
        (vec![("plan", plan), ("binary", BINARY)], "plan.yaml: No such file"),
        (vec![("plan", "--help"), ("binary", BINARY), ("only", "--help")], "--help: No such file"),
        (
            vec![("plan", plan), ("binary", BINARY), ("only", "$(touch stolen) `touch stolen` ;touch stolen;")],
            "No such file",
        ),
    ] {
        for ran in [action(&inputs), template(&inputs)] {
            assert_eq!(ran.code, 2, "{inputs:?}: {}", ran.out);
            assert!(ran.out.contains(says), "{inputs:?}: {}", ran.out);
            assert!(!ran.folder.path().join("stolen").exists(), "{inputs:?}");
        }
    }
}

/// What a user, a branch or a pull request can choose comes to a script as a variable, never as text of the script.
#[test]
fn no_expression_stands_in_a_script() {
    let (action, template) = (yaml(ACTION), yaml(TEMPLATE));
    let run = text(&step(&action["runs"]["steps"], "run")["run"]);
    let bash = text(&step(&template["steps"], "bash")["bash"]);
    for (script, what) in [(run, ACTION), (bash, TEMPLATE), (&text_of("deploy/github/gate.sh"), "gate.sh")] {
        assert!(!script.contains("${{"), "{what}");
    }
    // Azure's agent replaces $(name) in a script before bash sees it.
    assert!(!bash.contains("$("), "{TEMPLATE}");
}

#[test]
fn the_recipes_keep_to_the_schemas_of_those_who_read_them() {
    let checked = |schema: &str, file: &str| {
        succeed(Command::new(python_tool("check-jsonschema")).args(["--builtin-schema", schema]).arg(repo(file)));
    };
    checked("vendor.github-actions", ACTION);
    checked("vendor.azure-pipelines", TEMPLATE);
}

/// The examples of the page are pipelines of those systems.
#[test]
fn the_examples_of_the_page_keep_to_the_schemas_too() {
    let page = text_of("docs/pipelines.md");
    let folder = Folder::new();
    for (heading, schema, before) in [
        ("GitHub Actions", "vendor.github-workflows", "on: push\n"),
        ("Azure Pipelines", "vendor.azure-pipelines", ""),
        ("GitLab", "vendor.gitlab-ci", ""),
    ] {
        let section = page.split(&format!("\n## {heading}\n")).nth(1).unwrap();
        let example = section.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
        let file = folder.write(&format!("{schema}.yml"), format!("{before}{example}"));
        succeed(Command::new(python_tool("check-jsonschema")).args(["--builtin-schema", schema]).arg(file));
    }
}

#[test]
fn shellcheck_finds_nothing_in_any_script() {
    let folder = Folder::new();
    let shebang = |script: &str| format!("#!/usr/bin/env bash\n{script}");
    let mut scripts = vec![
        folder.write("action.sh", shebang(text(&step(&yaml(ACTION)["runs"]["steps"], "run")["run"]))),
        folder.write("template.sh", shebang(text(&step(&yaml(TEMPLATE)["steps"], "bash")["bash"]))),
    ];
    let mut folders = vec![repo("deploy"), repo("scripts"), repo(".ci")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read(&path).unwrap().starts_with(b"#!/usr/bin/env bash") {
                scripts.push(path);
            }
        }
    }
    assert!(scripts.len() > 8, "{scripts:?}");
    // SC2266 takes the command `scripts/test` for the bracket of that name.
    succeed(Command::new("shellcheck").args(["--severity=warning", "--exclude=SC2266"]).args(scripts));
}
