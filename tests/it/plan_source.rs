//! Plans from a server and from folders, as commands and running agents meet them.

use crate::support::Folder;
use crate::support::agent::{Running, fencepost, outcome};
use crate::support::shelf::Shelf;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// A plan whose only target nobody reaches: what it says does not matter here. Names of different lengths have different
/// ETags, which nginx makes of the time and the length.
pub fn plan(name: &str) -> String {
    format!(
        "plan: {name}\nsettings: {{every: 2s, timeout: 500ms}}\nnetworks: {{private: [127.0.0.0/8]}}\n\
         vantages: {{here: {{kind: test, resolvers: [nobody]}}}}\nresolvers: {{nobody: {{address: '127.0.0.1:9'}}}}\n\
         targets: {{t: {{service: https, port: 9, endpoints: {{t.contoso.example: [127.0.0.1]}}}}}}\n\
         rules: [{{name: all private, from: any, to: any, claim: private}}]\n"
    )
}

/// An agent that follows a plan of the shelf.
pub fn agent(shelf: &Shelf, url: &str, more: &[&str]) -> Running {
    let trust = shelf.trust();
    let mut options = vec!["--plan-trust", trust.to_str().unwrap(), "--plan-refresh", "1s"];
    options.extend(more);
    Running::start_with(Path::new(url), "here", &options)
}

pub fn plan_check(shelf: &Shelf, named: &str, more: &[&str]) -> (i32, String, String) {
    let mut command = fencepost();
    command.args(["plan", "check", named]).args(more);
    if named.starts_with("https") && !more.contains(&"--plan-trust") {
        command.arg("--plan-trust").arg(shelf.trust());
    }
    outcome(&mut command)
}

fn wait_for_plan(running: &Running, name: &str) {
    while running.board()["plan"] != name {
        std::thread::yield_now();
    }
}

/// The hash that the agent shows, which tells of skew.
fn hash(running: &Running) -> String {
    let (_, _, text) = running.http("GET", "/metrics");
    let line = text.lines().find(|line| line.starts_with("fencepost_plan_info{")).unwrap().to_owned();
    line.split_once("hash=\"").unwrap().1.split_once('"').unwrap().0.to_owned()
}

fn is_current(running: &Running) -> bool {
    running.metric("fencepost_plan_last_reload_successful ") == 1.0
}

#[test]
fn a_change_on_the_server_reaches_every_agent_and_a_bad_one_reaches_none() {
    let shelf = Shelf::start();
    shelf.put("plan.yaml", plan("first"));
    let url = shelf.url("open/plan.yaml");
    let mut agents = [agent(&shelf, &url, &[]), agent(&shelf, &url, &[])];
    // What did not change is not sent again.
    shelf.wait_for("304 /open/plan.yaml", 4);
    assert_eq!(shelf.asked().lines().filter(|line| line.starts_with("200")).count(), 2, "{}", shelf.asked());
    let before = hash(&agents[0]);
    shelf.put("plan.yaml", plan("the-second"));
    for agent in &mut agents {
        wait_for_plan(agent, "the-second");
        agent.wait_for_log("plan reloaded");
        assert_ne!(hash(agent), before);
    }
    assert_eq!(hash(&agents[0]), hash(&agents[1]));
    shelf.put("plan.yaml", plan("third").replace("claim: private", "claim: privat"));
    for agent in &mut agents {
        let told = agent.wait_for_log("the old one stays");
        assert!(told.contains("the claim cannot be `privat`") && told.contains(&format!("{url}:")), "{told}");
        assert!(!is_current(agent));
        assert_eq!(agent.board()["plan"], "the-second");
    }
    // Half a file, as a server gives it whose upload is under way.
    let half = plan("third");
    shelf.put("plan.yaml", &half[..half.len() / 2]);
    agents[0].wait_for_log("the old one stays");
    // Back to what is in force: nothing is to be taken, and nothing is wrong any more.
    shelf.put("plan.yaml", plan("the-second"));
    for agent in &mut agents {
        agent.wait_for_log("the newest again");
        assert!(is_current(agent));
    }
    shelf.put("plan.yaml", plan("the-last-of-them"));
    for agent in &agents {
        wait_for_plan(agent, "the-last-of-them");
    }
}

