//! Plans that minisign signed, and those that it did not: on a server, in a file, in a folder.

use crate::support::agent::{Running, fencepost, outcome};
use crate::support::shelf::Shelf;
use crate::support::{Folder, succeed};
use std::path::{Path, PathBuf};
use std::process::Command;

fn plan(name: &str) -> String {
    format!(
        "plan: {name}\nsettings: {{every: 2s, timeout: 500ms}}\nvantages: {{here: {{kind: test, resolvers: [nobody]}}}}\n\
         resolvers: {{nobody: {{address: '127.0.0.1:9'}}}}\n\
         targets: {{t: {{service: https, port: 9, endpoints: {{t.contoso.example: [127.0.0.1]}}}}}}\n\
         rules: [{{name: all private, from: any, to: any, claim: private}}]\n"
    )
}

/// Somebody who signs plans.
struct Signer(Folder);

impl Signer {
    fn new() -> Self {
        let signer = Self(Folder::new());
        // `-W` leaves the key without a password.
        succeed(Command::new("minisign").args(["-G", "-W", "-p"]).arg(signer.key()).arg("-s").arg(signer.secret()));
        signer
    }

    fn key(&self) -> PathBuf {
        self.0.path().join("plan.pub")
    }

    fn secret(&self) -> PathBuf {
        self.0.path().join("plan.sec")
    }

    /// The signature of a text, made at a time.
    fn sign(&self, text: &str, at: u64) -> String {
        self.sign_saying(text, &format!("timestamp:{at}\tfile:plan.yaml\thashed"))
    }

    fn sign_saying(&self, text: &str, comment: &str) -> String {
        let (file, signature) = (self.0.write("text", text), self.0.path().join("signature"));
        let mut minisign = Command::new("minisign");
        minisign.args(["-S", "-s"]).arg(self.secret()).arg("-m").arg(file).arg("-x").arg(&signature);
        succeed(minisign.args(["-t", comment]));
        std::fs::read_to_string(signature).unwrap()
    }

    /// As whoever signs does it, with the comment that minisign makes.
    fn sign_file(&self, file: &Path) {
        succeed(Command::new("minisign").args(["-S", "-s"]).arg(self.secret()).arg("-m").arg(file));
    }
}

fn check(named: &str, key: &Path, shelf: Option<&Shelf>) -> (i32, String, String) {
    let mut command = fencepost();
    command.args(["plan", "check", named, "--plan-key"]).arg(key);
    if let Some(shelf) = shelf {
        command.arg("--plan-trust").arg(shelf.trust());
    }
    outcome(&mut command)
}

#[test]
fn only_what_the_key_signed_is_taken_from_a_server() {
    let (shelf, signer, stranger) = (Shelf::start(), Signer::new(), Signer::new());
    let (good, url) = (plan("signed"), shelf.url("open/plan.yaml"));
    let signature = signer.sign(&good, 1_795_000_000);
    let old_form = {
        let file = signer.0.write("old", &good);
        succeed(Command::new("minisign").args(["-S", "-l", "-s"]).arg(signer.secret()).arg("-m").arg(file));
        std::fs::read_to_string(signer.0.path().join("old.minisig")).unwrap()
    };
    for (what, text, signature, says) in [
        ("good", good.clone(), Some(signature.clone()), None),
        ("unsigned", good.clone(), None, Some("its signature: status 404")),
        ("tampered", good.replace("127.0.0.1]", "10.66.6.6]"), Some(signature.clone()), Some("not what was signed")),
        ("cut off", good[..good.len() - 1].to_owned(), Some(signature.clone()), Some("not what was signed")),
        ("of another key", good.clone(), Some(stranger.sign(&good, 1_795_000_000)), Some("another key")),
        ("without its end", good.clone(), Some(signature[..180].to_owned()), Some("cut off")),
        ("without a time", good.clone(), Some(signer.sign_saying(&good, "for production")), Some("sign it without -t")),
        ("of the old form", good.clone(), Some(old_form), Some("without -l")),
    ] {
        shelf.put("plan.yaml", text);
        match signature {
            Some(signature) => shelf.put("plan.yaml.minisig", signature),
            None => shelf.take_away("plan.yaml.minisig"),
        }
        let (code, out, said) = check(&url, &signer.key(), Some(&shelf));
        match says {
            None => assert!(code == 0 && out.contains("plan signed is good"), "{what}: {said}"),
            Some(says) => {
                assert!(code == 2 && out.is_empty() && said.contains(says), "{what}: {code} {said}");
                // Plan and signature were fetched a second time: they might have been replaced in between.
                assert!(
                    shelf.asked().lines().rev().take(4).all(|line| line.contains("plan.yaml")),
                    "{}",
                    shelf.asked()
                );
            }
        }
    }
    let lines = shelf.asked().lines().filter(|line| line.ends_with("/plan.yaml")).count();
    assert_eq!(lines, 1 + 7 * 2, "{}", shelf.asked());
}

