//! A network of its own for one test: a namespace with nothing but loopback, on which any address may stand. Nothing in it
//! reaches anything outside. Files of `/etc` can be laid over, and shared memory is its own.
//!
//! Whatever runs on an island goes with it, also where its owner was killed: the process that holds the namespaces open
//! sits at the end of a pipe, in a session of its own, and ends everything there once the other end is gone.

use super::{Folder, succeed};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

pub struct Island {
    /// Holds the namespaces open; it ends when its standard input does.
    holder: Child,
    leash: Option<ChildStdin>,
    etc: Folder,
}

/// Waits for the end of the leash, then ends whoever is left in this network, and itself last.
const HOLD: &str = r#"
echo ready
cat
here=$(readlink /proc/self/ns/net)
left=yes
while [ "$left" ]; do
  left=
  for pid in $(find /proc/[0-9]*/ns/net -lname "*${here#net:?}" 2>/dev/null | cut -d/ -f3); do
    [ "$pid" = $$ ] || [ ! -e "/proc/$pid" ] || { left=yes; kill -KILL "$pid" 2>/dev/null; }
  done
done
"#;

impl Island {
    /// A network in which this machine has these addresses.
    pub fn new(addresses: &[String]) -> Self {
        let stand: String = addresses.iter().map(|address| format!("ip address add {address} dev lo\n")).collect();
        let script = format!("set -e\nip link set lo up\nmount -t tmpfs shm /dev/shm\n{stand}set +e{HOLD}");
        let mut holder = Command::new("setsid")
            .args(["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("setsid: {e}; run scripts/install-test-tools.sh"));
        let mut said = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut said).unwrap();
        if said.trim() != "ready" {
            let _ = holder.wait();
            let why = std::io::read_to_string(holder.stderr.take().unwrap()).unwrap_or_default();
            panic!(
                "this test makes network and mount namespaces: it needs root, or CAP_SYS_ADMIN and CAP_NET_ADMIN, and `ip` \
                 (scripts/install-test-tools.sh). It was told: {}",
                why.trim()
            );
        }
        Self { leash: holder.stdin.take(), holder, etc: Folder::new() }
    }

    /// Whose namespaces these are.
    pub fn pid(&self) -> String {
        self.holder.id().to_string()
    }

    /// A command that runs on the island.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.holder.id().to_string(), "--net", "--mount", "--"]).arg(program);
        command
    }

    /// Lays a file over one of `/etc`, for those on the island.
    pub fn etc(&self, name: &str, text: &str) {
        let file = self.etc.write(name, text);
        succeed(self.command("mount").arg("--bind").arg(file).arg(Path::new("/etc").join(name)));
    }

    /// Lays a copy of all of `/etc` over it. Returns its folder, in which files can be renamed and removed.
    pub fn own_etc(&self) -> std::path::PathBuf {
        let copy = self.etc.path().join("all");
        let script = "cp -a /etc \"$0\" && mount --bind \"$0\" /etc";
        succeed(self.command("sh").args(["-c", script]).arg(&copy));
        copy
    }

    /// Changes a file that was laid over.
    pub fn rewrite(&self, name: &str, text: &str) {
        // In place: what is mounted is this file, not its name.
        self.etc.write(name, text);
    }

    /// Whose network this is, so that sockets can be made in it.
    pub fn shore(&self) -> Shore {
        Shore(self.holder.id())
    }
}

impl Drop for Island {
    fn drop(&mut self) {
        drop(self.leash.take());
        let _ = self.holder.wait();
    }
}

/// Where sockets of an island are made.
#[derive(Clone, Copy, Debug)]
pub struct Shore(u32);

impl Shore {
    /// Does something in a thread that stands on the island. A socket made there stays there.
    pub fn ashore<T: Send>(self, act: impl FnOnce() -> T + Send) -> T {
        let landed = std::thread::scope(|scope| {
            let landing = scope.spawn(|| {
                let net = File::open(format!("/proc/{}/ns/net", self.0)).unwrap();
                move_into_link_name_space(net.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
                act()
            });
            landing.join()
        });
        landed.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked))
    }
}

/// The network of a process; nothing, where it ended.
pub fn net_of(pid: &str) -> String {
    let link = std::fs::read_link(format!("/proc/{pid}/ns/net")).unwrap_or_default();
    link.to_string_lossy().into_owned()
}

/// The processes in a network.
pub fn crowd(net: &str) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").unwrap().map_while(Result::ok);
    let pids = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    pids.filter(|pid| pid.starts_with(|first: char| first.is_ascii_digit()) && net_of(pid) == net).collect()
}

#[test]
fn whatever_runs_on_an_island_goes_with_it() {
    let island = Island::new(&[]);
    let net = net_of(&island.pid());
    // One that left its parent and its session, and one that does not want to go.
    succeed(island.command("setsid").args([
        "--fork",
        "sh",
        "-c",
        "trap '' TERM HUP; exec cat /dev/zero > /dev/null 2>&1",
    ]));
    let mut child = island.command("cat").stdin(Stdio::piped()).spawn().unwrap();
    let programs = |name: &str| {
        let of = |pid: &String| std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        crowd(&net).iter().filter(|pid| of(pid).trim() == name).count()
    };
    // The third is the one that the island waits with.
    while programs("cat") < 3 {
        std::thread::yield_now();
    }
    drop(island);
    assert!(!child.wait().unwrap().success(), "it was killed");
    assert_eq!(crowd(&net), [""; 0]);
}

#[test]
fn sockets_made_ashore_stay_there() {
    let (island, other) = (Island::new(&[]), Island::new(&[]));
    let listener = island.shore().ashore(|| std::net::TcpListener::bind("127.0.0.1:9853").unwrap());
    let address = listener.local_addr().unwrap();
    assert!(island.shore().ashore(|| std::net::TcpStream::connect(address)).is_ok());
    assert!(other.shore().ashore(|| std::net::TcpStream::connect(address)).is_err());
}
