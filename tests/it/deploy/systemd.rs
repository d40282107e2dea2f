//! `deploy/systemd`: the unit and the package, on a machine with a systemd of its own.

use crate::repository::{repo, text_of};
use crate::support::machine::Machine;
use crate::support::{Folder, succeed};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What `systemd-analyze security` may say of the unit at the most; services without any protection have 9.6.
const MOST_EXPOSURE: f64 = 1.5;

/// Builds the package around the program under test.
pub fn package(folder: &Path, revision: &str) -> PathBuf {
    let mut build = Command::new(repo("deploy/systemd/build-deb"));
    build.arg(env!("CARGO_BIN_EXE_fencepost")).arg(folder).env("DEB_REVISION", revision);
    // What a package is squeezed with changes nothing of what is tried here.
    build.envs([
        ("DPKG_DEB_COMPRESSOR_TYPE", "gzip"),
        ("DPKG_DEB_COMPRESSOR_LEVEL", "1"),
        ("SOURCE_DATE_EPOCH", "1790000000"),
    ]);
    PathBuf::from(succeed(&mut build).trim())
}

#[test]
fn systemd_takes_the_unit_and_finds_it_little_exposed() {
    let folder = Folder::new();
    let unit = text_of("deploy/systemd/fencepost.service");
    // Verifying asks for the program.
    let unit = folder.write("fencepost.service", unit.replace("/usr/bin/fencepost", env!("CARGO_BIN_EXE_fencepost")));
    let verified = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&unit).output().unwrap();
    let said = String::from_utf8_lossy(&verified.stderr);
    let own: Vec<&str> = said.lines().filter(|line| line.contains("fencepost")).collect();
    assert!(verified.status.success() && own.is_empty(), "{said}");
    let rated = succeed(Command::new("systemd-analyze").args(["security", "--offline=true", "--no-pager"]).arg(&unit));
    let level =
        rated.lines().find_map(|line| line.split_once("fencepost.service: ")).unwrap_or_else(|| panic!("{rated}"));
    let level: f64 = level.1.split(' ').next().unwrap().parse().unwrap();
    assert!(level <= MOST_EXPOSURE, "{rated}");
}

#[test]
fn the_package_is_made_of_the_same_bytes_twice() {
    let (one, two) = (Folder::new(), Folder::new());
    let (package, again) = (package(one.path(), "1"), package(two.path(), "1"));
    assert_eq!(std::fs::read(&package).unwrap(), std::fs::read(again).unwrap());
}

#[test]
fn the_package_pleases_lintian_and_holds_no_plan() {
    let folder = Folder::new();
    let package = package(folder.path(), "1");
    // Nobody asked Debian to take it, so no bug is closed.
    let mut lintian = Command::new("lintian");
    let said = lintian.args([
        "--allow-root",
        "--fail-on",
        "error,warning",
        "--suppress-tags",
        "initial-upload-closes-no-bugs",
    ]);
    assert_eq!(succeed(said.arg(&package)), "");
    let files = succeed(Command::new("dpkg-deb").arg("--contents").arg(&package));
    for file in [
        "./usr/bin/fencepost\n",
        "./lib/systemd/system/fencepost.service\n",
        "./etc/fencepost/\n",
        "./usr/share/man/man1/fencepost-run.1.gz\n",
        "./usr/share/bash-completion/completions/fencepost\n",
        "./usr/share/doc/fencepost/third-party.txt.gz\n",
        "./usr/share/doc/fencepost/examples/hub-and-spoke.yaml\n",
        "./usr/share/doc/fencepost/examples/grafana/fleet.json\n",
    ] {
        assert!(files.contains(file), "{file:?} is missing in {files}");
    }
    assert!(!files.contains("plan.yaml"), "the plan is its owner's: {files}");
}

/// The commands of the first block behind some words of a page.
fn commands(page: &str, behind: &str) -> String {
    let text = text_of(page);
    let rest = text.split_once(behind).unwrap_or_else(|| panic!("{page} does not say {behind:?}")).1;
    let block = rest.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next());
    block.unwrap_or_else(|| panic!("{page} has no commands")).to_owned()
}

