//! A disk so small that a test can fill it.

use super::Folder;
use super::agent::Running;
use super::lab::LabProcess;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

/// The program, in a mount namespace of its own, where the folder is a disk of 64 KiB that holds what the folder held.
pub fn on_a_small_disk(folder: &Path) -> Command {
    // The shell that stands in the folder when the disk is laid over it still sees what is below.
    let script = "(cd \"$0\" && mount -t tmpfs -o size=64k small \"$0\" && cp -r . \"$0\") && exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c", script]).arg(folder);
    command.arg(env!("CARGO_BIN_EXE_fencepost"));
    command
}

/// Writes to the disk of an agent until the agent, too, finds no room; it may make some by replacing a file. Removing what is returned makes room again.
pub fn fill(agent: &Running, folder: &Path) -> std::path::PathBuf {
    // The disk as the agent sees it.
    let root = Path::new("/proc").join(agent.pid().to_string()).join("root");
    let filler = root.join(folder.strip_prefix("/").unwrap()).join("filler");
    let mut to = fs::File::create(&filler).unwrap();
    while agent.metric("fencepost_state_durable") > 0.5 {
        while to.write(&[0; 512]).is_ok_and(|written| written > 0) {}
    }
    filler
}

/// An agent that looks at the gateway of a lab every 4 s and keeps its state in a folder on a small disk.
pub fn keeping_on_a_small_disk(lab: &LabProcess) -> (Folder, Running) {
    let plan = lab.gateway_plan("every: 4s, timeout: 1s");
    let folder = Folder::new();
    let options = ["--state", folder.path().to_str().unwrap()];
    let agent = Running::spawn(on_a_small_disk(folder.path()), &plan, "prod-app", &options);
    agent.wait_for_metric("fencepost_state_durable 1");
    (folder, agent)
}
