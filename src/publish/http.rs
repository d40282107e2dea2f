//! The agent's own HTTP. It shows the board and takes one order, to read the plan again; nobody can make it probe
//! what the plan does not name.

use super::board::SharedBoard;
use super::meters::Meters;
use super::{incidents, metrics, page, report, runbooks};
use crate::clock;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::stream;
use serde::Serialize;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::Instant;

/// How many orders to read the plan again are taken in a row; after them one each round. A reload begins every look
/// anew, so without a bound whoever reaches the page could keep all of them from ending.
pub const MOST_RELOADS: u32 = 10;

/// An order to read the plan again; the answer says what was wrong, if anything was.
pub type ReloadRequest = oneshot::Sender<Result<(), String>>;

/// How many boards are held as JSON at a time, until they are sent; that of ten thousand checks has tens of megabytes, and
/// many who ask at once would cost as many times that. Who comes later waits.
const MOST_BOARDS: usize = 2;

/// In which pieces a board is sent, in bytes.
const PIECE: usize = 64 << 10;

#[derive(Clone)]
struct Shown {
    board: SharedBoard,
    meters: Arc<Meters>,
    reload: mpsc::Sender<ReloadRequest>,
    /// When the orders taken so far are paid for, at one each round.
    paid: Arc<Mutex<Instant>>,
    boards: Arc<Semaphore>,
}

impl Shown {
    /// Something as JSON, once there is a place for it.
    #[expect(clippy::disallowed_methods, reason = "a board of 10,000 checks takes a while, and looks go on beside it")]
    async fn json<T: Serialize>(self, made: impl FnOnce(&Self) -> T + Send + 'static) -> Response {
        let stopping = |_| StatusCode::SERVICE_UNAVAILABLE.into_response();
        let place = match Arc::clone(&self.boards).acquire_owned().await.map_err(stopping) {
            Ok(place) => place,
            Err(response) => return response,
        };
        let text = tokio::task::spawn_blocking(move || serde_json::to_vec(&made(&self))).await;
        let Ok(Ok(text)) = text else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let text = Bytes::from(text);
        let length = text.len();
        let pieces = stream::unfold((text, place), |(mut rest, place)| async move {
            let piece = rest.split_to(rest.len().min(PIECE));
            (!piece.is_empty()).then_some((Ok::<_, Infallible>(piece), (rest, place)))
        });
        let headers =
            [(header::CONTENT_TYPE, "application/json".to_owned()), (header::CONTENT_LENGTH, length.to_string())];
        (headers, Body::from_stream(pieces)).into_response()
    }

    /// Whether an order to reload is taken now; else how long to wait before one is.
    fn admit(&self, round: Duration, now: Instant) -> Result<(), Duration> {
        let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        let due = (*paid).max(now) + round;
        let early = due.saturating_duration_since(now + round * MOST_RELOADS);
        if early.is_zero() {
            *paid = due;
            Ok(())
        } else {
            Err(early)
        }
    }
}

/// Every path the agent answers, to whoever gets past the door.
pub fn router(board: SharedBoard, meters: Arc<Meters>, reload: mpsc::Sender<ReloadRequest>) -> Router {
    Router::new()
        .route("/", get(landing))
        .route("/metrics", get(metrics_page))
        .route("/api/v1/board", get(board_json))
        .route("/api/v1/incidents", get(incidents_json))
        .route("/runbooks/{name}", get(runbook))
        .route("/-/healthy", get(|| async { "healthy\n" }))
        .route("/-/ready", get(ready))
        .route("/-/reload", post(reload_plan).put(reload_plan))
        .with_state(Shown {
            board,
            meters,
            reload,
            paid: Arc::new(Mutex::new(Instant::now())),
            boards: Arc::new(Semaphore::new(MOST_BOARDS)),
        })
}

async fn landing(State(shown): State<Shown>) -> Html<String> {
    Html(page::landing(&shown.board.snapshot()))
}

/// The page is encoded as it is sent; a slow scraper holds one piece of it, not the whole.
async fn metrics_page(State(shown): State<Shown>) -> Response {
    let pieces = metrics::Pieces::new(shown.board.snapshot(), shown.meters, clock::now());
    let body = Body::from_stream(stream::iter(pieces));
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], body).into_response()
}

async fn board_json(State(shown): State<Shown>) -> Response {
    shown.json(|shown| report::report(&shown.board.snapshot())).await
}

