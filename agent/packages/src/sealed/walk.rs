//! Everything in a folder.

use super::{Digest, SealError};
use sha2::{Digest as _, Sha256};
use std::fs::{self, Metadata};
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

/// Shows everything in `root`, the folder itself first, parents before what is in them, else in any order. Holds no more of it in
/// memory than one folder of each depth.
pub(crate) fn walk(
    root: &Path,
    visit: &mut impl FnMut(&Found) -> Result<(), SealError>,
) -> Result<(), SealError> {
    walk_at_most(root, usize::MAX, usize::MAX, visit)
}

/// As [`walk`], in a folder that anybody may have filled: with more than `most` things in it, or folders in each other deeper
/// than `depth`, it is not walked to the end.
pub(crate) fn walk_at_most(
    root: &Path,
    most: usize,
    depth: usize,
    visit: &mut impl FnMut(&Found) -> Result<(), SealError>,
) -> Result<(), SealError> {
    let mut left = most;
    let mut show = |path: PathBuf| {
        let found = Found::at(root, path)?;
        visit(&found)?;
        let is_folder = found.metadata.is_dir();
        let open = || fs::read_dir(&found.path).map_err(reading(&found.path));
        is_folder.then(open).transpose()
    };
    let mut open: Vec<_> = show(root.to_owned())?.into_iter().collect();
    while let Some(folder) = open.last_mut() {
        let Some(entry) = folder.next() else {
            open.pop();
            continue;
        };
        left = left.checked_sub(1).ok_or(SealError::TooMany { most })?;
        open.extend(show(entry.map_err(reading(root))?.path())?);
        if open.len() > depth {
            return Err(SealError::TooDeep { depth });
        }
    }
    Ok(())
}

fn reading(folder: &Path) -> impl FnOnce(io::Error) -> SealError {
    SealError::file("read the folder", folder)
}

impl Found {
    fn at(root: &Path, path: PathBuf) -> Result<Self, SealError> {
        Ok(Self {
            name: name_below(root, &path),
            metadata: fs::symlink_metadata(&path).map_err(SealError::file("look at", &path))?,
            path,
        })
    }
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
    let mut lines = Vec::new();
    walk(folder, &mut |found| {
        let status = &found.metadata;
        // A folder's size is its file system's matter.
        let size = if status.is_dir() { 0 } else { status.len() };
        let (mode, inode) = (status.mode(), status.ino());
        let written = (status.mtime(), status.mtime_nsec());
        let changed = (status.ctime(), status.ctime_nsec());
        let name = &found.name;
        lines.push(format!(
            "{name} {mode:o} {size} {inode} {written:?} {changed:?}\n"
        ));
        Ok(())
    })?;
    lines.sort_unstable();
    let mut hasher = Sha256::new();
    lines.iter().for_each(|line| hasher.update(line));
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
