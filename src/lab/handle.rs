//! What one holds to break and heal a lab while it runs.

use super::PLAN;
use super::scene::Ports;
use super::stage::Stage;
use super::world::UnknownFault;
use serde::Serialize;
use std::sync::Arc;
use tokio::sync::watch;

/// A fault as it stands now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FaultState {
    pub name: String,
    pub title: String,
    pub story: String,
    pub active: bool,
}

/// A hold on a lab. Every change is in force when its call returns: the next question and the next connection meet it.
#[derive(Clone)]
pub struct LabHandle {
    pub(super) stage: Arc<Stage>,
    pub(super) ports: Ports,
    /// The generation of the world that the servers play; `None` while they do not run.
    pub(super) played: watch::Receiver<Option<u64>>,
}

impl LabHandle {
    /// Puts one fault more in force.
    pub async fn break_with(&self, name: &str) -> Result<(), UnknownFault> {
        self.stage.break_with(name)?;
        self.settled().await;
        Ok(())
    }

    /// Takes all faults back.
    pub async fn heal(&self) {
        self.stage.heal();
        self.settled().await;
    }

    /// The names of the faults in force, in the order in which they came.
    pub fn broken(&self) -> Vec<String> {
        self.stage.world().broken().to_vec()
    }

    /// Every fault that the world can have.
    pub fn faults(&self) -> Vec<FaultState> {
        let world = self.stage.world();
        let state = |(name, fault): (&str, &super::Fault)| FaultState {
            name: name.to_owned(),
            title: fault.title.clone(),
            story: fault.story.clone(),
            active: world.broken().iter().any(|broken| broken == name),
        };
        world.faults().map(state).collect()
    }

    pub fn ports(&self) -> Ports {
        self.ports
    }

    /// The certificate that an agent must trust, as PEM.
    pub fn authority_pem(&self) -> &str {
        self.stage.authority().pem()
    }

    /// The plan for this lab, with the ports it really has.
    pub fn plan_text(&self) -> String {
        let written = self.stage.world().ports();
        // Word by word, so that a port that was just written is not taken for one that must be replaced.
        let port = |word: &str| match word.parse::<u16>() {
            Ok(port) if port == written.dns => self.ports.dns.to_string(),
            Ok(port) if port == written.tls => self.ports.tls.to_string(),
            Ok(_) | Err(_) => word.to_owned(),
        };
        PLAN.split_inclusive(|c: char| !c.is_ascii_digit())
            .map(|piece: &str| {
                let digits = piece.trim_end_matches(|c: char| !c.is_ascii_digit());
                port(digits) + &piece[digits.len()..]
            })
            .collect()
    }

    /// As [`LabHandle::plan_text`], with the file that holds [`LabHandle::authority_pem`] as `settings.trust`.
    pub fn plan_text_trusting(&self, file: &str) -> String {
        let quoted = serde_json::Value::from(file);
        self.plan_text().replacen("settings: {", &format!("settings: {{trust: {quoted}, "), 1)
    }

    /// Waits until the servers play the world of now, where they run at all.
    async fn settled(&self) {
        let wanted = self.stage.generation();
        let mut played = self.played.clone();
        // The error means that the servers are gone; nobody is left to wait for.
        let _ = played.wait_for(|at| at.is_none_or(|at| at >= wanted)).await;
    }
}
