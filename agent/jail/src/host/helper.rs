//! Starts the agent's own binary anew as a helper or a builder: root like this process, with nothing of it but the
//! descriptors and the mounts.

use super::unprivileged::{Child, leave};
use crate::sys::{self, process::Cloned};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getpid, getppid};
use std::convert::Infallible;
use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// With a pid namespace of its own, the tools that it starts die with it.
const NAMESPACES: u64 = libc::CLONE_NEWPID as u64;

/// How much of the processor a helper gets while others want it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Somebody waits for it.
    Awaited,
    /// Nobody does: everything else comes first.
    Background,
}

/// Starts `capsule-agent ROLE` as root: `fds` from number 3 on, stderr as it is, no environment. It and what it started
/// die with this process.
///
/// # Errors
/// What clone3(2) says. What fails in the child ends it with status 127.
pub fn start_helper(role: &str, urgency: Urgency, fds: &[BorrowedFd<'_>]) -> io::Result<Child> {
    match sys::process::clone_into(NAMESPACES, None)? {
        Cloned::Parent(pid, process) => Ok(Child { pid, process }),
        Cloned::Child => leave(become_helper(role, urgency, fds)),
    }
}

/// Starts `capsule-agent ROLE` as a process that makes jails: as [`start_helper`], but in this process's pid namespace, so that
/// the jails can be this process's children, and with its handling of signals.
///
/// # Errors
/// As [`start_helper`].
pub fn start_builder(role: &str, fds: &[BorrowedFd<'_>]) -> io::Result<Child> {
    let parent = getpid();
    match sys::process::clone_into(0, None)? {
        Cloned::Parent(pid, process) => Ok(Child { pid, process }),
        Cloned::Child => leave(become_builder(role, parent, fds)),
    }
}

/// Signals stay as this process has them: what a terminal sends to all at once is for this process alone.
fn become_builder(role: &str, parent: Pid, fds: &[BorrowedFd<'_>]) -> io::Result<Infallible> {
    place(fds)?;
    // A parent that was killed before this line is not the parent any more.
    if getppid() != parent {
        return Err(io::Error::from_raw_os_error(libc::ESRCH));
    }
    execute(role)
}

fn become_helper(role: &str, urgency: Urgency, fds: &[BorrowedFd<'_>]) -> io::Result<Infallible> {
    place(fds)?;
    if urgency == Urgency::Background {
        sys::process::be_nice()?;
    }
    sys::process::default_signals()?;
    execute(role)
}

/// The descriptors from number 3 on, stderr as it is; dies with its parent from here on.
fn place(fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    let null: OwnedFd = File::options()
        .read(true)
        .write(true)
        .open("/dev/null")?
        .into();
    let errors = io::stderr();
    let mut all = vec![null.as_fd(), null.as_fd(), errors.as_fd()];
    all.extend(fds);
    let placed = sys::fd::place_all(&all, 0);
    // Closed there: its number may be that of another by now.
    std::mem::forget(null);
    placed?;
    Ok(prctl::set_pdeathsig(Signal::SIGKILL)?)
}

fn execute(role: &str) -> io::Result<Infallible> {
    let role = CString::new(role)?;
    Ok(nix::unistd::execve::<_, CString>(
        c"/proc/self/exe",
        &[c"capsule-agent".into(), role],
        &[],
    )?)
}
