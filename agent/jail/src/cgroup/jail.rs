//! The groups of one jail.

use super::{CgroupError, Tree, Version, files};
use crate::Bytes;
use crate::proto::Stage;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
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
    /// The most memory it had.
    pub memory_peak: u64,
    /// Processes killed for want of memory; on v2 in the whole jail, of which at most one stage lives.
    pub oom_kills: u64,
    /// Forks refused for the limit on processes.
    pub forks_refused: u64,
    /// Processes and threads in it now, dead ones that nobody has collected yet included.
    pub alive: u64,
}

/// The groups of one jail. Dropping it removes nothing: the owner calls [`Jail::remove`] when all is dead.
#[derive(Clone, Debug)]
pub struct Jail {
    version: Version,
    roots: Vec<PathBuf>,
    memory: PathBuf,
    pids: PathBuf,
    cpu: PathBuf,
    cpuacct: PathBuf,
}

impl Jail {
    pub(super) fn new(tree: &Tree, name: &str) -> Self {
        Self {
            version: tree.version,
            roots: tree.roots.iter().map(|root| root.join(name)).collect(),
            memory: tree.memory.join(name),
            pids: tree.pids.join(name),
            cpu: tree.cpu.join(name),
            cpuacct: tree.cpuacct.join(name),
        }
    }

    /// Makes the groups, with limits on the jail as a whole: memory, cpu in thousandths of a core.
    ///
    /// # Errors
    /// [`CgroupError::Io`].
    pub fn create(&self, memory: Bytes, millicores: u32) -> Result<(), CgroupError> {
        for root in &self.roots {
            files::make(root)?;
        }
        files::hand_down(self.version, &self.memory)?;
        files::limit_memory(self.version, &self.memory, memory)?;
        files::kill_together(self.version, &self.memory)?;
        files::limit_cpu(self.version, &self.cpu, millicores)?;
        for root in &self.roots {
            for leaf in Leaf::ALL {
                files::make(&root.join(leaf.name()))?;
            }
        }
        for stage in Stage::ALL {
            files::kill_together(self.version, &self.memory.join(stage.name()))?;
        }
        Ok(())
    }

    /// Moves a process into a leaf, by its pid as the caller sees it.
    ///
    /// # Errors
    /// [`CgroupError::Io`].
    pub fn attach(&self, leaf: Leaf, pid: i32) -> Result<(), CgroupError> {
        self.roots
            .iter()
            .try_for_each(|root| files::attach(&root.join(leaf.name()), pid))
    }

    /// On v2, a descriptor to start a process inside the leaf; v1 has no such thing.
    ///
    /// # Errors
    /// [`CgroupError::Io`].
    pub fn start_inside(&self, leaf: Leaf) -> Result<Option<OwnedFd>, CgroupError> {
        if self.version == Version::V1 {
            return Ok(None);
        }
        let path = self.memory.join(leaf.name());
        File::open(&path)
            .map(|file| Some(file.into()))
            .map_err(CgroupError::io(&path))
    }

    /// Sets the limits of a stage.
    ///
    /// # Errors
    /// [`CgroupError::Io`].
    pub fn limit(&self, stage: Stage, limits: StageLimits) -> Result<(), CgroupError> {
        files::limit_memory(self.version, &self.memory.join(stage.name()), limits.memory)?;
        files::limit_processes(&self.pids.join(stage.name()), limits.processes)
    }

    /// Reads what a stage has used.
    ///
    /// # Errors
    /// [`CgroupError::Io`].
    pub fn usage(&self, stage: Stage) -> Result<Usage, CgroupError> {
        let memory = self.memory.join(stage.name());
        Ok(Usage {
            cpu: files::cpu_time(self.version, &self.cpuacct.join(stage.name()))?,
            memory_peak: files::memory_peak(self.version, &memory)?.get(),
            oom_kills: files::oom_kills(self.version, self.kills_counted(&memory))?,
            forks_refused: files::forks_refused(&self.pids.join(stage.name()))?,
            alive: files::processes(&self.pids.join(stage.name()))?,
        })
    }

    /// Where kills for want of memory that end a stage are counted. On v2 the kernel ends the whole jail when all jobs
    /// together need too much; it may begin with init, and the program is then dead before its turn to be counted.
    fn kills_counted<'a>(&'a self, stage: &'a Path) -> &'a Path {
        match self.version {
            Version::V1 => stage,
            Version::V2 => &self.memory,
        }
    }

    /// Whether the kernel has killed any process of the jail for want of memory.
    ///
    /// # Errors
    /// [`CgroupError::Io`].
    pub fn oom_killed(&self) -> Result<bool, CgroupError> {
        for stage in Stage::ALL {
            if files::oom_kills(self.version, &self.memory.join(stage.name()))? > 0 {
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
        if self.version == Version::V2 {
            return Ok(());
        }
        Stage::ALL
            .into_iter()
            .try_for_each(|stage| files::watch_oom(&self.memory.join(stage.name()), event))
    }

    /// Removes the groups. Nothing may live in them any more.
    ///
    /// # Errors
    /// [`CgroupError::Io`] with `EBUSY` while the kernel still lets go of dead processes: try again.
    pub fn remove(&self) -> Result<(), CgroupError> {
        for root in &self.roots {
            for leaf in Leaf::ALL {
                files::remove(&root.join(leaf.name()))?;
            }
            files::remove(root)?;
        }
        Ok(())
    }
}
