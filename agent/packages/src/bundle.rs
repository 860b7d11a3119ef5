//! Bundles: an index, its signature and archives in one file, to carry to a machine without a network.
//!
//! A bundle is an uncompressed tar archive of plain files, as `tar -cf` makes one: [`INDEX`] first, [`SIGNATURE`] next where
//! there is one, then archives called as [`archive_name`] has it. Nothing that the bundle itself says counts: an archive
//! is held to the index, and the index to its signature where keys are configured.

use crate::archive::{Fault, headers};
use crate::id::PackageId;
use crate::index::{Fetched, INDEX_MAX, Location, SIGNATURE_MAX};
use crate::part::Part;
use std::io::{self, Read, Write};
use tar::{EntryType, Header};
use thiserror::Error;

/// The name of the index in a bundle.
pub const INDEX: &str = "index";

/// The name of its signature.
pub const SIGNATURE: &str = "index.minisig";

/// Length of everything in a tar archive is a multiple of this, in bytes.
const BLOCK: usize = 512;
const BLOCK_LENGTH: u64 = BLOCK as u64;

/// The most files in a bundle. Each is a package of some megabytes.
const FILES_MAX: usize = 1024;

/// Where the index of a bundle is: on this machine, so that it may name files of it. Nothing is fetched from there.
const SOURCE: &str = "file:///bundle/index";

/// A file that is no bundle.
#[derive(Debug, Error)]
pub enum BundleError {
    /// It can't be read.
    #[error("can't read the bundle")]
    Read(#[source] io::Error),
    /// No tar archive, or a damaged one.
    #[error("it is no bundle, or damaged")]
    Form(#[source] Fault),
    /// Nothing but files, whose names fit into their headers.
    #[error("{0} in the bundle is no plain file")]
    Kind(String),
    /// It does not begin with an index.
    #[error("the bundle does not begin with a file `index` of at most {INDEX_MAX} bytes")]
    Index,
    /// More than a bundle has.
    #[error("the bundle has more than {FILES_MAX} files")]
    TooMany,
}

/// What is in a bundle.
#[derive(Debug)]
pub struct Bundle<'a> {
    /// The index with its signature, unchecked.
    pub index: Fetched,
    files: Vec<(Vec<u8>, Part<'a>)>,
}

/// What an archive is called in a bundle: as Piston calls them.
#[must_use]
pub fn archive_name(id: &PackageId) -> String {
    format!("{id}.pkg.tar.gz")
}

impl<'a> Bundle<'a> {
    /// Reads a bundle: index and signature, of all others name and place.
    ///
    /// # Errors
    /// It is none.
    pub fn read(bundle: Part<'a>) -> Result<Self, BundleError> {
        let mut files = files(bundle)?.into_iter().peekable();
        let index = files
            .next_if(|(name, part)| name == INDEX.as_bytes() && part.length() <= INDEX_MAX as u64)
            .ok_or(BundleError::Index)?;
        let signature = files.next_if(|(name, part)| {
            name == SIGNATURE.as_bytes() && part.length() <= SIGNATURE_MAX as u64
        });
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok(Self {
            index: Fetched {
                // Always one.
                source: Location::parse(SOURCE).map_err(|_| BundleError::Index)?,
                signature: signature.map(|(_, part)| all(part)).transpose()?.map(text),
                bytes: all(index.1)?,
            },
            files: files.collect(),
        })
    }

    /// The archive of a package, if it is there.
    #[must_use]
    pub fn archive(&self, id: &PackageId) -> Option<Part<'a>> {
        let name = archive_name(id);
        let found = self
            .files
            .iter()
            .find(|(other, _)| other == name.as_bytes());
        found.map(|(_, part)| *part)
    }
}

/// Begins a bundle: the index, and its signature where there is one.
///
/// # Errors
/// It can't be written.
pub fn write_index(out: &mut impl Write, index: &Fetched) -> io::Result<()> {
    write_file(out, INDEX, index.bytes.len() as u64, index.bytes.as_slice())?;
    match &index.signature {
        Some(text) => write_file(out, SIGNATURE, text.len() as u64, text.as_bytes()),
        None => Ok(()),
    }
}

/// Adds the archive of a package to a bundle.
///
/// # Errors
/// It can't be read or written.
pub fn write_archive(out: &mut impl Write, id: &PackageId, archive: Part<'_>) -> io::Result<()> {
    write_file(out, &archive_name(id), archive.length(), archive)
}

/// Ends a bundle.
///
/// # Errors
/// It can't be written.
pub fn write_end(out: &mut impl Write) -> io::Result<()> {
    out.write_all(&[0; 2 * BLOCK])
}

fn write_file(out: &mut impl Write, name: &str, length: u64, content: impl Read) -> io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_path(name)?;
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o644);
    header.set_size(length);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_cksum();
    out.write_all(header.as_bytes())?;
    if io::copy(&mut content.take(length), out)? != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let fill = usize::try_from(length.next_multiple_of(BLOCK_LENGTH) - length).unwrap_or_default();
    out.write_all([0; BLOCK].get(..fill).unwrap_or_default())
}

/// Names and places of the files in a tar archive. One that ends behind a file, without the two empty blocks, is as good:
/// what is not there can't be installed.
fn files(bundle: Part<'_>) -> Result<Vec<(Vec<u8>, Part<'_>)>, BundleError> {
    let mut files = Vec::new();
    let mut at = 0;
    while at < bundle.length() {
        let Some((name, length)) = header(bundle.cut(at, BLOCK_LENGTH))? else {
            break;
        };
        if files.len() >= FILES_MAX {
            return Err(BundleError::TooMany);
        }
        let content = bundle.cut(at + BLOCK_LENGTH, length);
        if content.length() != length {
            return Err(BundleError::Form(Fault::Truncated));
        }
        files.push((name, content));
        // Of the length of a file, and so no overflow.
        at += BLOCK_LENGTH + length.next_multiple_of(BLOCK_LENGTH);
    }
    Ok(files)
}

/// Name and length of the file that a block is the header of; `None` for the empty one at the end.
fn header(mut block: Part<'_>) -> Result<Option<(Vec<u8>, u64)>, BundleError> {
    let mut bytes = [0; BLOCK];
    let read = block.read_exact(&mut bytes);
    read.map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => BundleError::Form(Fault::Truncated),
        _ => BundleError::Read(error),
    })?;
    if bytes == [0; BLOCK] {
        return Ok(None);
    }
    let header = Header::from_byte_slice(&bytes);
    headers::check_sum(header, &bytes).map_err(BundleError::Form)?;
    let length = headers::size(header).map_err(BundleError::Form)?;
    let name = header.path_bytes().into_owned();
    match header.entry_type() {
        EntryType::Regular => Ok(Some((name, length))),
        _ => Err(BundleError::Kind(name.escape_ascii().to_string())),
    }
}

/// All of a part that is known to be short.
fn all(mut part: Part<'_>) -> Result<Vec<u8>, BundleError> {
    let mut bytes = Vec::new();
    part.read_to_end(&mut bytes).map_err(BundleError::Read)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
