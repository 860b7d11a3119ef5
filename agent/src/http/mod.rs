//! What faces the network: HTTP/1.1 and HTTP/2 in, JSON out, nothing about how jobs are run. This module knows what it needs of
//! the node behind it as a [`Backend`]; every failure becomes a status code in [`error`], and nowhere else.
//!
//! A client that closes its side of the connection, half or whole, cancels its requests: TCP does not tell the two
//! apart, and a program that nobody waits for must not go on running. (Piston does likewise: Node answers no client
//! that has closed its sending side.) So does one that resets a request's HTTP/2 stream. Cancelling is dropping the
//! future of [`Backend::execute`].

mod answer;
mod body;
mod budget;
mod connection;
mod content;
mod delivery;
mod error;
mod execute;
mod frames;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod linger;
mod node;
mod origin;
mod packages;
mod panic;
mod patience;
mod places;
mod protocol;
mod router;
mod serve;
mod settings;
mod streams;
#[cfg(test)]
mod tests;
mod transport;

pub(crate) use serve::serve;
pub(crate) use settings::Settings;
pub(crate) use transport::Listener;

use crate::job::error::JobError;
use crate::supply::{Change, DeskError};
use agent_api::{ExecuteResponse, PackageInfo, PackageName, RuntimeInfo};

/// The node behind the API. Clones are the same node.
pub(crate) trait Backend: Clone + Send + Sync + 'static {
    /// Runs the job that a request's body describes. Dropping the future ends the job.
    fn execute(
        &self,
        body: Vec<u8>,
    ) -> impl Future<Output = Result<ExecuteResponse, JobError>> + Send;

    /// What can be run.
    fn runtimes(&self) -> Vec<RuntimeInfo>;

    /// What the indexes offer and what is installed.
    fn packages(&self) -> impl Future<Output = Result<Vec<PackageInfo>, DeskError>> + Send;

    /// Installs or removes the package that a selector comes to. It is done to its end, also when the future is dropped.
    fn change(
        &self,
        change: Change,
        package: PackageName,
    ) -> impl Future<Output = Result<PackageName, DeskError>> + Send;

    /// What the node tells of itself, in the text format of OpenMetrics.
    fn figures(&self) -> Result<String, std::fmt::Error>;

    /// Whether jobs can be run now.
    fn readiness(&self) -> Readiness;
}

/// Whether a node can run jobs now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// It can.
    Ready,
    /// It can't, for this reason.
    NotReady(String),
}
