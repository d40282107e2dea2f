//! A run's rounds on their way to every receiver, and their end.

use super::course::Course;
use super::send::{ATTEMPT, ATTEMPTS, LONGEST_WAIT, Outcome};
use super::{Destination, Kind, Labels, Point, otlp, remote_write};
use crate::clock;
use crate::dial::{self, Lookup};
use crate::publish::board::Board;
use crate::publish::forms::inert;
use crate::publish::metrics;
use futures_util::future::join_all;
use jiff::Timestamp;
use reqwest::Client;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// The most series of one request. Receivers bound the bytes of a body, some at 1 MB; so many have about half of it.
const MOST_SERIES: usize = 2_000;

/// A push that was not taken, or not all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// To whom, without what may be secret.
    pub to: String,
    pub why: String,
}

/// The pushes of one run. Call [`Push::round`] for each round and [`Push::end`] once; either may be dropped halfway, and
/// the end may be asked for again.
#[derive(Debug)]
pub struct Push {
    client: Client,
    labels: Labels,
    begun: Timestamp,
    lanes: Vec<Lane>,
}

/// One receiver.
#[derive(Debug)]
struct Lane {
    destination: Destination,
    course: Course,
    /// Whether anything may have been taken so far.
    touched: bool,
}

impl Push {
    pub fn new(
        destinations: Vec<Destination>,
        labels: Labels,
        tls: rustls::ClientConfig,
        lookup: Lookup,
    ) -> reqwest::Result<Self> {
        let client = dial::client(tls, lookup, ATTEMPT)?;
        let lane = |destination| Lane { destination, course: Course::default(), touched: false };
        Ok(Self { client, labels, begun: clock::now(), lanes: destinations.into_iter().map(lane).collect() })
    }

    /// Pushes a round to every receiver, all of them at once, within a time.
    pub async fn round(&mut self, board: &Board, within: Duration) -> Vec<Trouble> {
        let samples = metrics::pushed(board);
        self.each(within, |course| course.round(&samples)).await
    }

    /// Marks as ended whatever may be there, within a time.
    pub async fn end(&mut self, within: Duration) -> Vec<Trouble> {
        // Where nothing was taken, nothing is left to end.
        self.lanes.iter_mut().filter(|lane| !lane.touched).for_each(|lane| lane.course.forget());
        self.each(within, |course| course.end()).await
    }

    /// Where something may be there that has not ended.
    pub fn open(&self) -> impl Iterator<Item = String> {
        self.lanes.iter().filter(|lane| lane.touched && lane.course.is_open()).map(|lane| lane.destination.to_string())
    }

    async fn each(&mut self, within: Duration, points: impl Fn(&mut Course) -> Vec<Point>) -> Vec<Trouble> {
        let deadline = Instant::now() + within;
        let way = Way { client: &self.client, labels: &self.labels, begun: self.begun, deadline };
        let sent = self.lanes.iter_mut().map(|lane| {
            let points = points(&mut lane.course);
            async move {
                let all = timeout_at(deadline, lane.send(&way, &points)).await;
                let why = all.unwrap_or_else(|_| Err("no answer in time".to_owned())).err()?;
                Some(Trouble { to: lane.destination.to_string(), why: inert(&why).into_owned() })
            }
        });
        join_all(sent).await.into_iter().flatten().collect()
    }
}

/// What all receivers share.
#[derive(Clone, Copy)]
struct Way<'a> {
    client: &'a Client,
    labels: &'a Labels,
    begun: Timestamp,
    deadline: Instant,
}

impl Lane {
    /// Sends points in requests of a bounded size, until one is given up.
    async fn send(&mut self, way: &Way<'_>, points: &[Point]) -> Result<(), String> {
        let mut at = self.course.stamp(clock::now());
        for batch in points.chunks(MOST_SERIES) {
            at = self.deliver(way, batch, at).await?;
        }
        Ok(())
    }

    /// Sends one request until it is taken, refused or given up. Returns the time that it was sent with.
    async fn deliver(&mut self, way: &Way<'_>, batch: &[Point], mut at: i64) -> Result<i64, String> {
        let mut attempt = 1;
        loop {
            let was_touched = self.touched;
            // Until the answer says otherwise: this may be dropped halfway.
            self.touched = true;
            let body = self.body(way, batch, at)?;
            let outcome = self.destination.send(way.client, body).await;
            let is_last = attempt == ATTEMPTS;
            let (why, wait) = match outcome {
                Outcome::Taken => {
                    self.course.taken(batch);
                    return Ok(at);
                }
                Outcome::TakenInPart(why) => return Err(why),
                // Another run at the same vantage was sooner. At a new time it is taken, if the clocks agree.
                Outcome::OutOfOrder(why) if is_last => return Err(why),
                Outcome::OutOfOrder(_) => {
                    at = self.course.stamp(clock::now());
                    attempt += 1;
                    continue;
                }
                Outcome::Refused { why, for_certain } => {
                    self.untouched(was_touched, for_certain);
                    return Err(why);
                }
                Outcome::Failed { why, wait } => (why, wait),
                Outcome::NotReached(why) => {
                    self.untouched(was_touched, true);
                    (why, None)
                }
            };
            // 1 s, then 2 s.
            let wait = wait.unwrap_or(Duration::from_secs(1 << (attempt - 1)));
            if is_last || wait > LONGEST_WAIT || Instant::now() + wait > way.deadline {
                return Err(why);
            }
            tracing::info!(to = %self.destination, why, "tried again");
            sleep(wait).await;
            attempt += 1;
        }
    }

    fn body(&self, way: &Way<'_>, batch: &[Point], at: i64) -> Result<Vec<u8>, String> {
        match self.destination.kind {
            Kind::RemoteWrite => remote_write::body(batch, way.labels, at).map_err(|e| e.to_string()),
            Kind::Otlp => Ok(otlp::body(batch, way.labels, way.begun, at)),
        }
    }

    /// An attempt of which nothing was taken leaves everything as it was.
    fn untouched(&mut self, was_touched: bool, for_certain: bool) {
        if for_certain && !was_touched {
            self.touched = false;
        }
    }
}
