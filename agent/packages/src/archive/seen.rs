//! What an archive has made so far: the only thing that grows with it.
//!
//! Paths may be 4 KiB each, so digests are kept instead of them, chained from folder to folder. Half a SHA-256 is enough:
//! whoever finds two paths with the same gets an archive refused, or two files that are spelled alike.

use super::error::Fault;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use unicode_normalization::UnicodeNormalization;

type Key = [u8; 16];

/// What something was made as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// Only as the folder of something else. An entry for it may follow.
    Implied,
    Folder,
    File,
    Link,
}

impl Made {
    const fn is_folder(self) -> bool {
        matches!(self, Self::Implied | Self::Folder)
    }
}

/// What there is not yet of an entry.
pub(super) struct New<'a> {
    /// Folders above it, the uppermost first.
    pub(super) folders: Vec<&'a str>,
    pub(super) itself: bool,
}

/// By path without regard to case and composition.
pub(super) struct Seen {
    nodes: HashMap<Key, Node>,
    most: usize,
    is_root_seen: bool,
}

struct Node {
    /// The path as it was spelled.
    spelled: Key,
    made: Made,
}

impl Seen {
    pub(super) fn new(most: usize) -> Self {
        Self {
            nodes: HashMap::new(),
            most,
            is_root_seen: false,
        }
    }

    /// Files, folders and links, also implied ones.
    pub(super) fn count(&self) -> usize {
        self.nodes.len()
    }

    /// An entry for the package's folder itself, which is there already.
    pub(super) fn root(&mut self) -> Result<(), Fault> {
        match std::mem::replace(&mut self.is_root_seen, true) {
            false => Ok(()),
            true => Err(Fault::Duplicate),
        }
    }

    /// Takes note of an entry, and of the folders above it.
    pub(super) fn enter<'a>(&mut self, path: &'a str, made: Made) -> Result<New<'a>, Fault> {
        let mut new = New {
            folders: Vec::new(),
            itself: false,
        };
        for (part, keys) in chain(path) {
            let is_last = part.len() == path.len();
            let made = if is_last { made } else { Made::Implied };
            if !self.put(keys, made)? {
                continue;
            }
            match is_last {
                true => new.itself = true,
                false => new.folders.push(part),
            }
        }
        Ok(new)
    }

    /// Whether an earlier entry has made a file at this very path.
    pub(super) fn is_file(&self, path: &str) -> bool {
        let node = chain(path)
            .last()
            .and_then(|(_, keys)| Some((keys, self.nodes.get(&keys.folded)?)));
        node.is_some_and(|(keys, node)| node.spelled == keys.spelled && node.made == Made::File)
    }

    /// Where something is kept: by its folded path, unless another spelling of that was there before. Only folders
    /// may be spelled in several ways: all that is in them is compared as if they were one.
    fn place(&self, keys: Keys, made: Made) -> Result<Key, Fault> {
        match self.nodes.get(&keys.folded) {
            Some(node) if node.spelled == keys.spelled => Ok(keys.folded),
            Some(node) if node.made.is_folder() && made.is_folder() => {
                Ok(next(keys.folded, &keys.spelled))
            }
            Some(_) => Err(Fault::AlmostSame),
            None => Ok(keys.folded),
        }
    }

    /// Whether it is new.
    fn put(&mut self, keys: Keys, made: Made) -> Result<bool, Fault> {
        let count = self.nodes.len();
        let place = self.place(keys, made)?;
        match self.nodes.entry(place) {
            Entry::Vacant(_) if count >= self.most => Err(Fault::TooMany(self.most)),
            Entry::Vacant(place) => {
                let spelled = keys.spelled;
                place.insert(Node { spelled, made });
                Ok(true)
            }
            Entry::Occupied(mut node) => match (node.get().made, made) {
                (Made::Implied | Made::Folder, Made::Implied) => Ok(false),
                (Made::File, Made::Implied) => Err(Fault::ThroughFile),
                (Made::Link, Made::Implied) => Err(Fault::ThroughLink),
                (Made::Implied, Made::Folder) => {
                    node.get_mut().made = Made::Folder;
                    Ok(false)
                }
                _ => Err(Fault::Duplicate),
            },
        }
    }
}

#[derive(Clone, Copy)]
struct Keys {
    folded: Key,
    spelled: Key,
}

/// The path of every folder on the way to `path`, then that itself, each with its keys.
fn chain(path: &str) -> impl Iterator<Item = (&str, Keys)> {
    let mut keys = Keys {
        folded: Key::default(),
        spelled: Key::default(),
    };
    let ends = path.match_indices('/').map(|(at, _)| at);
    let mut start = 0;
    ends.chain([path.len()]).map(move |end| {
        let name = &path[start..end];
        start = end + 1;
        keys = Keys {
            folded: next(keys.folded, folded(name).as_bytes()),
            spelled: next(keys.spelled, name.as_bytes()),
        };
        (&path[..end], keys)
    })
}

fn next(folder: Key, name: &[u8]) -> Key {
    let digest = Sha256::new()
        .chain_update(folder)
        .chain_update(name)
        .finalize();
    digest.first_chunk().copied().unwrap_or_default()
}

/// A name in lower case and composed (NFC). What only case folding makes alike, such as ß and ss, or ς and σ, stays two names.
fn folded(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    name.nfc().flat_map(char::to_lowercase).nfc().collect()
}
