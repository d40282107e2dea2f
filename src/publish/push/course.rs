//! What a receiver holds of a run, so that all of it is marked as ended, and the times that are written beside it.

use super::{Point, Series};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Debug, Default)]
pub struct Course {
    /// What may be there: sent, and not known to have ended.
    there: BTreeSet<Arc<Series>>,
    /// The latest time that was sent, in milliseconds since 1970.
    latest: Option<i64>,
}

impl Course {
    /// A round: what it says, and the end of what it no longer speaks of. From here on all of it may be there.
    pub fn round(&mut self, samples: &[(Arc<Series>, f64)]) -> Vec<Point> {
        let said: BTreeSet<_> = samples.iter().map(|(series, _)| Arc::clone(series)).collect();
        let points = samples.iter().map(|(series, value)| Point { series: Arc::clone(series), value: Some(*value) });
        let mut points: Vec<Point> = points.collect();
        points.extend(self.there.difference(&said).map(end));
        points.sort_by(|one, other| one.series.cmp(&other.series));
        self.there.extend(said);
        points
    }

    /// The end of everything.
    pub fn end(&self) -> Vec<Point> {
        self.there.iter().map(end).collect()
    }

    /// Whether anything may be there.
    pub fn is_open(&self) -> bool {
        !self.there.is_empty()
    }

    /// The receiver has taken these.
    pub fn taken(&mut self, points: &[Point]) {
        for ended in points.iter().filter(|point| point.value.is_none()) {
            self.there.remove(&ended.series);
        }
    }

    /// Nothing was taken, for certain.
    pub fn forget(&mut self) {
        self.there.clear();
    }

    /// A time for what is sent next, in milliseconds: now, and in any case after everything before. Receivers take the
    /// samples of a series in their order, and refuse another value for a time that they know.
    pub fn stamp(&mut self, now: Timestamp) -> i64 {
        let now = now.as_millisecond();
        let stamp = self.latest.map_or(now, |latest| now.max(latest + 1));
        self.latest = Some(stamp);
        stamp
    }
}

fn end(series: &Arc<Series>) -> Point {
    Point { series: Arc::clone(series), value: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(names: &[&'static str]) -> Vec<(Arc<Series>, f64)> {
        names.iter().map(|name| (Arc::new(Series::new(name, "", [])), 1.0)).collect()
    }

    fn said(points: &[Point]) -> Vec<(&'static str, Option<f64>)> {
        points.iter().map(|point| (point.series.family, point.value)).collect()
    }

    #[test]
    fn whatever_may_be_there_ends_once() {
        let mut course = Course::default();
        let first = course.round(&samples(&["a", "b"]));
        assert_eq!(said(&first), [("a", Some(1.0)), ("b", Some(1.0))]);
        course.taken(&first);
        let second = course.round(&samples(&["b", "c"]));
        assert_eq!(said(&second), [("a", None), ("b", Some(1.0)), ("c", Some(1.0))]);
        // Whether the second arrived nobody knows.
        assert_eq!(said(&course.end()), [("a", None), ("b", None), ("c", None)]);
        course.taken(&second);
        assert_eq!(said(&course.end()), [("b", None), ("c", None)]);
        let end = course.end();
        course.taken(&end);
        assert_eq!(course.end(), []);
    }

    #[test]
    fn what_comes_back_is_no_end() {
        let mut course = Course::default();
        course.round(&samples(&["a"]));
        let without = course.round(&samples(&[]));
        assert_eq!(said(&course.round(&samples(&["a"]))), [("a", Some(1.0))]);
        course.taken(&without);
        course.forget();
        assert_eq!(course.end(), []);
    }

    #[test]
    fn times_go_forward_whatever_the_clock_does() {
        let mut course = Course::default();
        let at = |millis| Timestamp::from_millisecond(millis).unwrap();
        let stamps = [1_000, 1_000, 400, 2_000, -5].map(|millis| course.stamp(at(millis)));
        assert_eq!(stamps, [1_000, 1_001, 1_002, 2_000, 2_001]);
    }
}
