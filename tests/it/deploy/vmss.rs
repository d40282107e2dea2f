//! `deploy/vmss`: what cloud-init is given, read by cloud-init and played on a machine with systemd.

use super::systemd::package;
use crate::repository::{repo, text_of};
use crate::support::machine::Machine;
use crate::support::{Folder, succeed};
use serde_json::Value;
use std::process::Command;

fn python() -> Command {
    let mut python = Command::new(repo("target/test-tools/venv/bin/python3"));
    // Without what it compiled it reads cloud-init anew each time.
    python
        .env_remove("PYTHONDONTWRITEBYTECODE")
        .env("PYTHONPATH", repo("target/test-tools/cloud-init/usr/lib/python3/dist-packages"));
    python
}

/// The file as cloud-init's own reader of YAML sees it.
fn given() -> Value {
    let read = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
    serde_json::from_str(&succeed(python().args(["-c", read]).arg(repo("deploy/vmss/cloud-init.yaml")))).unwrap()
}

#[test]
fn cloud_init_and_shellcheck_take_the_file() {
    let folder = Folder::new();
    let judge = |text: &str| {
        let file = folder.write("cloud-init.yaml", text);
        let output = python().args(["-m", "cloudinit.cmd.main", "schema", "--config-file"]).arg(file).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let text = text_of("deploy/vmss/cloud-init.yaml");
    assert_eq!(judge(&text), (true, String::new()));
    let (taken, why) = judge(&text.replace("permissions: '0755'", "permissions: 0755"));
    assert!(!taken && why.contains("is not of type 'string'"), "it judges: {why}");
    for file in given()["write_files"].as_array().unwrap() {
        let content = file["content"].as_str().unwrap();
        if content.starts_with("#!/bin/sh\n") {
            succeed(Command::new("shellcheck").arg(folder.write("script", content)));
        }
    }
}

#[test]
fn a_machine_that_boots_with_it_runs_an_agent_if_the_package_is_the_one_that_was_meant() {
    let folder = Folder::new();
    let package = package(folder.path(), "1");
    let machine = Machine::boot();
    machine.take(&package);
    // It returns once its port is open.
    machine.sh("ip address add 10.20.8.4/26 dev lo
         echo 'user root; events {} http { server { listen 127.0.0.1:8000; root /mnt; } }' > /mnt/nginx.conf
         nginx -c /mnt/nginx.conf > /mnt/nginx.log 2>&1");
    let given = given();
    for file in given["write_files"].as_array().unwrap() {
        let text = |key: &str| file[key].as_str().unwrap();
        std::fs::write(machine.shared.path().join("content"), text("content")).unwrap();
        machine.sh(&format!("install -D -m {} /mnt/content {}", text("permissions"), text("path")));
    }
    let run = given["runcmd"][0].as_array().unwrap();
    let name = package.file_name().unwrap().to_str().unwrap();
    let sum = succeed(Command::new("sha256sum").arg(&package));
    let sum = sum.split(' ').next().unwrap();
    let install = |sum: &str| {
        let words = run.iter().map(|word| match word.as_str().unwrap() {
            "PACKAGE_URL" => format!("http://127.0.0.1:8000/{name}"),
            "PACKAGE_SHA256" => sum.to_owned(),
            word => word.to_owned(),
        });
        let words: Vec<String> = words.collect();
        machine.command(&words[0]).args(&words[1..]).output().unwrap()
    };
    let refused = install(&"0".repeat(64));
    assert!(!refused.status.success(), "{refused:?}");
    machine.sh("test ! -e /usr/bin/fencepost");

    let installed = install(sum);
    assert!(installed.status.success(), "{installed:?}");
    // It listens where this file says, and took the vantage of its subnet.
    let metrics = machine.sh("systemctl is-active fencepost; curl --silent --fail http://10.20.8.4:9853/metrics");
    assert!(
        metrics.contains("fencepost_vantage_info{vantage=\"build\",kind=\"build\",plan=\"contoso-ai\"} 1"),
        "{metrics}"
    );
}
