//! Asks the kernel whether it has a call, an action or a feature, in ways that change nothing.

use std::io;

/// Whether a system call is there and not blocked, by calling it with arguments that it can only refuse as invalid.
///
/// Only for calls that check their arguments before they do anything: no descriptor, no size, a null pointer.
fn refuses_nonsense(number: libc::c_long) -> io::Result<()> {
    // SAFETY: the callers below name calls for which -1 is no descriptor and no range, and a size of 0 keeps the
    // kernel from following the null pointers.
    let result = unsafe { libc::syscall(number, -1i64, 0usize, 0usize, 0usize, 0usize) };
    match (result, io::Error::last_os_error()) {
        (-1, error) if error.raw_os_error() == Some(libc::EINVAL) => Ok(()),
        (-1, error) => Err(error),
        _ => Err(io::Error::other("it took nonsense for an argument")),
    }
}

/// close_range(2): first above last is invalid.
pub(crate) fn close_range() -> io::Result<()> {
    refuses_nonsense(libc::SYS_close_range)
}

/// openat2(2): a `struct open_how` of no bytes is invalid.
pub(crate) fn openat2() -> io::Result<()> {
    refuses_nonsense(libc::SYS_openat2)
}

/// pidfd_open(2): -1 is no process.
pub(crate) fn pidfd_open() -> io::Result<()> {
    refuses_nonsense(libc::SYS_pidfd_open)
}

/// Whether io_uring_setup(2) is there: no entries and no parameters make none.
pub(crate) fn io_uring() -> bool {
    // SAFETY: the kernel finds the parameters at a null pointer, which is EFAULT, before it makes anything.
    let result = unsafe { libc::syscall(libc::SYS_io_uring_setup, 0usize, 0usize) };
    matches!(check(result), Err(error) if error.raw_os_error() != Some(libc::ENOSYS))
}

/// Whether seccomp filters may answer with this action (seccomp(2), `SECCOMP_GET_ACTION_AVAIL`).
pub(crate) fn filter_action(action: u32) -> io::Result<()> {
    // SAFETY: the pointer is to a u32 that lives through the call, which is what the operation reads.
    let result = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_GET_ACTION_AVAIL,
            0usize,
            &raw const action,
        )
    };
    check(result).map(drop)
}

/// The version of Landlock (landlock_create_ruleset(2), `LANDLOCK_CREATE_RULESET_VERSION`).
pub(crate) fn landlock() -> io::Result<i64> {
    const VERSION: usize = 1;
    // SAFETY: asked for its version, the call takes no ruleset: a null pointer and no size.
    let result =
        unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, 0usize, 0usize, VERSION) };
    check(result)
}

fn check(result: libc::c_long) -> io::Result<i64> {
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(result)
}
