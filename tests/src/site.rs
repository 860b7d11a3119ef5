//! The place of one node: folders, a cgroup name and uids of its own, and the machine for itself.

use crate::host::Traces;
use nix::fcntl::{Flock, FlockArg};
use std::fs::{File, Permissions};
use std::ops::RangeInclusive;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// Uids of one node: enough for any pool and number of jobs in a test.
const UIDS: u32 = 500;
/// The first uid used; far from those of people, services and subordinate ids.
const FIRST_UID: u32 = 700_000_000;

/// Where one node lives.
#[derive(Debug)]
pub(crate) struct Site {
    folder: TempDir,
    /// Name of its cgroup; no other node's name contains it.
    pub(crate) cgroup: String,
    /// Host uids of its programs.
    pub(crate) uids: RangeInclusive<u32>,
    /// Held until the host was compared; none where another node of the same test holds it.
    _machine: Option<Flock<File>>,
}

impl Site {
    /// Takes the machine, waiting for the test that has it, and makes the folders.
    pub(crate) fn new() -> Self {
        Self::with(Some(lock()))
    }

    /// The same beside a node of the test that calls this.
    pub(crate) fn beside() -> Self {
        Self::with(None)
    }

    fn with(machine: Option<Flock<File>>) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let pid = std::process::id();
        let first = FIRST_UID + (pid % 100_000) * 10_000 + (number % 20) * UIDS;
        let folder = tempfile::Builder::new()
            .prefix("codecapsule-test-")
            .tempdir();
        let site = Self {
            folder: folder.expect("a folder for temporary files can be made"),
            cgroup: format!("codecapsule-test-{pid}-{number}-"),
            uids: first..=first + UIDS - 1,
            _machine: machine,
        };
        // As a node's folders are: the front may go through them without being root.
        std::fs::set_permissions(site.folder.path(), Permissions::from_mode(0o755))
            .expect("a fresh folder can be opened to all");
        std::fs::create_dir(site.state_directory()).expect("a folder can be made in a fresh one");
        site
    }

    /// The node's state directory, empty before its first start.
    pub(crate) fn state_directory(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// The node's configuration file.
    pub(crate) fn config_file(&self) -> PathBuf {
        self.folder.path().join("agent.toml")
    }

    /// By what the node's things are known on the host.
    pub(crate) fn traces(&self) -> Traces {
        Traces {
            cgroup: self.cgroup.clone(),
            uids: self.uids.clone(),
            state_directory: self.state_directory(),
            processes: Vec::new(),
            network_namespaces: std::collections::BTreeSet::new(),
        }
    }
}

/// One node at a time on a machine: the comparison of the whole host would see the others' things, and timings would
/// suffer. The lock also holds between test programs.
fn lock() -> Flock<File> {
    let path = std::env::temp_dir().join("codecapsule-tests.lock");
    let file = File::create(&path)
        .unwrap_or_else(|error| panic!("{} can't be opened: {error}", path.display()));
    match Flock::lock(file, FlockArg::LockExclusive) {
        Ok(lock) => lock,
        Err((_, error)) => panic!("{} can't be locked: {error}", path.display()),
    }
}
