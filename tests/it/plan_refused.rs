//! What a plan's server may not do, what a plan may not name, and what nobody gets to see.

use crate::plan_source::{agent, plan, plan_check};
use crate::support::Folder;
use crate::support::agent::{fencepost, outcome};
use crate::support::shelf::Shelf;
use fencepost::dial::Lookup;
use fencepost::observe::{Net, Sockets, Trust};
use fencepost::source::{Fetcher, Origin, Pin, Supply};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

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
    let names = || -> Lookup {
        let net = Arc::new(Sockets::new(None));
        Arc::new(move |host| {
            let net = Arc::clone(&net);
            Box::pin(async move { net.own_lookup(host).await })
        })
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
