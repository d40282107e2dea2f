//! Where alerts go, as written.

use super::super::language as lang;
use super::super::read::{Reader, Spot};
use super::super::tree::Node;
use super::named;

#[derive(Default)]
pub struct AlertsFile {
    pub runbooks: Option<Spot<String>>,
    pub alertmanagers: Vec<DestinationFile>,
    pub webhooks: Vec<DestinationFile>,
}

pub struct DestinationFile {
    pub name: Spot<String>,
    pub url: Spot<String>,
    /// The file that holds the token or the key.
    pub secret: Option<Spot<String>>,
}

pub fn alerts(r: &mut Reader, node: &Node) -> AlertsFile {
    let Some(f) = r.fields(node, &lang::ALERTS) else { return AlertsFile::default() };
    AlertsFile {
        runbooks: f.get("runbooks").and_then(|n| r.text(n, "`runbooks`")),
        alertmanagers: named(r, f.get("alertmanagers"), "alertmanagers", alertmanager).0,
        webhooks: named(r, f.get("webhooks"), "webhooks", webhook).0,
    }
}

fn alertmanager(r: &mut Reader, name: Spot<String>, node: &Node) -> Option<DestinationFile> {
    let f = r.fields(node, &lang::ALERTMANAGER)?;
    let secret = f.get("token").and_then(|n| r.text(n, "the token's file"));
    let url = f.get("url").and_then(|n| r.text(n, "the url"))?;
    Some(DestinationFile { name, url, secret })
}

fn webhook(r: &mut Reader, name: Spot<String>, node: &Node) -> Option<DestinationFile> {
    let f = r.fields(node, &lang::WEBHOOK)?;
    let secret = f.get("secret").and_then(|n| r.text(n, "the secret's file"));
    let url = f.get("url").and_then(|n| r.text(n, "the url"))?;
    Some(DestinationFile { name, url, secret })
}
