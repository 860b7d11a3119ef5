//! Collects dead processes: the stage's own, and every orphan that the kernel hands to pid 1.

use crate::proto::{At, Failure, Step};
use crate::sys::process::{Dead, collect_one};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
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
    pub(super) fn collect(&self, mut ended: impl FnMut(Dead)) -> Result<(), Failure> {
        while self.0.read_signal().at(Step::Handshake)?.is_some() {}
        while let Some(dead) = collect_one().at(Step::Handshake)? {
            ended(dead);
        }
        Ok(())
    }
}
