//! A bug in one request's code is answered with 500: neither its connection nor the others' end without a word.

use super::error::ApiError;
use axum::body::Body;
use axum::http::Response;
use axum::response::IntoResponse;
use std::convert::Infallible;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// Runs a request. After a panic its future is never polled again, and what it shares with others is behind locks or
/// given back by drop.
pub(super) async fn answered(
    request: impl Future<Output = Result<Response<Body>, Infallible>>,
) -> Result<Response<Body>, Infallible> {
    let mut request = pin!(request);
    poll_fn(|cx| {
        let poll = AssertUnwindSafe(|| request.as_mut().poll(cx));
        catch_unwind(poll).unwrap_or_else(|_| {
            tracing::error!("request panicked");
            Poll::Ready(Ok(ApiError::Panicked.into_response()))
        })
    })
    .await
}
