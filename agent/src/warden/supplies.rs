//! The processes that list and change packages, as the front asks for them. The warden starts them and hears of their end;
//! what they are told and answer goes past it.

use super::protocol::{Purpose, RequestId};
use crate::supply::{Office, Outcome};
use jail::host::Child;
use nix::sys::wait::WaitStatus;
use std::os::fd::OwnedFd;

pub(super) struct Supplies {
    office: Office,
    running: Vec<Running>,
}

struct Running {
    child: Child,
    purpose: Purpose,
    request: Option<RequestId>,
}

impl Supplies {
    pub(super) const fn new(office: Office) -> Self {
        Self {
            office,
            running: Vec::new(),
        }
    }

    /// Starts one, with the socket on which it hears what it is to do. Whether it could be started.
    pub(super) fn start(&mut self, request: RequestId, purpose: Purpose, socket: &OwnedFd) -> bool {
        if self.running.iter().any(|other| other.purpose == purpose) {
            tracing::warn!(?purpose, "a process for packages is at it already");
            return false;
        }
        match self.office.start(socket) {
            Ok(child) => {
                self.running.push(Running {
                    child,
                    purpose,
                    request: Some(request),
                });
                true
            }
            Err(error) => {
                tracing::error!(%error, "the process for packages can't be started");
                false
            }
        }
    }

    /// The front that asked is no more. What they are at goes on.
    pub(super) fn forget_questions(&mut self) {
        for running in &mut self.running {
            running.request = None;
        }
    }

    /// A child of the warden has ended. If it was one of these: for which request, and whether the store has changed.
    pub(super) fn ended(&mut self, status: WaitStatus) -> Option<(Option<RequestId>, bool)> {
        let ours = |running: &Running| status.pid() == Some(running.child.pid);
        let index = self.running.iter().position(ours)?;
        let Running {
            request, purpose, ..
        } = self.running.swap_remove(index);
        let outcome = Outcome::of(status);
        if outcome == Outcome::Died {
            tracing::error!(?status, "the process for packages died");
        }
        let changed = match outcome {
            Outcome::Unchanged => false,
            Outcome::Changed => true,
            // It may have published before.
            Outcome::Died => purpose == Purpose::Change,
        };
        Some((request, changed))
    }
}
