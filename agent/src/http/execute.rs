//! `POST /api/v2/execute`.

use super::content::{self, Content};
use super::error::ApiError;
use super::router::Api;
use super::{Backend, answer, body};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};

/// Reads the body, within bounds, and hands it on.
pub(super) async fn execute<B: Backend>(
    State(api): State<Api<B>>,
    request: Request,
) -> Result<Response<Body>, ApiError> {
    let (head, incoming) = request.into_parts();
    let mut charge = api.budget.charge();
    let body = match content::check(&head.headers)? {
        Content::Json => body::read(incoming, &api.settings, &mut charge).await?,
        Content::Unread => Vec::new(),
    };
    let result = api.backend.execute(body).await?;
    Ok(answer::json(StatusCode::OK, &result))
}
