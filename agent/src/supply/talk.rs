//! What the front and the process that changes packages say to each other: one request and one answer over a socket, each a
//! text in JSON to the end of its direction. The warden, which introduces them, hears none of it.

use agent_api::PackageName;
use serde::{Deserialize, Serialize};

/// The longest request, in bytes.
pub(crate) const REQUEST_MAX: u64 = 4 << 10;

/// The longest answer, in bytes: a list of all that indexes may offer.
pub(crate) const ANSWER_MAX: u64 = 4 << 20;

/// What is to become of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Change {
    /// Download, unpack and publish it.
    Install,
    /// Take it out of the store.
    Remove,
}

/// What the front asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Request {
    /// What is installed, and if that is asked for what the indexes offer, which is downloaded for it.
    List {
        /// The indexes too.
        offers: bool,
    },
    /// Install or remove what a selector comes to.
    Change(Change, PackageName),
}

/// What it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// To [`Request::List`].
    Packages {
        /// In the order of the indexes; none where they were not asked for.
        offered: Option<Vec<PackageName>>,
        /// What the disk has, by name and version.
        installed: Vec<PackageName>,
    },
    /// The store has changed by this package.
    Changed(PackageName),
    /// No index offers it, and it is not installed.
    Unknown,
    /// It could not be done, for this reason: one sentence for whoever asked.
    Failed(String),
}

/// Why packages are neither listed nor changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DeskError {
    /// No index offers it, and it is not installed. Piston's text.
    #[error("Requested package {language}-{version} does not exist")]
    Unknown {
        /// As asked for.
        language: String,
        /// As asked for.
        version: String,
    },
    /// What the process that was to do it says.
    #[error("{0}")]
    Failed(String),
    /// The package was changed, and the node still has what it had.
    #[error(
        "{language}-{version} was changed in the store, but the node could not follow: its log says why, a restart tries again"
    )]
    NotFollowed {
        /// What was changed.
        language: String,
        /// What was changed.
        version: String,
    },
    /// Others are at it.
    #[error("packages are being changed: try again later")]
    Busy,
    /// The node is going away, its runtimes are broken, or the process that was to do it has died.
    #[error("the node can't change packages now: its log says why")]
    Unavailable,
}
