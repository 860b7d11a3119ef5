//! A folder to unpack in, which is gone with its owner.

use super::mounted::is_mounted;
use super::{InstallError, exists};
use crate::sealed::SealError;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A staging folder. Dropped, it is deleted. It is locked, so that no other node takes it for what a crash has left; a
/// descriptor of it in an unpacker that outlives this process keeps the lock.
#[derive(Debug)]
pub struct Staging {
    path: PathBuf,
    folder: Flock<File>,
}

impl Staging {
    /// Makes one in the folder for them, of which the caller has the lock.
    pub(super) fn make(all: &Path) -> Result<Self, InstallError> {
        let mut number = 1_u64;
        loop {
            let path = all.join(number.to_string());
            match DirBuilder::new().mode(0o700).create(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                made => {
                    made.map_err(SealError::file("make", &path))?;
                    // Nobody else can have it locked.
                    return Self::abandoned(path.clone())?
                        .ok_or_else(|| SealError::file("lock", &path)(Errno::EBUSY.into()).into());
                }
            }
        }
    }

    /// One that is there already; `None` where somebody has it open.
    pub(super) fn abandoned(path: PathBuf) -> Result<Option<Self>, InstallError> {
        let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW;
        let folder = OpenOptions::new()
            .read(true)
            .custom_flags(flags.bits())
            .open(&path)
            .map_err(SealError::file("open", &path))?;
        match Flock::lock(folder, FlockArg::LockExclusiveNonblock) {
            Ok(folder) => Ok(Some(Self { path, folder })),
            Err((_, Errno::EWOULDBLOCK)) => Ok(None),
            Err((_, error)) => Err(SealError::file("lock", &path)(error.into()).into()),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where a package is that was removed.
    pub(super) fn removed(&self) -> PathBuf {
        self.path.join("package")
    }

    /// Deletes it with all that is in it, unless that is a package which jobs still have. Links are deleted, not followed.
    pub(super) fn delete(&self) -> Result<(), InstallError> {
        let removed = self.removed();
        let proc = Path::new("/proc");
        if exists(&removed)? && is_mounted(&removed, proc).map_err(SealError::file("read", proc))? {
            return Ok(());
        }
        let deleted = fs::remove_dir_all(&self.path).or_else(|_| delete_flat(&self.path));
        match deleted {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(SealError::file("delete", &self.path)(error).into())
            }
            _ => Ok(()),
        }
    }

    /// Leaves it there unlocked, as a crash does.
    #[cfg(test)]
    pub(super) fn crash(mut self) -> PathBuf {
        std::mem::take(&mut self.path)
    }
}

/// The folder itself, to unpack in.
impl AsFd for Staging {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // What can't be deleted now is found by the next recovery.
        self.delete().ok();
    }
}

/// Deletes a folder in which others lie deeper in each other than descriptors or a path lead: each is moved up before it is
/// emptied.
pub(super) fn delete_flat(folder: &Path) -> io::Result<()> {
    let mut moved = 0_u64;
    while let Some(entry) = fs::read_dir(folder)?.next() {
        let entry = entry?;
        if !entry.file_type()?.is_dir() {
            fs::remove_file(entry.path())?;
            continue;
        }
        for inner in fs::read_dir(entry.path())? {
            let inner = inner?;
            if !inner.file_type()?.is_dir() {
                fs::remove_file(inner.path())?;
                continue;
            }
            // Onto a folder with something in it nothing can be moved.
            while let Err(error) = fs::rename(inner.path(), folder.join(format!("moved-{moved}"))) {
                let taken = [
                    io::ErrorKind::DirectoryNotEmpty,
                    io::ErrorKind::NotADirectory,
                ];
                if !taken.contains(&error.kind()) {
                    return Err(error);
                }
                moved += 1;
            }
            moved += 1;
        }
        match fs::remove_dir(entry.path()) {
            // What was passed over while its neighbours went is seen the next time.
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
            removed => removed?,
        }
    }
    fs::remove_dir(folder)
}
