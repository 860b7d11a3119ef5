//! The warden's signals: messages on a descriptor, so that its loop has one place to wait.

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::os::fd::{AsFd, BorrowedFd};

/// Those that are about the runtimes.
const CHECKS: [Signal; 3] = [Signal::SIGHUP, Signal::SIGUSR1, Signal::SIGUSR2];

/// Has signals about the runtimes wait until there is a warden, instead of ending a node that still starts.
pub(crate) fn hold_checks() -> nix::Result<()> {
    CHECKS.into_iter().collect::<SigSet>().thread_block()
}

/// Signals that have come and were not dealt with yet.
pub(super) struct Signals(SignalFd);

impl Signals {
    /// From now on they come here and only here.
    pub(super) fn take_over() -> nix::Result<Self> {
        let mut mask: SigSet = CHECKS.into_iter().collect();
        for signal in [Signal::SIGCHLD, Signal::SIGTERM, Signal::SIGINT] {
            mask.add(signal);
        }
        mask.thread_block()?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        SignalFd::with_flags(&mask, flags).map(Self)
    }

    /// The next one; `None` when there is none at this time.
    pub(super) fn next(&self) -> nix::Result<Option<Signal>> {
        let Some(signal) = self.0.read_signal()? else {
            return Ok(None);
        };
        let number = i32::try_from(signal.ssi_signo).map_err(|_| nix::errno::Errno::EINVAL)?;
        Signal::try_from(number).map(Some)
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
