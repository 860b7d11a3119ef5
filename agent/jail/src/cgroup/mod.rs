//! cgroups of a node: one group above all jobs, one per jail, one per stage.
//!
//! ```text
//! <own group>/<name>/            memory of all jobs together
//!   └─ <jail>/                   memory, processes and cpu of one jail
//!        ├─ init/                init itself
//!        ├─ compile/             limits and peak of the compile stage
//!        └─ run/                 limits and peak of the run stage
//! ```
//!
//! v2 has one such tree, v1 one per controller; file names and units differ. Both end in [`files`]; everything
//! else is written once, over [`group::Group`]. Files are written directly: see docs/architecture.md, "cgroups".

mod detect;
mod files;
mod group;
mod jail;
mod offer;

pub use detect::{Hierarchy, detect};
pub use jail::{Jail, Leaf, Share, StageLimits, Usage};
pub use offer::{Offer, offer};

use crate::Bytes;
use group::Group;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Which kernel interface the limits are enforced through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Version {
    /// Controllers on hierarchies of their own (kernel document admin-guide/cgroup-v1).
    V1,
    /// The unified hierarchy (kernel document admin-guide/cgroup-v2).
    V2,
}

/// No usable cgroups, or a step on them failed.
#[derive(Debug, thiserror::Error)]
pub enum CgroupError {
    /// The host mounts no hierarchy with this controller.
    #[error(
        "no cgroup controller {0:?} is mounted: boot with cgroup v2, or mount the v1 controllers memory, pids, cpu and cpuacct"
    )]
    NoController(&'static str),
    /// The agent's own v2 group can't delegate controllers to children.
    #[error(
        "cgroup {0} holds processes that are not the agent's: run it as a service of its own with Delegate=yes"
    )]
    Shared(PathBuf),
    /// Nobody handed the agent's own v2 group what limits need.
    #[error(
        "cgroup {group} was not given the controller {controller:?}: run the agent as a service with Delegate=yes, or enable it in cgroup.subtree_control of the groups above"
    )]
    NotDelegated {
        /// The agent's own.
        group: PathBuf,
        /// What is missing.
        controller: &'static str,
    },
    /// A file or folder operation failed.
    #[error("cgroup operation on {path} failed")]
    Io {
        /// What was touched.
        path: PathBuf,
        /// The kernel's answer.
        #[source]
        source: io::Error,
    },
}

impl CgroupError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }

    /// The errno underneath, 0 where there is none.
    #[must_use]
    pub fn errno(&self) -> i32 {
        match self {
            Self::Io { source, .. } => source.raw_os_error().unwrap_or(0),
            _ => 0,
        }
    }
}

/// The group above all jobs of a node.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tree(Group);

impl Tree {
    /// The tree called `name` below the agent's own groups of `hierarchy`. Makes nothing yet.
    #[must_use]
    pub fn new(hierarchy: &Hierarchy, name: &str) -> Self {
        let [memory, pids, cpu, cpuacct] = hierarchy.own_groups();
        let own = Group {
            version: hierarchy.version(),
            memory,
            pids,
            cpu,
            cpuacct,
        };
        Self(own.below(name))
    }

    /// Which interface it uses.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.0.version
    }

    /// Has the agent's own group hand controllers down, on v2: what everything else here builds on. v1 has nothing to do.
    ///
    /// # Errors
    /// [`CgroupError::NotDelegated`] and [`CgroupError::Shared`] where that is impossible, else [`CgroupError::Io`].
    pub fn delegate(&self) -> Result<(), CgroupError> {
        match self.0.version {
            Version::V1 => Ok(()),
            Version::V2 => files::delegate(self.0.memory.parent().unwrap_or(&self.0.memory)),
        }
    }

    /// Makes the group, limits the memory of all jobs together, and on v2 hands controllers down.
    ///
    /// # Errors
    /// [`CgroupError::Io`].
    pub fn prepare(&self, all_jobs: Bytes) -> Result<(), CgroupError> {
        self.0.make()?;
        files::hand_down(self.0.version, &self.0.memory)?;
        files::limit_memory(self.0.version, &self.0.memory, all_jobs)
    }

    /// Makes the group's folder of the memory controller, which is there in both versions, and gives its path.
    ///
    /// # Errors
    /// [`CgroupError::Io`].
    pub fn make_root(&self) -> Result<PathBuf, CgroupError> {
        files::make(&self.0.memory)?;
        Ok(self.0.memory.clone())
    }

    /// Removes groups of jails that an earlier agent left, which are empty once its processes are dead. Those may
    /// still be about to die: it looks again for as long as `patience`.
    ///
    /// # Errors
    /// [`CgroupError::Io`] when a group can't be removed, for one because a process still lives in it.
    pub fn remove_leftovers(&self, patience: Duration) -> Result<usize, CgroupError> {
        const PAUSE: Duration = Duration::from_millis(10);
        let end = Instant::now() + patience;
        let mut removed = 0;
        for folder in self.0.folders() {
            // Counted once, though a try that fails has removed some.
            let there = files::count_below(folder)?;
            while let Err(error) = files::remove_below(folder) {
                if Instant::now() > end {
                    return Err(error);
                }
                std::thread::sleep(PAUSE);
            }
            removed += there;
        }
        Ok(removed)
    }

    /// Removes the group above all jobs itself, with everything below it.
    ///
    /// # Errors
    /// [`CgroupError::Io`] when a process still lives in it.
    pub fn remove(&self) -> Result<(), CgroupError> {
        for folder in self.0.folders() {
            files::remove_below(folder)?;
        }
        self.0.remove()
    }

    /// The groups of the jail called `name`. Makes nothing yet.
    #[must_use]
    pub fn jail(&self, name: &str) -> Jail {
        Jail::new(self.0.below(name))
    }
}
