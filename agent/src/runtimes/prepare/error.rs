//! Why runtimes can't be made ready, or a part of them not from an image.

use packages::PackageError;
use packages::sealed::{Difference, Digest, SealError};
use std::io;
use std::path::PathBuf;

/// The runtimes can't be made ready.
#[derive(Debug, thiserror::Error)]
pub(super) enum PrepareError {
    /// Never mounted, whatever the policy.
    #[error(
        "the image of {part} is not what was sealed: its digest is {found} and was {sealed}. Find out who changed it; then remove {} and the next start seals it anew",
        image.display()
    )]
    Tampered {
        part: String,
        found: Digest,
        sealed: Digest,
        image: PathBuf,
    },
    #[error(
        "{part} can't be mounted from a sealed image and runtime_images is \"require\": correct that (`capsule-agent doctor` tells more), or set it to \"auto\""
    )]
    Required {
        part: String,
        #[source]
        source: Unusable,
    },
    /// The tool read something else than the manifest says, or wrote it wrongly.
    #[error(
        "the new image of {part} is not like its folder: {difference}. It is not used; find out who changed the folder, its page cache, or the program that makes images"
    )]
    Unlike {
        part: String,
        difference: Difference,
    },
    /// The folder in which everything is mounted.
    #[error("the place where runtimes are mounted can't be changed")]
    View {
        #[source]
        source: io::Error,
    },
    #[error("the runtimes can't be listed")]
    Store(#[from] PackageError),
    #[error("{part} can't be used")]
    Folder {
        part: String,
        #[source]
        source: SealError,
    },
    #[error("{part} can't be mounted")]
    Mount {
        part: String,
        #[source]
        source: io::Error,
    },
}

/// Why there is no image to mount.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    /// The kernel lacks the file systems.
    #[error("the kernel has neither erofs nor squashfs")]
    NoFileSystem,
    /// There is nothing to mount a file with.
    #[error("there are no loop devices")]
    NoLoopDevice(#[source] io::Error),
    /// The program that makes images is not installed.
    #[error("{0} is not installed: apt-get install {1}")]
    NoTool(&'static str, &'static str),
    /// Sealing failed.
    #[error(transparent)]
    Sealing(#[from] SealError),
    /// The kernel does not take the image.
    #[error("the image can't be mounted")]
    Mounting(#[source] io::Error),
}
