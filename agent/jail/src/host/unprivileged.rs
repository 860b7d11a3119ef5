//! Starts the agent's own binary anew as an unprivileged process, with nothing but the descriptors it is given.

use super::rights::give_up_rights;
use crate::sys::{self, process::Cloned};
use nix::unistd::{Pid, setsid};
use std::convert::Infallible;
use std::ffi::CString;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// With a pid namespace of its own, everything that it may have forked dies with it. Its network namespace holds nothing:
/// sockets that it is given work where they were made, and it can reach no address of the host or its cloud.
const NAMESPACES: u64 = (libc::CLONE_NEWPID | libc::CLONE_NEWNET | libc::CLONE_NEWIPC) as u64;

/// A started child.
#[derive(Debug)]
pub struct Child {
    /// Its pid.
    pub pid: Pid,
    /// The same as a pidfd.
    pub process: OwnedFd,
}

/// Starts `capsule-agent ROLE` as these ids: `fds` from number 3 on, stderr as it is, no environment, no capability,
/// no way to gain one, no network but those sockets. It and what it started die with this process.
///
/// # Errors
/// What clone3(2) says. What fails in the child ends it with status 127.
pub fn start_unprivileged(
    role: &str,
    (uid, gid): (u32, u32),
    fds: &[BorrowedFd<'_>],
) -> io::Result<Child> {
    match sys::process::clone_into(NAMESPACES, None)? {
        Cloned::Parent(pid, process) => Ok(Child { pid, process }),
        Cloned::Child => leave(become_role(role, uid, gid, fds)),
    }
}

#[expect(
    clippy::exit,
    reason = "a cloned child must not return into its parent's code"
)]
pub(super) fn leave(failed: io::Result<Infallible>) -> ! {
    let Err(error) = failed;
    // The child has no other way to say why; eprintln would panic where nobody reads, and unwind into the parent's code.
    writeln!(
        io::stderr(),
        "capsule-agent: can't start another process of the node: {error}"
    )
    .ok();
    std::process::exit(127);
}

fn become_role(role: &str, uid: u32, gid: u32, fds: &[BorrowedFd<'_>]) -> io::Result<Infallible> {
    let null: OwnedFd = File::options()
        .read(true)
        .write(true)
        .open("/dev/null")?
        .into();
    let errors = io::stderr();
    let mut all = vec![null.as_fd(), null.as_fd(), errors.as_fd()];
    all.extend(fds);
    sys::fd::place_all(&all, 0)?;
    // Out of reach of the terminal's signals: the parent decides when it ends.
    setsid()?;
    give_up_rights(uid, gid)?;
    sys::process::default_signals()?;
    let role = CString::new(role)?;
    Ok(nix::unistd::execve::<_, CString>(
        c"/proc/self/exe",
        &[c"capsule-agent".into(), role],
        &[],
    )?)
}