/// The same trouble is told once, and an order is answered each time.
#[test]
fn a_bad_plan_is_told_once_and_to_everyone_who_asks() {
    let shelf = Shelf::start();
    shelf.put("plan.yaml", plan("good"));
    let mut agent = agent(&shelf, &shelf.url("open/plan.yaml"), &[]);
    shelf.put("plan.yaml", "plan: bad\n");
    agent.wait_for_log("the old one stays");
    let refused = shelf.asked().lines().filter(|line| line.starts_with("200")).count();
    shelf.wait_for("200 /open/plan.yaml", refused + 3);
    let (status, _, body) = agent.http("POST", "/-/reload");
    assert!(status == 422 && body.contains("a plan needs `vantages`"), "{status} {body}");
    while !agent.board().to_string().contains("plan-stale") {
        std::thread::yield_now();
    }
    let (_, _, page) = agent.http("GET", "/");
    assert!(page.contains("The newest plan could not be read"), "{page}");
    agent.signal("-TERM");
    agent.wait();
    let told = agent.rest_of_log().matches("the old one stays").count();
    assert_eq!(told, 1, "the order, and no refresh");
}

#[test]
fn an_agent_starts_with_its_copy_while_the_server_is_down() {
    let mut shelf = Shelf::start();
    shelf.put("plan.yaml", plan("kept"));
    let (url, state) = (shelf.url("open/plan.yaml"), Folder::new());
    let options = ["--state", state.path().to_str().unwrap()];
    let first = agent(&shelf, &url, &options);
    wait_for_plan(&first, "kept");
    let known = hash(&first);
    drop(first);
    shelf.close();
    let begun_again = jiff::Timestamp::now().as_millisecond() as f64 / 1e3;
    let mut second = agent(&shelf, &url, &options);
    assert_eq!((hash(&second), second.board()["plan"].as_str()), (known, Some("kept")));
    assert!(!is_current(&second));
    second.wait_for_log("first round complete");
    let success = second.metric("fencepost_plan_last_reload_success_timestamp_seconds ");
    assert!(success < begun_again, "{success} is not of the copy: {begun_again}");
    let stale = second.board().to_string();
    assert!(stale.contains("plan-stale") && stale.contains("the plan is the copy of 2"), "{stale}");
    // It goes on asking, and is the newest as soon as the server is back.
    shelf.open();
    second.wait_for_log("the newest again");
    assert!(is_current(&second) && !second.board().to_string().contains("plan-stale"));
    drop(second);
    // A bad plan at start-up is no reason to stay away either.
    shelf.put("plan.yaml", "plan: bad\n");
    let mut third = agent(&shelf, &url, &options);
    assert_eq!(third.board()["plan"], "kept");
    shelf.put("plan.yaml", plan("good-again"));
    third.wait_for_log("plan reloaded");
    wait_for_plan(&third, "good-again");
}

/// Without a copy an agent ends with exit code 2, and whatever runs it starts it again. A refusal is told at once.
#[test]
fn without_a_plan_and_without_a_copy_there_is_no_agent() {
    let mut shelf = Shelf::start();
    shelf.put("other.yaml", plan("other"));
    let state = Folder::new();
    let run = |url: &str| {
        let mut command = fencepost();
        command.args(["run", "--vantage", "here", "--listen", "127.0.0.1:0", "--plan", url, "--state"]);
        outcome(command.arg(state.path()).arg("--plan-trust").arg(shelf.trust()))
    };
    let (code, _, said) = run(&shelf.url("open/missing.yaml"));
    assert!(code == 2 && said.contains("/open/missing.yaml: status 404"), "{code} {said}");
    // A server that may come back is asked four times, within ten seconds.
    let (code, _, said) = run(&shelf.url("failing/plan.yaml"));
    assert!(code == 2 && said.contains("status 503"), "{code} {said}");
    shelf.wait_for("503 /failing/plan.yaml", 4);
    assert_eq!(shelf.asked().matches("503 /failing/plan.yaml").count(), 4);
    // The copy of one address is none of another.
    let mut kept = agent(&shelf, &shelf.url("open/other.yaml"), &["--state", state.path().to_str().unwrap()]);
    kept.signal("-TERM");
    kept.wait();
    let (code, _, said) = run(&shelf.url("moved/other.yaml"));
    assert!(code == 2 && said.contains("redirects are not followed"), "{code} {said}");
    shelf.close();
    let copies = std::fs::read_dir(state.path()).unwrap().map(|entry| entry.unwrap().path());
    let copies: Vec<PathBuf> = copies.filter(|path| path.extension().is_some_and(|ending| ending == "copy")).collect();
    assert_eq!(copies.len(), 1, "{copies:?}");
    std::fs::write(&copies[0], "damaged").unwrap();
    let (code, _, said) = {
        let mut command = fencepost();
        command.args(["run", "--vantage", "here", "--listen", "127.0.0.1:0", "--state"]).arg(state.path());
        outcome(command.args(["--plan", &shelf.url("open/other.yaml"), "--plan-trust"]).arg(shelf.trust()))
    };
    assert!(code == 2 && said.contains("is of no use") && said.contains("onnection refused"), "{code} {said}");
}

