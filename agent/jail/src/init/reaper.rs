//! Collects dead processes: the stage's own, and every orphan that the kernel hands to pid 1.

use crate::proto::{At, End, Failure, Step};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::os::fd::{AsFd, BorrowedFd};

/// Readable when a child may have died.
pub(super) struct Reaper(SignalFd);

impl Reaper {
    pub(super) fn new() -> Result<Self, Failure> {
        let mut mask = SigSet::empty();
        mask.add(Signal::SIGCHLD);
        mask.thread_block().at(Step::Handshake)?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        SignalFd::with_flags(&mask, flags)
            .map(Self)
            .at(Step::Handshake)
    }

    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// Collects all that is dead by now, and tells how each ended.
    pub(super) fn collect(&self, mut ended: impl FnMut(Pid, End)) -> Result<(), Failure> {
        while self.0.read_signal().at(Step::Handshake)?.is_some() {}
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(pid, code)) => ended(pid, End::Exited(code)),
                Ok(WaitStatus::Signaled(pid, signal, _)) => {
                    ended(pid, End::Signaled(signal as i32));
                }
                Ok(WaitStatus::StillAlive) | Err(nix::errno::Errno::ECHILD) => return Ok(()),
                Ok(_) => {}
                Err(error) => return Err(error).at(Step::Handshake),
            }
        }
    }
}
