//! Everything in a folder, in an order that depends on names only.

use super::{Digest, SealError};
use sha2::{Digest as _, Sha256};
use std::fs::{self, DirEntry, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// One thing in a folder.
pub(crate) struct Found {
    /// Below the folder, `.` for the folder itself. Bytes that are not printable ASCII are escaped, so that every name has
    /// one spelling that is text.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// Of itself: links are not followed.
    pub(crate) metadata: Metadata,
}

/// Shows everything in `root`, the folder itself first, parents before what is in them, siblings by name.
pub(crate) fn walk(
    root: &Path,
    visit: &mut impl FnMut(&Found) -> Result<(), SealError>,
) -> Result<(), SealError> {
    walk_at_most(root, usize::MAX, visit)
}

/// As [`walk`], in a folder that anybody may have filled: with more than `most` things in it it is not walked to the end,
/// nor is a list of them held in memory.
pub(crate) fn walk_at_most(
    root: &Path,
    most: usize,
    visit: &mut impl FnMut(&Found) -> Result<(), SealError>,
) -> Result<(), SealError> {
    let mut left = most;
    // The last one is the next one.
    let mut waiting = vec![root.to_owned()];
    while let Some(path) = waiting.pop() {
        let metadata = fs::symlink_metadata(&path).map_err(SealError::file("look at", &path))?;
        let is_folder = metadata.is_dir();
        let found = Found {
            name: name_below(root, &path),
            path,
            metadata,
        };
        visit(&found)?;
        if is_folder {
            let mut inside = entries(&found.path, left)?;
            left = left
                .checked_sub(inside.len())
                .ok_or(SealError::TooMany { most })?;
            inside.sort_unstable_by(|a, b| b.cmp(a));
            waiting.append(&mut inside);
        }
    }
    Ok(())
}

/// What is in a folder, or one thing more than `most`.
fn entries(folder: &Path, most: usize) -> Result<Vec<PathBuf>, SealError> {
    let enough = most.saturating_add(1);
    let path = |entry: io::Result<DirEntry>| Ok(entry?.path());
    fs::read_dir(folder)
        .and_then(|entries| entries.take(enough).map(path).collect())
        .map_err(SealError::file("read the folder", folder))
}

fn name_below(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path).as_os_str();
    if below.is_empty() {
        ".".to_owned()
    } else {
        below.as_bytes().escape_ascii().to_string()
    }
}

/// A digest of a folder's names, types, modes, sizes, inode numbers and times of change: cheap to make, and another one
/// after any change, also by what copies times (`cp -a`, rsync), for nobody sets an inode's own time back (inode(7)) but
/// with the clock or the bare disk. A folder that was only moved or restored has another one too.
///
/// # Errors
/// Something in it can't be looked at.
pub fn fingerprint(folder: &Path) -> Result<Digest, SealError> {
    let mut hasher = Sha256::new();
    walk(folder, &mut |found| {
        let status = &found.metadata;
        // A folder's size is its file system's matter.
        let size = if status.is_dir() { 0 } else { status.len() };
        let (mode, inode) = (status.mode(), status.ino());
        let written = (status.mtime(), status.mtime_nsec());
        let changed = (status.ctime(), status.ctime_nsec());
        let name = &found.name;
        hasher.update(format!(
            "{name} {mode:o} {size} {inode} {written:?} {changed:?}\n"
        ));
        Ok(())
    })?;
    Ok(Digest::finish(hasher))
}

/// The latest time of change in a folder, in seconds since 1970.
pub(super) fn newest(folder: &Path) -> Result<i64, SealError> {
    let mut newest = 0;
    walk(folder, &mut |found| {
        newest = newest.max(found.metadata.mtime());
        Ok(())
    })?;
    Ok(newest)
}
