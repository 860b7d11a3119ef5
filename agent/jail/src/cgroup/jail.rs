//! The groups of one jail.

use super::group::Group;
use super::{CgroupError, Version, files};
use crate::Bytes;
use crate::proto::Stage;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

/// A group that holds processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// Init's own.
    Init,
    /// A stage's.
    Stage(Stage),
}

impl Leaf {
    const ALL: [Self; 3] = [
        Self::Init,
        Self::Stage(Stage::Compile),
        Self::Stage(Stage::Run),
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Stage(stage) => stage.name(),
        }
    }
}

/// What the kernel enforces for one stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageLimits {
    /// Memory of the whole tree of processes, what it writes to tmpfs included.
    pub memory: Bytes,
    /// Processes and threads at once.
    pub processes: u32,
}

/// What a stage has used so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Cpu time of the whole tree of processes.
    pub cpu: Duration,
    /// The most memory it had, as far as `is_peak` says so; else what it has now.
    pub memory_peak: u64,
    /// Whether the kernel keeps a peak.
    pub is_peak: bool,
    /// Processes killed for want of memory; on v2 in the whole jail, of which at most one stage lives.
    pub oom_kills: u64,
    /// Forks refused for the limit on processes.
    pub forks_refused: u64,
    /// Bytes of files that it had to read again since they had been dropped for want of memory.
    pub read_back: u64,
    /// Processes and threads in it now, dead ones that nobody has collected yet included.
    pub alive: u64,
}

/// How much of the processor a jail gets beside others that want it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Share {
    /// As much as any other, and as it is made.
    Full,
    /// A quarter of that: nobody waits for it yet.
    Least,
}

/// The groups of one jail. Dropping it removes nothing: the owner calls [`Jail::remove`] when all is dead.
#[derive(Clone, Debug)]
pub struct Jail(Group);

impl Jail {
    pub(super) const fn new(group: Group) -> Self {
        Self(group)
    }

    /// Makes the groups, with limits on the jail as a whole: memory, processes, cpu in thousandths of a core. Those of a
    /// stage may be lower, never higher.
    ///
    /// # Errors
    /// [`CgroupError::Io`].
    pub fn create(
        &self,
        memory: Bytes,
        processes: u32,
        millicores: u32,
    ) -> Result<(), CgroupError> {
        self.0.make()?;
        files::hand_down(self.0.version, &self.0.memory)?;
        files::limit_memory(self.0.version, &self.0.memory, memory)?;
        files::kill_together(self.0.version, &self.0.memory)?;
        files::limit_processes(&self.0.pids, processes)?;
        files::limit_cpu(self.0.version, &self.0.cpu, millicores)?;
        for leaf in Leaf::ALL {
            self.0.below(leaf.name()).make()?;
        }
        for stage in Stage::ALL {
            files::kill_together(self.0.version, &self.0.memory.join(stage.name()))?;
        }
        Ok(())
    }

    /// Moves a process into a leaf, by its pid as the caller sees it.
    ///
    /// # Errors
    /// [`CgroupError::Io`].
    pub fn attach(&self, leaf: Leaf, pid: i32) -> Result<(), CgroupError> {
        let group = self.0.below(leaf.name());
        group
            .folders()
            .into_iter()
            .try_for_each(|folder| files::attach(folder, pid))
    }

    /// On v2, a descriptor to start a process inside the leaf; v1 has no such thing.
    ///
    /// # Errors
    /// [`CgroupError::Io`].
    pub fn start_inside(&self, leaf: Leaf) -> Result<Option<OwnedFd>, CgroupError> {
        if self.0.version == Version::V1 {
            return Ok(None);
        }
        let path = self.0.memory.join(leaf.name());
        File::open(&path)
            .map(|file| Some(file.into()))
            .map_err(CgroupError::io(&path))
    }

    /// Sets the limits of a stage.
    ///
    /// # Errors
    /// [`CgroupError::Io`].
    pub fn limit(&self, stage: Stage, limits: StageLimits) -> Result<(), CgroupError> {
        files::limit_memory(
            self.0.version,
            &self.0.memory.join(stage.name()),
            limits.memory,
        )?;
        files::limit_processes(&self.0.pids.join(stage.name()), limits.processes)
    }

    /// Sets the share of the processor that all of it together gets.
    ///
    /// # Errors
    /// [`CgroupError::Io`].
    pub fn give(&self, share: Share) -> Result<(), CgroupError> {
        files::share_cpu(self.0.version, &self.0.cpu, share)
    }

    /// Reads what a stage has used.
    ///
    /// # Errors
    /// [`CgroupError::Io`].
    pub fn usage(&self, stage: Stage) -> Result<Usage, CgroupError> {
        let memory = self.0.memory.join(stage.name());
        let (memory_peak, is_peak) = files::memory_peak(self.0.version, &memory)?;
        Ok(Usage {
            cpu: files::cpu_time(self.0.version, &self.0.cpuacct.join(stage.name()))?,
            memory_peak: memory_peak.get(),
            is_peak,
            oom_kills: files::oom_kills(self.0.version, self.kills_counted(&memory))?,
            read_back: files::read_back(self.0.version, &memory, memory_peak)?,
            forks_refused: files::forks_refused(&self.0.pids.join(stage.name()))?,
            alive: files::processes(&self.0.pids.join(stage.name()))?,
        })
    }

    /// Where kills for want of memory that end a stage are counted. On v2 the kernel ends the whole jail when all jobs
    /// together need too much; it may begin with init, and the program is then dead before its turn to be counted.
    fn kills_counted<'a>(&'a self, stage: &'a Path) -> &'a Path {
        match self.0.version {
            Version::V1 => stage,
            Version::V2 => &self.0.memory,
        }
    }

    /// Whether the kernel has killed any process of the jail for want of memory.
    ///
    /// # Errors
    /// [`CgroupError::Io`].
    pub fn oom_killed(&self) -> Result<bool, CgroupError> {
        for stage in Stage::ALL {
            if files::oom_kills(self.0.version, &self.0.memory.join(stage.name()))? > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// On v1, has `event` (an eventfd) woken when a stage runs out of memory: there the kernel kills one process
    /// only, and whoever watches has to end the rest. On v2 `memory.oom.group` does that.
    ///
    /// # Errors
    /// [`CgroupError::Io`].
    pub fn watch_oom(&self, event: i32) -> Result<(), CgroupError> {
        if self.0.version == Version::V2 {
            return Ok(());
        }
        Stage::ALL
            .into_iter()
            .try_for_each(|stage| files::watch_oom(&self.0.memory.join(stage.name()), event))
    }

    /// The processes of a leaf, by their pids as the caller sees them; on v1 also those that were being attached when
    /// the builder died. Hierarchies from which the leaf is removed already have none.
    #[must_use]
    pub fn members(&self, leaf: Leaf) -> Vec<i32> {
        let group = self.0.below(leaf.name());
        let folders = group.folders().into_iter();
        folders
            .flat_map(|folder| files::members(folder).unwrap_or_default())
            .collect()
    }

    /// Removes the groups. Nothing may live in them any more.
    ///
    /// # Errors
    /// [`CgroupError::Io`] with `EBUSY` while the kernel still lets go of dead processes: try again.
    pub fn remove(&self) -> Result<(), CgroupError> {
        for leaf in Leaf::ALL {
            self.0.below(leaf.name()).remove()?;
        }
        self.0.remove()
    }
}
