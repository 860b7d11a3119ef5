//! The time for a request's header, from its first byte, or the connection's start, to its end. Between requests a
//! connection may rest much longer: hyper has one time for both.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// Where a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Between two requests.
    Resting,
    /// A header is to be complete by then.
    Header(Instant),
    /// A request is being dealt with.
    Request,
}

/// Watches the headers of one connection.
#[derive(Debug)]
pub(super) struct Patience {
    limit: Duration,
    phase: Mutex<Phase>,
    changed: Notify,
}

impl Patience {
    /// From the connection's start on.
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            limit,
            phase: Mutex::new(Phase::Header(Instant::now() + limit)),
            changed: Notify::new(),
        }
    }

    /// Bytes have come: between requests they begin a header.
    pub(super) fn bytes_came(&self) {
        if *self.phase() == Phase::Resting {
            self.enter(Phase::Header(Instant::now() + self.limit));
        }
    }

    /// A header is complete.
    pub(super) fn request_begins(&self) {
        self.enter(Phase::Request);
    }

    /// A request is dealt with.
    pub(super) fn request_ends(&self) {
        self.enter(Phase::Resting);
    }

    /// Ends when a header takes too long.
    pub(super) async fn ends(&self) {
        loop {
            let phase = *self.phase();
            let changed = self.changed.notified();
            match phase {
                Phase::Header(end) => {
                    if timeout_at(end, changed).await.is_err() && *self.phase() == phase {
                        return;
                    }
                }
                Phase::Resting | Phase::Request => changed.await,
            }
        }
    }

    fn enter(&self, phase: Phase) {
        *self.phase() = phase;
        self.changed.notify_one();
    }

    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
