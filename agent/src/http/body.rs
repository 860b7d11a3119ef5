//! Reading a request's body within bounds of size, memory and time.

use super::Settings;
use super::budget::{Charge, Spent};
use super::content::{self, Content};
use super::error::ApiError;
use super::places::Reader;
use super::router::Api;
use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Body as _;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// What is set aside for a body before any of it has come.
const FIRST_CAPACITY: u64 = 64 << 10;

/// The body of a request for JSON, if it is of that type; otherwise nothing, as in Express.
pub(super) async fn of<B>(
    request: Request,
    api: &Api<B>,
    charge: &mut Charge,
) -> Result<Vec<u8>, ApiError> {
    let (head, incoming) = request.into_parts();
    let content = content::check(&head.headers)?;
    // Of a body that takes long only the body is held.
    drop(head);
    match content {
        Content::Json => {
            let (reader, mut stay) = api.places.reader();
            tokio::select! {
                body = read(incoming, &api.settings, charge, &reader) => body,
                () = stay.outlived() => Err(ApiError::crowded()),
            }
        }
        Content::Unread => Ok(Vec::new()),
    }
}

/// Reads a body whole. One that announces too great a length is refused before any of it is read, but only what has
/// come is charged: a client would hold all that there is by its word.
async fn read(
    mut incoming: Body,
    settings: &Settings,
    charge: &mut Charge,
    reader: &Reader,
) -> Result<Vec<u8>, ApiError> {
    let announced = incoming.size_hint().lower();
    bound(usize::try_from(announced).unwrap_or(usize::MAX), settings)?;
    let capacity = usize::try_from(announced.min(FIRST_CAPACITY)).unwrap_or_default();
    let mut body = Vec::with_capacity(capacity);
    let end = Instant::now() + settings.body_timeout;
    while let Some(bytes) = next(&mut incoming, settings.body_pause, end).await? {
        let length = body.len() + bytes.len();
        bound(length, settings)?;
        timeout_at(end, charge.grow_to(length, reader))
            .await
            .map_err(|_| ApiError::BodyTimeout)?
            .map_err(|Spent| ApiError::crowded())?;
        body.extend_from_slice(&bytes);
    }
    Ok(body)
}

fn bound(length: usize, settings: &Settings) -> Result<(), ApiError> {
    if length > settings.max_body {
        return Err(ApiError::TooLarge(settings.max_body));
    }
    Ok(())
}

/// The next piece of data; none at the end.
async fn next(
    incoming: &mut Body,
    pause: Duration,
    end: Instant,
) -> Result<Option<Bytes>, ApiError> {
    loop {
        let until = end.min(Instant::now() + pause);
        let frame = timeout_at(until, incoming.frame())
            .await
            .map_err(|_| ApiError::BodyTimeout)?;
        match frame {
            None => return Ok(None),
            Some(Err(_)) => return Err(ApiError::BodyBroken),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(bytes) => return Ok(Some(bytes)),
                // Trailers: nothing here uses them.
                Err(_) => continue,
            },
        }
    }
}
