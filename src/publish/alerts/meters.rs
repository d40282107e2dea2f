//! What is counted of direct alerts. A destination is there with zeros from the start, and leaves with the plan.

use crate::plan::DestinationName;
use prometheus::{IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

const LABELS: &[&str] = &["destination"];

#[derive(Debug)]
pub struct AlertMeters {
    firing: IntGauge,
    sent: IntCounterVec,
    failed: IntCounterVec,
    dropped: IntCounterVec,
    queued: IntGaugeVec,
    known: Mutex<BTreeSet<String>>,
}

impl AlertMeters {
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counter = |name: &str, help: &str| IntCounterVec::new(Opts::new(name, help), LABELS);
        let meters = Self {
            firing: IntGauge::new("fencepost_alerts_firing", "Alerts that the agent itself holds firing.")?,
            sent: counter("fencepost_alerts_sent_total", "Attempts to send alerts to a destination that succeeded.")?,
            failed: counter("fencepost_alerts_failed_total", "Attempts to send alerts to a destination that failed.")?,
            dropped: counter(
                "fencepost_alerts_dropped_total",
                "Notices that were given up: the queue was full, or the receiver refused one of them several times.",
            )?,
            queued: IntGaugeVec::new(
                Opts::new("fencepost_alerts_queued", "Notices that wait to be sent to a destination."),
                LABELS,
            )?,
            known: Mutex::default(),
        };
        registry.register(Box::new(meters.firing.clone()))?;
        registry.register(Box::new(meters.sent.clone()))?;
        registry.register(Box::new(meters.failed.clone()))?;
        registry.register(Box::new(meters.dropped.clone()))?;
        registry.register(Box::new(meters.queued.clone()))?;
        Ok(meters)
    }

    /// Takes the destinations of a plan.
    pub fn settle<'a>(&self, destinations: impl Iterator<Item = &'a DestinationName>) {
        let now: BTreeSet<String> = destinations.map(ToString::to_string).collect();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for gone in known.difference(&now) {
            for counter in [&self.sent, &self.failed, &self.dropped] {
                // It is there: it was made below.
                let _ = counter.remove_label_values(&[gone]);
            }
            let _ = self.queued.remove_label_values(&[gone]);
        }
        for name in &now {
            for counter in [&self.sent, &self.failed, &self.dropped] {
                counter.with_label_values(&[name]);
            }
            self.queued.with_label_values(&[name]);
        }
        *known = now;
    }

    pub fn firing(&self, alerts: usize) {
        self.firing.set(i64::try_from(alerts).unwrap_or(i64::MAX));
    }

    /// One attempt.
    pub fn attempt(&self, destination: &DestinationName, succeeded: bool) {
        if self.knows(destination) {
            let counter = if succeeded { &self.sent } else { &self.failed };
            counter.with_label_values(&[destination.as_str()]).inc();
        }
    }

    pub fn drop(&self, destination: &DestinationName, notices: usize) {
        if self.knows(destination) {
            self.dropped.with_label_values(&[destination.as_str()]).inc_by(u64::try_from(notices).unwrap_or(u64::MAX));
        }
    }

    pub fn queue(&self, destination: &DestinationName, notices: usize) {
        if self.knows(destination) {
            self.queued.with_label_values(&[destination.as_str()]).set(i64::try_from(notices).unwrap_or(i64::MAX));
        }
    }

    /// An attempt may end after its destination left the plan.
    fn knows(&self, destination: &DestinationName) -> bool {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).contains(destination.as_str())
    }
}
