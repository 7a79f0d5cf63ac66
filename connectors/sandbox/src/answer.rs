//! Answers, whole and broken.

use axum::{
    body::Body,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER},
    },
    response::Response,
};
use clerkwork_etax::wire::Envelope;

use crate::{connection::Cut, faults::FaultKind};

/// The maintenance page, in the encoding of the legacy portal.
const MAINTENANCE_GBK: &[u8] = include_bytes!("maintenance.gbk.html");

const JSON: HeaderValue = HeaderValue::from_static("application/json;charset=UTF-8");
const HTML_GBK: HeaderValue = HeaderValue::from_static("text/html; charset=GBK");
const HTML: HeaderValue = HeaderValue::from_static("text/html");

/// An answer with this body.
fn answer(status: StatusCode, content_type: HeaderValue, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// A JSON body as it is.
pub(crate) fn json(body: Vec<u8>) -> Response {
    answer(StatusCode::OK, JSON, body)
}

/// An envelope that refuses on technical grounds.
pub(crate) fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    let envelope = Envelope::<()>::refused(code, message);
    answer(
        status,
        JSON,
        serde_json::to_vec(&envelope).unwrap_or_default(),
    )
}

/// The answer with `body`, as the fault leaves it.
pub(crate) fn broken(fault: Option<FaultKind>, cut: &Cut, mut body: Vec<u8>) -> Response {
    match fault {
        None | Some(FaultKind::Latency { .. } | FaultKind::Saving { .. }) => json(body),
        Some(FaultKind::Reset | FaultKind::LostAnswer) => {
            cut.throw();
            json(Vec::new())
        }
        Some(FaultKind::MalformedAnswer) => {
            body.truncate(body.len() * 2 / 3);
            json(body)
        }
        Some(FaultKind::ServerError { status, .. }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            answer(
                status,
                HTML,
                format!("<html><body><h1>{status}</h1></body></html>"),
            )
        }
        Some(FaultKind::TooManyRequests {
            retry_after_seconds,
        }) => {
            let mut response = refusal(
                StatusCode::TOO_MANY_REQUESTS,
                "42900",
                "访问过于频繁，请稍后再试",
            );
            if let Some(seconds) = retry_after_seconds {
                response.headers_mut().insert(RETRY_AFTER, seconds.into());
            }
            response
        }
        Some(FaultKind::Maintenance { status }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            answer(status, HTML_GBK, MAINTENANCE_GBK)
        }
        Some(FaultKind::Busy) => {
            let (code, message) = (
                clerkwork_etax::wire::codes::business::BUSY,
                clerkwork_etax::wire::codes::business::BUSY_WORDING,
            );
            refusal(StatusCode::OK, code, message)
        }
    }
}
