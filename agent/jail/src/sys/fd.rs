//! Descriptors: taking over inherited ones, placing them at fixed numbers, closing the rest.

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// Takes ownership of a descriptor that the parent process left open at a number both sides agreed on, and
/// marks it close-on-exec.
///
/// Must be called once per number, at the start of the process, before anything else could own it.
///
/// # Errors
/// `EBADF` when nothing is open at that number.
pub fn inherited(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: the borrow lasts for the next call only, and F_SETFD reports EBADF when nothing is open there.
    let probe = unsafe { BorrowedFd::borrow_raw(number) };
    fcntl(probe, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    // SAFETY: the number is open (checked above). Two owners would close it twice: callers take each agreed
    // number once, before the process opens or adopts anything else.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Duplicates `source` to exactly `number`, open across exec. What was open at `number` is closed.
///
/// Only for processes whose other owners of `number` never run again: they exec, or go on with what they placed alone.
pub(crate) fn place(source: BorrowedFd<'_>, number: RawFd) -> io::Result<()> {
    if source.as_raw_fd() == number {
        fcntl(source, FcntlArg::F_SETFD(FdFlag::empty()))?;
        return Ok(());
    }
    // SAFETY: dup2 touches descriptors only. An `OwnedFd` for `number` elsewhere in this process would now name
    // another file; the callers exec, or go on with what they placed alone, so no such owner is used again.
    let result = unsafe { libc::dup2(source.as_raw_fd(), number) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Places `fds[i]` at `first + i` for all of them, none overwriting another that is still to be placed, and
/// closes every descriptor above the last: owners of those, and of the `fds` themselves, must not be dropped any more.
pub(crate) fn place_all(fds: &[BorrowedFd<'_>], first: RawFd) -> io::Result<()> {
    let count = RawFd::try_from(fds.len()).map_err(io::Error::other)?;
    let above = first + count;
    // Lift all of them out of the target range first, so that placing one can't close another.
    let mut lifted = Vec::with_capacity(fds.len());
    for fd in fds {
        lifted.push(lift(*fd, above)?);
    }
    for (number, fd) in (first..above).zip(&lifted) {
        place(fd.as_fd(), number)?;
    }
    // The lifted copies are closed here too; their owners are forgotten.
    std::mem::forget(lifted);
    close_from(above)
}

fn lift(fd: BorrowedFd<'_>, at_least: RawFd) -> io::Result<OwnedFd> {
    let number = fcntl(fd, FcntlArg::F_DUPFD_CLOEXEC(at_least))?;
    // SAFETY: F_DUPFD_CLOEXEC has just returned this number, so nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Closes every descriptor from `first` on (close_range(2), Linux 5.9).
pub(crate) fn close_from(first: RawFd) -> io::Result<()> {
    let first = u32::try_from(first).map_err(io::Error::other)?;
    // SAFETY: owners of these descriptors in this process would hold closed numbers; it is only called by
    // processes that exec, or go on with what they placed alone.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0u32) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
