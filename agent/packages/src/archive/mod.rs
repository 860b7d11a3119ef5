//! Unpacking a package's archive, a `.tar.gz` that anybody may have made.
//!
//! Nothing is taken over that a package does not need, and each thing that is refused is a [`Fault`] with its reason. The
//! layers, from the outside: [`gzip`] counts what comes in and out, [`stream`] cuts blocks, [`headers`] reads an entry with
//! its extensions, [`names`] and [`links`] check paths, [`seen`] knows what the archive has made, [`mod@write`] makes it
//! below one descriptor. None of them needs a privilege or follows a link.
//!
//! What is made: folders with mode 0755, files with 0755 where one of the archive's execute bits is set and 0644
//! otherwise, relative links that end within the package. They belong to whoever unpacks. Files have the archive's time
//! of change in whole seconds, which Java's class archive is checked against; folders and links have the present.

mod error;
mod gzip;
pub(crate) mod headers;
mod limits;
mod links;
mod names;
mod seen;
mod stream;
mod write;

pub use error::{ArchiveError, Fault};
pub use limits::Limits;
pub(crate) use links::ends_within;

use crate::id::PackageId;
use gzip::Unzipped;
use headers::{Entry, Kind};
use seen::{Made, Seen};
use std::io::{self, Read};
use std::os::fd::BorrowedFd;
use stream::Stream;
use write::Writer;

/// Where packages are inside a jail; absolute links of Piston's packages lead there.
const INSIDE: &str = "/piston/packages";

/// What was unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unpacked {
    /// Files, folders and links.
    pub entries: usize,
    /// Length of all files in bytes; a file with several names counts once.
    pub bytes: u64,
}

/// Unpacks a package's archive into an empty folder. What there is after an error is for the caller to remove, and
/// nothing is sure to be on the disk before [`sync`].
///
/// # Errors
/// The first thing in it that can't be, with the entry it is in.
pub fn unpack(
    archive: impl Read,
    staging: BorrowedFd<'_>,
    package: &PackageId,
    limits: &Limits,
) -> Result<Unpacked, ArchiveError> {
    unpack_tar(Unzipped::new(archive, *limits), staging, package, limits)
}

/// As [`unpack`], for what the compression had around it.
///
/// # Errors
/// As [`unpack`].
pub(crate) fn unpack_tar(
    tar: impl Read,
    staging: BorrowedFd<'_>,
    package: &PackageId,
    limits: &Limits,
) -> Result<Unpacked, ArchiveError> {
    let mut unpacking = Unpacking {
        stream: Stream::new(tar, limits.unpacked),
        seen: Seen::new(limits.entries),
        writer: Writer::new(staging),
        inside: format!("{INSIDE}/{}", package.folder()),
        limits,
        bytes: 0,
    };
    let mut at = Vec::new();
    unpacking
        .run(&mut at)
        .map_err(|fault| ArchiveError::new(&at, fault))
}

/// Has all that was unpacked below a descriptor written to the disk, at once for the whole file system, which is
/// quicker than file by file.
///
/// # Errors
/// The disk failed, or is full.
pub fn sync(staging: BorrowedFd<'_>) -> io::Result<()> {
    Ok(nix::unistd::syncfs(staging)?)
}

struct Unpacking<'a, R> {
    stream: Stream<R>,
    seen: Seen,
    writer: Writer<'a>,
    /// The package's folder as jobs see it.
    inside: String,
    limits: &'a Limits,
    bytes: u64,
}

impl<R: Read> Unpacking<'_, R> {
    /// Unpacks all of it; `at` is the name of the entry meanwhile.
    fn run(&mut self, at: &mut Vec<u8>) -> Result<Unpacked, Fault> {
        while let Some(entry) = headers::next(&mut self.stream, at)? {
            at.clone_from(&entry.path);
            self.entry(&entry)?;
        }
        Ok(Unpacked {
            entries: self.seen.count(),
            bytes: self.bytes,
        })
    }

    fn entry(&mut self, entry: &Entry) -> Result<(), Fault> {
        let is_folder = entry.kind == Kind::Folder;
        let path = names::checked(&entry.path, is_folder, self.limits)?;
        if path.is_empty() {
            return self.seen.root();
        }
        let made = match entry.kind {
            Kind::Folder => Made::Folder,
            Kind::File { .. } | Kind::HardLink { .. } => Made::File,
            Kind::Symlink { .. } => Made::Link,
        };
        let new = self.seen.enter(&path, made)?;
        for folder in new.folders {
            self.writer.folder(folder)?;
        }
        match &entry.kind {
            Kind::Folder if new.itself => self.writer.folder(&path),
            Kind::Folder => Ok(()),
            Kind::File { executable } => self.file(&path, *executable, entry),
            Kind::Symlink { target } => {
                let target = links::target(target, &path, &self.inside)?;
                self.writer.link(&target, &path)
            }
            Kind::HardLink { target } => {
                let target =
                    names::checked(target, false, self.limits).map_err(|_| Fault::HardLink)?;
                if !self.seen.is_file(&target) || target == path {
                    return Err(Fault::HardLink);
                }
                self.writer.hard_link(&target, &path)
            }
        }
    }

    fn file(&mut self, path: &str, executable: bool, entry: &Entry) -> Result<(), Fault> {
        let mut file = self.writer.file(path)?;
        self.stream.content(entry.size, |piece| file.write(piece))?;
        self.bytes += entry.size;
        file.finish(executable, entry.mtime)
    }
}

#[cfg(test)]
mod tests;
