//! What is in a folder, file by file, and how two such trees differ.

use super::direct::{digest_of_cached, digest_of_source};
use super::walk::{Found, walk};
use super::{Digest, SealError};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A folder's whole content, by names below it. Owners and times are not part of it: an image's are root and the source's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tree {
    entries: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    /// Type and permissions, as in stat(2).
    mode: u32,
    #[serde(flatten)]
    content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "type")]
enum Content {
    Folder,
    File { size: u64, sha256: Digest },
    Link { target: String },
    Special,
}

/// How something in one tree differs from the same in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Not there any more.
    Missing,
    /// Was not there.
    Added,
    /// Of another type or with other permissions.
    Mode,
    /// With other content, or a link that points elsewhere.
    Content,
}

/// The first thing that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its name below the folder.
    pub name: String,
    /// How.
    pub change: Change,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.change {
            Change::Missing => "is missing",
            Change::Added => "was added",
            Change::Mode => "has another type or mode",
            Change::Content => "has other content",
        };
        write!(f, "{} {how}", self.name)
    }
}

impl Tree {
    /// Reads a folder as every reader gets it: what is in the page cache comes from there.
    ///
    /// # Errors
    /// Something in it can't be read.
    pub fn read(folder: &Path) -> Result<Self, SealError> {
        Self::read_by(folder, digest_of_reader)
    }

    /// Reads a folder that is to be trusted from now on: each file from the disk, and refused when the page cache has
    /// something else. The cache outlives a node, so what a job wrote to it would be the truth of the next one.
    ///
    /// # Errors
    /// As [`Tree::read`]; [`SealError::Poisoned`].
    pub fn of_source(folder: &Path) -> Result<Self, SealError> {
        Self::read_by(folder, digest_of_source)
    }

    /// Writes what [`Tree::read`] would read as JSON, as which a tree can be read again. Takes no more memory for a large tree.
    ///
    /// # Errors
    /// Something in it can't be read, or `out` takes no more; `out` is at `path`.
    pub(crate) fn write(folder: &Path, out: impl Write, path: &Path) -> Result<(), SealError> {
        let failed = |error: serde_json::Error| SealError::file("write", path)(error.into());
        let mut json = serde_json::Serializer::new(out);
        let mut entries = json.serialize_map(None).map_err(failed)?;
        walk(folder, &mut |found| {
            let entry = Entry::read(found, digest_of_reader)?;
            entries.serialize_entry(&found.name, &entry).map_err(failed)
        })?;
        entries.end().map_err(failed)
    }

    fn read_by(
        folder: &Path,
        digest: impl Fn(&Path) -> Result<Digest, SealError>,
    ) -> Result<Self, SealError> {
        let mut entries = BTreeMap::new();
        walk(folder, &mut |found| {
            let entry = Entry::read(found, &digest)?;
            entries.insert(found.name.clone(), entry);
            Ok(())
        })?;
        Ok(Self { entries })
    }

    /// One digest for all of it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        // A map of text and numbers always has a form as JSON, and the same one, since it is ordered.
        Digest::of(&serde_json::to_vec(self).unwrap_or_default())
    }

    /// How many things are in it, the folder itself not counted.
    #[must_use]
    pub fn count(&self) -> usize {
        self.entries.len().saturating_sub(1)
    }

    /// Length of all files in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let size = |entry: &Entry| match entry.content {
            Content::File { size, .. } => size,
            _ => 0,
        };
        self.entries.values().map(size).sum()
    }

    /// The first thing, by name, in which `found` is not like this tree.
    #[must_use]
    pub fn first_difference(&self, found: &Self) -> Option<Difference> {
        let names = self.entries.keys().chain(found.entries.keys());
        let change = |name: &str| match (self.entries.get(name), found.entries.get(name)) {
            (Some(_), None) => Some(Change::Missing),
            (None, Some(_)) => Some(Change::Added),
            (Some(a), Some(b)) if a.mode != b.mode => Some(Change::Mode),
            (Some(a), Some(b)) if a.content != b.content => Some(Change::Content),
            _ => None,
        };
        names
            .filter_map(|name| change(name).map(|change| (name, change)))
            .min_by_key(|(name, _)| *name)
            .map(|(name, change)| Difference {
                name: name.clone(),
                change,
            })
    }
}

/// Of a file as every reader gets it.
fn digest_of_reader(path: &Path) -> Result<Digest, SealError> {
    digest_of_cached(path).map_err(SealError::file("read", path))
}

impl Entry {
    fn read(
        found: &Found,
        digest: impl Fn(&Path) -> Result<Digest, SealError>,
    ) -> Result<Self, SealError> {
        let status = &found.metadata;
        let kind = status.file_type();
        let content = if kind.is_dir() {
            Content::Folder
        } else if kind.is_file() {
            Content::File {
                size: status.len(),
                sha256: digest(&found.path)?,
            }
        } else if kind.is_symlink() {
            let target = fs::read_link(&found.path)
                .map_err(SealError::file("read the link", &found.path))?;
            Content::Link {
                target: target.as_os_str().as_bytes().escape_ascii().to_string(),
            }
        } else {
            Content::Special
        };
        Ok(Self {
            mode: status.mode(),
            content,
        })
    }
}
