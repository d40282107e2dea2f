//! Files that change while the agent runs.

use super::{Keep, TLS, user};
use crate::support::certificates::Authority;
use crate::support::succeed;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

/// As Kubernetes does it: the files are links into a folder that is a link, and that one is exchanged.
#[test]
fn a_renewed_certificate_is_taken_without_a_restart() {
    let (keep, next) = (Keep::new(), Authority::new("The next one"));
    let folder = keep.folder.path();
    for (version, authority) in [("v1", &keep.authority), ("v2", &next)] {
        fs::create_dir(folder.join(version)).unwrap();
        keep.put(&format!("{version}/tls"), &authority.issue(&["127.0.0.1"]));
    }
    symlink("v1", folder.join("data")).unwrap();
    for name in ["tls.crt", "tls.key"] {
        fs::remove_file(folder.join(name)).unwrap();
        symlink(format!("data/{name}"), folder.join(name)).unwrap();
    }
    keep.folder.write("next.pem", next.pem());
    let mut agent = keep.start(TLS);
    let trusting = |authority: &str| keep.curl(&agent, "/-/healthy", &["--cacert", authority]).0;
    assert_eq!((trusting("pages.pem"), trusting("next.pem")), (200, 0));
    symlink("v2", folder.join("soon")).unwrap();
    fs::rename(folder.join("soon"), folder.join("data")).unwrap();
    // Looked at once a second, when somebody comes.
    while trusting("next.pem") == 0 {}
    assert_eq!((trusting("pages.pem"), trusting("next.pem")), (0, 200));
    agent.wait_for_log("the web configuration changed, and is taken");
}

#[test]
fn a_broken_file_keeps_the_last_good_and_is_told_once() {
    let keep = Keep::new();
    let (ana, bob) = (user("ana", "first"), user("bob", "second"));
    let good = |users: &str| format!("{TLS}basic_auth_users:\n{users}");
    let mut agent = keep.start(&good(&ana));
    let file = keep.folder.path().join("web.yaml");
    let metric = "fencepost_web_config_last_reload_successful";
    let says = |agent: &_, who: &str, value: u8| {
        keep.curl(agent, "/metrics", &["-u", who]).1.lines().any(|line| line == format!("{metric} {value}"))
    };
    assert!(says(&agent, "ana:first", 1));
    // A reload reads it at once, whoever orders it.
    for (broken, why) in [
        ("tls_server_config: [", "this is not YAML"),
        ("", "the file is empty"),
        ("{}", "it no longer asks for TLS"),
        (TLS, "it no longer asks for passwords"),
        (&good(&ana).replace("tls.key", "gone.key"), "gone.key: No such file"),
    ] {
        fs::write(&file, broken).unwrap();
        agent.signal("-HUP");
        let told = agent.wait_for_log("the web configuration is not taken");
        assert!(told.contains(why), "{told}");
        assert!(says(&agent, "ana:first", 0), "{why}");
        assert_eq!(keep.curl(&agent, "/metrics", &[]).0, 401, "{why}");
        agent.signal("-HUP");
        let between = agent.log_until("plan reloaded") + &agent.log_until("plan reloaded");
        assert!(!between.contains("not taken"), "told again: {between}");
    }
    // Who orders it may have been read anew already.
    fs::write(&file, good(&format!("{ana}{bob}"))).unwrap();
    assert_eq!(keep.curl(&agent, "/-/reload", &["-X", "POST", "-u", "ana:first"]).0, 200);
    agent.wait_for_log("the web configuration is whole again");
    assert!(says(&agent, "bob:second", 1));
    fs::write(&file, good(&bob)).unwrap();
    agent.signal("-HUP");
    agent.wait_for_log("the web configuration changed, and is taken");
    assert_eq!(keep.curl(&agent, "/metrics", &["-u", "ana:first"]).0, 401, "a user who left gets in");
}

/// Nobody orders it: a user who is taken out of the file is out within moments.
#[test]
fn a_changed_file_is_taken_by_itself() {
    let keep = Keep::new();
    let (ana, bob) = (user("ana", "first"), user("bob", "second"));
    let agent = keep.start(&format!("{TLS}basic_auth_users:\n{ana}"));
    assert_eq!(keep.curl(&agent, "/", &["-u", "ana:first"]).0, 200);
    fs::write(keep.folder.path().join("web.yaml"), format!("{TLS}basic_auth_users:\n{bob}")).unwrap();
    while keep.curl(&agent, "/", &["-u", "ana:first"]).0 == 200 {}
    assert_eq!(keep.curl(&agent, "/", &["-u", "bob:second"]).0, 200);
}

#[test]
fn a_key_that_everybody_can_read_is_told() {
    let keep = Keep::new();
    succeed(Command::new("chmod").arg("644").arg(keep.folder.path().join("tls.key")));
    let file = keep.folder.write("web.yaml", TLS);
    let mut command = crate::support::agent::fencepost();
    command.args(["run", "--vantage", "here", "--listen", "127.0.0.1:0", "--plan", "/dev/null", "--web.config.file"]);
    let (code, _, err) = crate::support::agent::outcome(command.arg(file));
    assert!(code == 2 && err.contains("can read this secret") && err.contains("tls.key"), "{err}");
}
