//! What a request's headers say about its body.

use super::error::ApiError;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};

const JSON: &str = "application/json";

/// How a body is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// As JSON.
    Json,
    /// Not at all: the type only begins like JSON's (`application/json-patch+json`), and Express leaves such
    /// bodies unread.
    Unread,
}

/// Whether the type begins like JSON's, in any case: all that Piston asks for at first.
pub(super) fn claims_json(headers: &HeaderMap) -> bool {
    let kind = header(headers).as_bytes();
    kind.get(..JSON.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(JSON.as_bytes()))
}

/// Looks at type, character set and compression.
pub(super) fn check(headers: &HeaderMap) -> Result<Content, ApiError> {
    let mut parts = header(headers).split(';').map(str::trim);
    if !parts
        .next()
        .is_some_and(|kind| kind.eq_ignore_ascii_case(JSON))
    {
        return Ok(Content::Unread);
    }
    for (key, value) in parts.filter_map(|parameter| parameter.split_once('=')) {
        let value = value.trim().trim_matches('"');
        let utf8 = ["utf-8", "utf8"]
            .iter()
            .any(|name| value.eq_ignore_ascii_case(name));
        if key.trim().eq_ignore_ascii_case("charset") && !utf8 {
            return Err(ApiError::Charset(value.to_owned()));
        }
    }
    match headers
        .get(CONTENT_ENCODING)
        .map(|value| value.to_str().unwrap_or(""))
    {
        Some(coding) if !coding.eq_ignore_ascii_case("identity") => {
            Err(ApiError::ContentEncoding(coding.to_owned()))
        }
        _ => Ok(Content::Json),
    }
}

fn header(headers: &HeaderMap) -> &str {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("")
}
