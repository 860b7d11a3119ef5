//! The body of an answer on its way out: it goes in pieces, so that what a slow client has not taken is seen, and
//! counts until the last of them is handed on.

use super::patience::Underway;
use super::places::Place;
use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// What is handed on at once: the most of an answer that HTTP/2 holds after the last piece.
const PIECE: usize = 16 << 10;

/// An answer's body, the watch on it, and its request's place if it has one.
#[derive(Debug)]
pub(super) struct Delivery {
    body: Body,
    /// Of a frame of `body`, not handed on yet.
    rest: Bytes,
    _underway: Underway,
    _place: Option<Place>,
}

impl Delivery {
    /// Delivers `body`.
    pub(super) fn new(body: Body, underway: Underway, place: Option<Place>) -> Self {
        Self {
            body,
            rest: Bytes::new(),
            _underway: underway.answered(),
            _place: place,
        }
    }
}

impl hyper::body::Body for Delivery {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                end => return Poll::Ready(end),
            };
            match frame.into_data() {
                Ok(data) => self.rest = data,
                Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
            }
        }
        let length = self.rest.len().min(PIECE);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = u64::try_from(self.rest.len()).unwrap_or(u64::MAX);
        let of_body = self.body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(of_body.lower().saturating_add(rest));
        if let Some(upper) = of_body.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint
    }
}
