//! Why packages can't be installed, removed or listed. The routes answer as Piston does by these variants.

use super::order::{FailureKind, FetchFailure};
use super::wish::WishFault;
use super::worker::WorkerError;
use packages::install::InstallError;
use packages::sealed::Digest;
use packages::{PackageError, PackageId};
use std::io;
use std::path::{Path, PathBuf};

/// The longest sentence of another process that is passed on, in characters.
const SENTENCE_MAX: usize = 1000;

/// Why a package is not installed, removed or listed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SupplyError {
    /// No index has it, or nothing like it is installed. Piston: 404, `Requested package X-V does not exist`.
    #[error("there is no such package{instead}")]
    NotFound {
        /// What there is, as the end of the sentence.
        instead: String,
    },
    /// A bundle does not have it.
    #[error("it is not in the bundle: tar -tf lists what is")]
    NotInBundle,
    /// It is a device, folder or the like.
    #[error("a bundle is an ordinary file, and this is something else")]
    NoFile,
    /// Piston: 500, `Already installed`.
    #[error("{0} is installed already; remove it first to install it anew")]
    AlreadyInstalled(PackageId),
    /// Piston: 500, `X-V is not installed`.
    #[error("{0} is not installed")]
    NotInstalled(PackageId),
    /// Piston: 500, `Checksum miss-match want: EXPECTED got: FOUND`.
    #[error(
        "the archive has SHA-256 {found} and not {expected}: it came damaged, or the index is of another day"
    )]
    Checksum {
        /// What the index says.
        expected: Digest,
        /// What it is.
        found: Digest,
    },
    /// What the fetcher says, in one sentence. Of [`FailureKind::Checksum`] it is what Piston calls a checksum miss-match too.
    #[error("{0}")]
    Fetch(String),
    /// What the unpacker says, in one sentence.
    #[error("{0}")]
    Unpack(String),
    /// A process has brought another package than the one it was sent for.
    #[error("another package came than the one that was asked for, and was thrown away")]
    OtherPackage,
    /// A process without rights has failed.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// What was unpacked can't become a package, or a package can't be removed.
    #[error(transparent)]
    Install(InstallError),
    /// The store can't be read.
    #[error(transparent)]
    Store(#[from] PackageError),
    /// It can't be asked for.
    #[error(transparent)]
    Wish(#[from] WishFault),
    /// A file can't be made or read.
    #[error("can't {what} {}", path.display())]
    File {
        /// What was tried, as a verb.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl SupplyError {
    /// For `map_err` behind a call of the system.
    pub(super) fn file(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File {
            what,
            path: path.to_owned(),
            source,
        }
    }

    /// What a fetcher says.
    pub(super) fn fetch(failure: FetchFailure) -> Self {
        match failure.kind {
            FailureKind::NotFound => Self::NotFound {
                instead: String::new(),
            },
            FailureKind::Checksum { expected, found } => Self::Checksum { expected, found },
            _ => Self::Fetch(told(&failure.sentence)),
        }
    }

    /// What an unpacker says.
    pub(super) fn unpack(sentence: &str) -> Self {
        Self::Unpack(told(sentence))
    }
}

impl From<InstallError> for SupplyError {
    fn from(error: InstallError) -> Self {
        match error {
            InstallError::AlreadyInstalled(id) => Self::AlreadyInstalled(id),
            InstallError::NotInstalled(id) => Self::NotInstalled(id),
            error => Self::Install(error),
        }
    }
}

/// A sentence of a process that may have been taken over: nothing in it does anything to a terminal or a log.
pub(super) fn told(sentence: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    sentence.chars().map(plain).take(SENTENCE_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_say_does_nothing_to_a_terminal() {
        assert_eq!(told("\u{1b}[2Ja\nb\u{9b}c"), " [2Ja b c");
        assert_eq!(told(&"x".repeat(2000)).len(), SENTENCE_MAX);
    }
}
