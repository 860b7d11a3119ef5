//! What a node claims on its host: its name among the cgroups, its range of uids, the account of its front.

use crate::config::Config;
use crate::serve::StartError;
use jail::cgroup::{self, Hierarchy, Tree};
use nix::fcntl::{FcntlArg, Flock, FlockArg, fcntl};
use nix::libc;
use nix::unistd::User;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

/// Every node of the host locks its range of uids in this file, one byte per uid.
const ID_LOCKS: &str = "/run/codecapsule-ids.lock";

/// Held as long as the node runs; the kernel lets go of both whatever way the process ends.
#[derive(Debug)]
#[expect(dead_code, reason = "held for their locks")]
pub(crate) struct Claim {
    state: Flock<File>,
    ids: File,
}

/// Claims name and uids: no two jobs of the host may ever have the same uid, whichever node runs them.
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
        return Ok((account.uid.as_raw(), account.gid.as_raw()));
    }
    tracing::info!(
        user,
        uid = fallback,
        "the account does not exist, the front runs under a uid of its own"
    );
    Ok((fallback, fallback))
}
