//! Jails, made ahead of the job: making one takes some 20 ms, most of it waiting for the kernel to move processes between
//! cgroups, and none of that is on a job's way while the pool has one. In some of them the program that was asked for lately has
//! been started as well, and waits. Knows no job.

mod ahead;
mod jail;
mod link;

pub(crate) use jail::{Ahead, Jail, Meter, Pipes};
pub(crate) use link::{Link, LinkError};

use ahead::Demand;
use std::collections::VecDeque;
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

/// Pauses after a jail could not be made: from the first to the longest, doubled each time.
const RETRY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// How the warden says that all jails that may exist do, and how long a job waits for one to go away: dying takes
/// milliseconds, with gigabytes of memory to free some more.
const FULL: i32 = nix::libc::EAGAIN;
const PATIENCE: Duration = Duration::from_secs(5);

/// How long until somebody looks whether what was started ahead is still wanted.
const LOOK: Duration = Duration::from_secs(10);

/// What there is.
#[derive(Debug, Default)]
struct Stock {
    /// Blank ones, the oldest first.
    blank: VecDeque<Jail>,
    /// With a program that waits, the oldest first.
    prepared: VecDeque<(Ahead, Jail)>,
    demand: Demand,
    /// How often all of them were retired: one that was ordered before the last time is of no use.
    generation: u64,
}

/// What to do next.
enum Step {
    Make,
    Prepare(Ahead, Jail),
    Drop(Jail),
    Rest,
}

/// The pool of a node.
#[derive(Debug)]
pub(crate) struct Pool {
    link: Arc<Link>,
    size: usize,
    stock: Mutex<Stock>,
    taken: Notify,
}

impl Pool {
    /// Keeps up to `size` blank jails ready once [`Pool::fill`] runs; 0 makes each when it is needed.
    pub(crate) fn new(link: Arc<Link>, size: usize) -> Self {
        Self {
            link,
            size,
            stock: Mutex::default(),
            taken: Notify::new(),
        }
    }

    /// A jail for one job: one in which its program waits, else a blank one, else one made now.
    pub(crate) async fn lease(&self, ahead: Option<&Ahead>) -> Result<Jail, LinkError> {
        while let Some(jail) = self.take(ahead) {
            self.taken.notify_one();
            // One that died meanwhile is destroyed here, and the next one tried.
            if jail.is_blank() {
                return Ok(jail);
            }
        }
        self.make().await
    }

    fn take(&self, ahead: Option<&Ahead>) -> Option<Jail> {
        let mut stock = self.stock();
        if let Some(ahead) = ahead {
            stock.demand.note(ahead, Instant::now());
            let found = stock.prepared.iter().position(|(other, _)| other == ahead);
            if let Some((_, jail)) = found.and_then(|index| stock.prepared.remove(index)) {
                return Some(jail);
            }
        }
        stock.blank.pop_front()
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

    /// How many jails are ready.
    #[cfg(test)]
    fn ready(&self) -> usize {
        self.stock().len()
    }

    /// Destroys all jails, also those being made: they have other packages than those made from now on.
    pub(crate) fn retire(&self) {
        let mut stock = self.stock();
        stock.generation += 1;
        stock.demand.forget();
        let retired = (
            std::mem::take(&mut stock.blank),
            std::mem::take(&mut stock.prepared),
        );
        drop(stock);
        drop(retired);
        self.taken.notify_one();
    }

    /// Refills for ever, one jail at a time: a running job's cpu matters more than the next job's head start.
    pub(crate) async fn fill(&self) {
        let mut pause = RETRY.0;
        loop {
            let generation = self.stock().generation;
            let step = self.stock().next(self.size, Instant::now());
            let done = match step {
                Step::Rest => {
                    timeout(LOOK, self.taken.notified()).await.ok();
                    continue;
                }
                Step::Drop(jail) => {
                    drop(jail);
                    continue;
                }
                Step::Prepare(ahead, mut jail) => match jail.prepare(&ahead).await {
                    Ok(()) => Ok((Some(ahead), jail)),
                    Err(error) => Err(Box::<dyn Error + Send + Sync>::from(error)),
                },
                Step::Make => match self.link.create().await {
                    Ok(jail) => Ok((None, jail)),
                    Err(LinkError::Closed) => return,
                    Err(error) => Err(error.into()),
                },
            };
            match done {
                Ok((ahead, jail)) => {
                    pause = RETRY.0;
                    self.stock().put(generation, ahead, jail);
                }
                Err(error) => {
                    tracing::error!(error = &*error as &dyn Error, "can't refill the pool");
                    sleep(pause).await;
                    pause = (pause * 2).min(RETRY.1);
                }
            }
        }
    }

    fn stock(&self) -> MutexGuard<'_, Stock> {
        self.stock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stock {
    fn len(&self) -> usize {
        self.blank.len() + self.prepared.len()
    }

    /// Keeps one that was ordered in this generation.
    fn put(&mut self, generation: u64, ahead: Option<Ahead>, jail: Jail) {
        if generation != self.generation {
            return;
        }
        match ahead {
            Some(ahead) => self.prepared.push_back((ahead, jail)),
            None => self.blank.push_back(jail),
        }
    }

    /// What is missing most. One of them always stays blank, for a program that nobody has asked for.
    fn next(&mut self, size: usize, now: Instant) -> Step {
        if self.blank.is_empty() && self.len() < size {
            return Step::Make;
        }
        let targets = self.demand.targets(size.saturating_sub(1), now);
        let count = |ahead: &Ahead| {
            self.prepared
                .iter()
                .filter(|(other, _)| other == ahead)
                .count()
        };
        let target = |ahead: &Ahead| {
            let found = targets.iter().find(|(other, _)| other == ahead);
            found.map_or(0, |(_, target)| *target)
        };
        let lacking = targets
            .iter()
            .find(|(ahead, target)| count(ahead) < *target);
        let lacking = lacking.map(|(ahead, _)| ahead.clone());
        // One more than wanted may be wanted again soon, and starting it costs: it goes when another needs its place.
        let is_needless = |(ahead, _): &(Ahead, Jail)| match target(ahead) {
            0 => true,
            target => count(ahead) > target && lacking.is_some(),
        };
        if let Some(index) = self.prepared.iter().position(is_needless) {
            return match self.prepared.remove(index) {
                Some((_, jail)) => Step::Drop(jail),
                None => Step::Rest,
            };
        }
        match lacking {
            Some(ahead) if self.blank.len() > 1 => match self.blank.pop_front() {
                Some(jail) => Step::Prepare(ahead, jail),
                None => Step::Make,
            },
            _ if self.len() < size => Step::Make,
            _ => Step::Rest,
        }
    }
}

#[cfg(test)]
mod tests;
