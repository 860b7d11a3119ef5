//! The first thing that is done with a downloaded archive: its digest is compared with the index's.

use crate::part::Part;
use crate::sealed::Digest;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, Read};
use thiserror::Error;

/// An archive that is not the one the index speaks of.
#[derive(Debug, Error)]
pub enum ChecksumError {
    /// It can't be read.
    #[error("can't read the archive")]
    Read(#[source] io::Error),
    /// It is another one.
    #[error(
        "the archive has SHA-256 {found} and not {expected}: it came damaged, or the index is of another day; fetch both anew"
    )]
    Checksum {
        /// What the index says.
        expected: Digest,
        /// What it is.
        found: Digest,
    },
}

/// How much is read at once, in bytes.
const PIECE: usize = 128 << 10;

/// Compares all of a regular file with a digest, in constant memory; where the file is read next stays where it was.
/// Nobody may be able to write to the file from here on: unpacking reads it a second time.
///
/// # Errors
/// [`ChecksumError`].
pub fn check(archive: &File, expected: Digest) -> Result<(), ChecksumError> {
    check_part(Part::whole(archive).map_err(ChecksumError::Read)?, expected)
}

/// As [`check`], for an archive in a bundle.
///
/// # Errors
/// [`ChecksumError`].
pub fn check_part(mut archive: Part<'_>, expected: Digest) -> Result<(), ChecksumError> {
    let mut hasher = Sha256::new();
    let mut room = vec![0; PIECE];
    loop {
        let read = match archive.read(&mut room) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read.map_err(ChecksumError::Read)?,
        };
        if read == 0 {
            break;
        }
        hasher.update(room.get(..read).unwrap_or_default());
    }
    let found = Digest::finish(hasher);
    match found == expected {
        true => Ok(()),
        false => Err(ChecksumError::Checksum { expected, found }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Seek, Write};

    #[test]
    fn a_file_is_compared_whole() {
        let mut file = tempfile::tempfile().unwrap();
        let content = vec![7; 3_000_001];
        file.write_all(&content).unwrap();
        let expected = Digest::of(&content);
        check(&file, expected).unwrap();
        assert_eq!(file.stream_position().unwrap(), 3_000_001);
        file.write_all(b"x").unwrap();
        assert!(matches!(
            check(&file, expected),
            Err(ChecksumError::Checksum { expected: e, found }) if e == expected && found != e
        ));
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let (reader, _writer) = io::pipe().unwrap();
        let file = File::from(std::os::fd::OwnedFd::from(reader));
        assert!(matches!(
            check(&file, Digest::of(b"")),
            Err(ChecksumError::Read(_))
        ));
    }
}
