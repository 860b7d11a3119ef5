//! What a node says about itself: its name, its runtimes, its health.

use super::answer::json;
use super::error::ApiError;
use super::router::Api;
use super::{Backend, Readiness, origin};
use crate::job::error::JobError;
use agent_api::ErrorBody;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Response, StatusCode};
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

/// How scrapers know the format (OpenMetrics 1.0, 4).
const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `GET /metrics`, for whoever may change the node: how busy it is concerns nobody else.
pub(super) async fn metrics<B: Backend>(
    State(api): State<Api<B>>,
    request: Request,
) -> Result<Response<Body>, ApiError> {
    let (head, _) = request.into_parts();
    if !origin::may_change(&head, api.settings.admins) {
        return Err(ApiError::Stranger);
    }
    let figures = api.backend.figures().map_err(JobError::no_figures)?;
    let mut response = Response::new(Body::from(figures));
    let content_type = HeaderValue::from_static(METRICS);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    Ok(response)
}

/// `GET /api/v2/runtimes`.
pub(super) async fn runtimes<B: Backend>(State(api): State<Api<B>>) -> Response<Body> {
    json(StatusCode::OK, &api.backend.runtimes())
}
