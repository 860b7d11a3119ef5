//! What the warden does about runtimes and packages beside its jails: when each helper is started, and what their ends
//! mean for the front.

use super::Warden;
use super::protocol::{FromWarden, Purpose, RequestId};
use std::os::fd::OwnedFd;

impl Warden {
    /// Starts what lists or changes packages, unless the node is about to end or has come to one.
    pub(super) fn supply(&mut self, request: RequestId, purpose: Purpose, fds: &[OwnedFd]) {
        let started = match fds {
            [socket] if !self.is_ending() => self.supplies.start(request, purpose, socket),
            _ => false,
        };
        if !started {
            self.front.tell(&FromWarden::Supplied(request, false), &[]);
        }
    }

    /// Checks the runtimes, or has them follow the store, when it is time for either and the other is not at it.
    pub(super) fn keep_up(&mut self) {
        if self.is_ending() {
            self.refresh.give_up();
        }
        self.integrity.end_if_late();
        if !self.refresh.is_running() {
            self.integrity.start_if_due();
        }
        if self.refresh.is_asked_for() {
            self.integrity.make_way();
        }
        let news = self.refresh.take_news();
        // A front that starts later sees it anyway.
        if self.hears() {
            news.iter().for_each(|news| self.front.tell(news, &[]));
        }
        if !self.is_ending() && !self.is_looking_at_runtimes() {
            self.refresh.start_if_due();
        }
    }

    /// A process for packages has ended. Of one that has changed the store the front hears when the runtimes follow.
    pub(super) fn supplied(&mut self, request: Option<RequestId>, changed: bool) {
        match request {
            _ if changed => self.refresh.ask_for(request),
            Some(request) if self.hears() => {
                self.front.tell(&FromWarden::Supplied(request, true), &[]);
            }
            _ => {}
        }
    }

    /// Whether the node is about to stop, or will serve nothing more.
    pub(super) const fn is_ending(&self) -> bool {
        self.drain.is_some() || self.integrity.is_broken()
    }

    /// Whether a helper reads or changes what is mounted.
    pub(super) const fn is_looking_at_runtimes(&self) -> bool {
        self.refresh.is_running() || self.integrity.is_running()
    }

    /// A node whose runtimes are not what was sealed, or that can't tell, runs nothing more.
    pub(super) fn judge(&mut self) {
        if self.integrity.is_broken() && !std::mem::replace(&mut self.judged, true) {
            tracing::error!("this node stops serving: see docs/operating.md, \"runtime files\"");
            // Before jobs end by it, so that none of them gets another answer.
            self.front.tell(&FromWarden::Unsound, &[]);
            self.jails.close();
        }
    }
}
