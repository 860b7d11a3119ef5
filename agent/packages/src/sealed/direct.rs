//! Reading a file as the disk has it: with `O_DIRECT`, past the page cache.

use super::{Digest, SealError};
use nix::fcntl::OFlag;
use sha2::{Digest as _, Sha256};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

/// Length of one read: large enough that a disk is used fully, in bytes.
const PIECE: usize = 1 << 20;

/// Direct reads need memory, offsets and lengths in whole blocks; no disk has larger ones, in bytes.
const ALIGNMENT: usize = 4096;

/// Where the bytes came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// The disk.
    Direct,
    /// The page cache: this file system has no other way (tmpfs, some network and overlay file systems).
    Buffered,
}

/// The digest of a file as it is stored.
///
/// # Errors
/// It can't be opened or read.
pub fn digest_of_stored(path: &Path) -> io::Result<(Digest, Stored)> {
    match open(path, OFlag::O_DIRECT).and_then(|file| digest_of(&file)) {
        // What a file system answers that knows no direct reads, when it is opened or when it is read.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            let digest = digest_of(&open(path, OFlag::empty())?)?;
            Ok((digest, Stored::Buffered))
        }
        direct => Ok((direct?, Stored::Direct)),
    }
}

/// The digest of a regular file as readers get it. `path` itself may be no link.
pub(super) fn digest_of_cached(path: &Path) -> io::Result<Digest> {
    digest_of(&open(path, OFlag::empty())?)
}

/// The digest of a file that a runtime is made of, from the disk; refused where readers get something else, which the
/// page cache then made up.
pub(super) fn digest_of_source(path: &Path) -> Result<Digest, SealError> {
    let (stored, _) = digest_of_stored(path).map_err(SealError::file("read", path))?;
    let cached = digest_of_cached(path).map_err(SealError::file("read", path))?;
    if stored == cached {
        return Ok(stored);
    }
    Err(SealError::Poisoned {
        path: path.to_owned(),
        stored,
        cached,
    })
}

fn open(path: &Path, more: OFlag) -> io::Result<File> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | more;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits())
        .open(path)
}

/// The digest of an open file, read in pieces from its beginning.
fn digest_of(file: &File) -> io::Result<Digest> {
    let mut room = vec![0u8; PIECE + ALIGNMENT];
    let start = room.as_ptr().align_offset(ALIGNMENT);
    let piece = room
        .get_mut(start..start + PIECE)
        .ok_or(io::ErrorKind::OutOfMemory)?;
    let mut hasher = Sha256::new();
    let mut offset = 0;
    loop {
        let read = match file.read_at(piece, offset) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        hasher.update(piece.get(..read).unwrap_or_default());
        offset += read as u64;
        // Only the end of a file is no whole block, and behind it a direct read would be refused.
        if read == 0 || read % ALIGNMENT != 0 {
            return Ok(Digest::finish(hasher));
        }
    }
}
