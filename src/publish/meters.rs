//! What is counted while the agent runs, rather than read off the board: histograms of times, and the schedule's own
//! health. One registry per agent; nothing is global.

use super::alerts::AlertMeters;
use crate::facts::{Facts, ProxyFacts};
use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, Registry};
use std::time::Duration;

/// Seconds; from a hop on the same host to the longest usual timeout.
const BUCKETS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

#[derive(Debug)]
pub struct Meters {
    pub registry: Registry,
    pub alerts: AlertMeters,
    dns: HistogramVec,
    phases: HistogramVec,
    lag: Histogram,
    skipped: IntCounter,
}

impl Meters {
    /// The error is a name registered twice, which a test rules out.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let options = |name: &str, help: &str| HistogramOpts::new(name, help).buckets(BUCKETS.to_vec());
        let dns = HistogramVec::new(
            options(
                "fencepost_dns_query_duration_seconds",
                "Round trip of one question to one resolver; a lost one counts as long as was waited.",
            ),
            &["resolver"],
        )?;
        let phases = HistogramVec::new(
            options(
                "fencepost_probe_phase_duration_seconds",
                "Duration of one phase of a look: os, connect, tls, http.",
            ),
            &["phase"],
        )?;
        let lag = Histogram::with_opts(options(
            "fencepost_schedule_lag_seconds",
            "How late looks began, behind their slot in the schedule.",
        ))?;
        let skipped = IntCounter::new(
            "fencepost_schedule_skipped_total",
            "Looks that were left out because the agent was behind.",
        )?;
        registry.register(Box::new(dns.clone()))?;
        registry.register(Box::new(phases.clone()))?;
        registry.register(Box::new(lag.clone()))?;
        registry.register(Box::new(skipped.clone()))?;
        #[cfg(target_os = "linux")]
        registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        for phase in ["os", "connect", "tls", "http"] {
            phases.with_label_values(&[phase]);
        }
        let alerts = AlertMeters::new(&registry)?;
        Ok(Self { registry, alerts, dns, phases, lag, skipped })
    }

    /// Counts the times of one look.
    pub fn observe(&self, facts: &Facts) {
        for resolver in &facts.names.resolvers {
            let meter = self.dns.with_label_values(&[resolver.resolver.as_str()]);
            resolver.lookups().iter().for_each(|lookup| meter.observe(lookup.took.as_secs_f64()));
        }
        let phase = |name: &str, took: Duration| self.phases.with_label_values(&[name]).observe(took.as_secs_f64());
        if let Some(os) = &facts.names.os {
            phase("os", os.took);
        }
        for path in &facts.paths {
            phase("connect", path.connect.took);
        }
        let direct = facts.paths.iter().map(|path| (path.tls.as_ref(), path.http.as_ref()));
        let proxied = facts.proxy.iter().map(|proxy: &ProxyFacts| (proxy.tls.as_ref(), proxy.http.as_ref()));
        for (tls, http) in direct.chain(proxied) {
            if let Some(tls) = tls {
                phase("tls", tls.took);
            }
            if let Some(http) = http {
                phase("http", http.took);
            }
        }
    }

    pub fn late(&self, by: Duration) {
        self.lag.observe(by.as_secs_f64());
    }

    pub fn skip(&self, looks: u64) {
        self.skipped.inc_by(looks);
    }
}
