//! What was unpacked, seen with the eyes of the process that publishes it: root, who trusts nobody that has read an archive.

use super::InstallError;
use crate::archive::{Limits, ends_within};
use crate::sealed::{Found, SealError, walk, walk_at_most};
use nix::unistd::{Gid, Uid};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown};
use std::path::Path;
use thiserror::Error;

/// What no package may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unfit {
    /// A device, fifo or socket.
    #[error("it is no file, folder or link")]
    Kind,
    /// Set-uid, set-gid, sticky, for others to write, or not for all to read.
    #[error("its mode is {0:o}, and neither 755 nor, being a file, 644")]
    Mode(u32),
    /// A link that could lead out of the package.
    #[error("it is a link out of the package")]
    Link,
    /// It belongs to somebody else than the account that has unpacked: a hard link to a file from elsewhere.
    #[error("it belongs to another account than the staging folder")]
    Owner,
    /// A hard link to outside, through which the file could be changed later.
    #[error("it has a name outside of the package")]
    Name,
    /// With it there is more than an archive may hold.
    #[error("there are more than {0} bytes up to it")]
    Much(u64),
}

/// Checks that a folder holds nothing but what [`unpack`](crate::archive::unpack) makes, no more of it and no deeper than
/// these limits. No file is opened.
pub(super) fn tree(folder: &Path, owner: u32, limits: &Limits) -> Result<(), InstallError> {
    // By inode, of files with several names: how many there are, and how many were seen.
    let mut several: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
    let mut unfit = None;
    let mut bytes = 0;
    walk_at_most(folder, limits.entries, limits.depth, &mut |found| {
        let status = &found.metadata;
        if status.is_file() {
            let names = several.entry(status.ino());
            // Of several names the first counts.
            if matches!(names, Entry::Vacant(_)) {
                bytes += status.len();
            }
            if status.nlink() > 1 {
                names.or_insert((status.nlink(), 0)).1 += 1;
            }
        }
        if unfit.is_none() {
            let much = (bytes > limits.unpacked).then_some(Unfit::Much(limits.unpacked));
            unfit = one(found, owner)?
                .or(much)
                .map(|source| (found.name.clone(), source));
        }
        Ok(())
    })?;
    let elsewhere = several.iter().find(|(_, (names, seen))| names != seen);
    if unfit.is_none()
        && let Some((inode, _)) = elsewhere
    {
        unfit = Some((name_of(folder, *inode, limits)?, Unfit::Name));
    }
    match unfit {
        None => Ok(()),
        Some((name, source)) => Err(InstallError::Unfit { name, source }),
    }
}

/// The first of the names that an inode has in a folder.
fn name_of(folder: &Path, inode: u64, limits: &Limits) -> Result<String, InstallError> {
    let mut names = Vec::new();
    walk_at_most(folder, limits.entries, limits.depth, &mut |found| {
        if found.metadata.ino() == inode {
            names.push(found.name.clone());
        }
        Ok(())
    })?;
    Ok(names.into_iter().min().unwrap_or_default())
}

fn one(found: &Found, owner: u32) -> Result<Option<Unfit>, SealError> {
    let status = &found.metadata;
    let kind = status.file_type();
    let mode = status.mode() & 0o7777;
    let fault = if status.uid() != owner {
        Some(Unfit::Owner)
    } else if kind.is_symlink() {
        let target = fs::read_link(&found.path).map_err(SealError::file("read", &found.path))?;
        let inside = target
            .to_str()
            .is_some_and(|to| ends_within(to, &found.name));
        (!inside).then_some(Unfit::Link)
    } else if !kind.is_file() && !kind.is_dir() {
        Some(Unfit::Kind)
    } else {
        // The staging folder's own mode is ours, and set at the end.
        let fits = mode == 0o755 || (mode == 0o644 && kind.is_file()) || found.name == ".";
        (!fits).then_some(Unfit::Mode(mode))
    };
    Ok(fault)
}

/// Gives all of a checked tree to this process's account, and lets everybody read its folder.
pub(super) fn take_over(folder: &Path) -> Result<(), InstallError> {
    let (uid, gid) = (Uid::effective().as_raw(), Gid::effective().as_raw());
    walk(folder, &mut |found| {
        let status = &found.metadata;
        if (status.uid(), status.gid()) == (uid, gid) {
            return Ok(());
        }
        lchown(&found.path, Some(uid), Some(gid)).map_err(SealError::file("own", &found.path))
    })?;
    fs::set_permissions(folder, Permissions::from_mode(0o755))
        .map_err(SealError::file("open to all", folder))?;
    Ok(())
}
