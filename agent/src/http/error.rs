//! The one place where a failure becomes a status code and the text that a client reads.

use super::answer;
use crate::job::error::JobError;
use crate::supply::DeskError;
use agent_api::ErrorBody;
use axum::body::Body;
use axum::http::header::{CONNECTION, HeaderValue, RETRY_AFTER};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use std::error::Error;
use std::iter::successors;
use std::time::Duration;

/// When what requests share is used up: those that hold some of it end within seconds.
const CROWDED: Duration = Duration::from_secs(1);

/// What who may not change packages is told, which is nothing of the node.
const STRANGER: &str = "packages are changed with the admin token (admin_token_file), or, where the node trusts its own \
                        machine, by a request to localhost that came through no proxy";

/// Why a request gets no result.
#[derive(Debug)]
pub(super) enum ApiError {
    /// No such route, or not with that method.
    NotFound,
    /// The request's content is not declared as JSON.
    NotJson,
    /// The body is in another character set than UTF-8.
    Charset(String),
    /// The body is compressed.
    ContentEncoding(String),
    /// The body is longer than so many bytes.
    TooLarge(usize),
    /// The body did not arrive in time.
    BodyTimeout,
    /// The body is cut short or its chunks are malformed.
    BodyBroken,
    /// The job layer gave no result.
    Job(JobError),
    /// Packages may not be changed by this client.
    Stranger,
    /// Packages are neither listed nor changed.
    Desk(DeskError),
    /// A bug: the request's code panicked, and the panic was reported.
    Panicked,
}

/// Whether the connection can take another request after the answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Connection {
    /// It can.
    Stays,
    /// The rest of the request is not read, or the node is going away.
    Closes,
}

impl ApiError {
    /// Requests take as much together as they may.
    pub(super) const fn crowded() -> Self {
        Self::Job(JobError::Busy {
            retry_after: CROWDED,
        })
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound | Self::Desk(DeskError::Unknown { .. }) => StatusCode::NOT_FOUND,
            Self::Stranger => StatusCode::FORBIDDEN,
            Self::NotJson | Self::Charset(_) | Self::ContentEncoding(_) => {
                StatusCode::UNSUPPORTED_MEDIA_TYPE
            }
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::BodyBroken | Self::Job(JobError::Refused(_)) => StatusCode::BAD_REQUEST,
            Self::Job(JobError::Busy { .. } | JobError::Draining | JobError::Unsound)
            | Self::Desk(DeskError::Busy | DeskError::Unavailable) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Job(JobError::Internal(_))
            | Self::Desk(DeskError::Failed(_) | DeskError::NotFollowed { .. })
            | Self::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    pub(super) fn message(&self) -> String {
        match self {
            Self::NotFound => "Not Found".to_owned(),
            Self::NotJson => "requests must be of type application/json".to_owned(),
            Self::Charset(name) => format!("unsupported charset {name:?}: send utf-8"),
            Self::ContentEncoding(name) => {
                format!("unsupported content encoding {name:?}: send plain JSON")
            }
            Self::TooLarge(limit) => format!("request body cannot be larger than {limit} bytes"),
            Self::BodyTimeout => "request body was not received in time".to_owned(),
            Self::BodyBroken => "request body is incomplete or malformed".to_owned(),
            Self::Stranger => STRANGER.to_owned(),
            Self::Desk(error) => error.to_string(),
            Self::Job(JobError::Refused(refusal)) => refusal.to_string(),
            Self::Job(JobError::Busy { .. }) => "the node is busy: try again later".to_owned(),
            Self::Job(JobError::Draining) => "the node is shutting down".to_owned(),
            Self::Job(unsound @ JobError::Unsound) => unsound.to_string(),
            Self::Job(JobError::Internal(_)) | Self::Panicked => "internal error".to_owned(),
        }
    }

    fn connection(&self) -> Connection {
        match self {
            Self::TooLarge(_)
            | Self::BodyTimeout
            | Self::BodyBroken
            | Self::Job(JobError::Draining) => Connection::Closes,
            _ => Connection::Stays,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Job(JobError::Busy { retry_after }) => Some(*retry_after),
            Self::Job(JobError::Draining | JobError::Unsound) => Some(Duration::ZERO),
            Self::Desk(DeskError::Busy | DeskError::Unavailable) => Some(CROWDED),
            _ => None,
        }
    }
}

impl From<JobError> for ApiError {
    fn from(error: JobError) -> Self {
        Self::Job(error)
    }
}

impl From<DeskError> for ApiError {
    fn from(error: DeskError) -> Self {
        Self::Desk(error)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response<Body> {
        if let Self::Job(JobError::Internal(cause)) = &self {
            tracing::error!(error = chain(cause.as_ref()), "job failed");
        }
        let mut response = answer::json(
            self.status(),
            &ErrorBody {
                message: self.message(),
            },
        );
        let headers = response.headers_mut();
        if let Some(wait) = self.retry_after() {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        if self.connection() == Connection::Closes {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// Rounded up, as the header has no fractions and 0 invites a busy loop.
fn whole_seconds(wait: Duration) -> u64 {
    let fraction = u64::from(wait.subsec_nanos() > 0);
    wait.as_secs().saturating_add(fraction).max(1)
}

fn chain(error: &(dyn Error + 'static)) -> String {
    let texts: Vec<_> = successors(Some(error), |&error| error.source())
        .map(ToString::to_string)
        .collect();
    texts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_whole_seconds_from_one() {
        for (milliseconds, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (60_000, 60)] {
            assert_eq!(whole_seconds(Duration::from_millis(milliseconds)), seconds);
        }
        assert_eq!(whole_seconds(Duration::MAX), u64::MAX);
    }

    #[test]
    fn chains_name_every_layer_once() {
        let inner = std::io::Error::other("disk full");
        let error = JobError::Internal(Box::new(inner));
        assert_eq!(chain(&error), "the job could not be carried out: disk full");
    }
}
