//! The result of a run, pushed: by Prometheus remote write or OTLP/HTTP, and marked as ended when the run is over, so that
//! no series outlives what it speaks of.

mod course;
mod credentials;
mod labels;
mod otlp;
mod remote_write;
mod round;
mod send;

pub use credentials::{Credentials, Unusable};
pub use labels::Labels;
pub use round::{Push, Trouble};
pub use send::{ATTEMPT, ATTEMPTS, Destination, Kind, LONGEST_ANSWER, LONGEST_PUSH, LONGEST_WAIT};

/// What a series is called, everywhere and always.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Series {
    /// Without the prefix that all have.
    family: &'static str,
    help: &'static str,
    /// In the order of their names; none is empty, because an empty label is none.
    labels: Vec<(String, String)>,
}

impl Series {
    pub fn new<'a>(
        family: &'static str,
        help: &'static str,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let labels = labels.into_iter().filter(|(_, value)| !value.is_empty());
        let mut labels: Vec<_> = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        labels.sort_unstable();
        Self { family, help, labels }
    }

    fn name(&self) -> String {
        format!("fencepost_{}", self.family)
    }
}

/// What is said of a series at one moment.
#[derive(Clone, Debug, PartialEq)]
struct Point {
    series: std::sync::Arc<Series>,
    /// Nothing, where the series ends.
    value: Option<f64>,
}
