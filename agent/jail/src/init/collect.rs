//! Reads what a compile stage has left, for a jail of a later job with the same files. Nothing of the program's lives meanwhile.
//!
//! Whoever asked writes the same files into a blank jail. So whatever such files are not (links, pipes, other permissions,
//! folders that are empty, anything outside of the submission folder) is no fault, but the end of it: [`Collected::NotAll`]. So is
//! what init can't read, which has the program's group and no longer its uid, since it swept.

use super::files::Files;
use crate::Bytes;
use crate::proto::{At, Collected, Failure, FromInit, MODES, PIECE, ProtoError, Step, send};
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use rustix::fs::{FileType, RawDir, Stat, fstat};
use std::fs::File;
use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

/// Where else a program can leave files, and what is there in a blank jail.
const ELSEWHERE: [(&str, &[&str]); 4] = [
    ("/box", &["submission"]),
    ("/tmp", &[]),
    ("/dev/shm", &[]),
    ("/dev/mqueue", &[]),
];

/// Folders in each other: as many as a submitted name may have.
const DEPTH: usize = 32;

/// The longest path below the submission folder in bytes, as that of a submitted name.
const PATH: usize = 1024;

/// How a folder is made, by init and by a program with the umask that it starts with.
const FOLDER: u32 = 0o755;

/// Bytes that names in a folder are read into at once.
const NAMES: usize = 4096;

/// Why there is nothing to collect.
#[derive(Debug)]
enum Stop {
    /// It could not be written into another jail as it is.
    NotPlain,
    /// It can't be told.
    Channel(ProtoError),
}

impl From<io::Error> for Stop {
    /// What can't be read is not plain.
    fn from(_: io::Error) -> Self {
        Self::NotPlain
    }
}

/// The folders outside of the submission that a program can write to, opened before init keeps to the submission.
pub(super) struct Elsewhere(Vec<(OwnedFd, &'static [&'static str])>);

impl Elsewhere {
    pub(super) fn open() -> Result<Self, Failure> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let all = ELSEWHERE.iter().map(|(path, known)| {
            let folder = open(*path, flags, Mode::empty()).at(Step::Files)?;
            Ok((folder, *known))
        });
        all.collect::<Result<_, _>>().map(Self)
    }

    /// Whether there is what a blank jail has, and nothing else.
    fn is_untouched(&self) -> io::Result<bool> {
        for (folder, known) in &self.0 {
            let is_known = |name: &str| known.contains(&name);
            if !names(folder, known.len())?.is_some_and(|names| names.iter().all(|n| is_known(n))) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Sends the files of the submission folder, and whether that is all.
pub(super) fn collect(
    files: &Files,
    elsewhere: &Elsewhere,
    most: (u32, Bytes),
    channel: &mut impl Write,
) -> Result<(), Failure> {
    let mut collection = Collection {
        files,
        files_left: usize::try_from(most.0).unwrap_or(usize::MAX),
        bytes_left: most.1.get(),
        channel,
    };
    let collected = match collection.all(elsewhere) {
        Ok(()) => Collected::All,
        Err(Stop::NotPlain) => Collected::NotAll,
        Err(Stop::Channel(error)) => return Err(error).at(Step::Handshake),
    };
    send(channel, &FromInit::Collected(collected)).at(Step::Handshake)
}

struct Collection<'a, C> {
    files: &'a Files,
    files_left: usize,
    bytes_left: u64,
    channel: &'a mut C,
}

impl<C: Write> Collection<'_, C> {
    fn all(&mut self, elsewhere: &Elsewhere) -> Result<(), Stop> {
        if !elsewhere.is_untouched()? {
            return Err(Stop::NotPlain);
        }
        self.folder(".", 0)
    }

    /// All below a folder. Each level ends at files or at an empty folder, which is the end of it: so no more folders are looked
    /// at than there may be files, times [`DEPTH`].
    fn folder(&mut self, path: &str, depth: usize) -> Result<(), Stop> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY;
        let folder = self.files.open_below(path, flags)?;
        let names = names(&folder, self.files_left)?.ok_or(Stop::NotPlain)?;
        let is_root = depth == 0;
        let mode = fstat(&folder).map_err(io::Error::from)?.st_mode & 0o7777;
        if depth > DEPTH || mode != FOLDER || (names.is_empty() && !is_root) {
            return Err(Stop::NotPlain);
        }
        for name in names {
            let path = match is_root {
                true => name,
                false => format!("{path}/{name}"),
            };
            self.entry(path, depth)?;
        }
        Ok(())
    }

    fn entry(&mut self, path: String, depth: usize) -> Result<(), Stop> {
        if path.len() > PATH {
            return Err(Stop::NotPlain);
        }
        // Not waiting: whoever opens a pipe would.
        let file = self
            .files
            .open_below(&path, OFlag::O_RDONLY | OFlag::O_NONBLOCK)?;
        let status = fstat(&file).map_err(io::Error::from)?;
        match FileType::from_raw_mode(status.st_mode) {
            FileType::Directory => self.folder(&path, depth + 1),
            FileType::RegularFile if status.st_nlink == 1 => self.file(path, &status, file.into()),
            _ => Err(Stop::NotPlain),
        }
    }

    fn file(&mut self, name: String, status: &Stat, mut file: File) -> Result<(), Stop> {
        self.files_left = self.files_left.checked_sub(1).ok_or(Stop::NotPlain)?;
        let mode = status.st_mode & 0o7777;
        // One more, to see the end.
        let length = usize::try_from(status.st_size).map_or(PIECE, |size| PIECE.min(size + 1));
        if mode & !MODES != 0 {
            return Err(Stop::NotPlain);
        }
        self.say(&FromInit::Made { name, mode })?;
        loop {
            let mut piece = Vec::with_capacity(length);
            (&mut file).take(PIECE as u64).read_to_end(&mut piece)?;
            if piece.is_empty() {
                return Ok(());
            }
            let left = self.bytes_left.checked_sub(piece.len() as u64);
            self.bytes_left = left.ok_or(Stop::NotPlain)?;
            self.say(&FromInit::Piece(piece))?;
        }
    }

    fn say(&mut self, message: &FromInit) -> Result<(), Stop> {
        send(self.channel, message).map_err(Stop::Channel)
    }
}

/// The names in a folder, which is read once; `None` where there are more than that many, or one that is no text.
fn names(folder: &impl AsFd, most: usize) -> io::Result<Option<Vec<String>>> {
    let mut buffer = [MaybeUninit::uninit(); NAMES];
    let mut entries = RawDir::new(folder, &mut buffer);
    let mut names = Vec::new();
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let Ok(name) = entry.file_name().to_str() else {
            return Ok(None);
        };
        if matches!(name, "." | "..") {
            continue;
        }
        if names.len() == most {
            return Ok(None);
        }
        names.push(name.to_owned());
    }
    Ok(Some(names))
}

#[cfg(test)]
mod tests;