/// A server that fails at the start holds up no stop.
#[test]
fn an_agent_without_a_plan_yet_ends_when_it_is_told_to() {
    let shelf = Shelf::start();
    let mut command = fencepost();
    command.args(["run", "--listen", "127.0.0.1:0", "--plan", &shelf.url("failing/plan.yaml"), "--plan-trust"]);
    let mut child = command.arg(shelf.trust()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut told = String::new();
    while !told.contains("it is tried again") {
        assert_ne!(log.read_line(&mut told).unwrap(), 0, "{told}");
    }
    let begun = Instant::now();
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    // Its other attempts would take seven seconds.
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    shelf.wait_for("503 /failing/plan.yaml", 1);
    assert_eq!(shelf.asked().matches("503").count(), 1);
}

/// Kubernetes mounts a ConfigMap as links through `..data`, which it swaps; nobody sends a signal.
#[test]
fn a_configmap_that_changes_is_taken_without_a_signal() {
    let mount = Folder::new();
    let swap = |version: &str, files: &[(&str, String)]| {
        let folder = mount.path().join(version);
        std::fs::create_dir(&folder).unwrap();
        for (name, text) in files {
            std::fs::write(folder.join(name), text).unwrap();
        }
        symlink(version, mount.path().join("..data_tmp")).unwrap();
        std::fs::rename(mount.path().join("..data_tmp"), mount.path().join("..data")).unwrap();
    };
    let parts = |name: &str| {
        let (rest, rules) =
            plan(name).split_once("rules:").map(|(rest, rules)| (rest.to_owned(), format!("rules:{rules}"))).unwrap();
        [("10-plan.yaml", rest), ("20-rules.yaml", rules)]
    };
    swap("..2026_11_22_1", &parts("mounted"));
    for name in ["10-plan.yaml", "20-rules.yaml"] {
        symlink(Path::new("..data").join(name), mount.path().join(name)).unwrap();
    }
    let mut agent = Running::start_with(mount.path(), "here", &["--plan-refresh", "1s"]);
    let first = hash(&agent);
    swap("..2026_11_22_2", &parts("changed"));
    agent.wait_for_log("plan reloaded");
    assert_eq!(agent.board()["plan"], "changed");
    assert_ne!(hash(&agent), first);
    let [(name, text), rules] = parts("broken");
    swap("..2026_11_22_3", &[(name, text.replace("kind:", "kinf:")), rules]);
    let told = agent.wait_for_log("the old one stays");
    assert!(told.contains("/10-plan.yaml:4:") && !is_current(&agent), "{told}");
    swap("..2026_11_22_4", &parts("mended"));
    agent.wait_for_log("plan reloaded");
    assert!(is_current(&agent));
    // A single file of the mount is followed as well.
    let file = mount.path().join("20-rules.yaml");
    let (code, _, said) = outcome(fencepost().args(["plan", "check"]).arg(&file));
    assert!(code == 2 && said.contains("20-rules.yaml:1:1: a plan needs `plan`"), "{said}");
}

#[test]
fn never_means_never() {
    let folder = Folder::new();
    let file = folder.write("plan.yaml", plan("first"));
    let mut agent = Running::start_with(&file, "here", &["--plan-refresh", "never"]);
    folder.write("plan.yaml", plan("second"));
    agent.wait_for_log("first round complete");
    assert_eq!(agent.board()["plan"], "first");
    agent.signal("-HUP");
    agent.wait_for_log("plan reloaded");
    assert_eq!(agent.board()["plan"], "second");
    for bad in ["0s", "100ms", "2d", "soon", ""] {
        let (code, _, said) = outcome(fencepost().args(["run", "--plan-refresh", bad, "--plan"]).arg(&file));
        assert!(code == 2 && said.contains("--plan-refresh"), "{bad}: {said}");
    }
}
