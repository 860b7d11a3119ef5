//! Files whose locks say which node has what. A lock takes no more than a descriptor of the file, to read from it: so
//! nobody but root may open one, or any account could keep nodes from starting.

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;
use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::ops::RangeInclusive;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Every node of the host locks its range of uids in this file, one byte per uid.
pub(crate) const IDS: &str = "/run/codecapsule-ids.lock";

/// Every node of the host locks the byte of its cgroup here, the inode number of the folder. Not the folder itself,
/// which every account can open.
pub(crate) const CGROUPS: &str = "/run/codecapsule-cgroups.lock";

/// Locked while a node makes its socket file: one after the other.
pub(crate) const SOCKETS: &str = "/run/codecapsule-sockets.lock";

/// Opens a lock file, and makes it where it is missing.
///
/// # Errors
/// It can't be opened, is a link, or is not a file of this process's account.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let file = options().write(true).create(true).open(path)?;
    require_own(&file)?;
    // One of an earlier version, which could be opened by all.
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

/// Opens a lock file to look at it.
///
/// # Errors
/// As [`open`], or it is not there.
pub(crate) fn open_existing(path: &Path) -> io::Result<File> {
    let file = options().open(path)?;
    require_own(&file)?;
    Ok(file)
}

/// Locks bytes of a file for as long as the file is open, unless somebody has one of them.
///
/// # Errors
/// `EAGAIN` when another has one, `EINVAL` beyond what files can have.
pub(crate) fn lock_bytes(file: &File, bytes: RangeInclusive<u64>) -> io::Result<()> {
    let (first, last) = (*bytes.start(), *bytes.end());
    let offset = |number: u64| libc::off_t::try_from(number).map_err(io::Error::other);
    let short = |number: i32| libc::c_short::try_from(number).map_err(io::Error::other);
    let range = libc::flock {
        l_type: short(libc::F_WRLCK)?,
        l_whence: short(libc::SEEK_SET)?,
        l_start: offset(first)?,
        l_len: offset(last - first)? + 1,
        l_pid: 0,
    };
    fcntl(file, FcntlArg::F_OFD_SETLK(&range))?;
    Ok(())
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    // Neither a link nor a pipe, which would be waited for.
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    options.read(true).mode(0o600).custom_flags(flags.bits());
    options
}

fn require_own(file: &File) -> io::Result<()> {
    let metadata = file.metadata()?;
    if metadata.is_file() && metadata.uid() == nix::unistd::geteuid().as_raw() {
        return Ok(());
    }
    Err(io::Error::other(
        "the lock is not a file of root's: remove it",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_can_open_one_and_an_old_one_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let mode = || path.metadata().unwrap().mode() & 0o777;
        open(&path).unwrap();
        assert_eq!(mode(), 0o600);
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        open(&path).unwrap();
        assert_eq!(mode(), 0o600);
    }

    #[test]
    fn what_is_no_file_is_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        open(&file).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        for attempt in [open(&link), open_existing(&link)] {
            assert_eq!(attempt.unwrap_err().raw_os_error(), Some(libc::ELOOP));
        }
        let pipe = folder.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(open(&pipe).is_err());
    }

    #[test]
    fn bytes_have_one_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let (first, second) = (open(&path).unwrap(), open(&path).unwrap());
        lock_bytes(&first, 10..=19).unwrap();
        assert!(lock_bytes(&second, 19..=20).is_err());
        lock_bytes(&second, 20..=20).unwrap();
        drop(first);
        lock_bytes(&second, 19..=20).unwrap();
    }
}
