//! Starts the agent's own binary anew as an unprivileged process, with nothing but the descriptors it is given.

use super::rights::give_up_rights;
use crate::sys::{self, process::Cloned};
use nix::unistd::{Pid, setsid};
use std::convert::Infallible;
use std::ffi::CString;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// With a pid namespace of its own, everything that it may have forked dies with it.
const NAMESPACES: u64 = (libc::CLONE_NEWPID | libc::CLONE_NEWIPC) as u64;

/// A process to be started.
#[derive(Debug)]
pub struct Unprivileged<'a> {
    /// Its role, which is its only argument.
    pub role: &'a str,
    /// Its uid and gid.
    pub ids: (u32, u32),
    /// What it reaches.
    pub network: Network,
    /// Its stdin, stdout and stderr; `None` is /dev/null.
    pub streams: [Option<BorrowedFd<'a>>; 3],
    /// What else it has, from number 3 on.
    pub fds: &'a [BorrowedFd<'a>],
}

/// What a process reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Nothing: sockets that it is given work where they were made, and it can reach no address of the host or its cloud.
    None,
    /// What the host does.
    Host,
}

/// A started child.
#[derive(Debug)]
pub struct Child {
    /// Its pid.
    pub pid: Pid,
    /// The same as a pidfd.
    pub process: OwnedFd,
}

/// Starts `capsule-agent ROLE` with these ids: no environment, no capability, no way to gain one. It and what it started
/// die with this process.
///
/// # Errors
/// What clone3(2) says. What fails in the child ends it with status 127.
pub fn start_unprivileged(wanted: &Unprivileged<'_>) -> io::Result<Child> {
    let network = match wanted.network {
        Network::None => libc::CLONE_NEWNET as u64,
        Network::Host => 0,
    };
    match sys::process::clone_into(NAMESPACES | network, None)? {
        Cloned::Parent(pid, process) => Ok(Child { pid, process }),
        Cloned::Child => leave(become_role(wanted)),
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

fn become_role(wanted: &Unprivileged<'_>) -> io::Result<Infallible> {
    let null: OwnedFd = File::options()
        .read(true)
        .write(true)
        .open("/dev/null")?
        .into();
    let streams = wanted.streams.map(|stream| stream.unwrap_or(null.as_fd()));
    let all: Vec<_> = streams.iter().chain(wanted.fds).copied().collect();
    sys::fd::place_all(&all, 0)?;
    // Out of reach of the terminal's signals: the parent decides when it ends.
    setsid()?;
    give_up_rights(wanted.ids.0, wanted.ids.1)?;
    sys::process::default_signals()?;
    let role = CString::new(wanted.role)?;
    Ok(nix::unistd::execve::<_, CString>(
        c"/proc/self/exe",
        &[c"capsule-agent".into(), role],
        &[],
    )?)
}
