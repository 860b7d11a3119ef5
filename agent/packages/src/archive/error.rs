//! What can be wrong with an archive, each with the reason why it is refused.

use std::io;
use thiserror::Error;

/// The longest name that an error shows, in bytes before they are escaped.
const SHOWN: usize = 120;

/// An archive that can't be unpacked.
#[derive(Debug, Error)]
#[error("the archive can't be unpacked, at {entry}")]
pub struct ArchiveError {
    /// The entry, escaped and cut; or the beginning.
    pub entry: String,
    /// What is wrong.
    #[source]
    pub fault: Fault,
}

impl ArchiveError {
    pub(super) fn new(path: &[u8], fault: Fault) -> Self {
        let entry = match path.get(..SHOWN) {
            _ if path.is_empty() => "its beginning".to_owned(),
            None => format!("\"{}\"", path.escape_ascii()),
            Some(start) => format!("\"{}\"...", start.escape_ascii()),
        };
        Self { entry, fault }
    }
}

/// What can be wrong with an archive.
#[derive(Debug, Error)]
pub enum Fault {
    /// The file can't be read.
    #[error("can't read the archive")]
    Read(#[source] io::Error),
    /// Something can't be made in the staging folder: no room, or something is in it that is not of this archive.
    #[error("can't {what}")]
    Write {
        /// What was tried.
        what: &'static str,
        /// The system's answer.
        #[source]
        source: io::Error,
    },

    /// Not gzip, damaged within, or with another checksum at the end than what came out has.
    #[error("it is not gzip, or damaged")]
    Gzip(#[source] io::Error),
    /// It ends before the two empty blocks that end an archive, as a download that was cut does.
    #[error("it ends in the middle")]
    Truncated,
    /// Something follows the end. A reader that looks further than another would unpack something else.
    #[error("something follows its end")]
    AfterEnd,
    /// A second gzip stream behind the first, or whatever else. Piston's packages are made with one, and what counts the
    /// ratio and the end would have to for each.
    #[error("something follows its gzip stream; only a single stream is read")]
    AfterStream,
    /// More bytes than a package has. The limit is [`Limits::compressed`](super::Limits::compressed).
    #[error("it is longer than {0} bytes")]
    CompressedTooLong(u64),
    /// It would fill the disk. The limit is [`Limits::unpacked`](super::Limits::unpacked).
    #[error("what is in it is longer than {0} bytes")]
    UnpackedTooLong(u64),
    /// A bomb: nothing that people pack becomes so small.
    #[error("it is a bomb: more than {0} times as long unpacked as packed")]
    Ratio(u64),
    /// It would use up the disk's inodes, or this process's memory.
    #[error("it has more than {0} files, folders and links")]
    TooMany(usize),

    /// A header whose checksum is another, or with a number that is none.
    #[error("a header is damaged: {0}")]
    Header(&'static str),
    /// An extension (a long name, a pax header) longer than any needs to be. An announced length costs no memory.
    #[error("an extension of a header has {0} bytes; no more than 65536 are read")]
    ExtensionTooLong(u64),
    /// Readers differ in what counts when an extension comes twice, for nothing, or for all entries at once.
    #[error("extensions of a header that say nothing clear: {0}")]
    Extension(&'static str),
    /// A device, fifo, socket or what only some program knows: a package has none, and opening one may hang or do harm.
    #[error("it is of type {0:?}; a package has files, folders and links")]
    Type(char),
    /// A sparse file: its length is not that of its content, and GNU and pax have four forms of it.
    #[error("it is a sparse file; pack it without --sparse")]
    Sparse,
    /// A folder or link that has content. Readers differ in whether it is skipped.
    #[error("it is no file and has content")]
    Content,
    /// Set-uid, set-gid or sticky. They mean nothing in a jail and much outside of one.
    #[error("its mode {0:o} has set-uid, set-gid or sticky bits")]
    SpecialMode(u32),

    /// A name with a zero: what is checked would not be what is opened.
    #[error("its name has a zero byte")]
    Nul,
    /// A name that is no text: log lines, manifests and answers are.
    #[error("its name is not UTF-8")]
    NotText,
    /// Longer than Linux opens once it is installed. The limit is [`Limits::path`](super::Limits::path).
    #[error("its path is longer than {0} bytes")]
    PathTooLong(usize),
    /// Longer than Linux has. The limit is [`Limits::name`](super::Limits::name).
    #[error("a name in its path is longer than {0} bytes")]
    NameTooLong(usize),
    /// What walks through a package later needs a bound. The limit is [`Limits::depth`](super::Limits::depth).
    #[error("its path has more than {0} names")]
    TooDeep(usize),
    /// A path from the root of the machine.
    #[error("its path is absolute; pack with paths below the package's folder")]
    Absolute,
    /// A path with `..`, which leads out of the folder, or would with a link on the way.
    #[error("its path has a ..")]
    Dots,
    /// A path with an empty name or a `.` in it (but `./` in front), or a file's with a slash at its end: a second
    /// spelling of another path.
    #[error("its path has an empty name or a . in it")]
    Empty,
    /// The same path once more: readers differ in which counts.
    #[error("the same path came before")]
    Duplicate,
    /// A path through something that the archive has made as a file.
    #[error("its path leads through a file")]
    ThroughFile,
    /// A path through a link that the archive has made: the way to write anywhere.
    #[error("its path leads through a link")]
    ThroughLink,
    /// Two paths that people and other file systems take for the same, other than folders.
    #[error("its path differs from an earlier one only in case or in how letters are composed")]
    AlmostSame,

    /// A symbolic link that could lead out of the package. Allowed are `..` only in front and no more than there are
    /// folders above, then names; and absolute ones to where the package is inside jails.
    #[error(
        "the link leads to \"{0}\"; links lead to below the package's folder, with .. only in front"
    )]
    LeadsOut(String),
    /// A symbolic link to an empty or too long path, or one that is no text.
    #[error("the link's target is empty, too long or no text")]
    Target,
    /// A hard link to anything but a file that this archive has made before.
    #[error("it is a hard link to something that is no earlier file of this archive")]
    HardLink,
}

impl Fault {
    /// For `map_err` behind a call of the system.
    pub(super) fn write<E: Into<io::Error>>(what: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::Write {
            what,
            source: error.into(),
        }
    }

    /// For a link's target, escaped and cut.
    pub(super) fn leads_out(target: &str) -> Self {
        Self::LeadsOut(
            target
                .chars()
                .take(SHOWN)
                .flat_map(char::escape_default)
                .collect(),
        )
    }
}

/// A fault on its way through [`io::Read`].
impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        Self::other(fault)
    }
}

/// The fault that came through [`io::Read`], or that nothing can be read.
impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        error.downcast().unwrap_or_else(Self::Read)
    }
}
