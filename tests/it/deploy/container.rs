//! `deploy/container`: the image, built without privilege, unpacked by umoci and run by crun.

use crate::repository::repo;
use crate::support::agent::http;
use crate::support::dnsmasq::Dnsmasq;
use crate::support::island::Island;
use crate::support::{Folder, succeed};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The most that the image may take beside the program itself, in bytes.
const MOST_BESIDE: u64 = 6 << 20;

/// The program under test without its debug information, as a release has none.
fn binary(folder: &Folder) -> std::path::PathBuf {
    let stripped = folder.path().join("fencepost");
    succeed(Command::new("strip").arg("-o").arg(&stripped).arg(env!("CARGO_BIN_EXE_fencepost")));
    stripped
}

/// Builds the image with all rights of root taken away; returns its digest.
fn build(binary: &Path, into: &Path) -> String {
    let mut build = Command::new("setpriv");
    build.args(["--bounding-set", "-all", "--inh-caps", "-all", "--no-new-privs"]);
    build.arg(repo("deploy/container/build")).arg(binary).arg(into);
    build.env("DEBS", repo("target/test-tools/debs")).env("SOURCE_DATE_EPOCH", "1790000000");
    succeed(&mut build).trim().to_owned()
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn the_image_is_made_of_the_same_bytes_twice_and_says_what_is_in_it() {
    let folder = Folder::new();
    let binary = binary(&folder);
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let digest = build(&binary, &one);
    assert!(digest.starts_with("sha256:"), "{digest}");
    assert_eq!(digest, build(&binary, &two));
    // The image for `docker load` and the files for the Containerfile are the same.
    assert_eq!(std::fs::read(one.join("rootfs.tar")).unwrap(), std::fs::read(two.join("rootfs.tar")).unwrap());
    let size = |path: &Path| std::fs::metadata(path).unwrap().len();
    let files = succeed(Command::new("tar").arg("--list").arg("--file").arg(one.join("rootfs.tar")));
    for file in ["etc/ssl/certs/ca-certificates.crt", "etc/nsswitch.conf", "usr/share/doc/fencepost/third-party.txt"] {
        assert!(files.lines().any(|line| line == file), "{file} is missing in {files}");
    }
    let beside = size(&one.join("rootfs.tar")) - size(&binary);
    assert!(beside < MOST_BESIDE, "{beside}");

    // CycloneDX's own schema judges the list of parts.
    let judge = "import sys; from cyclonedx.validation.json import JsonStrictValidator; from cyclonedx.schema import SchemaVersion\n\
                 print(JsonStrictValidator(SchemaVersion.V1_5).validate_str(open(sys.argv[1]).read()))";
    let python = repo("target/test-tools/venv/bin/python3");
    let sbom = one.join("sbom.cdx.json");
    assert_eq!(succeed(Command::new(python).args(["-c", judge]).arg(&sbom)).trim(), "None");
    let sbom = read(&sbom);
    let parts: Vec<&str> = sbom["components"].as_array().unwrap().iter().map(|p| p["purl"].as_str().unwrap()).collect();
    for part in
        ["pkg:deb/debian/libc6@", "pkg:deb/debian/ca-certificates@", "pkg:cargo/rustls@", "pkg:cargo/hickory-proto@"]
    {
        assert!(parts.iter().any(|purl| purl.starts_with(part)), "{part} is missing in {parts:?}");
    }
    assert!(!parts.iter().any(|purl| purl.starts_with("pkg:cargo/proptest@")), "tests are no part of it");
}

/// A bundle for crun: as the page tells to run it, with a read-only root, no rights, and files of the test laid in.
fn bundle(folder: &Path, island: &Island, arguments: &[&str], mounts: &[(&Path, &str)]) -> std::path::PathBuf {
    let bundle = folder.join("bundle");
    let image = format!("{}:fencepost", folder.join("built/image").display());
    if !bundle.exists() {
        succeed(Command::new("umoci").args(["unpack", "--image", &image]).arg(&bundle));
    }
    let file = bundle.join("config.json");
    let mut config = read(&file);
    let process = &mut config["process"];
    assert_eq!(process["user"], json!({"uid": 65532, "gid": 65532}));
    assert_eq!(process["args"][0], "/usr/bin/fencepost");
    process["args"] = json!([&["/usr/bin/fencepost"], arguments].concat());
    process["terminal"] = json!(false);
    process["capabilities"] = json!({});
    config["root"]["readonly"] = json!(true);
    let own: Vec<Value> = config["mounts"].as_array().unwrap().clone();
    // Groups of this machine's kind, which crun may not know, hold nothing of what is tried.
    let own = own.into_iter().filter(|mount| mount["destination"] != "/sys/fs/cgroup" && mount["type"] != "bind");
    let laid = mounts.iter().map(|(from, to)| {
        json!({"type": "bind", "source": from, "destination": to, "options": ["bind", "ro", "nosuid", "nodev"]})
    });
    config["mounts"] = own.chain(laid).collect();
    for namespace in config["linux"]["namespaces"].as_array_mut().unwrap() {
        if namespace["type"] == "network" {
            namespace["path"] = json!(format!("/proc/{}/ns/net", island.pid()));
        }
    }
    std::fs::write(file, config.to_string()).unwrap();
    bundle
}

/// A command that runs the bundle on the island.
fn crun(folder: &Path, island: &Island, bundle: &Path, name: &str) -> Command {
    let mut command = island.command("crun");
    command
        .arg("--root")
        .arg(folder.join("crun"))
        .args(["--cgroup-manager=disabled", "run", "--bundle"])
        .arg(bundle)
        .arg(name);
    command
}

struct Container(Child);

impl Drop for Container {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_image_runs_as_nobody_on_a_root_that_is_read_only() {
    let folder = Folder::new();
    build(&binary(&folder), &folder.path().join("built"));
    let island = Island::new(&["10.20.1.4/24".to_owned()]);
    succeed(island.command("mount").args(["-t", "cgroup2", "groups", "/sys/fs/cgroup"]));
    let resolv = folder.write("resolv.conf", "nameserver 127.0.0.1\n");
    let _dns = Dnsmasq::knowing(&island, "127.0.0.1", "contoso-chat.openai.azure.com", "10.20.3.5");
    let plan = repo("probes/minimal.yaml");
    let laid = [(plan.as_path(), "/etc/fencepost/plan.yaml"), (resolv.as_path(), "/etc/resolv.conf")];

    let once = |arguments: &[&str], mounts: &[(&Path, &str)]| {
        let bundle = bundle(folder.path(), &island, arguments, mounts);
        let output = crun(folder.path(), &island, &bundle, "once").stdin(Stdio::null()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, out, err) = once(&["--version"], &[]);
    assert_eq!((code, out.as_str()), (Some(0), concat!("fencepost ", env!("CARGO_PKG_VERSION"), "\n")), "{err}");
    let (code, out, err) = once(&["plan", "check"], &laid);
    assert!(code == Some(0) && out.contains("plan minimal is good"), "{out}{err}");
    let (code, _, err) = once(&["man", "--dir", "/var/lib"], &[]);
    assert!(code == Some(2) && err.contains("Read-only file system"), "{err}");

    let bundle = bundle(folder.path(), &island, &["run"], &laid);
    let mut child = crun(folder.path(), &island, &bundle, "agent").stderr(Stdio::piped()).spawn().unwrap();
    let log = BufReader::new(child.stderr.take().unwrap());
    let running = Container(child);
    let mut lines = Vec::new();
    let complete = log.lines().map_while(Result::ok).any(|line| {
        lines.push(line);
        lines.last().unwrap().contains("first round complete")
    });
    assert!(complete, "{lines:#?}");
    let board = island.shore().ashore(|| http("10.20.1.4:9853", "GET", "/api/v1/board").2);
    let board: Value = serde_json::from_str(&board).unwrap();
    let names = &board["checks"][0]["facts"]["names"];
    // getaddrinfo works with what the image holds: it asked the resolver of resolv.conf.
    assert!(names["os"].to_string().contains("10.20.3.5"), "{names:#}");
    assert_eq!(island.shore().ashore(|| http("10.20.1.4:9853", "GET", "/-/healthy").0), 200);
    drop(running);
}
