//! Writes the submitted files, from inside the jail: a name that tries to leave has nowhere to go. What a compile stage makes
//! is read in the same folder.

use super::SUBMISSION;
use crate::proto::{At, Failure, MODES, Step};
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::sys::stat::{Mode, mkdirat};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

/// The folder of the submission and the file that pieces are appended to.
pub(super) struct Files {
    root: OwnedFd,
    current: Option<File>,
}

impl Files {
    pub(super) fn open() -> Result<Self, Failure> {
        Self::of(Path::new(SUBMISSION))
    }

    pub(super) fn of(folder: &Path) -> Result<Self, Failure> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let root = open(folder, flags, Mode::empty()).at(Step::Files)?;
        Ok(Self {
            root,
            current: None,
        })
    }

    /// Makes a file and the folders above it. One of the same name is replaced, as by Piston.
    pub(super) fn create(&mut self, name: &str, mode: u32) -> Result<(), Failure> {
        self.make(name, Mode::from_bits_truncate(mode & MODES))
            .map(|file| self.current = Some(file))
            .at(Step::Files)
    }

    /// Appends to the file made last.
    pub(super) fn append(&mut self, piece: &[u8]) -> Result<(), Failure> {
        let file = self.current.as_mut().ok_or_else(super::protocol)?;
        file.write_all(piece).at(Step::Files)
    }

    /// Whether there is a file, which is not finished.
    pub(super) const fn is_writing(&self) -> bool {
        self.current.is_some()
    }

    /// Closes the last file, so that it can be executed (`ETXTBSY` otherwise).
    pub(super) fn finish(&mut self) {
        self.current = None;
    }

    fn make(&self, name: &str, mode: Mode) -> io::Result<File> {
        let invalid = || io::Error::from_raw_os_error(libc::EINVAL);
        let mut components: Vec<&str> = name.split('/').collect();
        if components.iter().any(|c| matches!(*c, "" | "." | "..")) {
            return Err(invalid());
        }
        let file = components.pop().ok_or_else(invalid)?;
        let mut folder = self.open_below(".", OFlag::O_PATH | OFlag::O_DIRECTORY)?;
        for component in components {
            match mkdirat(&folder, component, Mode::from_bits_truncate(0o755)) {
                Ok(()) | Err(nix::errno::Errno::EEXIST) => {}
                Err(error) => return Err(error.into()),
            }
            let flags = OFlag::O_PATH | OFlag::O_DIRECTORY;
            folder = open_in(&folder, component, flags, Mode::empty())?;
        }
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_TRUNC;
        open_in(&folder, file, flags, mode).map(File::from)
    }

    /// Opens what is below the folder of the submission, following nothing.
    pub(super) fn open_below(&self, name: &str, flags: OFlag) -> io::Result<OwnedFd> {
        open_in(&self.root, name, flags, Mode::empty())
    }
}

/// openat2 that follows nothing: O_NOFOLLOW alone looks only at the last component (CVE-2026-39822). `mode` is that of a file
/// which it makes.
fn open_in(folder: &OwnedFd, name: &str, flags: OFlag, mode: Mode) -> io::Result<OwnedFd> {
    let mut how = OpenHow::new().flags(flags | OFlag::O_CLOEXEC).resolve(
        ResolveFlag::RESOLVE_BENEATH
            | ResolveFlag::RESOLVE_NO_SYMLINKS
            | ResolveFlag::RESOLVE_NO_MAGICLINKS,
    );
    if flags.contains(OFlag::O_CREAT) {
        how = how.mode(mode);
    }
    Ok(openat2(folder, name, how)?)
}
