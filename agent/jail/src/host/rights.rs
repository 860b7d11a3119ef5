//! Giving up every right of root, for good, and looking whether none is left.

use caps::{CapSet, CapsHashSet};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{Gid, Uid, getgroups, getresgid, getresuid, setgroups, setresgid, setresuid};
use std::io;

/// The sets of a process besides the bounding one, which only shrinks one by one.
const SETS: [CapSet; 4] = [
    CapSet::Ambient,
    CapSet::Inheritable,
    CapSet::Effective,
    CapSet::Permitted,
];

/// Makes root these ids: no group but its own, no capability in any set, no way to gain one. It dies with the process
/// that started it. For a process with one thread.
///
/// # Errors
/// A step that the kernel refuses: the process must not go on.
pub fn give_up_rights(uid: u32, gid: u32) -> io::Result<()> {
    for capability in caps::read(None, CapSet::Bounding).map_err(io::Error::other)? {
        caps::drop(None, CapSet::Bounding, capability).map_err(io::Error::other)?;
    }
    setgroups(&[])?;
    let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
    setresgid(gid, gid, gid)?;
    setresuid(uid, uid, uid)?;
    for set in SETS {
        caps::set(None, set, &CapsHashSet::new()).map_err(io::Error::other)?;
    }
    prctl::set_no_new_privs()?;
    // After the last change of ids, which makes the kernel forget it.
    Ok(prctl::set_pdeathsig(Signal::SIGKILL)?)
}

/// Whether this process has these ids and nothing beyond them, which are not root's.
///
/// # Errors
/// [`io::ErrorKind::PermissionDenied`] with what it still has; what the kernel says.
pub fn require_no_rights(uid: u32, gid: u32) -> io::Result<()> {
    let (users, groups) = (getresuid()?, getresgid()?);
    let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
    let has = if uid.is_root() || gid.as_raw() == 0 {
        Some("an id of root's")
    } else if [users.real, users.effective, users.saved] != [uid; 3]
        || [groups.real, groups.effective, groups.saved] != [gid; 3]
    {
        Some("other ids than its own")
    } else if getgroups()?.iter().any(|&group| group != gid) {
        Some("more groups than its own")
    } else if has_capability()? {
        Some("a capability")
    } else if !prctl::get_no_new_privs()? {
        Some("a way to gain rights")
    } else {
        None
    };
    match has {
        None => Ok(()),
        Some(what) => Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!("the process still has {what}"),
        )),
    }
}

fn has_capability() -> io::Result<bool> {
    for set in SETS.into_iter().chain([CapSet::Bounding]) {
        if !caps::read(None, set).map_err(io::Error::other)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// That the rest is given up is shown by the tests of the processes that do it.
    #[test]
    fn whoever_runs_the_tests_has_rights() {
        for ids in [(0, 0), (0, 1), (1, 0), (65_533, 65_533)] {
            let error = require_no_rights(ids.0, ids.1).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::PermissionDenied, "{ids:?}");
        }
    }
}
