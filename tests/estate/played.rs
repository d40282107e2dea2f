//! The test of the command: it plays with an estate as people do, kills one, and sees that nothing is left of either.

use crate::support::island::{crowd, net_of};
use crate::support::{Folder, agent::outcome};
use std::path::Path;
use std::process::Command;

const NAME: &str = "netns_the_estate_can_be_played_with_and_leaves_nothing";

/// As a test runner wants to be told of it.
pub fn listed() -> String {
    format!("{NAME}: test\n")
}

pub fn play(test: &str) -> Result<String, String> {
    if test != NAME {
        return Err(format!("no test is called {test}"));
    }
    let folder = Folder::new();
    let socket = folder.path().join("estate");
    let _down = Down(&socket);
    refused(&socket, &["matrix"], "no estate stands");
    // Without the right to make namespaces it says what it needs.
    let own = std::env::current_exe().unwrap();
    let mut powerless = Command::new("setpriv");
    powerless.arg("--bounding-set=-sys_admin").arg(&own).arg("up").env("FENCEPOST_ESTATE", &socket);
    let (code, _, err) = outcome(&mut powerless);
    assert!(code == 1 && err.contains("it needs root, or CAP_SYS_ADMIN and CAP_NET_ADMIN, and `ip`"), "{err}");

    let nets = up(&socket);
    refused(&socket, &["up"], "it is up already");
    refused(&socket, &["break", "zone-not-linkd"], "there are zone-not-linked");
    refused(&socket, &["run", "moon", "--", "true"], "no place is called moon");

    let check = ["run", "build", "--", "fencepost", "check", "--plan", "plan.yaml"];
    let (code, out, err) = estate(&socket, &check);
    assert_eq!(code, 0, "{out}{err}");
    done(&socket, &["break", "black-hole"]);
    assert!(done(&socket, &["matrix"]).contains("broken none connect-timeout"));
    let (code, out, err) = estate(&socket, &check);
    assert!(code == 1 && out.contains("connect-timeout"), "{out}{err}");
    done(&socket, &["heal"]);
    assert!(!done(&socket, &["matrix"]).contains("broken"));
    // What the environment of a place says goes to what runs there.
    done(&socket, &["break", "proxy-refuses"]);
    assert_eq!(done(&socket, &["run", "runner", "--", "printenv", "HTTPS_PROXY"]), "http://10.0.0.8:3128\n");

    done(&socket, &["down"]);
    assert!(!socket.exists(), "{}", socket.display());
    let left: Vec<_> = nets.iter().flat_map(|net| crowd(net)).collect();
    assert_eq!(left, [""; 0], "processes are left");

    // Killed without a word, it is in nobody's way.
    let nets = up(&socket);
    let holder = std::fs::read_to_string(socket.with_extension("pid")).unwrap();
    assert!(Command::new("kill").args(["-KILL", &holder]).status().unwrap().success());
    while nets.iter().any(|net| !crowd(net).is_empty()) {
        std::thread::yield_now();
    }
    up(&socket);
    done(&socket, &["down"]);
    let remains = std::fs::read_dir(std::env::temp_dir()).unwrap().map_while(Result::ok);
    let of_it = remains.filter(|entry| entry.file_name().to_string_lossy().contains(&format!("-test-{holder}-")));
    assert_eq!(of_it.count(), 0, "folders of the one that was killed are left");
    Ok(String::new())
}

/// A test that fails leaves none behind either.
struct Down<'s>(&'s Path);

impl Drop for Down<'_> {
    fn drop(&mut self) {
        estate(self.0, &["down"]);
    }
}

/// Builds an estate; returns its networks.
fn up(socket: &Path) -> Vec<String> {
    let listed = done(socket, &["up"]);
    let hosts = listed.lines().skip(1).take_while(|line| !line.is_empty());
    // The columns before are empty at times, and the process is the only whole number.
    let pids = hosts.map(|line| line.split_whitespace().find(|word| word.parse::<u32>().is_ok()).unwrap());
    let nets: Vec<String> = pids.map(net_of).collect();
    assert!(nets.len() > 9 && nets.iter().all(|net| net.starts_with("net:")), "{listed}");
    nets
}

fn estate(socket: &Path, words: &[&str]) -> (i32, String, String) {
    let own = std::env::current_exe().unwrap();
    outcome(Command::new(own).args(words).env("FENCEPOST_ESTATE", socket))
}

fn done(socket: &Path, words: &[&str]) -> String {
    let (code, out, err) = estate(socket, words);
    assert_eq!(code, 0, "{words:?}: {out}{err}");
    out
}

fn refused(socket: &Path, words: &[&str], why: &str) {
    let (code, out, err) = estate(socket, words);
    assert!(code == 1 && err.contains(why), "{words:?}: {out}{err}");
}
