//! Answers in JSON.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::{Response, StatusCode};
use serde::Serialize;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// Writes an answer of our own types, which always have a JSON form.
pub(super) fn json(status: StatusCode, answer: &impl Serialize) -> Response<Body> {
    match serde_json::to_vec(answer) {
        Ok(text) => respond(status, text),
        Err(error) => {
            tracing::error!(%error, "answer has no JSON form");
            respond(
                StatusCode::INTERNAL_SERVER_ERROR,
                br#"{"message":"internal error"}"#.to_vec(),
            )
        }
    }
}

fn respond(status: StatusCode, text: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}
