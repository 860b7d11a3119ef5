//! Why a job gave no result. A program that fails is a result, never an error.

use super::request::Refusal;
use std::error::Error;
use std::time::Duration;

/// Why a job gave no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JobError {
    /// The client asked for something that can't be done: the client's fault.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The node has no room for the job now.
    #[error("the node is busy")]
    Busy {
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// The node takes no new jobs because it is going away.
    #[error("the node is shutting down")]
    Draining,
    /// The node itself failed.
    #[error("the job could not be carried out")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}
