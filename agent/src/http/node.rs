//! What a node says about itself: its name, its runtimes, its health.

use super::answer::json;
use super::router::Api;
use super::{Backend, Readiness};
use agent_api::ErrorBody;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use serde::Serialize;

/// State of the node in one word.
#[derive(Serialize)]
struct Status {
    status: &'static str,
}

/// `GET /`.
pub(super) async fn about() -> Response<Body> {
    let message = concat!("CodeCapsule v", env!("CARGO_PKG_VERSION")).to_owned();
    json(StatusCode::OK, &ErrorBody { message })
}

/// `GET /healthz`: that this is answered is the answer.
pub(super) async fn alive() -> Response<Body> {
    json(StatusCode::OK, &Status { status: "ok" })
}

/// `GET /readyz`.
pub(super) async fn ready<B: Backend>(State(api): State<Api<B>>) -> Response<Body> {
    match api.backend.readiness() {
        Readiness::Ready => json(StatusCode::OK, &Status { status: "ready" }),
        Readiness::NotReady(message) => {
            json(StatusCode::SERVICE_UNAVAILABLE, &ErrorBody { message })
        }
    }
}

/// `GET /api/v2/runtimes`.
pub(super) async fn runtimes<B: Backend>(State(api): State<Api<B>>) -> Response<Body> {
    json(StatusCode::OK, &api.backend.runtimes())
}