/// What systemd knows of the service.
fn shown(machine: &Machine, property: &str) -> String {
    machine.sh(&format!("systemctl show --property {property} --value fencepost")).trim().to_owned()
}

/// Asks until it is so.
fn wait_until(machine: &Machine, property: &str, is: impl Fn(&str) -> bool) -> String {
    loop {
        let value = shown(machine, property);
        if is(&value) {
            return value;
        }
    }
}

/// A machine in the subnet of the plan, whose resolver knows the private endpoint.
fn in_the_subnet(package: &Path) -> Machine {
    let machine = Machine::boot();
    machine.take(package);
    machine.sh("ip address add 10.20.1.4/24 dev lo
         printf 'nameserver 127.0.0.1\\n' > /etc/resolv.conf
         printf 'hosts: files dns\\n' > /etc/nsswitch.conf
         dnsmasq --no-resolv --no-hosts --no-daemon --user=root --listen-address=127.0.0.1 --bind-interfaces \
           --address=/contoso-chat.openai.azure.com/10.20.3.5 > /mnt/dnsmasq.log 2>&1 &
         until grep -q started /mnt/dnsmasq.log; do :; done");
    machine
}

#[test]
fn the_five_minutes_of_the_page_end_with_a_service_that_outlives_all_but_its_purge() {
    let folder = Folder::new();
    let (first, second) = (package(folder.path(), "1"), package(folder.path(), "2"));
    let machine = in_the_subnet(&first);
    machine.take(&second);

    // The README, as it stands there; the page of the way says the same.
    let page = commands("README.md", "as root, beside the package");
    assert_eq!(page, commands("deploy/systemd/README.md", "as root, beside the package"));
    let said = machine.sh(&format!("cd /mnt\n{page}"));
    assert!(said.contains("plan minimal is good") && said.contains("active (running)"), "{said}");
    assert!(said.contains("fencepost_build_info{version="), "{said}");
    assert_eq!(shown(&machine, "UnitFileState"), "enabled");
    let status = wait_until(&machine, "StatusText", |status| status.contains("1 broken"));
    assert_eq!(status, "1 check: 0 hold, 1 broken, 0 unknown");

    is_shut_in(&machine);
    is_led_by_signals(&machine);
    survives_an_upgrade(&machine, second.file_name().unwrap().to_str().unwrap());

    // Removed, its configuration stays; purged, nothing does.
    machine.sh("dpkg --remove fencepost");
    assert_eq!(machine.sh("pgrep -x fencepost || echo nobody").trim(), "nobody");
    machine.sh(
        "test -s /etc/fencepost/plan.yaml && test -s /var/lib/private/fencepost/app.state && test -s /etc/default/fencepost",
    );
    machine.sh("dpkg --purge fencepost");
    let left: Vec<String> = machine.left("fencepost").into_iter().filter(|file| !file.contains("/lintian/")).collect();
    assert_eq!(left, [""; 0]);
    // It can come back.
    machine.sh("dpkg --install /mnt/fencepost_*-2_*.deb");
    assert_eq!(shown(&machine, "UnitFileState"), "enabled");
}

/// The agent runs as a user of its own, without rights, and still resolves names as applications do.
fn is_shut_in(machine: &Machine) {
    let pid = shown(machine, "MainPID");
    let about = machine.sh(&format!("cat /proc/{pid}/status"));
    for line in ["CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"] {
        assert!(about.lines().any(|l| l == line), "{line:?} is not in {about}");
    }
    // From the range of users that exist only while their service runs.
    let user: u32 = machine.sh(&format!("stat --format %u /proc/{pid}")).trim().parse().unwrap();
    assert!((61_184..=65_519).contains(&user), "{user}");
    assert_eq!(machine.sh("stat --format '%u %a' /var/lib/private/fencepost").trim(), format!("{user} 700"));
    let board = machine.sh("curl --silent --fail http://127.0.0.1:9853/api/v1/board");
    let board: serde_json::Value = serde_json::from_str(&board).unwrap();
    // getaddrinfo asked the resolver of resolv.conf, through the machine's own libraries.
    let os = &board["checks"][0]["facts"]["names"]["os"];
    assert!(os.to_string().contains("10.20.3.5"), "{os:#}");
    let looks = machine.sh("journalctl --unit fencepost --output cat");
    assert!(!looks.contains("descriptors") && looks.contains("first round complete"), "{looks}");
}

fn is_led_by_signals(machine: &Machine) {
    let plan = "/etc/fencepost/plan.yaml";
    machine.sh(&format!(
        "cp {plan} /mnt/good.yaml; sed -i 's/claim: private/claim: privat/' {plan}; systemctl reload fencepost"
    ));
    wait_until(machine, "StatusText", |status| status.contains("the newest plan could not be read"));
    machine.sh(&format!("cp /mnt/good.yaml {plan}; systemctl reload fencepost"));
    wait_until(machine, "StatusText", |status| !status.contains("the newest plan"));
    assert_eq!(shown(machine, "NRestarts"), "0");

    // A secret that only root may read comes to the agent as a credential.
    let alerts =
        "alerts: {webhooks: {pager: {url: 'http://127.0.0.1:1/', secret: /run/credentials/fencepost.service/webhook}}}";
    machine.sh(&format!(
        "umask 077; echo a-key-of-more-than-thirty-two-letters > /etc/fencepost/webhook; echo \"{alerts}\" >> {plan}
         mkdir -p /etc/systemd/system/fencepost.service.d
         printf '[Service]\\nLoadCredential=webhook:/etc/fencepost/webhook\\n' > /etc/systemd/system/fencepost.service.d/secret.conf
         systemctl daemon-reload
         systemctl restart fencepost || {{ journalctl --unit fencepost --lines 20 >&2; exit 1; }}
         journalctl --unit fencepost --output cat | grep 'alerts are sent'"
    ));

    // A main loop that hangs is noticed, and the agent begins anew.
    machine.sh("mkdir -p /etc/systemd/system/fencepost.service.d
         printf '[Service]\\nWatchdogSec=1\\nRestartSec=0\\n' > /etc/systemd/system/fencepost.service.d/soon.conf
         systemctl daemon-reload; systemctl restart fencepost");
    let hung = shown(machine, "MainPID");
    machine.sh(&format!("kill -STOP {hung}"));
    wait_until(machine, "MainPID", |pid| pid != "0" && pid != hung);
    wait_until(machine, "ActiveState", |state| state == "active");
    assert!(machine.sh("journalctl --unit fencepost").contains("Watchdog timeout"));

    // A plan fault is told again and again, until the plan is mended.
    machine.sh(&format!("echo 'nonsense: true' >> {plan}; systemctl restart fencepost && exit 1 || true"));
    wait_until(machine, "NRestarts", |count| count.parse::<u32>().unwrap() >= 2);
    machine.sh(&format!("cp /mnt/good.yaml {plan}"));
    wait_until(machine, "ActiveState", |state| state == "active");
    machine.sh("rm -r /etc/systemd/system/fencepost.service.d; systemctl daemon-reload");
}

fn survives_an_upgrade(machine: &Machine, newer: &str) {
    let mut edited = String::new();
    let _ = writeln!(
        edited,
        "echo FENCEPOST_LOG=debug >> /etc/default/fencepost; echo '# mine' >> /etc/fencepost/plan.yaml"
    );
    machine.sh(&edited);
    let before = shown(machine, "MainPID");
    machine.sh(&format!("dpkg --install /mnt/{newer}"));
    assert_ne!(wait_until(machine, "MainPID", |pid| pid != before), "0");
    assert_eq!(shown(machine, "ActiveState"), "active");
    machine.sh("grep -q '# mine' /etc/fencepost/plan.yaml; grep -q '^FENCEPOST_LOG=debug' /etc/default/fencepost");
    // Who disabled it finds it disabled.
    machine.sh("systemctl disable --now fencepost");
    machine.sh(&format!("dpkg --install /mnt/{newer}"));
    assert_eq!(
        (shown(machine, "UnitFileState").as_str(), shown(machine, "ActiveState").as_str()),
        ("disabled", "inactive")
    );
}
