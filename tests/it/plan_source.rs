//! Plans from a server and from folders, as commands and running agents meet them.

use crate::support::Folder;
use crate::support::agent::{Running, fencepost, outcome};
use crate::support::shelf::Shelf;
use fencepost::observe::{Net, Sockets, Trust};
use fencepost::publish::alerts::Names;
use fencepost::source::{Fetcher, Origin, Pin, Supply};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A plan whose only target nobody reaches: what it says does not matter here. Names of different lengths have different
/// ETags, which nginx makes of the time and the length.
fn plan(name: &str) -> String {
    format!(
        "plan: {name}\nsettings: {{every: 2s, timeout: 500ms}}\nnetworks: {{private: [127.0.0.0/8]}}\n\
         vantages: {{here: {{kind: test, resolvers: [nobody]}}}}\nresolvers: {{nobody: {{address: '127.0.0.1:9'}}}}\n\
         targets: {{t: {{service: https, port: 9, endpoints: {{t.contoso.example: [127.0.0.1]}}}}}}\n\
         rules: [{{name: all private, from: any, to: any, claim: private}}]\n"
    )
}

/// An agent that follows a plan of the shelf.
fn agent(shelf: &Shelf, url: &str, more: &[&str]) -> Running {
    let trust = shelf.trust();
    let mut options = vec!["--plan-trust", trust.to_str().unwrap(), "--plan-refresh", "1s"];
    options.extend(more);
    Running::start_with(Path::new(url), "here", &options)
}

