//! Why a job gave no result. A program that fails is a result, never an error.

use super::request::Refusal;
use crate::pool::LinkError;
use jail::proto::{Failure, ProtoError};
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
    /// The node has stopped for good: what jobs run is not what was sealed.
    #[error(
        "the node's runtime files are not what was sealed, or can't be checked: it runs nothing until it is restarted"
    )]
    Unsound,
    /// The node itself failed.
    #[error("the job could not be carried out")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

/// A stage was to be started a second time in the same jail.
#[derive(Debug, thiserror::Error)]
#[error("a stage runs once in a jail")]
struct StageUsedTwice;

/// Killed processes of a stage did not go away.
#[derive(Debug, thiserror::Error)]
#[error("processes of the compile stage can't be killed")]
struct StageLeftProcesses;

/// An init told something that has no place where it was told.
#[derive(Debug, thiserror::Error)]
#[error("the jail's init tells what it can't")]
struct InitOutOfTurn;

/// A jail did not take its job's files in time.
#[derive(Debug, thiserror::Error)]
#[error("the jail stands still")]
struct JailStandsStill;

/// The health probe's program did not succeed.
#[derive(Debug, thiserror::Error)]
#[error("a program that does nothing did not succeed")]
struct ProbeFailed;

impl JobError {
    pub(super) fn stage_left_processes() -> Self {
        Self::Internal(Box::new(StageLeftProcesses))
    }

    pub(super) fn init_out_of_turn() -> Self {
        Self::Internal(Box::new(InitOutOfTurn))
    }

    pub(crate) fn no_figures(error: std::fmt::Error) -> Self {
        Self::Internal(Box::new(error))
    }

    pub(super) fn jail_stands_still() -> Self {
        Self::Internal(Box::new(JailStandsStill))
    }

    pub(super) fn probe_failed() -> Self {
        Self::Internal(Box::new(ProbeFailed))
    }

    pub(super) fn stage_used_twice() -> Self {
        Self::Internal(Box::new(StageUsedTwice))
    }
}

impl From<LinkError> for JobError {
    fn from(error: LinkError) -> Self {
        Self::Internal(Box::new(error))
    }
}

impl From<ProtoError> for JobError {
    fn from(error: ProtoError) -> Self {
        Self::Internal(Box::new(error))
    }
}

impl From<Failure> for JobError {
    fn from(failure: Failure) -> Self {
        Self::Internal(Box::new(failure))
    }
}
