//! What can go wrong while a folder is read or sealed.

use super::Digest;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use thiserror::Error;

/// A folder that can't be sealed, or a tree that can't be read.
#[derive(Debug, Error)]
pub enum SealError {
    /// A file can't be read, written or named.
    #[error("can't {what} {}", path.display())]
    File {
        /// What was tried, as a verb.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A folder that somebody else has filled.
    #[error("there are more than {most} files, folders and links in it")]
    TooMany {
        /// How many there may be.
        most: usize,
    },
    /// The same.
    #[error("there are folders in it that lie deeper than {depth} in each other")]
    TooDeep {
        /// How deep they may.
        depth: usize,
    },
    /// The program that makes images failed.
    #[error("{} ended with {status}: {said}", tool.display())]
    Tool {
        /// The program.
        tool: PathBuf,
        /// How it ended.
        status: ExitStatus,
        /// The end of what it wrote to stderr.
        said: String,
    },
    /// A folder that is not ours to remove things from.
    #[error(
        "{} is a link, no folder, or another account's: move it away or give it to root, and the next start fills it anew",
        .0.display()
    )]
    NotOwn(PathBuf),
    /// Somebody wrote to the folder meanwhile.
    #[error("{} changed while it was sealed", folder.display())]
    Changed {
        /// The folder.
        folder: PathBuf,
    },
    /// A file of the source that the disk does not have as readers get it: a write to the page cache, or bad memory.
    #[error(
        "{} has digest {stored} on the disk and {cached} in the page cache: a hole in the kernel was used, or memory is bad. Replace the machine; to look into it, drop the cache (echo 1 > /proc/sys/vm/drop_caches) and start again",
        path.display()
    )]
    Poisoned {
        /// The file.
        path: PathBuf,
        /// What `O_DIRECT` reads.
        stored: Digest,
        /// What every other reader gets.
        cached: Digest,
    },
}

impl SealError {
    /// For `map_err` behind a call that failed on `path`.
    pub(crate) fn file(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File {
            what,
            path: path.to_owned(),
            source,
        }
    }
}
