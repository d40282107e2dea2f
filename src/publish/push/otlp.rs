//! OTLP/HTTP metrics: `ExportMetricsServiceRequest` of `opentelemetry.proto.collector.metrics.v1`, in protobuf.
//!
//! Field numbers are those of `opentelemetry-proto` 1.x, and of `google.rpc.Status` for an answer that refuses.

use super::{Labels, Point, Series};
use jiff::Timestamp;
use prost::{Message, Oneof};

/// `FLAG_NO_RECORDED_VALUE_MASK`: what the stale marker is to Prometheus.
const NO_RECORDED_VALUE: u32 = 1;

#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(message, repeated, tag = "1")]
    resource_metrics: Vec<ResourceMetrics>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceMetrics {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_metrics: Vec<ScopeMetrics>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeMetrics {
    #[prost(message, optional, tag = "1")]
    scope: Option<Scope>,
    #[prost(message, repeated, tag = "2")]
    metrics: Vec<Metric>,
}

#[derive(Clone, PartialEq, Message)]
struct Scope {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    version: String,
}

#[derive(Clone, PartialEq, Message)]
struct Metric {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    description: String,
    #[prost(string, tag = "3")]
    unit: String,
    #[prost(message, optional, tag = "5")]
    gauge: Option<Gauge>,
}

#[derive(Clone, PartialEq, Message)]
struct Gauge {
    #[prost(message, repeated, tag = "1")]
    data_points: Vec<NumberDataPoint>,
}

#[derive(Clone, PartialEq, Message)]
struct NumberDataPoint {
    #[prost(fixed64, tag = "2")]
    start_time_unix_nano: u64,
    #[prost(fixed64, tag = "3")]
    time_unix_nano: u64,
    #[prost(oneof = "Number", tags = "4")]
    value: Option<Number>,
    #[prost(message, repeated, tag = "7")]
    attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "8")]
    flags: u32,
}

#[derive(Clone, Copy, PartialEq, Oneof)]
enum Number {
    #[prost(double, tag = "4")]
    AsDouble(f64),
}

#[derive(Clone, PartialEq, Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct AnyValue {
    #[prost(oneof = "Text", tags = "1")]
    value: Option<Text>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Text {
    #[prost(string, tag = "1")]
    StringValue(String),
}

#[derive(Clone, PartialEq, Message)]
struct Response {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, Message)]
struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected_data_points: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(string, tag = "2")]
    message: String,
}

/// The body of one request. `begun` is when the run began; `at` is in milliseconds.
pub fn body(points: &[Point], labels: &Labels, begun: Timestamp, at: i64) -> Vec<u8> {
    let nanos = |millis: i64| u64::try_from(millis).unwrap_or_default().saturating_mul(1_000_000);
    // A clock that was set back must not let a point end before it begins.
    let (begun, at) = (nanos(begun.as_millisecond().min(at)), nanos(at));
    let mut metrics: Vec<Metric> = Vec::new();
    for point in points {
        let series = &point.series;
        let name = series.name();
        if metrics.last().is_none_or(|metric| metric.name != name) {
            metrics.push(metric(name, series));
        }
        let data_points =
            metrics.last_mut().and_then(|metric| metric.gauge.as_mut()).map(|gauge| &mut gauge.data_points);
        data_points.into_iter().for_each(|known| known.push(data_point(point, begun, at)));
    }
    let version = env!("CARGO_PKG_VERSION");
    let of_prometheus = |(name, value)| match name {
        "job" => attribute("service.name", value),
        "instance" => attribute("service.instance.id", value),
        name => attribute(name, value),
    };
    let attributes = labels.iter().map(of_prometheus).chain([attribute("service.version", version)]).collect();
    let scope = Some(Scope { name: "fencepost".to_owned(), version: version.to_owned() });
    let resource_metrics = vec![ResourceMetrics {
        resource: Some(Resource { attributes }),
        scope_metrics: vec![ScopeMetrics { scope, metrics }],
    }];
    Request { resource_metrics }.encode_to_vec()
}

fn metric(name: String, series: &Series) -> Metric {
    // Receivers append other units to the name, `_ratio` for `1`.
    let unit = if series.family.ends_with("_seconds") { "s" } else { "" }.to_owned();
    Metric { name, description: series.help.to_owned(), unit, gauge: Some(Gauge::default()) }
}

fn data_point(point: &Point, begun: u64, at: u64) -> NumberDataPoint {
    NumberDataPoint {
        start_time_unix_nano: begun,
        time_unix_nano: at,
        value: point.value.map(Number::AsDouble),
        attributes: point.series.labels.iter().map(|(name, value)| attribute(name, value)).collect(),
        flags: if point.value.is_none() { NO_RECORDED_VALUE } else { 0 },
    }
}

fn attribute(key: &str, value: &str) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(Text::StringValue(value.to_owned())) }) }
}

/// What an answer that takes says it did not take: how many points, and why.
pub fn rejected(answer: &[u8]) -> Option<(i64, String)> {
    let partial = Response::decode(answer).ok()?.partial_success?;
    (partial.rejected_data_points > 0).then_some((partial.rejected_data_points, partial.error_message))
}

/// Why an answer refuses, where it says so in protobuf.
pub fn reason(answer: &[u8]) -> Option<String> {
    Some(Status::decode(answer).ok()?.message).filter(|message| !message.is_empty())
}
