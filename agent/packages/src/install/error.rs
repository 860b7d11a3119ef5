//! What can go wrong while packages come and go.

use super::check::Unfit;
use crate::id::PackageId;
use crate::sealed::SealError;
use std::path::PathBuf;
use thiserror::Error;

/// A package that can't be published, removed or verified.
#[derive(Debug, Error)]
pub enum InstallError {
    /// A file can't be read, written or named.
    #[error(transparent)]
    Files(#[from] SealError),
    /// There is one already, or something else in its place.
    #[error("{0} is installed already; remove it first to install it anew")]
    AlreadyInstalled(PackageId),
    /// There is none.
    #[error("{0} is not installed")]
    NotInstalled(PackageId),
    /// Whoever unpacked made what no package may have.
    #[error("{name} was unpacked as what no package may have")]
    Unfit {
        /// Where in the package.
        name: String,
        /// What it is.
        source: Unfit,
    },
    /// It came into the store another way.
    #[error("{0} has no manifest to compare it with; install it anew to have one")]
    NoManifest(PackageId),
    /// The manifest can't be read as one.
    #[error("{} is damaged; remove the package and install it anew", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}
