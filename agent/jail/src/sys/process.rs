//! Processes: fork, clone3 into namespaces, signals through pidfds.

use crate::Bytes;
use crate::proto::End;
use nix::sys::signal::Signal;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// Which side of a fork this is.
#[derive(Debug)]
pub enum Forked {
    /// The new process.
    Child,
    /// The old one, with the child's pid.
    Parent(nix::unistd::Pid),
}

/// Forks. Refused in a process with more than one thread: the child would inherit locks nobody opens.
///
/// # Errors
/// `EBUSY` when the process is threaded, else what fork(2) says.
pub fn fork() -> io::Result<Forked> {
    refuse_threads()?;
    // SAFETY: with one thread (checked above) no lock is held by a thread that the child lacks.
    match unsafe { nix::unistd::fork() }? {
        nix::unistd::ForkResult::Child => Ok(Forked::Child),
        nix::unistd::ForkResult::Parent { child } => Ok(Forked::Parent(child)),
    }
}

/// Which side of [`clone_into`] this is.
#[derive(Debug)]
pub(crate) enum Cloned {
    /// The new process.
    Child,
    /// The creator: the new process's pid in the creator's namespace, and a pidfd of it.
    Parent(nix::unistd::Pid, OwnedFd),
}

/// Makes a process, in new namespaces where `flags` says so (`CLONE_NEW*`, `CLONE_PARENT`), and on cgroup v2 inside the
/// given group (clone3(2), Linux 5.7 for `CLONE_INTO_CGROUP`).
pub(crate) fn clone_into(flags: u64, group: Option<BorrowedFd<'_>>) -> io::Result<Cloned> {
    const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;
    refuse_threads()?;
    let mut pidfd: libc::c_int = -1;
    // SAFETY: clone_args is plain integers, for which all zeroes means "nothing asked for".
    let mut args: libc::clone_args = unsafe { std::mem::zeroed() };
    args.flags = flags | u64::try_from(libc::CLONE_PIDFD).map_err(io::Error::other)?;
    args.pidfd = (&raw mut pidfd) as u64;
    // With CLONE_PARENT the kernel takes the exit signal of the caller: SIGCHLD, as for any forked process.
    if flags & (libc::CLONE_PARENT as u64) == 0 {
        args.exit_signal = libc::SIGCHLD as u64;
    }
    if let Some(group) = group {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = u64::try_from(group.as_raw_fd()).map_err(io::Error::other)?;
    }
    // SAFETY: no CLONE_VM, so the child runs on a copy of this memory, as after fork; one thread (checked above);
    // `pidfd` outlives the call and is the only pointer passed.
    let pid = unsafe {
        libc::syscall(
            libc::SYS_clone3,
            &raw mut args,
            std::mem::size_of::<libc::clone_args>(),
        )
    };
    match libc::pid_t::try_from(pid) {
        Ok(0) => Ok(Cloned::Child),
        Ok(pid) if pid > 0 => {
            // SAFETY: the kernel stored a new descriptor here on success, owned by nobody else.
            let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
            Ok(Cloned::Parent(nix::unistd::Pid::from_raw(pid), pidfd))
        }
        _ => Err(io::Error::last_os_error()),
    }
}

/// Sends a signal to exactly the process behind a pidfd or a folder of it in proc (pidfd_send_signal(2)), never to one
/// that took its number since.
///
/// # Errors
/// `ESRCH` when it has ended, `EPERM` when it is not to be signalled by this one.
pub fn signal(process: BorrowedFd<'_>, signal: Signal) -> io::Result<()> {
    // SAFETY: no pointers besides the null siginfo, which the kernel takes as "fill it in".
    let result = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            process.as_raw_fd(),
            signal as libc::c_int,
            std::ptr::null::<libc::siginfo_t>(),
            0u32,
        )
    };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Gives every signal its default handling and unblocks all of them: Rust ignores SIGPIPE at start, and ignored
/// and blocked signals are kept across exec.
pub(crate) fn default_signals() -> io::Result<()> {
    // By hand, because the C library hides 32 and 33; struct kernel_sigaction: SIG_DFL, no flags, no mask.
    let default = [0u64; 4];
    for signal in (1..=64).filter(|s| ![libc::SIGKILL, libc::SIGSTOP].contains(s)) {
        // SAFETY: the pointer is to 32 bytes that live through the call, as rt_sigaction(2) reads on x86-64; the
        // default handling installs no handler, so no code can run at a bad moment.
        let result = unsafe {
            libc::syscall(
                libc::SYS_rt_sigaction,
                signal,
                default.as_ptr(),
                std::ptr::null::<u64>(),
                8usize,
            )
        };
        if result < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    nix::sys::signal::SigSet::empty().thread_set_mask()?;
    Ok(())
}

/// Leaves the processor to everything else that wants it (setpriority(2)).
pub(crate) fn be_nice() -> io::Result<()> {
    // SAFETY: takes and returns integers only.
    let result = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, 19) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// A child that has ended.
#[derive(Debug)]
pub(crate) struct Dead {
    pub(crate) pid: nix::unistd::Pid,
    pub(crate) end: End,
    /// The most memory that it, or any one process below it that was waited for, had resident (getrusage(2)).
    pub(crate) largest: Bytes,
}

/// Collects one dead child, if there is any.
pub(crate) fn collect_one() -> io::Result<Option<Dead>> {
    let mut status = 0;
    // SAFETY: rusage is plain integers, for which all zeroes is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to locals that live through the call.
    let pid = unsafe { libc::wait4(-1, &raw mut status, libc::WNOHANG, &raw mut usage) };
    if pid < 0 {
        let error = io::Error::last_os_error();
        return match error.raw_os_error() {
            Some(libc::ECHILD) => Ok(None),
            _ => Err(error),
        };
    }
    let end = if libc::WIFSIGNALED(status) {
        End::Signaled(libc::WTERMSIG(status))
    } else {
        End::Exited(libc::WEXITSTATUS(status))
    };
    Ok((pid > 0).then(|| Dead {
        pid: nix::unistd::Pid::from_raw(pid),
        end,
        largest: Bytes::kib(u64::try_from(usage.ru_maxrss).unwrap_or(0)),
    }))
}

/// Sets the NIS domain name of the uts namespace, which is inherited from the host otherwise (setdomainname(2)).
pub(crate) fn set_domain_name(name: &str) -> io::Result<()> {
    // SAFETY: the kernel copies exactly `len` bytes from a string that lives through the call.
    let result = unsafe { libc::setdomainname(name.as_ptr().cast(), name.len()) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Whether seccomp filters hold for this process (prctl(2), `PR_GET_SECCOMP`).
pub(crate) fn is_filtered() -> io::Result<bool> {
    const FILTERED: libc::c_int = 2;
    // SAFETY: takes and returns integers only.
    match unsafe { libc::prctl(libc::PR_GET_SECCOMP) } {
        -1 => Err(io::Error::last_os_error()),
        mode => Ok(mode == FILTERED),
    }
}

fn refuse_threads() -> io::Result<()> {
    let threads = std::fs::read_dir("/proc/self/task")?.count();
    if threads > 1 {
        return Err(io::Error::from_raw_os_error(libc::EBUSY));
    }
    Ok(())
}