fn plan_check(shelf: &Shelf, named: &str, more: &[&str]) -> (i32, String, String) {
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
    let board = agent.board().to_string();
    assert!(board.contains("plan-stale") || board.contains("\"checks\""), "{board}");
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
    let mut second = agent(&shelf, &url, &options);
    assert_eq!((hash(&second), second.board()["plan"].as_str()), (known, Some("kept")));
    assert!(!is_current(&second));
    second.wait_for_log("first round complete");
    let stale = second.board().to_string();
    assert!(stale.contains("plan-stale") && stale.contains("the plan is the copy of 2"), "{stale}");
    // It goes on asking, and is the newest as soon as the server is back.
    shelf.open();
    second.wait_for_log("the newest again");
    assert!(is_current(&second));
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

#[test]
fn what_a_server_may_not_do() {
    let shelf = Shelf::start();
    shelf.put("plan.yaml", plan("good"));
    shelf.put("large.yaml", format!("{}# {}\n", plan("large"), "x".repeat(8 << 20)));
    shelf.put("latin.yaml", b"plan: \xfc\n");
    let strange = Folder::new();
    let stranger = strange.write("ca.pem", crate::support::certificates::Authority::new("Stranger").pem());
    for (path, more, says) in [
        ("moved/plan.yaml", &[][..], "status 302 Found: redirects are not followed"),
        ("open/large.yaml", &[], "more than the 8388608 bytes"),
        ("open/latin.yaml", &[], "no text in UTF-8"),
        ("open/missing.yaml", &[], "status 404"),
        ("token/plan.yaml", &[], "status 401 Unauthorized: the server does not let this agent read it"),
        ("open/plan.yaml", &["--plan-trust", stranger.to_str().unwrap()], "invalid peer certificate"),
    ] {
        let (code, out, said) = plan_check(&shelf, &shelf.url(path), more);
        assert!(code == 2 && out.is_empty() && said.contains(says), "{path}: {code} {said}");
        assert!(said.contains(&format!("{}: ", shelf.url(path))), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    let (code, _, said) = plan_check(&shelf, &format!("http://127.0.0.1:{}/open/plan.yaml", shelf.port), &[]);
    assert!(code == 2 && said.contains("serve it by https"), "{said}");
    let (code, out, said) = plan_check(&shelf, &shelf.url("open/plan.yaml"), &[]);
    assert!(code == 0 && out.contains("plan good is good"), "{out} {said}");
}

/// What opens the server's door is in no output, whatever is logged and whatever goes wrong.
#[test]
fn secrets_of_the_address_and_of_the_header_file_show_nowhere() {
    let mut shelf = Shelf::start();
    shelf.put("plan.yaml", plan("good"));
    let header = shelf.folder.write("headers", "Authorization: Bearer hunter2\nx-secret: hunter2\n");
    let (query, token) = (shelf.url("query/plan.yaml?sv=2024&sig=hunter2"), shelf.url("token/plan.yaml"));
    let state = Folder::new();
    let mut seen = String::new();
    for (url, more) in [(&query, &[][..]), (&token, &["--plan-header-file", header.to_str().unwrap()])] {
        let mut options = vec!["--log", "trace", "--state", state.path().to_str().unwrap()];
        options.extend(more);
        let mut running = agent(&shelf, url, &options);
        shelf.put("plan.yaml", plan("another"));
        seen += &running.log_until("plan reloaded");
        shelf.put("plan.yaml", "plan: [\n");
        seen += &running.log_until("the old one stays");
        shelf.close();
        seen += &running.log_until("Connection refused");
        for path in ["/", "/metrics", "/api/v1/board", "/api/v1/incidents"] {
            seen += &running.http("GET", path).2;
        }
        seen += &running.http("POST", "/-/reload").2;
        running.signal("-TERM");
        seen += &running.rest_of_log();
        shelf.open();
        shelf.put("plan.yaml", plan("good"));
    }
    let (code, out, said) = outcome(fencepost().env("FENCEPOST_PLAN", &query).args(["check", "--help"]));
    assert!(code == 0 && said.is_empty());
    seen += &out;
    for wrong in [query.replace("plan.yaml", "missing.yaml"), query.replace("https:", "http:"), format!("{query}#x")] {
        let (code, out, said) = plan_check(&shelf, &wrong, &["--log", "trace"]);
        assert_eq!(code, 2, "{said}");
        seen = seen + &out + &said;
    }
    let checked = fencepost()
        .args(["check", "--vantage", "here", "--plan", &query, "--plan-trust"])
        .arg(shelf.trust())
        .output()
        .unwrap();
    seen += &String::from_utf8_lossy(&checked.stdout);
    seen += &String::from_utf8_lossy(&checked.stderr);
    for entry in std::fs::read_dir(state.path()).unwrap() {
        seen += &std::fs::read_to_string(entry.unwrap().path()).unwrap();
    }
    assert!(
        seen.len() > 10_000 && !seen.contains("hunter2"),
        "{}",
        seen.lines().find(|line| line.contains("hunter2")).unwrap_or_default()
    );
}

/// A server that gives a byte now and then wastes one time limit and no more.
#[tokio::test]
async fn a_slow_server_is_given_up() {
    let shelf = Shelf::start();
    shelf.put("plan.yaml", plan("slow"));
    let tls = || Trust::new(Some(shelf.authority_pem().as_bytes())).unwrap().client_config().unwrap();
    let names = || {
        let net = Arc::new(Sockets::new(None));
        Arc::new(Names(Arc::new(move |host| {
            let net = Arc::clone(&net);
            Box::pin(async move { net.own_lookup(host).await })
        })))
    };
    let supply = |path: &str, limit| {
        let origin = Origin::parse(Path::new(&shelf.url(path))).unwrap();
        Supply::new(origin, Pin::None, Some(Fetcher::new(tls(), names(), None, limit)), None)
    };
    let begun = Instant::now();
    let trouble = supply("slow/plan.yaml", Duration::from_secs(1)).get().await.err().unwrap();
    assert!(begun.elapsed() < Duration::from_millis(2_500), "{:?}", begun.elapsed());
    assert!(trouble.may_pass && trouble.why.contains("no whole answer within 1 s"), "{trouble:?}");
    assert!(supply("open/plan.yaml", Fetcher::LIMIT).get().await.is_ok());
    assert!(Fetcher::LIMIT <= Duration::from_secs(20));
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

/// A plan from elsewhere names no file of this machine but where it was allowed to.
#[test]
fn files_of_a_plan_from_elsewhere_stay_in_their_folder() {
    let shelf = Shelf::start();
    let files = Folder::new();
    files.write("ca.pem", shelf.authority_pem());
    let with = |file: &str| plan("files").replace("timeout: 500ms", &format!("timeout: 500ms, trust: '{file}'"));
    let check = |more: &[&str]| {
        let mut command = fencepost();
        command.args(["check", "--vantage", "here", "--plan", &shelf.url("open/plan.yaml"), "--plan-trust"]);
        outcome(command.arg(shelf.trust()).args(more))
    };
    shelf.put("plan.yaml", with("ca.pem"));
    let only = ["--plan-files", files.path().to_str().unwrap()];
    let (code, _, said) = check(&[]);
    assert!(code == 2 && said.contains("--plan-files"), "{code} {said}");
    assert_ne!(check(&only).0, 2);
    for outside in ["/etc/ssl/certs/ca-certificates.crt", "../ca.pem", "x/../../ca.pem"] {
        shelf.put("plan.yaml", with(outside));
        let (code, _, said) = check(&only);
        assert!(code == 2 && said.contains("lies outside of the folder"), "{outside}: {code} {said}");
    }
}

#[test]
fn options_that_say_nothing_are_told() {
    let folder = Folder::new();
    let file = folder.write("plan.yaml", plan("local"));
    let file = file.to_str().unwrap();
    let digest = "0".repeat(64);
    for (more, says) in [
        (&["--plan-trust", file][..], "--plan-trust says nothing"),
        (&["--plan-header-file", file], "--plan-header-file says nothing"),
        (&["--plan-sha256", "00"], "64 hexadecimal digits"),
        (&["--plan-sha256", &digest], &format!("and --plan-sha256 wants {digest}")),
        (&["--plan-key", "/nowhere/key.pub"], "--plan-key: /nowhere/key.pub: No such file"),
        (&["--plan-key", file], "holds no public key of minisign"),
        (&["--plan-key", "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"], "no signature: "),
        (&["--plan-key", "x", "--plan-sha256", &digest], "cannot be used with"),
    ] {
        let (code, _, said) = outcome(fencepost().args(["plan", "check", file]).args(more));
        assert!(code == 2 && said.contains(says), "{more:?}: {code} {said}");
    }
    let (code, out, _) = outcome(fencepost().args(["plan", "check", file]));
    let digest = out.lines().find_map(|line| line.strip_prefix("sha256 ")).unwrap();
    let sum = Command::new("sha256sum").arg(file).output().unwrap();
    assert!(code == 0 && String::from_utf8(sum.stdout).unwrap().starts_with(digest), "{out}");
    assert_eq!(outcome(fencepost().args(["plan", "check", file, "--plan-sha256", digest])).0, 0);
}
