//! Ways to what this module itself reads of a connection's bytes and of a request's head; the rest is hyper's. Built by
//! cargo-fuzz only.

use super::content::{self, Content};
use super::frames::Block;
use super::protocol::{Came, Protocol};
use super::router;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Request};

/// What a connection is after some of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// HTTP/1 or HTTP/2.
    Either,
    /// HTTP/1.
    One,
    /// HTTP/2: whether a header block is open, and was opened by the last piece.
    Two {
        /// A header block has begun and not ended.
        open: bool,
        /// The last piece has begun it.
        opened: bool,
    },
}

/// What a connection is after each piece of its bytes.
pub fn frames<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Seen> {
    let mut protocol = Protocol::Unknown(0);
    let seen = pieces.map(|piece| match protocol.read(piece) {
        Came::Either => Seen::Either,
        Came::One => Seen::One,
        Came::Two(block) => Seen::Two {
            open: block != Block::Closed,
            opened: block == Block::Opened,
        },
    });
    seen.collect()
}

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
