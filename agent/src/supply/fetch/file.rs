//! Indexes and archives that are files of this machine. The account that fetches reads them, so what only root may read
//! does not become a package.

use super::error::GetError;
use jail::Bytes;
use nix::fcntl::OFlag;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

/// How much is copied at once, in bytes.
const PIECE: usize = 1 << 20;

/// All of a file, of at most so many bytes.
///
/// # Errors
/// [`GetError::File`], [`GetError::TooLong`].
pub(super) fn read(path: &Path, most: Bytes) -> Result<Vec<u8>, GetError> {
    let mut bytes = Vec::new();
    open(path, most)?
        .take(most.get().saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(GetError::File)?;
    match u64::try_from(bytes.len()).is_ok_and(|length| length <= most.get()) {
        true => Ok(bytes),
        false => Err(GetError::TooLong(most)),
    }
}

/// Copies all of a file, of at most so many bytes, to the start of another one.
///
/// # Errors
/// [`GetError::File`], [`GetError::TooLong`], [`GetError::Keep`].
pub(super) fn copy(path: &Path, most: Bytes, to: &File) -> Result<(), GetError> {
    let mut from = open(path, most)?.take(most.get());
    let mut piece = vec![0; PIECE];
    let mut at = 0;
    loop {
        let length = from.read(&mut piece).map_err(GetError::File)?;
        let piece = piece.get(..length).unwrap_or_default();
        if piece.is_empty() {
            return Ok(());
        }
        to.write_all_at(piece, at).map_err(GetError::Keep)?;
        at += u64::try_from(length).unwrap_or(u64::MAX);
    }
}

/// Opens a regular file, and waits for nobody who would have to write to it.
fn open(path: &Path, most: Bytes) -> Result<File, GetError> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(path)
        .map_err(GetError::File)?;
    let metadata = file.metadata().map_err(GetError::File)?;
    if !metadata.is_file() {
        return Err(GetError::File(io::Error::other("it is no regular file")));
    }
    match metadata.len() <= most.get() {
        true => Ok(file),
        false => Err(GetError::TooLong(most)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn only_files_of_bounded_length_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index");
        fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, Bytes(5)).unwrap(), b"12345");
        assert!(matches!(
            read(&path, Bytes(4)),
            Err(GetError::TooLong(Bytes(4)))
        ));
        let pipe = folder.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        for other in [&pipe, folder.path(), &folder.path().join("missing")] {
            assert!(matches!(read(other, Bytes(5)), Err(GetError::File(_))));
        }
    }

    #[test]
    fn a_file_is_copied_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("archive");
        let content = vec![7; PIECE * 2 + 1];
        fs::write(&path, &content).unwrap();
        let to = tempfile::tempfile().unwrap();
        copy(&path, Bytes::mib(4), &to).unwrap();
        let mut copied = vec![0; content.len()];
        to.read_exact_at(&mut copied, 0).unwrap();
        assert!(copied == content && to.metadata().unwrap().len() == content.len() as u64);
        let error = copy(&path, Bytes::mib(2), &to).unwrap_err();
        assert!(matches!(error, GetError::TooLong(_)));
    }
}
