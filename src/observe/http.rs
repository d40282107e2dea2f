//! The key-less request: one GET over HTTP/1.1, no credential, no redirect followed, little of the body read.
//!
//! HTTP/2 is not offered: every service of the catalogue speaks HTTP/1.1, and one exchange gains nothing from frames.

use super::look::Subject;
use crate::facts::{HttpOutcome, readable, shown};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONNECTION, HOST, HeaderMap, USER_AGENT};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::borrow::Cow;
use std::pin::pin;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};

/// How much of a body is kept, in bytes; the longest denial that is known has about 400.
const BODY_KEPT: usize = 1024;

/// How much of a response head is read, in bytes.
const HEAD_READ: usize = 16 << 10;

/// The headers that tell who answered.
const TELLING: &[&str] = &[
    "server",
    "content-type",
    "location",
    "policy-id",
    "apim-request-id",
    "x-ms-region",
    "x-ms-request-id",
    "x-request-id",
    "retry-after",
    "www-authenticate",
    "via",
    "proxy-authenticate",
    "x-squid-error",
];

const AGENT: &str = concat!("fencepost/", env!("CARGO_PKG_VERSION"), " (keyless probe)");

/// Asks, and reads as much of the answer as tells who gave it.
pub async fn request<S: AsyncRead + AsyncWrite + Unpin>(
    subject: &Subject,
    stream: S,
    deadline: Instant,
) -> HttpOutcome {
    match exchange(subject, stream, deadline).await {
        Ok((status, headers, body)) => HttpOutcome::Answered { status, headers: telling(&headers), body },
        Err(e) if e.is_parse() => HttpOutcome::Garbled(told(&e)),
        Err(e) => HttpOutcome::Broken(told(&e)),
    }
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    subject: &Subject,
    stream: S,
    deadline: Instant,
) -> Result<(u16, HeaderMap, String), hyper::Error> {
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD_READ);
    let (mut sender, connection) = builder.handshake::<_, Empty<Bytes>>(TokioIo::new(stream)).await?;
    let request = request_for(subject);
    let mut connection = pin!(connection);
    let mut asking = pin!(async move {
        let response = sender.send_request(request).await?;
        Ok(read(response, deadline).await)
    });
    // The connection is driven beside the request, in this task; it may end first. In this order, so that what comes of
    // an answer that is there before the request hangs on the network, not on chance.
    tokio::select! {
        biased;
        answer = &mut asking => answer,
        ended = &mut connection => {
            let answer = asking.await;
            if answer.is_err() { ended?; }
            answer
        }
    }
}

fn request_for(subject: &Subject) -> Request<Empty<Bytes>> {
    let host = match subject.port {
        443 => subject.host_name.to_string(),
        port => format!("{}:{port}", subject.host_name),
    };
    let mut request = Request::new(Empty::new());
    // A path that is no URI was refused with the plan or the catalogue; `/` never fails.
    *request.uri_mut() = subject.path.parse().unwrap_or_default();
    let headers = request.headers_mut();
    if let Ok(host) = host.parse() {
        headers.insert(HOST, host);
    }
    headers.insert(USER_AGENT, hyper::header::HeaderValue::from_static(AGENT));
    headers.insert(ACCEPT, hyper::header::HeaderValue::from_static("application/json, */*;q=0.1"));
    headers.insert(CONNECTION, hyper::header::HeaderValue::from_static("close"));
    request
}

async fn read(response: Response<Incoming>, deadline: Instant) -> (u16, HeaderMap, String) {
    let (head, mut body) = response.into_parts();
    let mut kept: Vec<u8> = Vec::new();
    // A body that breaks off, or stalls, takes nothing from the status that came before it.
    while let Ok(Some(Ok(frame))) = timeout_at(deadline, body.frame()).await {
        if let Some(data) = frame.data_ref() {
            kept.extend_from_slice(&data[..data.len().min(BODY_KEPT - kept.len())]);
        }
        if kept.len() == BODY_KEPT {
            break;
        }
    }
    (head.status.as_u16(), head.headers, readable(&kept))
}

fn telling(headers: &HeaderMap) -> Vec<(Cow<'static, str>, String)> {
    let value = |name: &'static str| {
        let text = headers.get(name)?.to_str().ok()?;
        Some((Cow::Borrowed(name), shown(text)))
    };
    let mut kept: Vec<_> = TELLING.iter().filter_map(|name| value(name)).collect();
    kept.shrink_to_fit();
    kept
}

/// An error with what brought it about, as one line that may be shown.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(deeper) = source {
        let words = deeper.to_string();
        // Some errors repeat their source.
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        source = deeper.source();
    }
    shown(&text)
}
