//! The agent's own HTTP. It shows the board and takes one order, to read the plan again; nobody can make it probe
//! what the plan does not name.

use super::board::SharedBoard;
use super::meters::Meters;
use super::{incidents, metrics, page, report, runbooks};
use crate::clock;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::stream;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// An order to read the plan again; the answer says what was wrong, if anything was.
pub type ReloadRequest = oneshot::Sender<Result<(), String>>;

#[derive(Clone)]
struct Shown {
    board: SharedBoard,
    meters: Arc<Meters>,
    reload: mpsc::Sender<ReloadRequest>,
}

/// Every path the agent answers.
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
        .with_state(Shown { board, meters, reload })
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

async fn board_json(State(shown): State<Shown>) -> Json<report::Report> {
    Json(report::report(&shown.board.snapshot()))
}

async fn incidents_json(State(shown): State<Shown>) -> Json<incidents::Incidents> {
    Json(incidents::incidents(&shown.board.snapshot()))
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

async fn reload_plan(State(shown): State<Shown>) -> Response {
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
