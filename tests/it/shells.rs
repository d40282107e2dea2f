//! Completions, read by the shells themselves, and manual pages, read by mandoc.

use crate::support::agent::{fencepost, outcome};
use crate::support::{Folder, succeed};
use std::path::PathBuf;
use std::process::Command;

fn script(folder: &Folder, shell: &str, name: &str) -> PathBuf {
    let (code, script, err) = outcome(fencepost().args(["completions", shell]));
    assert_eq!((code, err.as_str()), (0, ""));
    folder.write(name, script)
}

#[test]
fn shells_complete_commands_and_options() {
    let folder = Folder::new();
    let bash = script(&folder, "bash", "fencepost.bash");
    for (words, says) in [
        ("fencepost chec", "check"),
        ("fencepost run --sta", "--state"),
        ("fencepost plan exam", "example"),
        ("fencepost check --format j", "json"),
    ] {
        let ask = format!(
            "set -- {words}\nsource \"$0\"\nCOMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1))\n\
             \"$(complete -p fencepost | sed 's/.*-F \\([^ ]*\\).*/\\1/')\" fencepost \"${{@: -1}}\" \"${{@: -2:1}}\"\n\
             echo \"${{COMPREPLY[@]}}\""
        );
        let said = succeed(Command::new("bash").args(["--norc", "-c", &ask]).arg(&bash));
        assert!(said.split_whitespace().any(|word| word == says), "{words}: {said}");
    }
    let fish = script(&folder, "fish", "fencepost.fish");
    for (words, says) in
        [("fencepost chec", "check"), ("fencepost run --sta", "--state"), ("fencepost plan exam", "example")]
    {
        let ask = format!("source {}; complete --do-complete '{words}'", fish.display());
        let said = succeed(Command::new("fish").args(["--no-config", "--command", &ask]).env("HOME", folder.path()));
        assert!(said.split_whitespace().any(|word| word == says), "{words}: {said}");
    }
    // Zsh completes at a terminal only; that it takes the script is what can be asked here.
    let zsh = script(&folder, "zsh", "_fencepost");
    let ask =
        "autoload -U compinit && compinit -D -u && source $1 && whence -w _fencepost && print ${_comps[fencepost]}";
    let said = succeed(Command::new("zsh").args(["--no-rcs", "-c", ask, "zsh"]).arg(&zsh));
    assert_eq!(said, "_fencepost: function\n_fencepost\n");
    assert!(std::fs::read_to_string(&zsh).unwrap().starts_with("#compdef fencepost\n"));
    let (code, _, err) = outcome(fencepost().args(["completions", "tcsh"]));
    assert!(code == 2 && err.contains("possible values: bash, zsh, fish"), "{err}");
}

#[test]
fn every_command_has_a_page_that_mandoc_and_groff_read() {
    let folder = Folder::new();
    let (code, out, err) = outcome(fencepost().args(["man", "--dir"]).arg(folder.path()));
    assert_eq!((code, out.as_str(), err.as_str()), (0, "", ""));
    let pages: Vec<PathBuf> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let has = |name: &str| pages.iter().any(|page| page.ends_with(name));
    for name in
        ["fencepost.1", "fencepost-run.1", "fencepost-check.1", "fencepost-plan-check.1", "fencepost-lab-heal.1"]
    {
        assert!(has(name), "{name} is missing in {pages:?}");
    }
    for page in &pages {
        let groff = Command::new("groff").args(["-man", "-Kutf8", "-Tutf8", "-ww", "-z"]).arg(page).output().unwrap();
        assert!(
            groff.status.success() && groff.stderr.is_empty(),
            "{page:?}: {}",
            String::from_utf8_lossy(&groff.stderr)
        );
        succeed(Command::new("mandoc").args(["-T", "lint", "-W", "error"]).arg(page));
    }
    let (code, whole, _) = outcome(fencepost().arg("man"));
    assert_eq!((code, &whole), (0, &std::fs::read_to_string(folder.path().join("fencepost.1")).unwrap()));
    let shown =
        succeed(Command::new("man").args(["--local-file", "--pager=cat"]).arg(folder.path().join("fencepost-run.1")));
    let flat = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("--state <FOLDER>") && flat.contains("FENCEPOST_STATE"), "{flat}");
    let (code, _, err) = outcome(fencepost().args(["man", "--dir", "/nonexistent"]));
    assert!(code == 2 && err.contains("/nonexistent/fencepost.1: No such file"), "{err}");
}