#[test]
fn a_running_agent_refuses_what_is_unsigned_and_what_is_older() {
    let (shelf, signer) = (Shelf::start(), Signer::new());
    let put = |text: &str, signature: &str| {
        // The signature first: for a moment the old plan has a new signature, and the agent tries once more.
        shelf.put("plan.yaml.minisig", signature);
        shelf.put("plan.yaml", text);
    };
    let (monday, tuesday) = (plan("monday"), plan("on-tuesday"));
    let (of_monday, of_tuesday) = (signer.sign(&monday, 1_795_000_000), signer.sign(&tuesday, 1_795_086_400));
    put(&monday, &of_monday);
    let (trust, key, state) = (shelf.trust(), signer.key(), Folder::new());
    let options =
        ["--plan-trust", trust.to_str().unwrap(), "--plan-key", key.to_str().unwrap(), "--plan-refresh", "1s"];
    let options = [&options[..], &["--state", state.path().to_str().unwrap()]].concat();
    let url = shelf.url("open/plan.yaml");
    let mut agent = Running::start_with(Path::new(&url), "here", &options);
    put(&tuesday, &of_tuesday);
    agent.wait_for_log("plan reloaded");
    assert_eq!(agent.board()["plan"], "on-tuesday");
    for (text, signature, says) in [
        (plan("somebody-elses"), of_tuesday.as_str(), "not what was signed"),
        (monday.clone(), &of_monday, "signed before the plan that was taken last"),
    ] {
        put(&text, signature);
        agent.log_until(says);
        assert_eq!(agent.board()["plan"], "on-tuesday", "{says}");
        agent.wait_for_metric("fencepost_plan_last_reload_successful 0");
    }
    // Not even after a restart: the copy says what was taken last.
    agent.signal("-TERM");
    agent.wait();
    let mut agent = Running::start_with(Path::new(&url), "here", &options);
    assert_eq!(agent.board()["plan"], "on-tuesday");
    agent.wait_for_metric("fencepost_plan_last_reload_successful 0");
    // Going back on purpose is signing the old text anew.
    put(&monday, &signer.sign(&monday, 1_795_172_800));
    agent.wait_for_log("plan reloaded");
    assert_eq!(agent.board()["plan"], "monday");
}

#[test]
fn a_file_has_its_signature_beside_it() {
    let (folder, signer) = (Folder::new(), Signer::new());
    let file = folder.write("plan.yaml", plan("signed"));
    let named = file.to_str().unwrap();
    let (code, _, said) = check(named, &signer.key(), None);
    assert!(code == 2 && said.contains("plan.yaml.minisig: No such file"), "{said}");
    signer.sign_file(&file);
    assert_eq!(check(named, &signer.key(), None).0, 0);
    // The key itself, as the second line of its file has it.
    let key = std::fs::read_to_string(signer.key()).unwrap();
    assert_eq!(check(named, Path::new(key.lines().nth(1).unwrap()), None).0, 0);
    folder.write("plan.yaml", plan("tampered"));
    let (code, _, said) = check(named, &signer.key(), None);
    assert!(code == 2 && said.contains("not what was signed"), "{said}");
}

/// One signature for all files of a folder, by way of what `sha256sum` says of them.
#[test]
fn a_folder_is_signed_as_one() {
    let (folder, signer) = (Folder::new(), Signer::new());
    let (rest, rules) =
        plan("signed").split_once("rules:").map(|(rest, rules)| (rest.to_owned(), format!("rules:{rules}"))).unwrap();
    folder.write("10-plan.yaml", &rest);
    folder.write("20-rules.yaml", &rules);
    let sums = || {
        let listing = "export LC_ALL=C; sha256sum *.yaml > SHA256SUMS";
        succeed(Command::new("sh").args(["-c", listing]).current_dir(folder.path()));
        folder.path().join("SHA256SUMS")
    };
    signer.sign_file(&sums());
    let named = folder.path().to_str().unwrap();
    let (code, out, said) = check(named, &signer.key(), None);
    assert!(code == 0 && out.contains("plan signed is good"), "{said}");
    let sum = succeed(Command::new("sha256sum").arg(sums()));
    assert!(out.contains(&format!("sha256 {}", sum.split(' ').next().unwrap())), "{out}\n{sum}");
    // Another text, another file, one file less, another order: none of it was signed.
    let none = "rules: [{name: none, from: any, to: any, claim: none}]\n";
    let changes: [&dyn Fn(); 4] = [
        &|| drop(folder.write("20-rules.yaml", none)),
        &|| drop(folder.write("15-rules.yaml", none)),
        &|| std::fs::remove_file(folder.path().join("20-rules.yaml")).unwrap(),
        &|| std::fs::rename(folder.path().join("20-rules.yaml"), folder.path().join("05-rules.yaml")).unwrap(),
    ];
    for (place, change) in changes.iter().enumerate() {
        change();
        let (code, _, said) = check(named, &signer.key(), None);
        assert!(code == 2 && said.contains("not what was signed"), "{place}: {code} {said}");
        for name in ["05-rules.yaml", "15-rules.yaml", "20-rules.yaml"] {
            let _ = std::fs::remove_file(folder.path().join(name));
        }
        folder.write("20-rules.yaml", &rules);
        assert_eq!(check(named, &signer.key(), None).0, 0);
    }
}
