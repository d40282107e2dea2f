//! Prometheus remote write, version 1.0: `prometheus.WriteRequest` in the block format of Snappy.
//!
//! Field numbers are those of `prompb/remote.proto` and `prompb/types.proto` of Prometheus.

use super::{Labels, Point};
use prost::Message;

/// The NaN that marks the end of a series.
const STALE: u64 = 0x7ff0_0000_0000_0002;

#[derive(Clone, PartialEq, Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
}

#[derive(Clone, PartialEq, Message)]
struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    /// Milliseconds since 1970.
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

/// The body of one request.
pub fn body(points: &[Point], labels: &Labels, at: i64) -> Result<Vec<u8>, snap::Error> {
    let timeseries = points.iter().map(|point| series(point, labels, at)).collect();
    snap::raw::Encoder::new().compress_vec(&WriteRequest { timeseries }.encode_to_vec())
}

fn series(point: &Point, labels: &Labels, at: i64) -> TimeSeries {
    let pair = |(name, value): (&str, &str)| Label { name: name.to_owned(), value: value.to_owned() };
    let own = point.series.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let mut labels: Vec<Label> = labels.iter().chain(own).map(pair).collect();
    labels.push(pair(("__name__", &point.series.name())));
    // A receiver may take labels in another order for another series.
    labels.sort_unstable();
    let value = point.value.unwrap_or(f64::from_bits(STALE));
    TimeSeries { labels, samples: vec![Sample { value, timestamp: at }] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::push::Series;
    use std::sync::Arc;

    #[test]
    fn labels_are_in_order_and_an_end_is_the_one_nan() {
        let labels = Labels::new("build", [("Zone".to_owned(), "1".to_owned())]);
        let series = Arc::new(Series::new("check_finding", "", [("finding", "f"), ("cause", ""), ("check", "c")]));
        let point = |value| Point { series: Arc::clone(&series), value };
        let body = body(&[point(Some(1.5)), point(None)], &labels, 7).unwrap();
        let bytes = snap::raw::Decoder::new().decompress_vec(&body).unwrap();
        let request = WriteRequest::decode(bytes.as_slice()).unwrap();
        let [first, last] = request.timeseries.as_slice() else { panic!("{request:?}") };
        let said: Vec<_> = first.labels.iter().map(|label| (label.name.as_str(), label.value.as_str())).collect();
        let expected = [
            ("Zone", "1"),
            ("__name__", "fencepost_check_finding"),
            ("check", "c"),
            ("finding", "f"),
            ("instance", "build"),
            ("job", "fencepost"),
        ];
        assert_eq!(said, expected);
        assert_eq!((&first.labels, first.samples[0]), (&last.labels, Sample { value: 1.5, timestamp: 7 }));
        assert_eq!(last.samples[0].value.to_bits(), 0x7ff0_0000_0000_0002);
    }
}
