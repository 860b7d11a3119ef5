//! Requests at once, of all connections: those whose body is being read, and those with a job. A client that sends a
//! byte now and then can have many of the first, and must not keep others out: where one is too many, the one that
//! takes longest makes way. Nobody gets a job for nothing, so that of the second further ones are refused.

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
    readers: BTreeMap<u64, Sender<()>>,
}

/// The place of a request whose body is being read, given back on drop.
#[derive(Debug)]
pub(super) struct Reader {
    reading: Arc<Mutex<Reading>>,
    number: u64,
    outlived: Receiver<()>,
}

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
    pub(super) fn reader(&self) -> Reader {
        let mut reading = lock(&self.reading);
        if reading.readers.len() >= reading.most {
            // Its receiver ends with the sender.
            reading.readers.pop_first();
        }
        let (sender, outlived) = oneshot::channel();
        let number = reading.next;
        reading.next += 1;
        reading.readers.insert(number, sender);
        Reader {
            reading: Arc::clone(&self.reading),
            number,
            outlived,
        }
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
    /// Ends when this place is a newer request's.
    pub(super) async fn outlived(&mut self) {
        // Nothing is ever sent: the error is the news.
        drop((&mut self.outlived).await);
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
