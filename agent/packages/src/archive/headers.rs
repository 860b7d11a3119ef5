//! An entry's header with the extensions before it: GNU's long names (`L`, `K`) and pax headers (`x`, `g`).
//!
//! The crate `tar` reads the fields of a header. It does not read the archive: its iterator holds extensions of any
//! announced length in memory, and goes on where this refuses.

use super::error::Fault;
use super::stream::{BLOCK, Stream};
use std::io::Read;
use tar::{EntryType, Header};

/// The longest extension that is read, in bytes.
const EXTENSION_MAX: u64 = 64 << 10;

/// An entry of the archive, its paths unchecked.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub(super) path: Vec<u8>,
    pub(super) kind: Kind,
    /// Length of its content in bytes; zero where it is no file.
    pub(super) size: u64,
    /// Time of change in seconds since 1970, at most what squashfs has room for: until 2106.
    pub(super) mtime: u32,
}

/// What an entry is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Folder,
    File {
        executable: bool,
    },
    Symlink {
        target: Vec<u8>,
    },
    HardLink {
        target: Vec<u8>,
    },
}

/// What extensions say of the entry that follows them.
#[derive(Debug, Default, PartialEq, Eq)]
struct Extensions {
    long_path: Option<Vec<u8>>,
    long_target: Option<Vec<u8>>,
    pax: Option<Pax>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Pax {
    path: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
    size: Option<u64>,
    mtime: Option<u32>,
}

/// The next entry; `None` when the archive has ended as it should. `at` becomes the name in its header.
pub(super) fn next<R: Read>(
    stream: &mut Stream<R>,
    at: &mut Vec<u8>,
) -> Result<Option<Entry>, Fault> {
    let mut extensions = Extensions::default();
    loop {
        let block = stream.block()?;
        if block == [0; BLOCK] {
            stream.end()?;
            return match extensions == Extensions::default() {
                true => Ok(None),
                false => Err(Fault::Extension("no entry follows them")),
            };
        }
        let header = Header::from_byte_slice(&block);
        check_sum(header, &block)?;
        *at = header.path_bytes().into_owned();
        let size = size(header)?;
        match header.entry_type() {
            EntryType::GNULongName => once(
                &mut extensions.long_path,
                until_zero(extension(stream, size)?)?,
            )?,
            EntryType::GNULongLink => once(
                &mut extensions.long_target,
                until_zero(extension(stream, size)?)?,
            )?,
            EntryType::XHeader => {
                once(&mut extensions.pax, Pax::parse(&extension(stream, size)?)?)?;
            }
            EntryType::XGlobalHeader => {
                let pax = Pax::parse(&extension(stream, size)?)?;
                if (pax.path, pax.target, pax.size) != (None, None, None) {
                    return Err(Fault::Extension("a name or length for all entries"));
                }
            }
            _ => return entry(header, size, extensions).map(Some),
        }
    }
}

fn entry(header: &Header, size: u64, extensions: Extensions) -> Result<Entry, Fault> {
    let pax = extensions.pax.unwrap_or_default();
    let path = either(extensions.long_path, pax.path)?;
    let target = either(extensions.long_target, pax.target)?;
    let target = || match (target, header.link_name_bytes()) {
        (Some(target), _) => target,
        (None, written) => written.unwrap_or_default().into_owned(),
    };
    let mode = header.mode().map_err(|_| Fault::Header("its mode"))?;
    let kind = match header.entry_type() {
        EntryType::Regular => Kind::File {
            executable: mode & 0o111 != 0,
        },
        EntryType::Directory => Kind::Folder,
        EntryType::Symlink => Kind::Symlink { target: target() },
        EntryType::Link => Kind::HardLink { target: target() },
        EntryType::GNUSparse => return Err(Fault::Sparse),
        other => return Err(Fault::Type(char::from(other.as_byte()))),
    };
    // A symbolic link's own mode is 0777 or whatever, and means nothing.
    if mode & 0o7000 != 0 && !matches!(kind, Kind::Symlink { .. }) {
        return Err(Fault::SpecialMode(mode));
    }
    let size = pax.size.unwrap_or(size);
    if size != 0 && !matches!(kind, Kind::File { .. }) {
        return Err(Fault::Content);
    }
    let written = header
        .mtime()
        .map_err(|_| Fault::Header("its time of change"))?;
    Ok(Entry {
        path: path.unwrap_or_else(|| header.path_bytes().into_owned()),
        kind,
        size,
        mtime: pax
            .mtime
            .unwrap_or_else(|| clamped(i128::from(written.cast_signed()))),
    })
}

impl Pax {
    /// Reads records of the form `LENGTH KEY=VALUE\n`, the length being that of the whole record.
    fn parse(mut records: &[u8]) -> Result<Self, Fault> {
        let mut pax = Self::default();
        while !records.is_empty() {
            let (key, value, rest) = record(records).ok_or(Fault::Header("a record of pax"))?;
            let number =
                || std::str::from_utf8(value).map_err(|_| Fault::Header("a number of pax"));
            match key {
                b"path" => pax.path = Some(value.to_owned()),
                b"linkpath" => pax.target = Some(value.to_owned()),
                b"size" => {
                    let size = number()?.parse();
                    pax.size = Some(size.map_err(|_| Fault::Header("a length of pax"))?);
                }
                // With a fraction or without.
                b"mtime" => {
                    let seconds = number()?.split('.').next().unwrap_or_default().parse();
                    pax.mtime = Some(clamped(
                        seconds.map_err(|_| Fault::Header("a time of pax"))?,
                    ));
                }
                _ if key.starts_with(b"GNU.sparse.") => return Err(Fault::Sparse),
                // Owners, other times, attributes, comments: none of them is taken over.
                _ => {}
            }
            records = rest;
        }
        Ok(pax)
    }
}

/// Key and value of the first record, and what follows it.
fn record(records: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = records.iter().take(6).position(|&byte| byte == b' ')?;
    let length: usize = std::str::from_utf8(&records[..space]).ok()?.parse().ok()?;
    let (record, rest) = records.split_at_checked(length)?;
    let pair = record.get(space + 1..)?.strip_suffix(b"\n")?;
    let equals = pair.iter().position(|&byte| byte == b'=')?;
    Some((&pair[..equals], &pair[equals + 1..], rest))
}

/// The content of an extension.
fn extension<R: Read>(stream: &mut Stream<R>, size: u64) -> Result<Vec<u8>, Fault> {
    if size > EXTENSION_MAX {
        return Err(Fault::ExtensionTooLong(size));
    }
    let mut content = Vec::new();
    stream.content(size, |piece| {
        content.extend_from_slice(piece);
        Ok(())
    })?;
    Ok(content)
}

/// GNU ends a long name with a zero.
fn until_zero(mut name: Vec<u8>) -> Result<Vec<u8>, Fault> {
    while name.last() == Some(&0) {
        name.pop();
    }
    match name.contains(&0) {
        true => Err(Fault::Nul),
        false => Ok(name),
    }
}

fn once<T>(place: &mut Option<T>, value: T) -> Result<(), Fault> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Fault::Extension("one comes twice")),
    }
}

