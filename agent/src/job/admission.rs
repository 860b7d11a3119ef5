//! How many jobs run at once, how many wait, and for how long; past that a refusal at once.

use super::error::JobError;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// The gate in front of the jails.
#[derive(Debug)]
pub(crate) struct Admission {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    queue_length: usize,
    queue_timeout: Duration,
}

/// A place among the running jobs; given back on drop.
#[derive(Debug)]
pub(crate) struct Permit(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

impl Admission {
    /// For `places` jobs at once, `queue_length` waiting for up to `queue_timeout`.
    pub(crate) fn new(places: usize, queue_length: usize, queue_timeout: Duration) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            waiting: AtomicUsize::new(0),
            queue_length,
            queue_timeout,
        }
    }

    /// Waits for a place. Refuses at once when the queue is full, and later when its deadline passes.
    pub(crate) async fn enter(&self) -> Result<Permit, JobError> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(Permit(place));
        }
        let _waiting = Waiting::join(self).ok_or_else(|| self.busy())?;
        match timeout(self.queue_timeout, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(place)) => Ok(Permit(place)),
            Ok(Err(_closed)) => Err(JobError::Draining),
            Err(_elapsed) => Err(self.busy()),
        }
    }

    /// A full queue moves on within about its own deadline; clients that come back after a part of it spread out.
    fn busy(&self) -> JobError {
        JobError::Busy {
            retry_after: self.queue_timeout.div_f32(4.0).max(Duration::from_secs(1)),
        }
    }
}

/// One that waits; leaves the queue on drop.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn join(admission: &'a Admission) -> Option<Self> {
        let counter = &admission.waiting;
        let room = |waiting: usize| (waiting < admission.queue_length).then_some(waiting + 1);
        counter
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, room)
            .ok()?;
        Some(Self(counter))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_full_queue_refuses_at_once_and_a_waiting_job_gets_the_next_place() {
        let admission = Admission::new(1, 1, Duration::from_secs(10));
        let first = admission.enter().await.unwrap();
        let (second, third) = tokio::join!(
            async {
                let waiting = admission.enter();
                tokio::pin!(waiting);
                tokio::select! {
                    _ = &mut waiting => panic!("there is no place yet"),
                    () = tokio::task::yield_now() => {}
                }
                drop(first);
                waiting.await
            },
            admission.enter()
        );
        assert!(second.is_ok());
        assert!(matches!(third, Err(JobError::Busy { .. })));
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_ends_at_the_deadline_and_leaves_the_queue() {
        let admission = Admission::new(1, 1, Duration::from_secs(10));
        let _first = admission.enter().await.unwrap();
        for _ in 0..3 {
            assert!(matches!(
                admission.enter().await,
                Err(JobError::Busy { .. })
            ));
        }
        assert_eq!(admission.waiting.load(Ordering::Relaxed), 0);
    }
}
