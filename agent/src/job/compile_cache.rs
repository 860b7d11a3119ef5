//! What compile stages came to, for the next job with the same sources: never compile the same thing twice.
//!
//! It lives in this process's memory and nowhere else: no job can write there, what a killed process leaves is nothing, and what a
//! front that was taken over put there ends with it. Knows no jail.

mod key;

pub(super) use key::Key;

use super::artefacts::Artefact;
use super::phase::Outcome;
use jail::Bytes;
use lru::LruCache;
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

/// Counts since the start, and what there is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stats {
    /// Jobs that did not have to compile.
    pub(crate) hits: u64,
    /// Jobs that had to, and whose result could have been there.
    pub(crate) misses: u64,
    /// Results that were kept.
    pub(crate) stores: u64,
    /// Results that could not be kept.
    pub(crate) uncacheable: u64,
    /// Entries that made way for others.
    pub(crate) evictions: u64,
    /// Bytes of all entries.
    pub(crate) bytes: u64,
}

/// The cache of a node: the least recently used entries make way when there are too many bytes.
#[derive(Debug)]
pub(crate) struct CompileCache {
    size: Bytes,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    entries: LruCache<Key, Entry>,
    stats: Stats,
}

impl CompileCache {
    /// One of so many bytes; with 0 nothing is looked for or kept.
    pub(crate) fn new(size: Bytes) -> Self {
        let state = State {
            entries: LruCache::unbounded(),
            stats: Stats::default(),
        };
        Self {
            size,
            state: Mutex::new(state),
        }
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
        match known {
            Known::Result(_) => state.stats.hits += 1,
            Known::Nothing => state.stats.misses += 1,
            Known::EachIsAnother => state.stats.uncacheable += 1,
        }
        known
    }

    /// Keeps a result, if it is not too large.
    pub(super) fn keep(&self, key: Key, result: Arc<Compiled>) {
        if result.size() > self.largest().get() {
            return self.count_uncacheable();
        }
        self.state().stats.stores += 1;
        self.put(key, Entry::Result(result));
    }

    /// Remembers that each result is another.
    pub(super) fn never(&self, key: Key) {
        self.count_uncacheable();
        self.put(key, Entry::EachIsAnother);
    }

    /// A result that can't be kept this time.
    pub(super) fn count_uncacheable(&self) {
        self.state().stats.uncacheable += 1;
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        let mut state = self.state();
        state.entries.clear();
        state.stats.bytes = 0;
    }

    /// What it has done so far.
    pub(crate) fn stats(&self) -> Stats {
        self.state().stats
    }

    fn put(&self, key: Key, entry: Entry) {
        let mut state = self.state();
        state.stats.bytes += entry.size();
        if let Some((_, old)) = state.entries.push(key, entry) {
            state.stats.bytes -= old.size();
        }
        while state.stats.bytes > self.size.get() {
            let Some((_, oldest)) = state.entries.pop_lru() else {
                break;
            };
            state.stats.bytes -= oldest.size();
            state.stats.evictions += 1;
        }
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
