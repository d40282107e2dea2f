//! What every request passes before it is answered, and what every answer gets.

use super::host::{self, Trouble};
use super::{Door, held};
use crate::web::Rate;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use std::sync::{Arc, Mutex};
use tokio::time::Instant;

/// Pages behind a door.
pub fn guarded(pages: Router, door: Arc<Door>) -> Router {
    pages.layer(from_fn_with_state(door, pass))
}

async fn pass(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let setup = door.setup().await;
    let misled = if door.on_loopback { misled(&request) } else { None };
    let mut response = if let Some(refused) = misled {
        refused
    } else if setup.rate.is_some_and(|rate| !door.pace.admits(rate, Instant::now())) {
        (StatusCode::TOO_MANY_REQUESTS, "too many requests\n").into_response()
    } else if door.login.admits(&setup, request.headers().get(header::AUTHORIZATION)).await {
        next.run(request).await
    } else {
        let ask = [(header::WWW_AUTHENTICATE, "Basic realm=\"fencepost\"")];
        (StatusCode::UNAUTHORIZED, ask, "this agent asks for a user and a password\n").into_response()
    };
    let headers = response.headers_mut();
    harden(headers);
    for (name, value) in &setup.headers {
        headers.insert(name, value.clone());
    }
    response
}

/// Pages that only this machine may ask for, by one of its own names.
pub fn of_this_machine_only(pages: Router) -> Router {
    pages.layer(from_fn(|request: Request, next: Next| async move {
        match misled(&request) {
            Some(refused) => refused,
            None => next.run(request).await,
        }
    }))
}

fn misled(request: &Request) -> Option<Response> {
    Some(match host::trouble(request.version(), request.uri(), request.headers())? {
        Trouble::Unclear => (StatusCode::BAD_REQUEST, "a request names one host\n").into_response(),
        Trouble::Elsewhere => {
            let said = "this listens on loopback, and answers requests for 127.0.0.1, [::1] and localhost only\n";
            (StatusCode::MISDIRECTED_REQUEST, said).into_response()
        }
    })
}

/// What peers say is shown as what it is: no browser takes it for a page, keeps it, or runs and fetches anything for it.
fn harden(headers: &mut HeaderMap) {
    let policy = "default-src 'none'; frame-ancestors 'none'; form-action 'none'; base-uri 'none'";
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// When the requests that were answered are paid for, at one each interval.
#[derive(Default)]
pub struct Pace(Mutex<Option<Instant>>);

impl Pace {
    pub fn admits(&self, rate: Rate, now: Instant) -> bool {
        let mut paid = held(&self.0);
        let due = paid.map_or(now, |paid| paid.max(now)) + rate.interval;
        let is_admitted = due <= now + rate.interval.saturating_mul(rate.burst);
        if is_admitted {
            *paid = Some(due);
        }
        is_admitted
    }
}

#[test]
fn a_burst_is_admitted_and_then_one_each_interval() {
    let (pace, start) = (Pace::default(), Instant::now());
    let rate = Rate { interval: std::time::Duration::from_secs(1), burst: 3 };
    let at = |millis: u64| start + std::time::Duration::from_millis(millis);
    let admitted: Vec<bool> = [0, 0, 0, 0, 999, 1_000, 1_001, 60_000, 60_000, 60_000, 60_000]
        .map(|millis| pace.admits(rate, at(millis)))
        .into();
    assert_eq!(admitted, [true, true, true, false, false, true, false, true, true, true, false]);
}
