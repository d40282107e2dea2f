//! What Kubernetes is given: the chart, rendered by Helm itself, and the plain manifests, held against Kubernetes' schemas.

use crate::repository::{files_in, repo, text_of};
use crate::support::agent::{fencepost, http, outcome};
use crate::support::{Folder, free_port, succeed};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

const CHART: &str = "deploy/helm/fencepost";

/// The oldest Kubernetes that the chart names, and the newest whose schemas are here.
const VERSIONS: [&str; 2] = ["1.25.0", "1.37.0"];

fn tool(name: &str) -> Command {
    Command::new(repo("target/test-tools/venv/bin").join(name))
}

fn documents(text: &str) -> Vec<Value> {
    let documents = format!("\n{text}");
    let documents = documents.split("\n---").map(|text| serde_saphyr::from_str(text).unwrap());
    documents.filter(|document: &Value| !document.is_null()).collect()
}

/// What Helm makes of a file of values, as text.
fn rendered(values: &str) -> String {
    let mut helm = tool("helm");
    helm.args(["template", "agents", CHART, "--namespace", "watch", "--values", &format!("{CHART}/ci/{values}.yaml")]);
    succeed(helm.current_dir(repo("")))
}

/// Every set of values that the chart is tried with.
fn values() -> Vec<String> {
    let names: Vec<String> = files_in(&format!("{CHART}/ci"), "yaml").into_iter().map(|(name, _)| name).collect();
    assert!(names.len() >= 3, "{names:?}");
    names
}

/// Files by name and content: the plain manifests, without what only kustomize reads.
fn manifests() -> Vec<(String, String)> {
    let mut files = files_in("deploy/kubernetes", "yaml");
    files.retain(|(name, _)| name != "kustomization");
    files
}

/// Everything that is handed to Kubernetes, with where it comes from.
fn everything() -> Vec<(String, Value)> {
    let plain = manifests().into_iter();
    let made = values().into_iter().map(|values| (values.clone(), rendered(&values)));
    let of_file = |(name, text): (String, String)| documents(&text).into_iter().map(move |d| (name.clone(), d));
    plain.chain(made).flat_map(of_file).collect()
}

/// The template of the pods that something makes, where it makes some.
fn pod(document: &Value) -> Option<&Value> {
    match document["kind"].as_str()? {
        "Deployment" | "DaemonSet" => Some(&document["spec"]["template"]),
        "CronJob" => Some(&document["spec"]["jobTemplate"]["spec"]["template"]),
        _ => None,
    }
}

#[test]
fn kubernetes_schemas_take_everything() {
    let folder = Folder::new();
    let mut files: Vec<_> =
        manifests().iter().map(|(name, text)| folder.write(&format!("{name}.yaml"), text)).collect();
    files.extend(values().iter().map(|name| folder.write(&format!("chart-{name}.yaml"), rendered(name))));
    let is_own = |document: &Value| document["apiVersion"] != "monitoring.coreos.com/v1";
    let own = everything().iter().filter(|(_, document)| is_own(document)).count();
    for version in VERSIONS {
        let mut command = tool("kubernetes-validate");
        let (code, out, err) = outcome(command.args(["--strict", "-k", version]).args(&files));
        let said = format!("{out}{err}");
        assert_eq!(code, 0, "{version}: {said}");
        // The operator's kinds are not Kubernetes' own; everything else was looked at.
        let unknown: Vec<&str> = said.lines().filter(|line| line.contains("Couldn't find schema")).collect();
        assert!(unknown.iter().all(|line| line.contains("monitoring.coreos.com/v1")), "{unknown:#?}");
        assert_eq!(said.matches(" passed for resource ").count(), own, "{said}");
    }
    let broken = rendered("least-values").replace("replicas: 1", "replicas: one");
    let (code, ..) = outcome(tool("kubernetes-validate").arg(folder.write("broken.yaml", broken)));
    assert_ne!(code, 0, "the schemas take anything");
}

#[test]
fn helm_finds_nothing_to_mend() {
    for values in values() {
        let mut helm = tool("helm");
        helm.args(["lint", "--strict", CHART, "--values", &format!("{CHART}/ci/{values}.yaml")]);
        let said = succeed(helm.current_dir(repo("")));
        assert!(said.contains("0 chart(s) failed") && !said.contains("[WARNING]"), "{values}: {said}");
    }
}

