//! Making files, folders and links below one descriptor.
//!
//! Every folder is opened from that descriptor by openat2, which neither leaves it nor goes over a link or into a mount,
//! whatever was checked before; what is made in it has a single name, and must not be there yet.

use super::error::Fault;
use nix::fcntl::{AtFlags, OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::{Mode, SFlag, fchmod, fstat, futimens, mkdirat};
use nix::sys::time::TimeSpec;
use nix::unistd::{linkat, symlinkat};
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Of folders, and of files that can be executed.
const EXECUTABLE: Mode = Mode::from_bits_truncate(0o755);

/// Of other files.
const READABLE: Mode = Mode::from_bits_truncate(0o644);

/// Of files and folders as long as they are being made.
const PRIVATE: Mode = Mode::S_IRWXU;

/// Writes to below a folder.
pub(super) struct Writer<'a> {
    root: BorrowedFd<'a>,
    /// The folder of the last entry, which is mostly that of the next one.
    last: Option<(String, OwnedFd)>,
}

/// A file being written.
pub(super) struct NewFile(File);

impl<'a> Writer<'a> {
    pub(super) fn new(root: BorrowedFd<'a>) -> Self {
        Self { root, last: None }
    }

    /// Makes a folder.
    pub(super) fn folder(&mut self, path: &str) -> Result<(), Fault> {
        let (folder, name) = self.place(path)?;
        mkdirat(folder, name, PRIVATE).map_err(Fault::write("make the folder"))?;
        let made = open(folder, name, OFlag::O_DIRECTORY, Mode::empty())?;
        // Not with mkdirat, which takes away what the process's umask says.
        fchmod(&made, EXECUTABLE).map_err(Fault::write("set the folder's mode"))?;
        self.last = Some((path.to_owned(), made));
        Ok(())
    }

    /// Makes an empty file.
    pub(super) fn file(&mut self, path: &str) -> Result<NewFile, Fault> {
        let (folder, name) = self.place(path)?;
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL;
        Ok(NewFile(open(folder, name, flags, PRIVATE)?.into()))
    }

    /// Makes a symbolic link.
    pub(super) fn link(&mut self, target: &str, path: &str) -> Result<(), Fault> {
        let (folder, name) = self.place(path)?;
        symlinkat(target, folder, name).map_err(Fault::write("make the link"))
    }

    /// Gives the file at `target` a second name. Anything but a file is refused.
    pub(super) fn hard_link(&mut self, target: &str, path: &str) -> Result<(), Fault> {
        let (from, from_name) = split(target);
        let from = open(self.root, from, OFlag::O_DIRECTORY, Mode::empty())?;
        let file = open(from.as_fd(), from_name, OFlag::O_PATH, Mode::empty())?;
        let status = fstat(&file).map_err(Fault::write("look at the link's target"))?;
        if SFlag::from_bits_truncate(status.st_mode) & SFlag::S_IFMT != SFlag::S_IFREG {
            return Err(Fault::HardLink);
        }
        let (folder, name) = self.place(path)?;
        // Without AT_SYMLINK_FOLLOW.
        linkat(&from, from_name, folder, name, AtFlags::empty())
            .map_err(Fault::write("make the hard link"))
    }

    /// The folder that a path is in, and its name there.
    fn place<'p>(&mut self, path: &'p str) -> Result<(BorrowedFd<'_>, &'p str), Fault> {
        let (folder, name) = split(path);
        let last = match self.last.take() {
            Some(last) if last.0 == folder => last,
            _ => {
                let opened = open(self.root, folder, OFlag::O_DIRECTORY, Mode::empty())?;
                (folder.to_owned(), opened)
            }
        };
        Ok((self.last.insert(last).1.as_fd(), name))
    }
}

impl NewFile {
    pub(super) fn write(&mut self, piece: &[u8]) -> Result<(), Fault> {
        self.0
            .write_all(piece)
            .map_err(Fault::write("write the file"))
    }

    pub(super) fn finish(self, executable: bool, mtime: u32) -> Result<(), Fault> {
        let mode = if executable { EXECUTABLE } else { READABLE };
        fchmod(&self.0, mode).map_err(Fault::write("set the file's mode"))?;
        let time = TimeSpec::new(mtime.into(), 0);
        futimens(&self.0, &time, &time).map_err(Fault::write("set the file's time"))
    }
}

fn open(from: BorrowedFd<'_>, path: &str, flags: OFlag, mode: Mode) -> Result<OwnedFd, Fault> {
    let how = OpenHow::new()
        .flags(flags | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC)
        .mode(mode)
        .resolve(
            ResolveFlag::RESOLVE_BENEATH
                | ResolveFlag::RESOLVE_NO_SYMLINKS
                | ResolveFlag::RESOLVE_NO_XDEV,
        );
    openat2(from, path, how).map_err(Fault::write("open what was made"))
}

/// The folder of a path, and the name in it.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or((".", path))
}
