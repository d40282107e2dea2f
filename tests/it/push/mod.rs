//! The result of a run, pushed to real receivers and to such as mean no good.

mod hostile;
mod otlp;
mod prometheus;
mod usage;

use crate::support::Folder;
use crate::support::agent::{fencepost, outcome};
use crate::support::certificates::Authority;
use std::path::PathBuf;
use std::process::Command;

/// A plan of one check that is quickly told: nobody listens where it looks.
struct Quick {
    folder: Folder,
    plan: PathBuf,
}

impl Quick {
    fn new() -> Self {
        Self::trusting(&Authority::new("Test authority"))
    }

    fn trusting(authority: &Authority) -> Self {
        let folder = Folder::new();
        folder.write("ca.pem", authority.pem());
        let text = "plan: pushed\nsettings: {timeout: 100ms, trust: ca.pem}\n\
             vantages: {build: {kind: build, resolvers: [nobody]}}\nresolvers: {nobody: {address: '127.0.0.1:1'}}\n\
             targets: {chat: {service: azure-openai, port: 1, endpoints: {contoso.openai.azure.com: [127.0.0.2]}}}\n\
             rules: [{name: privately, from: any, to: any, claim: private}]\n";
        let plan = folder.write("plan.yaml", text);
        Self { folder, plan }
    }

    /// `check` with these options behind the plan.
    fn check(&self, options: &[&str]) -> Command {
        let mut command = fencepost();
        command.args(["check", "--vantage", "build", "--plan"]).arg(&self.plan).args(options);
        command
    }

    /// The exit code without any push.
    fn code(&self) -> i32 {
        outcome(&mut self.check(&[])).0
    }
}
