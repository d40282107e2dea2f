//! The lab's own small HTTP interface, for `fencepost lab break` and `fencepost lab heal`.

use super::handle::{FaultState, LabHandle};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};

/// The file name that the plan of `/plan.yaml` names as `settings.trust`; save `/authority.pem` under it.
pub const AUTHORITY_FILE: &str = "authority.pem";

/// `GET /faults`, `POST /break/{name}`, `POST /heal`, `GET /plan.yaml`, `GET /authority.pem`. Changes answer with the
/// list of faults.
pub fn router(handle: LabHandle) -> Router {
    Router::new()
        .route("/faults", get(faults))
        .route("/break/{name}", post(break_with))
        .route("/heal", post(heal))
        .route("/plan.yaml", get(plan))
        .route("/authority.pem", get(authority))
        .with_state(handle)
}

async fn faults(State(lab): State<LabHandle>) -> Json<Vec<FaultState>> {
    Json(lab.faults())
}

async fn break_with(State(lab): State<LabHandle>, Path(name): Path<String>) -> Response {
    match lab.break_with(&name).await {
        Ok(()) => Json(lab.faults()).into_response(),
        Err(unknown) => (StatusCode::NOT_FOUND, format!("{unknown}\n")).into_response(),
    }
}

async fn heal(State(lab): State<LabHandle>) -> Json<Vec<FaultState>> {
    lab.heal().await;
    Json(lab.faults())
}

async fn plan(State(lab): State<LabHandle>) -> Response {
    ([(header::CONTENT_TYPE, "application/yaml")], lab.plan_text_trusting(AUTHORITY_FILE)).into_response()
}

async fn authority(State(lab): State<LabHandle>) -> Response {
    ([(header::CONTENT_TYPE, "application/x-pem-file")], lab.authority_pem().to_owned()).into_response()
}
