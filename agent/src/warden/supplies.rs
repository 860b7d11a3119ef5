//! The processes that list and change packages, as the front asks for them. The warden starts them and hears of their end;
//! what they are told and answer goes past it.

use super::protocol::RequestId;
use crate::supply::{Office, Outcome};
use jail::host::Child;
use nix::sys::wait::WaitStatus;
use std::os::fd::OwnedFd;

/// The most at once: one that changes and one that lists.
const MOST: usize = 2;

pub(super) struct Supplies {
    office: Office,
    running: Vec<(Child, Option<RequestId>)>,
}

impl Supplies {
    pub(super) const fn new(office: Office) -> Self {
        Self {
            office,
            running: Vec::new(),
        }
    }

    /// Starts one, with the socket on which it hears the wish. Whether it could be started.
    pub(super) fn start(&mut self, request: RequestId, socket: &OwnedFd) -> bool {
        if self.running.len() >= MOST {
            return false;
        }
        match self.office.start(socket) {
            Ok(child) => {
                self.running.push((child, Some(request)));
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
        for (_, request) in &mut self.running {
            *request = None;
        }
    }

    /// A child of the warden has ended. If it was one of these: for which request, and whether the store has changed.
    pub(super) fn ended(&mut self, status: WaitStatus) -> Option<(Option<RequestId>, bool)> {
        let ours = |(child, _): &(Child, _)| status.pid() == Some(child.pid);
        let index = self.running.iter().position(ours)?;
        let (_, request) = self.running.swap_remove(index);
        let outcome = Outcome::of(status);
        if outcome == Outcome::Died {
            tracing::error!(?status, "the process for packages died");
        }
        // One that died may have published before.
        Some((request, outcome != Outcome::Unchanged))
    }
}
