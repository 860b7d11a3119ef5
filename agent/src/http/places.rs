//! Requests at once, of all connections: those whose body is being read, and those with a job. A client that sends a
//! byte now and then can have many of the first, and must not keep others out: where one is too many, the one that
//! takes longest makes way. Nobody gets a job for nothing, so that of the second further ones are refused.

use super::budget::Spent;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot::{self, Receiver, Sender};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places of all requests.
#[derive(Clone, Debug)]
pub(super) struct Places {
    reading: Arc<Mutex<Reading>>,
    jobs: Arc<Semaphore>,
}

/// Requests whose body is being read, in the order of their coming.
#[derive(Debug)]
struct Reading {
    most: usize,
    next: u64,
    readers: BTreeMap<u64, Held>,
}

/// What one of them has.
#[derive(Debug)]
struct Held {
    /// Units of the budget.
    units: usize,
    /// Dropped when it has to make way.
    _stays: Sender<()>,
}

/// The place of a request whose body is being read, given back on drop.
#[derive(Debug)]
pub(super) struct Reader {
    reading: Arc<Mutex<Reading>>,
    number: u64,
}

/// Whether that request may go on reading.
#[derive(Debug)]
pub(super) struct Stay(Receiver<()>);

/// The place of a request from the end of its body to the last of its answer, given back with the last clone.
#[derive(Clone, Debug)]
pub(super) struct Place {
    _permit: Arc<OwnedSemaphorePermit>,
}

impl Places {
    /// So many of either kind.
    pub(super) fn new(most: usize) -> Self {
        let reading = Reading {
            most,
            next: 0,
            readers: BTreeMap::new(),
        };
        Self {
            reading: Arc::new(Mutex::new(reading)),
            jobs: Arc::new(Semaphore::new(most)),
        }
    }

    /// A place to read a body, the oldest one's if there is no other.
    pub(super) fn reader(&self) -> (Reader, Stay) {
        let mut reading = lock(&self.reading);
        if reading.readers.len() >= reading.most {
            reading.readers.pop_first();
        }
        let (stays, outlived) = oneshot::channel();
        let number = reading.next;
        reading.next += 1;
        let held = Held {
            units: 0,
            _stays: stays,
        };
        reading.readers.insert(number, held);
        let reader = Reader {
            reading: Arc::clone(&self.reading),
            number,
        };
        (reader, Stay(outlived))
    }

    /// A place for a job; none when all are taken.
    pub(super) fn job(&self) -> Option<Place> {
        let permit = Arc::clone(&self.jobs).try_acquire_owned().ok()?;
        Some(Place {
            _permit: Arc::new(permit),
        })
    }
}

impl Reader {
    /// Notes how many units of the budget its body has.
    pub(super) fn holds(&self, units: usize) {
        if let Some(held) = lock(&self.reading).readers.get_mut(&self.number) {
            held.units = units;
        }
    }

    /// Has as many others make way as hold `short` units together, the largest first, if each has more than `wanted`.
    pub(super) fn have_others_make_way(&self, short: usize, wanted: usize) -> Result<(), Spent> {
        let mut reading = lock(&self.reading);
        let mut larger: Vec<(usize, u64)> = reading
            .readers
            .iter()
            .filter(|(number, held)| **number != self.number && held.units > wanted)
            .map(|(number, held)| (held.units, *number))
            .collect();
        larger.sort_unstable_by(|a, b| b.cmp(a));
        let mut freed = 0;
        let enough = larger.iter().take_while(|(units, _)| {
            let more = freed < short;
            freed += units;
            more
        });
        let chosen: Vec<u64> = enough.map(|(_, number)| *number).collect();
        if freed < short {
            return Err(Spent);
        }
        for number in chosen {
            reading.readers.remove(&number);
        }
        Ok(())
    }
}

impl Stay {
    /// Ends when the request has to make way for another.
    pub(super) async fn outlived(&mut self) {
        // Nothing is ever sent: the error is the news.
        drop((&mut self.0).await);
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        lock(&self.reading).readers.remove(&self.number);
    }
}

fn lock(reading: &Mutex<Reading>) -> MutexGuard<'_, Reading> {
    reading.lock().unwrap_or_else(PoisonError::into_inner)
}
