//! `POST /api/v2/execute`.

use super::error::ApiError;
use super::router::Api;
use super::{Backend, answer, body};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};

/// Reads the body, within bounds, and hands it on. Of what the client is refused the answer is short and takes no place.
pub(super) async fn execute<B: Backend>(
    State(api): State<Api<B>>,
    request: Request,
) -> Result<Response<Body>, ApiError> {
    let mut charge = api.budget.charge();
    let body = body::of(request, &api, &mut charge).await?;
    let place = api.places.job().ok_or_else(ApiError::crowded)?;
    let result = api.backend.execute(body).await?;
    let mut response = answer::json(StatusCode::OK, &result);
    response.extensions_mut().insert(place);
    Ok(response)
}
