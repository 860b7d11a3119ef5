//! `/api/v2/packages`: what a node could have and has, and changing that.

use super::error::ApiError;
use super::router::Api;
use super::{Backend, answer, body, origin};
use crate::job::error::JobError;
use crate::job::request;
use crate::supply::Change;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};

/// `GET`.
pub(super) async fn list<B: Backend>(
    State(api): State<Api<B>>,
) -> Result<Response<Body>, ApiError> {
    let packages = api.backend.packages().await?;
    Ok(answer::json(StatusCode::OK, &packages))
}

/// `POST`.
pub(super) async fn install<B: Backend>(
    State(api): State<Api<B>>,
    request: Request,
) -> Result<Response<Body>, ApiError> {
    change(api, request, Change::Install).await
}

/// `DELETE`.
pub(super) async fn remove<B: Backend>(
    State(api): State<Api<B>>,
    request: Request,
) -> Result<Response<Body>, ApiError> {
    change(api, request, Change::Remove).await
}

/// Who may not is told so before a byte of the body is read.
async fn change<B: Backend>(
    api: Api<B>,
    request: Request,
    change: Change,
) -> Result<Response<Body>, ApiError> {
    let (head, body) = request.into_parts();
    if !origin::may_change(&head, api.settings.admins) {
        return Err(ApiError::Stranger);
    }
    let mut charge = api.budget.charge();
    let body = body::of(Request::from_parts(head, body), &api, &mut charge).await?;
    let package = request::package(&body).map_err(JobError::Refused)?;
    let changed = api.backend.change(change, package).await?;
    Ok(answer::json(StatusCode::OK, &changed))
}
