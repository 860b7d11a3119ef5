//! Ways to what this module itself reads of a request's head; the rest is hyper's. Built by cargo-fuzz only.

use super::content::{self, Content};
use super::router;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Request};

/// A request's target as the routes see it; `None` where it is no target.
pub fn normalise(target: &[u8]) -> Option<String> {
    let mut request = Request::builder().uri(target).body(()).ok()?;
    router::normalise(&mut request);
    Some(request.uri().to_string())
}

/// Whether a body of this type and compression may come in, and is read; `None` where these are no header's values.
/// The error is the answer's text.
pub fn takes_body(kind: &[u8], encoding: Option<&[u8]>) -> Option<(bool, Result<bool, String>)> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_bytes(kind).ok()?);
    if let Some(encoding) = encoding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_bytes(encoding).ok()?);
    }
    let read = content::check(&headers).map(|content| content == Content::Json);
    let read = read.map_err(|error| error.message());
    Some((content::claims_json(&headers), read))
}
