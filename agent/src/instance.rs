//! What a node claims on its host: its name among the cgroups, its range of uids, the account of its front.

use crate::config::Config;
use crate::serve::StartError;
use jail::cgroup::{self, Hierarchy, Tree};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, Flock, FlockArg, fcntl};
use nix::libc;
use nix::unistd::{Pid, User, getpid};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Every node of the host locks its range of uids in this file, one byte per uid.
const ID_LOCKS: &str = "/run/codecapsule-ids.lock";

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
    let what = "claiming the state directory";
    let failed = |source| StartError::System { what, source };
    fs::create_dir_all(&config.state_directory).map_err(failed)?;
    let file = open(&config.state_directory.join("lock")).map_err(failed)?;
    let state =
        Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|_| StartError::Taken {
            what: format!("the state directory {}", config.state_directory.display()),
            key: "state_directory",
        })?;
    note_pid(&state);
    let ids = open(Path::new(ID_LOCKS)).map_err(failed)?;
    let (first, last) = (*config.jails.ids.start(), *config.jails.ids.end());
    let short = |number: i32| {
        libc::c_short::try_from(number).map_err(|error| failed(io::Error::other(error)))
    };
    let range = libc::flock {
        l_type: short(libc::F_WRLCK)?,
        l_whence: short(libc::SEEK_SET)?,
        l_start: libc::off_t::from(first),
        l_len: libc::off_t::from(last - first) + 1,
        l_pid: 0,
    };
    fcntl(&ids, FcntlArg::F_OFD_SETLK(&range)).map_err(|_| StartError::Taken {
        what: format!("uids between {first} and {last}"),
        key: "runner_uid_min and runner_uid_max",
    })?;
    Ok(Claim { state, ids })
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

/// The warden of the node that runs with this state directory.
///
/// # Errors
/// The lock can't be opened, or does not hold the number of whoever has it.
pub(crate) fn running(state_directory: &Path) -> io::Result<Option<Pid>> {
    let file = match File::open(state_directory.join("lock")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    match Flock::lock(file, FlockArg::LockSharedNonblock) {
        Ok(_) => Ok(None),
        Err((mut file, Errno::EWOULDBLOCK)) => {
            let mut text = String::new();
            file.read_to_string(&mut text)?;
            let pid = text.trim().parse().map_err(io::Error::other)?;
            Ok(Some(Pid::from_raw(pid)))
        }
        Err((_, error)) => Err(error.into()),
    }
}

/// Claims the cgroup, in which a node removes whatever it finds. The lock is on the folder itself: its name alone is no claim, as two nodes may have one name below different groups.
pub(crate) fn claim_cgroup(config: &Config, tree: &Tree) -> Result<Flock<File>, StartError> {
    let what = "claiming the cgroup";
    let failed = |source| StartError::System { what, source };
    let taken = || StartError::Taken {
        what: format!("the cgroup {}", config.cgroup),
        key: "cgroup",
    };
    let folder = tree.make_root()?;
    let claimed = Flock::lock(
        File::open(&folder).map_err(failed)?,
        FlockArg::LockExclusiveNonblock,
    )
    .map_err(|_| taken())?;
    // A node that ends removes the folder, perhaps between our two steps: then the lock is on nothing.
    let (ours, there) = (claimed.metadata(), fs::metadata(&folder));
    match (ours, there) {
        (Ok(ours), Ok(there)) if ours.ino() == there.ino() => Ok(claimed),
        _ => Err(taken()),
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
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
