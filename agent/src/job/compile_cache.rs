//! What compile stages came to, for the next job with the same sources: never compile the same thing twice.
//!
//! It lives in this process's memory and nowhere else: no job can write there, what a killed process leaves is nothing, and what a
//! front that was taken over put there ends with it. Knows no jail.

mod key;
mod meters;

pub(super) use key::Key;

use super::artefacts::Artefact;
use super::phase::Outcome;
use jail::Bytes;
use lru::LruCache;
use meters::Meters;
use prometheus_client::registry::Registry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One result takes no more than this part of the cache, so that no program drives out all others.
const SHARE: u64 = 8;

/// What an entry takes beside its texts and files: the key, the entry itself, its places in the table and in the order.
const OVERHEAD: u64 = 512;

/// What came of a compile stage.
#[derive(Debug)]
pub(super) struct Compiled {
    /// How it ended and what it used.
    pub(super) outcome: Outcome,
    /// What it made; nothing where it failed or nobody asked.
    pub(super) artefacts: Vec<Artefact>,
}

/// What is known of a key.
#[derive(Clone, Debug)]
pub(super) enum Known {
    /// Nothing.
    Nothing,
    /// What comes of it.
    Result(Arc<Compiled>),
    /// That each result is another.
    EachIsAnother,
}

#[derive(Debug)]
enum Entry {
    Result(Arc<Compiled>),
    EachIsAnother,
}

/// The cache of a node: the least recently used entries make way when there are too many bytes.
#[derive(Debug)]
pub(crate) struct CompileCache {
    size: Bytes,
    state: Mutex<State>,
    meters: Meters,
}

#[derive(Debug)]
struct State {
    entries: LruCache<Key, Entry>,
    /// Of all entries.
    bytes: u64,
}

impl CompileCache {
    /// One of so many bytes; with 0 nothing is looked for or kept.
    pub(crate) fn new(size: Bytes) -> Self {
        let state = State {
            entries: LruCache::unbounded(),
            bytes: 0,
        };
        Self {
            size,
            state: Mutex::new(state),
            meters: Meters::default(),
        }
    }

    /// Has its figures told.
    pub(crate) fn register(&self, registry: &mut Registry) {
        self.meters.register(registry);
    }

    /// Whether it keeps anything.
    pub(super) const fn is_on(&self) -> bool {
        self.size.get() > 0
    }

    /// The most bytes that the files of one result may have.
    pub(super) const fn largest(&self) -> Bytes {
        Bytes(self.size.get() / SHARE)
    }

    /// What is known of a job's compile stage.
    pub(super) fn find(&self, key: &Key) -> Known {
        let mut state = self.state();
        let known = match state.entries.get(key) {
            Some(Entry::Result(result)) => Known::Result(Arc::clone(result)),
            Some(Entry::EachIsAnother) => Known::EachIsAnother,
            None => Known::Nothing,
        };
        drop(state);
        self.meters.looked_up(match known {
            Known::Result(_) => "result",
            Known::Nothing => "nothing",
            Known::EachIsAnother => "each_is_another",
        });
        known
    }

    /// Keeps a result, if it is not too large.
    pub(super) fn keep(&self, key: Key, result: Arc<Compiled>) {
        if result.size() > self.largest().get() {
            return self.count_uncacheable();
        }
        self.meters.stored();
        self.put(key, Entry::Result(result));
    }

    /// Remembers that each result is another.
    pub(super) fn never(&self, key: Key) {
        self.count_uncacheable();
        self.put(key, Entry::EachIsAnother);
    }

    /// A result that can't be kept this time.
    pub(super) fn count_uncacheable(&self) {
        self.meters.not_stored();
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        let mut state = self.state();
        state.entries.clear();
        state.bytes = 0;
        self.meters.holds(0);
    }

    fn put(&self, key: Key, entry: Entry) {
        let mut state = self.state();
        state.bytes += entry.size();
        if let Some((_, old)) = state.entries.push(key, entry) {
            state.bytes -= old.size();
        }
        while state.bytes > self.size.get() {
            let Some((_, oldest)) = state.entries.pop_lru() else {
                break;
            };
            state.bytes -= oldest.size();
            self.meters.evicted();
        }
        self.meters.holds(state.bytes);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn size(&self) -> u64 {
        match self {
            Self::Result(result) => result.size(),
            Self::EachIsAnother => OVERHEAD,
        }
    }
}

impl Compiled {
    fn size(&self) -> u64 {
        let output = &self.outcome.output;
        let texts = [&output.stdout, &output.stderr, &output.merged];
        let texts = texts.into_iter().map(String::len);
        let files = self.artefacts.iter().map(Artefact::size);
        OVERHEAD + texts.chain(files).sum::<usize>() as u64
    }
}

#[cfg(test)]
mod tests;
