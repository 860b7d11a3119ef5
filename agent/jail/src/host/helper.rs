//! Starts the agent's own binary anew as a helper or a builder: root like this process, with nothing of it but the
//! descriptors and the mounts.

use super::unprivileged::{Child, leave};
use crate::sys::{self, process::Cloned};
use nix::sys::prctl;
use nix::sys::signal::Signal;
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
/// the jails can be this process's children.
///
/// # Errors
/// As [`start_helper`].
pub fn start_builder(role: &str, fds: &[BorrowedFd<'_>]) -> io::Result<Child> {
    match sys::process::clone_into(0, None)? {
        Cloned::Parent(pid, process) => Ok(Child { pid, process }),
        Cloned::Child => leave(become_helper(role, Urgency::Awaited, fds)),
    }
}

fn become_helper(role: &str, urgency: Urgency, fds: &[BorrowedFd<'_>]) -> io::Result<Infallible> {
    let null: OwnedFd = File::options()
        .read(true)
        .write(true)
        .open("/dev/null")?
        .into();
    let errors = io::stderr();
    let mut all = vec![null.as_fd(), null.as_fd(), errors.as_fd()];
    all.extend(fds);
    sys::fd::place_all(&all, 0)?;
    if urgency == Urgency::Background {
        sys::process::be_nice()?;
    }
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    sys::process::default_signals()?;
    let role = CString::new(role)?;
    Ok(nix::unistd::execve::<_, CString>(
        c"/proc/self/exe",
        &[c"capsule-agent".into(), role],
        &[],
    )?)
}