#[test]
fn values_that_cannot_be_meant_are_refused() {
    for (set, wanted) in [
        ("image.repository=", "build the image"),
        ("plan.existingConfigMap=", "there is no plan"),
        ("plan.text=a", "keep one"),
        ("plan.txt=a", "txt"),
        ("pools[0].name=Apps", "name"),
        ("pools[0].kind=StatefulSet", "kind"),
        ("pools[0].host=true", "host"),
        ("pools[1].name=default", "two pools are called default"),
        ("monitor.kind=Probe", "kind"),
        ("port=80", "port"),
        ("pools[0].kind=DaemonSet,state.existingClaim=kept", "a DaemonSet has several"),
    ] {
        let mut helm = tool("helm");
        helm.args(["template", "agents", CHART, "--set", "pools[0].name=default", "--set", set]);
        helm.args(["--values", &format!("{CHART}/ci/least-values.yaml")]);
        let (code, _, err) = outcome(helm.current_dir(repo("")));
        assert!(code != 0 && err.contains(wanted), "{set}: {code} {err}");
    }
}

#[test]
fn every_pod_is_without_rights() {
    let mut pods = 0;
    for (from, document) in everything() {
        let Some(pod) = pod(&document) else { continue };
        pods += 1;
        let (spec, container) = (&pod["spec"], &pod["spec"]["containers"][0]);
        let whole = format!("{from}: {}", document["metadata"]["name"]);
        assert_eq!(spec["automountServiceAccountToken"], false, "{whole}");
        assert_eq!(spec["securityContext"]["runAsNonRoot"], true, "{whole}");
        assert_eq!(spec["securityContext"]["seccompProfile"]["type"], "RuntimeDefault", "{whole}");
        let context = json!({"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}});
        assert_eq!(container["securityContext"], context, "{whole}");
        assert!(container["resources"]["limits"]["memory"].is_string(), "{whole}");
        assert_eq!(spec["containers"].as_array().unwrap().len(), 1, "{whole}");
        let volumes = spec["volumes"].as_array().unwrap();
        assert!(volumes.iter().all(|volume| volume["hostPath"].is_null()), "{whole}");
    }
    assert!(pods >= 9, "{pods} pods");
}

/// Every option that a pod is started with is one of the program's.
#[test]
fn every_argument_is_known_to_the_program() {
    let help = |command: &str| succeed(fencepost().args([command, "--help"]));
    let known = [("run", help("run")), ("check", help("check"))];
    let mut options = BTreeSet::new();
    for (from, document) in everything() {
        let Some(pod) = pod(&document) else { continue };
        let words = pod["spec"]["containers"][0]["args"].as_array().unwrap();
        let (command, rest) = words.split_first().unwrap();
        let (_, help) = known.iter().find(|(name, _)| command == name).unwrap_or_else(|| panic!("{from}: {command}"));
        for word in rest {
            let option = word.as_str().unwrap().split('=').next().unwrap();
            assert!(help.contains(&format!("{option} ")), "{from}: {command} has no {option}");
            options.insert(option.to_owned());
        }
    }
    for option in ["--plan", "--listen", "--state", "--vantage", "--web.config.file", "--log-format"] {
        assert!(options.contains(option), "no pod is started with {option}");
    }
}

/// What selects pods selects those that are made.
#[test]
fn whoever_selects_agents_finds_them() {
    for from in values().into_iter().map(|values| rendered(&values)).chain([manifests()
        .into_iter()
        .map(|m| m.1)
        .collect::<Vec<_>>()
        .join("\n---\n")])
    {
        let all = documents(&from);
        let labels: Vec<&Value> = all
            .iter()
            .filter(|d| d["kind"] != "CronJob")
            .filter_map(pod)
            .map(|pod| &pod["metadata"]["labels"])
            .collect();
        let fits = |wanted: &Value, labels: &Value| {
            let wanted = wanted.as_object().unwrap_or_else(|| panic!("no selector in {wanted}"));
            !wanted.is_empty() && wanted.iter().all(|(name, value)| labels[name] == *value)
        };
        for document in &all {
            let spec = &document["spec"];
            let selector = match document["kind"].as_str().unwrap() {
                "Service" => &spec["selector"],
                "NetworkPolicy" => &spec["podSelector"]["matchLabels"],
                "PodMonitor" => &spec["selector"]["matchLabels"],
                "ServiceMonitor" => {
                    let service = all.iter().find(|d| d["kind"] == "Service").unwrap();
                    assert!(fits(&spec["selector"]["matchLabels"], &service["metadata"]["labels"]));
                    continue;
                }
                "Deployment" | "DaemonSet" => {
                    let wanted = &spec["selector"]["matchLabels"];
                    let own = labels.iter().filter(|labels| fits(wanted, labels)).count();
                    assert_eq!(own, 1, "{} owns pods of others", document["metadata"]["name"]);
                    continue;
                }
                _ => continue,
            };
            assert!(labels.iter().all(|labels| fits(selector, labels)), "{}", document["kind"]);
        }
    }
}

/// The operator's kinds, of which the schemas of Kubernetes know nothing: their shape as far as the chart uses it, and rules
/// by promtool.
#[test]
fn the_operator_gets_the_rules_and_targets_as_they_are_shipped() {
    let folder = Folder::new();
    let all = documents(&rendered("everything-values"));
    let of_kind = |kind: &str| all.iter().filter(|document| document["kind"] == kind).cloned().collect::<Vec<_>>();
    let rules = of_kind("PrometheusRule");
    let shipped: Vec<Value> =
        files_in("dashboards/rules", "yaml").iter().map(|(_, text)| serde_saphyr::from_str(text).unwrap()).collect();
    let specs: Vec<Value> = rules.iter().map(|rule| rule["spec"].clone()).collect();
    assert_eq!(specs, shipped);
    for rule in &rules {
        assert_eq!(rule["metadata"]["labels"]["release"], "monitoring");
        let file = folder.write("rules.yaml", rule["spec"].to_string());
        succeed(Command::new("promtool").args(["check", "rules"]).arg(file));
    }
    let monitors = of_kind("ServiceMonitor");
    let endpoint = &monitors[0]["spec"]["endpoints"][0];
    assert_eq!(
        (&endpoint["port"], &endpoint["path"], &endpoint["scheme"]),
        (&"http".into(), &"/metrics".into(), &"https".into())
    );
    let pods = documents(&rendered("pod-monitor-values"));
    let monitor = pods.iter().find(|document| document["kind"] == "PodMonitor").unwrap();
    assert_eq!(monitor["spec"]["podMetricsEndpoints"], json!([{"port": "http", "path": "/metrics", "interval": "1m"}]));
    let boards = of_kind("ConfigMap");
    let boards: Vec<&Value> =
        boards.iter().filter(|map| map["metadata"]["labels"]["grafana_dashboard"] == "1").collect();
    let files = files_in("dashboards/grafana", "json");
    assert_eq!(boards.len(), files.len());
    for (name, text) in files {
        let held = boards.iter().find_map(|map| map["data"][format!("fencepost-{name}.json")].as_str()).unwrap();
        assert_eq!(held.trim_end(), text.trim_end(), "{name}");
    }
}

#[test]
fn the_chart_holds_rules_and_dashboards_as_they_are() {
    for (here, there) in [("dashboards/rules", "rules"), ("dashboards/grafana", "dashboards")] {
        let ending = if there == "rules" { "yaml" } else { "json" };
        let copies = files_in(&format!("{CHART}/files/{there}"), ending);
        assert!(copies == files_in(here, ending), "{here} changed: run scripts/chart-files");
    }
}

/// The plan comes out as it went in, and probes ask nothing that they have no password for.
#[test]
fn plan_and_probes_are_as_the_values_say() {
    let folder = Folder::new();
    let all = documents(&rendered("everything-values"));
    let plan = all.iter().find_map(|document| document["data"]["plan.yaml"].as_str()).unwrap();
    succeed(fencepost().args(["plan", "check"]).arg(folder.write("plan.yaml", plan)));
    let agent = |all: &[Value], name: &str| {
        let found = all.iter().find(|document| document["metadata"]["name"] == name);
        found.unwrap_or_else(|| panic!("no {name}"))["spec"]["template"]["spec"].clone()
    };
    let apps = agent(&all, "agents-fencepost-apps");
    assert_eq!(apps["containers"][0]["readinessProbe"]["tcpSocket"]["port"], "http");
    let volumes = apps["volumes"].as_array().unwrap();
    let web = &volumes.iter().find(|volume| volume["name"] == "web").unwrap()["projected"]["sources"];
    assert_eq!(*web, json!([{"secret": {"name": "fencepost-web"}}, {"secret": {"name": "fencepost-tls"}}]));
    assert_eq!((&apps["dnsPolicy"], &apps["hostNetwork"]), (&"ClusterFirst".into(), &false.into()));
    let nodes = agent(&all, "agents-fencepost-build-nodes");
    assert_eq!((&nodes["dnsPolicy"], &nodes["hostNetwork"]), (&"Default".into(), &true.into()));
    assert_eq!(agent(&all, "agents-fencepost-edge")["dnsPolicy"], "ClusterFirstWithHostNet");
    let least = agent(&documents(&rendered("least-values")), "agents-fencepost-default");
    let probed = |probe: &str| least["containers"][0][probe]["httpGet"]["path"].clone();
    assert_eq!((probed("livenessProbe"), probed("readinessProbe")), ("/-/healthy".into(), "/-/ready".into()));
}

/// `kubectl apply -k` gives what the files say, with the image that was named.
#[test]
fn kustomize_names_the_image() {
    let folder = Folder::new();
    for (name, text) in files_in("deploy/kubernetes", "yaml") {
        let text =
            text.replace("# newName: REGISTRY/", "newName: own.example/").replace("newTag: 0.1.0", "newTag: \"9\"");
        folder.write(&format!("{name}.yaml"), text);
    }
    let made = documents(&succeed(Command::new("kubectl").arg("kustomize").arg(folder.path())));
    let kinds: BTreeSet<&str> = made.iter().map(|document| document["kind"].as_str().unwrap()).collect();
    let wanted = ["ConfigMap", "CronJob", "Deployment", "Namespace", "NetworkPolicy", "Service", "ServiceAccount"];
    assert_eq!(kinds, BTreeSet::from(wanted));
    for pod in made.iter().filter_map(pod) {
        assert_eq!(pod["spec"]["containers"][0]["image"], "own.example/fencepost:9");
    }
}

/// What a pod is started with starts an agent that its probes find well, and a look that ends.
#[test]
fn the_arguments_of_pods_do_what_they_are_for() {
    let folder = Folder::new();
    // As Kubernetes makes one for a pod.
    let state = folder.path().join("volume");
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o777)).unwrap();
    let plan = crate::threats::plan(&folder, free_port(), free_port(), "");
    let listen = format!("127.0.0.1:{}", free_port());
    let started = |document: &Value| {
        let words = pod(document).unwrap()["spec"]["containers"][0]["args"].as_array().unwrap();
        let here = |word: &Value| {
            let word = word.as_str().unwrap().replace("/etc/fencepost/plan/plan.yaml", plan.to_str().unwrap());
            word.replace("0.0.0.0:9853", &listen).replace("/var/lib/fencepost", state.to_str().unwrap())
        };
        let mut command = fencepost();
        command.args(words.iter().map(here)).env("FENCEPOST_VANTAGE", "here");
        command
    };
    let check = documents(&text_of("deploy/kubernetes/check.yaml")).remove(0);
    let (code, out, err) = outcome(&mut started(&check));
    assert!(code == 3 && out.contains("resolver-refused"), "{code}: {out}{err}");
    let least = documents(&rendered("least-values"));
    let of_chart = least.iter().find(|document| pod(document).is_some()).unwrap().clone();
    for document in [of_chart, documents(&text_of("deploy/kubernetes/agent.yaml")).remove(0)] {
        let mut child = started(&document).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut seen = String::new();
        while !seen.contains("first round complete") {
            match log.next() {
                Some(line) => seen.push_str(&line.unwrap()),
                None => break,
            }
        }
        let probes = ["livenessProbe", "readinessProbe"].map(|probe| {
            let path = &pod(&document).unwrap()["spec"]["containers"][0][probe]["httpGet"]["path"];
            if seen.contains("first round complete") { http(&listen, "GET", path.as_str().unwrap()).0 } else { 0 }
        });
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(probes, [200, 200], "{seen}");
        assert!(!seen.contains("others can write"), "the folder of the state is open: {seen}");
    }
}

