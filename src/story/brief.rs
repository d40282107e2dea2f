//! What a check was asked, and what is told of it: all that a tale needs, so that a saved report tells the same tale.

use super::Told;
use crate::facts::Facts;
use crate::judge::{PublicFallback, Reached, Verdict};
use crate::plan::{HostName, Layer, Networks, ResolverName, View};
use ipnet::IpNet;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// Who names the addresses that are expected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expectation {
    #[default]
    Plan,
    /// The command line.
    Given,
    /// Nobody: any private address passes.
    AnyPrivate,
}

/// A resolver that the vantage asks by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BriefResolver {
    #[schemars(with = "String")]
    pub name: ResolverName,
    #[schemars(with = "String")]
    pub address: SocketAddr,
    #[schemars(with = "String")]
    pub view: View,
}

/// What was asked of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Brief {
    pub service: String,
    pub port: u16,
    /// The path of the key-less request.
    pub path: String,
    #[schemars(with = "Vec<String>")]
    pub expected: Vec<IpNet>,
    /// Who names the expected addresses: `plan`, `given` on the command line, `any-private`.
    #[serde(default)]
    #[schemars(with = "String")]
    pub expectation: Expectation,
    /// The plan's overrides of what counts as private and public.
    #[serde(default)]
    #[schemars(with = "serde_json::Value")]
    pub networks: Networks,
    /// The layers at which a block may stop.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub by: Vec<Layer>,
    /// The public suffix that the host lies under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub suffix: Option<HostName>,
    /// The private zones in which its record may stand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub zones: Vec<HostName>,
    /// Whether this machine's own resolvers, OS path and proxy variables are part of the vantage.
    #[serde(default)]
    pub host: bool,
    #[serde(default)]
    pub resolvers: Vec<BriefResolver>,
    /// The file of certificates that are trusted beside the machine's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<String>,
}

/// One check of a report, from which its tale is told.
#[derive(Clone)]
pub struct Record<'r> {
    pub vantage: &'r str,
    pub check: &'r str,
    pub endpoint: &'r str,
    pub claim: &'r str,
    pub rule: &'r str,
    /// Who owns the target.
    pub owner: Option<&'r str>,
    pub exception: Option<&'r str>,
    pub at: Timestamp,
    pub verdict: Option<Verdict>,
    /// The verdict in a word that only a newer version knows.
    pub newer_verdict: Option<&'r str>,
    pub fallback: Option<PublicFallback>,
    pub since: Option<Timestamp>,
    /// The incident that is open, where it has more than the look that is told.
    pub incident: Option<Past>,
    pub findings: &'r [Told],
    pub reached: &'r [Reached],
    /// Nothing in a report of an older version.
    pub brief: Option<&'r Brief>,
    pub facts: Option<&'r Facts>,
    /// What worked from the same vantage in the same round, or did not.
    pub witness: Option<String>,
}

/// An open incident, as far as a tale speaks of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    pub opened: Timestamp,
    pub last_seen: Timestamp,
    pub broken_looks: u64,
    pub flaps: u32,
    pub peak: PublicFallback,
}
