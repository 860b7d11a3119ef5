//! A process without rights that does one thing in bringing a package: it gets an order, says lines, and is ended.

use super::order::Order;
use crate::order::in_memory;
use jail::host::{Child, Network, Unprivileged, start_unprivileged};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::pipe2;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

/// How much of what it says is read at once, in bytes.
const PIECE: usize = 64 << 10;

/// A process that did not do what it was started for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkerError {
    /// It can't be started or listened to.
    #[error("{what} failed")]
    System {
        /// What was tried.
        what: &'static str,
        /// The kernel's answer.
        #[source]
        source: io::Error,
    },
    /// It ended without an answer.
    #[error("the process {role} ended without an answer: {status}")]
    Died {
        /// Its role.
        role: &'static str,
        /// How.
        status: String,
    },
    /// It takes longer than anything takes.
    #[error("the process {0} took too long and was ended: try again")]
    Late(&'static str),
    /// It says what it can't mean. That is a mistake of ours, or somebody has taken it over.
    #[error("the process {0} said what it never says, and was ended")]
    Nonsense(&'static str),
}

fn system<E: Into<io::Error>>(what: &'static str) -> impl FnOnce(E) -> WorkerError {
    move |source| WorkerError::System {
        what,
        source: source.into(),
    }
}

/// Such a process. Dropped, it is killed, and nothing that it started lives on.
#[derive(Debug)]
pub(super) struct Worker {
    role: &'static str,
    child: Child,
    says: File,
    heard: Vec<u8>,
    ended: bool,
}

/// What to start.
#[derive(Debug)]
pub(super) struct Job<'a, T> {
    pub(super) role: &'static str,
    pub(super) network: Network,
    pub(super) order: Order<T>,
    /// From number 3 on.
    pub(super) fds: &'a [BorrowedFd<'a>],
}

impl Worker {
    /// Starts `capsule-agent ROLE` as the account in its order, which it reads on stdin. What it writes to stderr goes
    /// nowhere: it could be anything, and meant for a terminal.
    ///
    /// # Errors
    /// [`WorkerError::System`].
    pub(super) fn start<T: Serialize>(job: &Job<'_, T>) -> Result<Self, WorkerError> {
        let order = serde_json::to_vec(&job.order)
            .map_err(io::Error::from)
            .and_then(|text| in_memory(&text))
            .map_err(system("writing an order"))?;
        let (says, theirs) = pipe2(OFlag::O_CLOEXEC).map_err(system("making a pipe"))?;
        let child = start_unprivileged(&Unprivileged {
            role: job.role,
            ids: (job.order.uid, job.order.gid),
            network: job.network,
            streams: [Some(order.as_fd()), Some(theirs.as_fd()), None],
            fds: job.fds,
        })
        .map_err(system("starting a process without rights"))?;
        Ok(Self {
            role: job.role,
            child,
            says: says.into(),
            heard: Vec::new(),
            ended: false,
        })
    }

    /// The next line that it says: of `most` bytes at most, before `end`.
    ///
    /// # Errors
    /// There is none, or it is no such line.
    pub(super) fn line<T: DeserializeOwned>(
        &mut self,
        most: usize,
        end: Instant,
    ) -> Result<T, WorkerError> {
        let nonsense = WorkerError::Nonsense(self.role);
        let mut looked_at = 0;
        loop {
            let found = self.heard.iter().skip(looked_at).position(|&b| b == b'\n');
            if let Some(length) = found.map(|more| looked_at + more) {
                let rest = self.heard.split_off(length + 1);
                let line = std::mem::replace(&mut self.heard, rest);
                return serde_json::from_slice(&line).map_err(|_| nonsense);
            }
            looked_at = self.heard.len();
            if looked_at > most {
                return Err(nonsense);
            }
            self.hear(end)?;
        }
    }

    /// Waits for it to say something.
    fn hear(&mut self, end: Instant) -> Result<(), WorkerError> {
        let left = end.saturating_duration_since(Instant::now());
        // Also of one that never stops talking.
        if left.is_zero() {
            return Err(WorkerError::Late(self.role));
        }
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        let mut fds = [PollFd::new(self.says.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, timeout) {
            Ok(0) | Err(Errno::EINTR) => return Ok(()),
            polled => polled.map_err(system("poll"))?,
        };
        let mut piece = vec![0; PIECE];
        let read = self.says.read(&mut piece).map_err(system("reading"))?;
        if read == 0 {
            return Err(WorkerError::Died {
                role: self.role,
                status: self.end().map_err(system("waitpid"))?,
            });
        }
        self.heard.extend(piece.iter().take(read));
        Ok(())
    }

    /// Kills it and waits until it, and with its pid namespace everything that it started, has ended: nobody can write to
    /// what it had any more. How it ended.
    fn end(&mut self) -> nix::Result<String> {
        if std::mem::replace(&mut self.ended, true) {
            return Ok(String::new());
        }
        // It closes its output before it ends by itself, and how it does is worth a moment.
        let mut process = [PollFd::new(self.child.process.as_fd(), PollFlags::POLLIN)];
        poll(&mut process, LAST_MOMENT).ok();
        // Dead already is as good.
        jail::host::kill(self.child.process.as_fd()).ok();
        loop {
            match waitpid(self.child.pid, None) {
                Err(Errno::EINTR) => {}
                Ok(WaitStatus::Exited(_, code)) => return Ok(format!("exit status {code}")),
                Ok(WaitStatus::Signaled(_, signal, _)) => return Ok(signal.to_string()),
                Ok(other) => return Ok(format!("{other:?}")),
                Err(error) => return Err(error),
            }
        }
    }
}

/// How long a process that says nothing more may take to end by itself, in milliseconds.
const LAST_MOMENT: u8 = 100;

impl Drop for Worker {
    fn drop(&mut self) {
        // Whoever can't be waited for is no child any more, and so has ended.
        self.end().ok();
    }
}