#[test]
fn the_plain_manifests_are_listed_and_hold_a_ready_plan() {
    let kustomization: Value = serde_saphyr::from_str(&text_of("deploy/kubernetes/kustomization.yaml")).unwrap();
    let mut listed: Vec<&str> =
        kustomization["resources"].as_array().unwrap().iter().map(|file| file.as_str().unwrap()).collect();
    // Instead of agent.yaml, as its first line says.
    listed.push("node-agent.yaml");
    listed.sort_unstable();
    let there: Vec<String> = manifests().into_iter().map(|(name, _)| format!("{name}.yaml")).collect();
    assert_eq!(listed, there);
    let plan = &documents(&text_of("deploy/kubernetes/plan.yaml"))[0]["data"]["plan.yaml"];
    assert_eq!(plan.as_str().unwrap(), text_of("probes/minimal.yaml"));
    let image = kustomization["images"][0]["name"].as_str().unwrap();
    for (name, text) in manifests().iter().filter(|(_, text)| text.contains("image:")) {
        assert!(text.contains(&format!("image: {image}:{}\n", env!("CARGO_PKG_VERSION"))), "{name}");
    }
    let chart = text_of(&format!("{CHART}/Chart.yaml"));
    assert!(
        chart.contains(&format!("\nappVersion: {}\n", env!("CARGO_PKG_VERSION"))),
        "the chart is of another version"
    );
    assert!(
        fs::exists(repo("deploy/helm/README.md")).unwrap() && fs::exists(repo("deploy/kubernetes/README.md")).unwrap()
    );
}
