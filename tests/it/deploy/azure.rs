//! `deploy/azure`: what can be said of Bicep and Terraform without Azure and without their compilers.

use crate::repository::{repo, text_of};
use crate::support::agent::{fencepost, outcome};
use crate::support::{Folder, succeed};
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;

const BICEP: [&str; 2] = ["deploy/azure/main.bicep", "deploy/azure/subnet.bicep"];
const TERRAFORM: [&str; 4] = [
    "deploy/azure/terraform/main.tf",
    "deploy/azure/terraform/variables.tf",
    "deploy/azure/terraform/outputs.tf",
    "deploy/azure/terraform/subnet/main.tf",
];

/// Reads with the grammar of each; says what does not fit, or gives what HCL holds as JSON.
const READ: &str = r#"
import json, sys
kind, text = sys.argv[1], sys.stdin.read()
if kind == "bicep":
    import tree_sitter, tree_sitter_bicep
    tree = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bicep.language())).parse(text.encode())
    sys.exit("does not fit the grammar" if tree.root_node.has_error else 0)
import hcl2
print(json.dumps(hcl2.loads(text), default=str))
"#;

fn read(kind: &str, text: &str) -> Result<String, String> {
    let folder = Folder::new();
    let file = std::fs::File::open(folder.write("text", text)).unwrap();
    let output = Command::new(repo("target/test-tools/venv/bin/python3"))
        .args(["-c", READ, kind])
        .stdin(file)
        .output()
        .unwrap_or_else(|e| panic!("{e}; run scripts/install-test-tools.sh"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// The words after each of these, up to what is no part of a name.
fn words_after<'a>(text: &'a str, before: &str) -> BTreeSet<&'a str> {
    let name = |rest: &'a str| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap();
    text.split(before).skip(1).map(name).collect()
}

/// `plan_url` as Bicep would call it.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap().to_owned();
    words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
}

#[test]
fn every_file_fits_its_grammar() {
    for path in BICEP {
        let text = text_of(path);
        assert_eq!(read("bicep", &text), Ok(String::new()), "{path}");
        assert!(read("bicep", &text.replacen("param ", "param = ", 1)).is_err(), "{path}: the grammar judges nothing");
    }
    for path in TERRAFORM {
        let text = text_of(path);
        read("hcl", &text).unwrap_or_else(|why| panic!("{path}: {why}"));
        assert!(read("hcl", &text.replacen('{', "[", 1)).is_err(), "{path}: the grammar judges nothing");
    }
}

#[test]
fn examples_set_what_is_asked_for_and_nothing_else() {
    let bicep = text_of(BICEP[0]);
    let asked = words_after(&bicep, "\nparam ");
    let needless: BTreeSet<&str> = bicep
        .lines()
        .filter(|line| line.starts_with("param ") && line.contains(" = "))
        .map(|line| line.split(' ').nth(1).unwrap())
        .collect();
    let example: Value = serde_json::from_str(&text_of("deploy/azure/main.parameters.json")).unwrap();
    let set: BTreeSet<&str> = example["parameters"].as_object().unwrap().keys().map(String::as_str).collect();
    assert!(set.is_subset(&asked), "{set:?} {asked:?}");
    assert!(asked.difference(&needless).all(|name| set.contains(name)), "{asked:?} {needless:?} {set:?}");
    let place = bicep.split("type place = {").nth(1).unwrap().split("\n}").next().unwrap();
    for agent in example["parameters"]["agents"]["value"].as_array().unwrap() {
        for key in agent.as_object().unwrap().keys() {
            assert!(place.contains(&format!("  {key}: ")), "{key} is none of {place}");
        }
    }

    // Terraform asks for the same, by names of its own kind, and for the resource group.
    let variables: BTreeSet<String> =
        words_after(&text_of(TERRAFORM[1]), "variable \"").into_iter().map(camel).collect();
    let mut of_bicep: BTreeSet<String> = asked.iter().map(|name| (*name).to_owned()).collect();
    of_bicep.insert("resourceGroupName".to_owned());
    assert_eq!(variables, of_bicep);
    let example = text_of("deploy/azure/terraform/terraform.tfvars.example");
    let set: Value = serde_json::from_str(&read("hcl", &example).unwrap()).unwrap();
    assert!(set.as_object().unwrap().keys().all(|name| variables.contains(&camel(name))), "{set}");
}

#[test]
fn what_agents_are_given_is_what_the_program_and_the_image_take() {
    let (code, help, _) = outcome(fencepost().args(["run", "--help"]));
    assert_eq!(code, 0);
    let of_agents = |text: &str| -> BTreeSet<String> {
        words_after(text, "FENCEPOST_").into_iter().map(|name| format!("FENCEPOST_{name}")).collect()
    };
    let (bicep, terraform) = (text_of(BICEP[0]), text_of(TERRAFORM[0]));
    let given = of_agents(&bicep);
    assert_eq!(given, of_agents(&terraform));
    assert!(given.len() == 4 && given.is_subset(&of_agents(&help)), "{given:?} in {help}");
    let image = text_of("deploy/container/Containerfile");
    for text in [&bicep, &terraform] {
        assert!(text.contains("'/usr/bin/fencepost'") || text.contains("\"/usr/bin/fencepost\""));
        assert!(text.contains("port = 9853") && text.contains("/-/healthy"));
    }
    assert!(image.contains("ENTRYPOINT [\"/usr/bin/fencepost\"]") && image.contains("EXPOSE 9853/tcp"));
    for path in [BICEP[1], TERRAFORM[3]] {
        assert!(text_of(path).contains("Microsoft.ContainerInstance/containerGroups"), "{path}: no delegation");
    }
}

#[test]
fn prometheus_takes_the_scrape_job() {
    let map = text_of("deploy/azure/ama-metrics-prometheus-config.yaml");
    let (_, job) = map.split_once("  prometheus-config: |-\n").unwrap();
    let job: String = job.lines().map(|line| line.strip_prefix("    ").unwrap().to_owned() + "\n").collect();
    let folder = Folder::new();
    let said = succeed(Command::new("promtool").args(["check", "config"]).arg(folder.write("prometheus.yml", &job)));
    assert!(said.contains("is valid prometheus config file syntax"), "{said}");
    assert!(job.contains(":9853"), "{job}");
}
