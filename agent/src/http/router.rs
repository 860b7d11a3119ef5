//! The routes, and the rules that Express applies around them.

use super::budget::Budget;
use super::error::ApiError;
use super::places::Places;
use super::{Backend, Settings, content, execute, node, packages};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use axum::http::uri::PathAndQuery;
use axum::http::{Method, Response, Uri};
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use std::borrow::Cow;

/// What the handlers share.
#[derive(Clone, Debug)]
pub(super) struct Api<B> {
    /// The node.
    pub(super) backend: B,
    /// Bounds on requests.
    pub(super) settings: Settings,
    /// Memory for bodies.
    pub(super) budget: Budget,
    /// Requests at once.
    pub(super) places: Places,
}

/// The routes. Requests must have gone through [`normalise`].
pub(super) fn router<B: Backend>(api: Api<B>) -> Router {
    Router::new()
        .route("/", get(node::about))
        .route("/healthz", get(node::alive))
        .route("/readyz", get(node::ready::<B>))
        .route("/metrics", get(node::metrics::<B>))
        .route(
            "/api/v2/runtimes",
            get(node::runtimes::<B>).options(async || allow("GET,HEAD")),
        )
        .route(
            "/api/v2/execute",
            post(execute::execute::<B>).options(async || allow("POST")),
        )
        .route(
            "/api/v2/packages",
            get(packages::list::<B>)
                .post(packages::install::<B>)
                .delete(packages::remove::<B>)
                .options(async || allow("GET,HEAD,POST,DELETE")),
        )
        .fallback(async || ApiError::NotFound)
        .method_not_allowed_fallback(async || ApiError::NotFound)
        .layer(from_fn(require_json))
        .with_state(api)
}

/// Express answers OPTIONS by itself, as a page, with the methods that a route has.
fn allow(methods: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(methods));
    let headers = response.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static(methods));
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    response
}

/// Under `/api/v2` the type of a request's content is looked at before anything else, its route too.
async fn require_json(request: Request, next: Next) -> Response<Body> {
    let path = request.uri().path();
    let in_api = path
        .strip_prefix("/api/v2")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let reads = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    if in_api && !reads && !content::claims_json(request.headers()) {
        return ApiError::NotJson.into_response();
    }
    next.run(request).await
}

/// Gives paths the one spelling that the routes have: lower case, without the one slash that may
/// follow.
pub(super) fn normalise<T>(request: &mut Request<T>) {
    let uri = request.uri();
    let path = lower_case(uri.path());
    let short = path
        .strip_suffix('/')
        .filter(|short| !short.is_empty() && !short.ends_with('/'))
        .unwrap_or(&path);
    if short == uri.path() {
        return;
    }
    let spelled = match uri.query() {
        Some(query) => format!("{short}?{query}"),
        None => short.to_owned(),
    };
    let Ok(spelled) = PathAndQuery::try_from(spelled) else {
        return;
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(spelled);
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
}

fn lower_case(path: &str) -> Cow<'_, str> {
    if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Owned(path.to_ascii_lowercase());
    }
    Cow::Borrowed(path)
}
