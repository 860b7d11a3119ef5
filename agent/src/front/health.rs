//! Whether the node can run programs: it did so within the last seconds.

use super::Node;
use crate::http::Readiness;
use crate::job::{self, error::JobError};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// With no job for so long, a program of our own is run.
const PROBE_AFTER: Duration = Duration::from_secs(5);

/// A success older than this says nothing any more: two probes were missed.
const STALE: Duration = Duration::from_secs(15);

/// After a failed probe.
const RETRY: Duration = Duration::from_secs(1);

/// When a program last ran to its end.
#[derive(Debug)]
pub(crate) struct Health {
    last: Mutex<Option<Instant>>,
    drain: watch::Receiver<bool>,
    unsound: watch::Receiver<bool>,
}

impl Health {
    pub(super) fn new(drain: watch::Receiver<bool>, unsound: watch::Receiver<bool>) -> Self {
        Self {
            last: Mutex::default(),
            drain,
            unsound,
        }
    }

    /// Fails once the runtimes were found to be something else than was sealed: nothing is run then, and no result of
    /// what ran is believed.
    pub(super) fn require_sound(&self) -> Result<(), JobError> {
        if *self.unsound.borrow() {
            return Err(JobError::Unsound);
        }
        Ok(())
    }

    /// A program ran in a jail and ended.
    pub(crate) fn program_ended(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// For `GET /readyz`.
    pub(super) fn readiness(&self) -> Readiness {
        if let Err(unsound) = self.require_sound() {
            return Readiness::NotReady(unsound.to_string());
        }
        if *self.drain.borrow() {
            return Readiness::NotReady("the node is shutting down".to_owned());
        }
        match self.age() {
            Some(age) if age <= STALE => Readiness::Ready,
            Some(age) => Readiness::NotReady(format!("no program has run for {} s", age.as_secs())),
            None => Readiness::NotReady("no program has run yet".to_owned()),
        }
    }

    /// Runs a program of our own whenever no job has shown for a while that programs run.
    pub(super) async fn watch(&self, node: &Node) {
        loop {
            let rest = self
                .age()
                .map_or(Duration::ZERO, |age| PROBE_AFTER.saturating_sub(age));
            if !rest.is_zero() {
                sleep(rest).await;
                continue;
            }
            match job::probe(node).await {
                Ok(()) => self.program_ended(),
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "no program can be run"
                    );
                    sleep(RETRY).await;
                }
            }
        }
    }

    fn age(&self) -> Option<Duration> {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.map(|last| last.elapsed())
    }
}