fn either<T>(a: Option<T>, b: Option<T>) -> Result<Option<T>, Fault> {
    match (a, b) {
        (Some(_), Some(_)) => Err(Fault::Extension("GNU's and pax's for the same")),
        (a, b) => Ok(a.or(b)),
    }
}

/// The sum of a header's bytes, in which those of the sum itself count as spaces.
pub(crate) fn check_sum(header: &Header, block: &[u8; BLOCK]) -> Result<(), Fault> {
    let field = 148..156;
    let sum = |range: &[u8]| range.iter().map(|&byte| u32::from(byte)).sum::<u32>();
    let found = sum(&block[..field.start]) + 8 * u32::from(b' ') + sum(&block[field.end..]);
    match header.cksum() {
        Ok(sum) if sum == found => Ok(()),
        _ => Err(Fault::Header("its checksum")),
    }
}

/// The length in a header. Those that need more than octal digits are beyond 8 GiB, whatever the limit is.
pub(crate) fn size(header: &Header) -> Result<u64, Fault> {
    if header.as_old().size[0] & 0x80 != 0 {
        return Err(Fault::Header("a length of more than 8 GiB"));
    }
    header.entry_size().map_err(|_| Fault::Header("its length"))
}

fn clamped(seconds: i128) -> u32 {
    u32::try_from(seconds.max(0)).unwrap_or(u32::MAX)
}
