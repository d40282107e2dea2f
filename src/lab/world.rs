//! A world: a network as it is meant to be, the faults it can have, and which of them it has now.

use super::change::Change;
use super::read::{WorldFaults, described};
use super::scene::{Ports, Scene};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use wildmatch::WildMatch;

/// A described network with some of its faults in force.
#[derive(Clone, Debug)]
pub struct World {
    described: Arc<Described>,
    scene: Scene,
    broken: Vec<String>,
}

/// What the file says; it never changes.
#[derive(Debug)]
pub struct Described {
    pub name: String,
    pub about: String,
    pub ports: Ports,
    pub latency: Duration,
    pub scene: Scene,
    pub faults: BTreeMap<String, Fault>,
}

/// One way in which the world can be broken.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    pub title: String,
    /// What somebody did, in one sentence.
    pub story: String,
    pub changes: Vec<Change>,
    /// What an agent must say of it. Checks that no row names stay as they are in the healthy world.
    pub expect: Vec<Expectation>,
}

/// What becomes of the checks that match. The words are those of the agent's own output.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// A vantage's name, in which `*` stands for any characters.
    pub vantage: String,
    /// A check's name, in which `*` stands for any characters.
    pub check: String,
    pub verdict: String,
    /// The code of the finding that comes first; none is expected where none is written.
    pub finding: Option<String>,
    /// The cause that this finding carries.
    pub cause: Option<String>,
    pub fallback: String,
}

impl Expectation {
    pub fn matches(&self, vantage: &str, check: &str) -> bool {
        WildMatch::new(&self.vantage).matches(vantage) && WildMatch::new(&self.check).matches(check)
    }
}

/// A name that no fault of the world has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFault {
    pub name: String,
    pub suggestion: Option<String>,
    pub known: Vec<String>,
}

impl fmt::Display for UnknownFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.suggestion {
            Some(near) => write!(f, "there is no fault `{}`; write `{near}`", self.name),
            None => write!(f, "there is no fault `{}`; use one of: {}", self.name, self.known.join(", ")),
        }
    }
}

impl std::error::Error for UnknownFault {}

impl World {
    /// The world built into the binary. Its file is part of the program: a test reads it.
    pub fn hub_and_spoke() -> Self {
        let text = include_str!("../../probes/worlds/hub-and-spoke.yaml");
        match Self::read("hub-and-spoke.yaml", text) {
            Ok(world) => world,
            Err(trouble) => unreachable!("the built-in world does not read: {trouble}"),
        }
    }

    /// Reads and checks a world file; `file` is only named in faults.
    pub fn read(file: &str, text: &str) -> Result<Self, WorldFaults> {
        let described = described(file, text)?;
        let scene = described.scene.clone();
        Ok(Self { described: Arc::new(described), scene, broken: Vec::new() })
    }

    pub fn name(&self) -> &str {
        &self.described.name
    }

    pub fn about(&self) -> &str {
        &self.described.about
    }

    pub fn ports(&self) -> Ports {
        self.described.ports
    }

    /// How long every answer takes in the simulated net.
    pub fn latency(&self) -> Duration {
        self.described.latency
    }

    /// The network as it is now.
    pub fn scene(&self) -> &Scene {
        &self.scene
    }

    /// Every fault that this world can have, by name.
    pub fn faults(&self) -> impl Iterator<Item = (&str, &Fault)> {
        self.described.faults.iter().map(|(name, fault)| (name.as_str(), fault))
    }

    /// Every address that the world has or, once broken, can have: of its servers, and of its records.
    pub fn addresses(&self) -> Vec<IpAddr> {
        let changes = self.described.faults.values().flat_map(|fault| &fault.changes);
        self.described.scene.addresses().chain(changes.flat_map(Change::addresses).copied()).collect()
    }

    /// The faults in force, in the order in which they came.
    pub fn broken(&self) -> &[String] {
        &self.broken
    }

    /// This world with one fault more; the same one twice is the same as once.
    pub fn with_fault(&self, name: &str) -> Result<Self, UnknownFault> {
        let Some(fault) = self.described.faults.get(name) else { return Err(self.unknown(name)) };
        let mut world = self.clone();
        if !world.broken.iter().any(|known| known == name) {
            fault.changes.iter().for_each(|change| change.apply(&mut world.scene));
            world.broken.push(name.to_owned());
        }
        Ok(world)
    }

    /// This world without any fault.
    pub fn healed(&self) -> Self {
        Self { described: Arc::clone(&self.described), scene: self.described.scene.clone(), broken: Vec::new() }
    }

    fn unknown(&self, name: &str) -> UnknownFault {
        let known: Vec<String> = self.described.faults.keys().cloned().collect();
        let likeness = |word: &&String| strsim::jaro_winkler(name, word);
        let nearest = known.iter().filter(|word| likeness(word) > 0.8);
        let suggestion = nearest.max_by(|a, b| likeness(a).total_cmp(&likeness(b))).cloned();
        UnknownFault { name: name.to_owned(), suggestion, known }
    }
}
