//! One family on its way to the page. The library's own types are filled and written again and again: made anew for every
//! sample, they would be four fifths of what a scrape costs, nearly all of it in the allocator.

use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};
use prometheus::{Error, TextEncoder};

#[derive(Default)]
pub struct Family {
    inner: MetricFamily,
    /// How many of its metrics are filled; those behind them are left over from before.
    filled: usize,
}

impl Family {
    /// Begins a family, or another slice of it; what was added before is forgotten.
    pub fn begin(&mut self, name: &str, help: &str, kind: MetricType) {
        self.inner.set_name(format!("fencepost_{name}"));
        self.inner.set_help(help.to_owned());
        self.inner.set_field_type(kind);
        self.filled = 0;
    }

    /// Adds a sample: its labels and its value.
    pub fn add(&mut self, labels: &[(&'static str, &str)], value: f64) {
        let is_counter = self.inner.get_field_type() == MetricType::COUNTER;
        let metrics = self.inner.mut_metric();
        if self.filled == metrics.len() {
            metrics.push(Metric::default());
        }
        let Some(metric) = metrics.get_mut(self.filled) else { return };
        self.filled += 1;
        if metric.get_label().len() == labels.len() {
            metric.mut_label().iter_mut().zip(labels).for_each(|(pair, label)| fill(pair, *label));
        } else {
            metric.set_label(labels.iter().map(|label| filled(*label)).collect());
        }
        if is_counter {
            let mut counter = Counter::default();
            counter.set_value(value);
            metric.set_counter(counter);
        } else {
            let mut gauge = Gauge::default();
            gauge.set_value(value);
            metric.set_gauge(gauge);
        }
    }

    /// What was added to a family of gauges: the labels and the value of each sample.
    pub fn gauges(&self) -> impl Iterator<Item = (&[LabelPair], f64)> {
        self.inner
            .get_metric()
            .iter()
            .take(self.filled)
            .map(|metric| (metric.get_label(), metric.get_gauge().get_value()))
    }

    /// Writes what was added, with HELP and TYPE before it where they are wanted; nothing, where nothing was added.
    pub fn write(&mut self, headed: bool, text: &mut String) -> Result<(), Error> {
        if self.filled == 0 {
            return Ok(());
        }
        self.inner.mut_metric().truncate(self.filled);
        let start = text.len();
        TextEncoder::new().encode_utf8(std::slice::from_ref(&self.inner), text)?;
        if !headed {
            // The library heads every call.
            let head = text[start..].match_indices('\n').nth(1).map_or(0, |(at, _)| at + 1);
            text.drain(start..start + head);
        }
        Ok(())
    }
}

fn filled(label: (&'static str, &str)) -> LabelPair {
    let mut pair = LabelPair::default();
    fill(&mut pair, label);
    pair
}

fn fill(pair: &mut LabelPair, (name, value): (&'static str, &str)) {
    if pair.name() != name {
        pair.set_name(name.to_owned());
    }
    if pair.value() != value {
        pair.set_value(value.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_before_shows_nowhere() {
        let mut family = Family::default();
        let mut text = String::new();
        family.begin("one", "First.", MetricType::GAUGE);
        family.add(&[("check", "a"), ("state", "none")], 1.0);
        family.add(&[("check", "b"), ("state", "none")], 0.0);
        family.write(true, &mut text).unwrap();
        family.begin("one", "First.", MetricType::GAUGE);
        family.add(&[("check", "c\"\n"), ("state", "usable")], 2.0);
        family.write(false, &mut text).unwrap();
        family.begin("two_total", "Second.", MetricType::COUNTER);
        family.write(true, &mut text).unwrap();
        family.add(&[("check", "a")], 3.0);
        family.add(&[], 4.0);
        family.write(true, &mut text).unwrap();
        let expected = "# HELP fencepost_one First.\n# TYPE fencepost_one gauge\n\
             fencepost_one{check=\"a\",state=\"none\"} 1\nfencepost_one{check=\"b\",state=\"none\"} 0\n\
             fencepost_one{check=\"c\\\"\\n\",state=\"usable\"} 2\n\
             # HELP fencepost_two_total Second.\n# TYPE fencepost_two_total counter\n\
             fencepost_two_total{check=\"a\"} 3\nfencepost_two_total 4\n";
        assert_eq!(text, expected);
    }
}