async fn incidents_json(State(shown): State<Shown>) -> Response {
    shown.json(|shown| incidents::incidents(&shown.board.snapshot())).await
}

/// The names are a closed list; nothing is read from a file.
async fn runbook(Path(name): Path<String>) -> Response {
    match runbooks::runbook(&name) {
        Some(text) => ([(header::CONTENT_TYPE, "text/markdown; charset=utf-8")], text).into_response(),
        None => (StatusCode::NOT_FOUND, "there is no runbook of this name\n").into_response(),
    }
}

/// Ready once every check was looked at.
async fn ready(State(shown): State<Shown>) -> Response {
    let board = shown.board.snapshot();
    if board.is_complete() {
        return "ready\n".into_response();
    }
    let waiting = board.checks.iter().filter(|entry| entry.seen.is_none()).count();
    (StatusCode::SERVICE_UNAVAILABLE, format!("{waiting} checks wait for their first look\n")).into_response()
}

async fn reload_plan(State(shown): State<Shown>, headers: HeaderMap) -> Response {
    // A browser names the page that made it ask, and no page has a reason to.
    if headers.contains_key(header::ORIGIN) {
        return (StatusCode::FORBIDDEN, "no web page may order this\n").into_response();
    }
    let round = shown.board.snapshot().header.round;
    if let Err(early) = shown.admit(round, Instant::now()) {
        let seconds = early.as_secs().saturating_add(1).to_string();
        let said =
            format!("{MOST_RELOADS} reloads came in a row; the next one is taken in {seconds} s, or by SIGHUP\n");
        return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, seconds)], said).into_response();
    }
    let (answer, answered) = oneshot::channel();
    if shown.reload.send(answer).await.is_err() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the agent is stopping\n").into_response();
    }
    match answered.await {
        Ok(Ok(())) => "the plan was read again\n".into_response(),
        Ok(Err(why)) => (StatusCode::UNPROCESSABLE_ENTITY, format!("the old plan stays:\n{why}\n")).into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the agent is stopping\n").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::board::{Board, Header, Reload, StateHealth, VantageFace};
    use super::*;
    use axum::http::Request;
    use futures_util::FutureExt;
    use hyper::service::Service;
    use hyper_util::service::TowerToHyperService;

    fn pages() -> TowerToHyperService<Router> {
        let vantage = VantageFace { name: "here".to_owned(), kind: "test".to_owned(), owner: String::new() };
        let (plan, plan_hash, round) = ("p".to_owned(), "h".to_owned(), Duration::from_secs(30));
        let (vantages, exceptions) = (Vec::new(), Vec::new());
        let header = Arc::new(Header { plan, plan_hash, vantage, vantages, exceptions, round });
        let now = clock::now();
        let reload = Reload { succeeded: true, succeeded_at: now, trouble: None };
        let (ledger, state) = (Arc::default(), StateHealth::default());
        let board = Board {
            header,
            at: now,
            checks: Vec::new(),
            witness: None,
            reload,
            begun: tokio::time::Instant::now(),
            ledger,
            state,
        };
        let (orders, _) = mpsc::channel(1);
        TowerToHyperService::new(router(SharedBoard::new(board), Arc::new(Meters::new().unwrap()), orders))
    }

    #[tokio::test]
    async fn so_many_boards_are_held_and_no_more_until_one_is_sent() {
        let pages = pages();
        let ask = |path: &str| pages.call(Request::get(path).body(Body::empty()).unwrap());
        let mut held = Vec::new();
        for path in ["/api/v1/board", "/api/v1/incidents"].into_iter().cycle().take(MOST_BOARDS) {
            held.push(ask(path).await.unwrap());
        }
        let mut further = Box::pin(ask("/api/v1/board"));
        assert!(further.as_mut().now_or_never().is_none(), "one more is held");
        assert_eq!(ask("/metrics").await.unwrap().status(), 200, "metrics wait for nobody");
        let sent = axum::body::to_bytes(held.remove(0).into_body(), usize::MAX).await.unwrap();
        assert!(sent.starts_with(b"{") && sent.ends_with(b"}"));
        let further = further.await.unwrap();
        assert_eq!(further.headers()[header::CONTENT_TYPE], "application/json");
        // A client that leaves gives its place back.
        drop(held);
        drop(further);
        assert_eq!(ask("/api/v1/board").await.unwrap().status(), 200);
    }
}
