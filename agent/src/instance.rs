//! What a node claims on its host: its name among the cgroups, its range of uids, the account of its front.

use crate::config::Config;
use crate::locks;
use crate::serve::StartError;
use jail::cgroup::{self, Hierarchy, Tree};
use nix::fcntl::{Flock, FlockArg};
use nix::unistd::{User, getpid};
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

mod running;
pub(crate) use running::{Running, TAKEN_OVER, running};

/// How long the rest of a node that was just killed may still hold what this one wants: its processes follow it
/// within milliseconds, on a busy machine within a second.
const PATIENCE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(20);

/// Held as long as the node runs; the kernel lets go of all whatever way the process ends.
#[derive(Debug)]
#[expect(dead_code, reason = "held for their locks")]
pub(crate) struct Claim {
    state: Flock<File>,
    ids: File,
}

/// Tries again for a while what another node holds.
pub(crate) fn patiently<T>(
    mut attempt: impl FnMut() -> Result<T, StartError>,
) -> Result<T, StartError> {
    let end = Instant::now() + PATIENCE;
    loop {
        match attempt() {
            Err(StartError::Taken { .. } | StartError::Listen { .. }) if Instant::now() < end => {
                sleep(PAUSE);
            }
            outcome => return outcome,
        }
    }
}

/// Claims state directory and uids: no two jobs of the host may ever have the same uid, whichever node runs them.
pub(crate) fn claim(config: &Config) -> Result<Claim, StartError> {
    let failed = |source| StartError::System {
        what: "claiming the state directory",
        source,
    };
    let folder = &config.state_directory;
    make_folder(folder).map_err(failed)?;
    // Who can write to it could exchange the lock, and what is mounted below.
    let metadata = fs::metadata(folder).map_err(failed)?;
    if metadata.uid() != 0 || metadata.mode() & 0o022 != 0 {
        return Err(StartError::OpenState(folder.clone()));
    }
    let file = locks::open(&folder.join("lock")).map_err(failed)?;
    let state =
        Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|_| StartError::Taken {
            what: format!("the state directory {}", folder.display()),
            key: "state_directory",
        })?;
    note_pid(&state);
    let ids = locks::open(Path::new(locks::IDS)).map_err(|source| StartError::System {
        what: "claiming uids",
        source,
    })?;
    let (first, last) = (*config.jails.ids.start(), *config.jails.ids.end());
    locks::lock_bytes(&ids, first.into()..=last.into()).map_err(|_| StartError::Taken {
        what: format!("uids between {first} and {last}"),
        key: "runner_uid_min and runner_uid_max",
    })?;
    Ok(Claim { state, ids })
}

/// Makes the state directory. Others may pass through it, to a socket file perhaps, but not see what is there; folders
/// above it are for all.
fn make_folder(path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    match DirBuilder::new().mode(0o711).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// Writes the number of this process into the lock, for `verify`. A full disk is no reason not to serve.
fn note_pid(mut lock: &File) {
    let noted = lock
        .set_len(0)
        .and_then(|()| writeln!(lock, "{}", getpid()));
    if let Err(error) = noted {
        tracing::warn!(%error, "the lock can't hold this process's number: `capsule-agent verify` will not find it");
    }
}

/// Claims the cgroup, in which a node removes whatever it finds. The claim is on the folder's inode: its name alone is
/// none, as two nodes may have one name below different groups. Held as long as the file is open.
pub(crate) fn claim_cgroup(config: &Config, tree: &Tree) -> Result<File, StartError> {
    let failed = |source| StartError::System {
        what: "claiming the cgroup",
        source,
    };
    let taken = || StartError::Taken {
        what: format!("the cgroup {}", config.cgroup),
        key: "cgroup",
    };
    let claimed = locks::open(Path::new(locks::CGROUPS)).map_err(failed)?;
    let folder = tree.make_root()?;
    let inode = fs::metadata(&folder).map_err(failed)?.ino();
    locks::lock_bytes(&claimed, inode..=inode).map_err(|_| taken())?;
    // A node that ends removes the folder, perhaps between our two steps: then the lock is on nothing.
    match fs::metadata(&folder) {
        Ok(there) if there.ino() == inode => Ok(claimed),
        _ => Err(taken()),
    }
}

/// The cgroups called `name` below this process's own.
pub(crate) fn cgroups(name: &str) -> Result<Tree, StartError> {
    Ok(Tree::new(&hierarchy()?, name))
}

/// The host's cgroups and this process's own place in them.
pub(crate) fn hierarchy() -> Result<Hierarchy, StartError> {
    let read = |path: &str| {
        fs::read_to_string(path).map_err(|source| StartError::System {
            what: "looking for cgroups",
            source,
        })
    };
    let controllers =
        |group: &Path| fs::read_to_string(group.join("cgroup.controllers")).unwrap_or_default();
    Ok(cgroup::detect(
        &read("/proc/self/mountinfo")?,
        &read("/proc/self/cgroup")?,
        controllers,
    )?)
}

/// Uid and gid of the front: the account's, or where there is none a uid of the node's own range that no job gets.
pub(crate) fn front_id(user: &str, fallback: u32) -> Result<(u32, u32), StartError> {
    let found = User::from_name(user).map_err(|source| StartError::System {
        what: "looking up the account",
        source: source.into(),
    })?;
    if let Some(account) = found {
        let (uid, gid) = (account.uid.as_raw(), account.gid.as_raw());
        if uid == 0 || gid == 0 {
            return Err(StartError::RootAccount(user.to_owned()));
        }
        return Ok((uid, gid));
    }
    tracing::info!(
        user,
        uid = fallback,
        "the account does not exist, the front runs under a uid of its own"
    );
    Ok((fallback, fallback))
}
