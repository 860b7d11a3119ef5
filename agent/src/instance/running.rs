//! The node that runs already, as another process of root finds it: by the number in its lock, which is believed only
//! after a look at who has that number.

use crate::locks;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::Signal;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What the binary is called, whatever version.
const NAME: &[u8] = b"capsule-agent";

/// The file in the state directory whose number grows whenever the front has read the packages.
pub(crate) const TAKEN_OVER: &str = "taken-over";

/// The warden of a node, held by its folder in proc: when it has ended, nothing is found or signalled through that any
/// more, whoever has its number next.
#[derive(Debug)]
pub(crate) struct Running {
    process: File,
}

/// The warden of the node that runs with this state directory.
///
/// # Errors
/// The lock can't be opened, does not hold the number of whoever has it, or who has that number is no node.
pub(crate) fn running(state_directory: &Path) -> io::Result<Option<Running>> {
    let file = match locks::open_existing(&state_directory.join("lock")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    match Flock::lock(file, FlockArg::LockSharedNonblock) {
        Ok(_) => Ok(None),
        Err((mut file, Errno::EWOULDBLOCK)) => {
            let mut text = String::new();
            file.read_to_string(&mut text)?;
            let pid: u32 = text.trim().parse().map_err(io::Error::other)?;
            Running::find(pid).map(Some)
        }
        Err((_, error)) => Err(error.into()),
    }
}

impl Running {
    fn find(pid: u32) -> io::Result<Self> {
        let running = Self {
            process: File::open(format!("/proc/{pid}"))?,
        };
        let status = fs::read_to_string(running.path("status"))?;
        let exe = running.path("exe");
        if is_root(&status) && is_agent(&fs::read_link(&exe)?, &fs::metadata(&exe)?)? {
            return Ok(running);
        }
        Err(io::Error::other(format!(
            "process {pid}, which the lock names, is not a capsule-agent of root's"
        )))
    }

    /// Its root folder (proc_pid_root(5)), through which its mounts are seen. Good for as long as this is held.
    pub(crate) fn root(&self) -> PathBuf {
        self.path("root")
    }

    /// Whether it runs no more. Of a zombie, too, no binary is known.
    pub(crate) fn has_ended(&self) -> bool {
        fs::read_link(self.path("exe")).is_err()
    }

    /// What changes whenever its front has read the packages anew.
    pub(crate) fn taken_over(&self, state_directory: &Path) -> Option<u64> {
        let text = fs::read_to_string(state_directory.join(TAKEN_OVER)).ok()?;
        text.parse().ok()
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// `ESRCH` when it has ended.
    pub(crate) fn signal(&self, signal: Signal) -> io::Result<()> {
        jail::sys::signal(self.process.as_fd(), signal)
    }

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}/{name}", self.process.as_raw_fd()))
    }
}

/// Whether all its uids are 0, as /proc/PID/status has them. The owner of its folder says less: that is root for
/// whatever keeps its memory to itself.
fn is_root(status: &str) -> bool {
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    line.is_some_and(|uids| uids.split_whitespace().eq(["0"; 4]))
}

/// Whether it runs this binary, or one of root's that is called as this one: there may be a new version on the disk.
fn is_agent(link: &Path, exe: &Metadata) -> io::Result<bool> {
    let own = fs::metadata("/proc/self/exe")?;
    let same = (exe.dev(), exe.ino()) == (own.dev(), own.ino());
    // The kernel says so of one that was replaced.
    let name = link.file_name().map_or(&b""[..], OsStr::as_bytes);
    let name = name.strip_suffix(b" (deleted)").unwrap_or(name);
    let others_write = exe.mode() & 0o022 != 0;
    Ok(same || (exe.uid() == 0 && !others_write && name == NAME))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_process_that_is_no_agent_is_not_believed() {
        let mut other = Command::new("sleep").arg("60").spawn().unwrap();
        let found = Running::find(other.id());
        other.kill().unwrap();
        other.wait().unwrap();
        assert!(found.unwrap_err().to_string().contains("is not a capsule"));
    }

    #[test]
    fn nothing_is_done_to_one_that_has_ended() {
        let mut other = Command::new("sleep").arg("60").spawn().unwrap();
        let held = Running {
            process: File::open(format!("/proc/{}", other.id())).unwrap(),
        };
        assert!(!held.has_ended());
        held.signal(Signal::SIGKILL).unwrap();
        other.wait().unwrap();
        assert!(held.has_ended());
        let error = held.signal(Signal::SIGKILL).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(nix::libc::ESRCH));
        assert!(fs::metadata(held.root()).is_err());
    }

    #[test]
    fn all_uids_count() {
        assert!(is_root("Name:\tx\nUid:\t0\t0\t0\t0\n"));
        assert!(!is_root("Uid:\t1000\t0\t0\t0\n"));
        assert!(!is_root(""));
    }

    #[test]
    fn this_binary_and_its_versions_are_agents() {
        let own = fs::metadata("/proc/self/exe").unwrap();
        assert!(is_agent(Path::new("/any"), &own).unwrap());
        let roots = fs::metadata("/proc/version").unwrap();
        let agent = |link: &str| is_agent(Path::new(link), &roots).unwrap();
        assert!(agent("/usr/bin/capsule-agent (deleted)"));
        assert!(!agent("/usr/bin/sleep"));
        let everybodys = fs::metadata("/tmp").unwrap();
        assert!(!is_agent(Path::new("/tmp/capsule-agent"), &everybodys).unwrap());
    }
}
