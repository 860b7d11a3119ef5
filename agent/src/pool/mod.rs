//! Blank jails, made ahead of the job: making one takes some 20 ms, most of it waiting for the kernel to move
//! processes between cgroups, and none of that is on a job's way while the pool has one. Knows no job.

mod jail;
mod link;

pub(crate) use jail::{Jail, Meter, Pipes};
pub(crate) use link::{Link, LinkError};

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

/// Pauses after a jail could not be made: from the first to the longest, doubled each time.
const RETRY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// How the warden says that all jails that may exist do, and how long a job waits for one to go away: dying takes
/// milliseconds, with gigabytes of memory to free some more.
const FULL: i32 = nix::libc::EAGAIN;
const PATIENCE: Duration = Duration::from_secs(5);

/// Blank jails, the oldest first.
#[derive(Debug, Default)]
struct Blank {
    jails: VecDeque<Jail>,
    /// How often all of them were retired: one that was ordered before the last time is of no use.
    generation: u64,
}

/// The pool of a node.
#[derive(Debug)]
pub(crate) struct Pool {
    link: Arc<Link>,
    size: usize,
    blank: Mutex<Blank>,
    taken: Notify,
}

impl Pool {
    /// Keeps up to `size` blank jails ready once [`Pool::fill`] runs; 0 makes each when it is needed.
    pub(crate) fn new(link: Arc<Link>, size: usize) -> Self {
        Self {
            link,
            size,
            blank: Mutex::default(),
            taken: Notify::new(),
        }
    }

    /// A jail for one job: a blank one if there is any, else one made now.
    pub(crate) async fn lease(&self) -> Result<Jail, LinkError> {
        loop {
            let jail = self.blank().jails.pop_front();
            match jail {
                Some(jail) => {
                    self.taken.notify_one();
                    // One that died meanwhile is destroyed here, and the next one tried.
                    if jail.is_blank() {
                        return Ok(jail);
                    }
                }
                None => return self.make().await,
            }
        }
    }

    /// Makes a jail now. When as many as may exist do, waits for some that are going away.
    async fn make(&self) -> Result<Jail, LinkError> {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.link.create().await {
                Err(LinkError::NotCreated(failure))
                    if failure.errno == FULL && Instant::now() < end =>
                {
                    sleep(RETRY.0).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// How many blank jails are ready.
    pub(crate) fn ready(&self) -> usize {
        self.blank().jails.len()
    }

    /// Destroys all blank jails, also those being made: they have other packages than those made from now on.
    pub(crate) fn retire(&self) {
        let mut blank = self.blank();
        blank.generation += 1;
        let retired = std::mem::take(&mut blank.jails);
        drop(blank);
        drop(retired);
        self.taken.notify_one();
    }

    /// Refills for ever, one jail at a time: a running job's cpu matters more than the next job's head start.
    pub(crate) async fn fill(&self) {
        let mut pause = RETRY.0;
        loop {
            if self.ready() >= self.size {
                self.taken.notified().await;
                continue;
            }
            let generation = self.blank().generation;
            match self.link.create().await {
                Ok(jail) => {
                    pause = RETRY.0;
                    let mut blank = self.blank();
                    if blank.generation == generation {
                        blank.jails.push_back(jail);
                    }
                }
                Err(LinkError::Closed) => return,
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "can't refill the pool"
                    );
                    sleep(pause).await;
                    pause = (pause * 2).min(RETRY.1);
                }
            }
        }
    }

    fn blank(&self) -> MutexGuard<'_, Blank> {
        self.blank.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
