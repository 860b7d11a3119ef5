//! Limits as types: what a runtime allows, what the node allows at all, what one stage of one job gets.

use jail::Bytes;
use packages::{Cap, LimitOverrides};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What the configuration says for one stage (compile or run) of a runtime. `None` is Piston's -1: no
/// configured limit, so only the node's [`Ceilings`] hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ConfiguredStage {
    /// Wall-clock time.
    pub(crate) wall: Option<Duration>,
    /// Processor time of the whole process tree.
    pub(crate) cpu: Option<Duration>,
    /// Memory of the whole process tree, tmpfs included.
    pub(crate) memory: Option<Bytes>,
}

/// The limits of one runtime after `LIMIT_OVERRIDES`, the package's `limit_overrides` and the options were
/// applied in that order of precedence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RuntimeLimits {
    /// The compile stage.
    pub(crate) compile: ConfiguredStage,
    /// The run stage.
    pub(crate) run: ConfiguredStage,
    /// Processes and threads alive at once, 1 or more.
    pub(crate) processes: u32,
    /// Open files of one process (`RLIMIT_NOFILE`).
    pub(crate) open_files: u32,
    /// Size of one written file (`RLIMIT_FSIZE`).
    pub(crate) file_size: Bytes,
    /// Length of each of stdout and stderr in UTF-16 units.
    pub(crate) output: usize,
}

impl RuntimeLimits {
    /// These limits with the given ones in their place.
    pub(crate) fn overridden(mut self, by: &LimitOverrides) -> Self {
        fn replace<T>(target: &mut T, by: Option<T>) {
            if let Some(value) = by {
                *target = value;
            }
        }
        let bytes = |cap: Cap<u64>| cap.limit().map(Bytes);
        replace(&mut self.compile.wall, by.compile_timeout.map(Cap::limit));
        replace(&mut self.compile.cpu, by.compile_cpu_time.map(Cap::limit));
        replace(&mut self.compile.memory, by.compile_memory_limit.map(bytes));
        replace(&mut self.run.wall, by.run_timeout.map(Cap::limit));
        replace(&mut self.run.cpu, by.run_cpu_time.map(Cap::limit));
        replace(&mut self.run.memory, by.run_memory_limit.map(bytes));
        replace(&mut self.processes, by.max_process_count);
        replace(&mut self.open_files, by.max_open_files);
        replace(&mut self.file_size, by.max_file_size.map(Bytes));
        replace(&mut self.output, by.output_max_size);
        self
    }
}

/// What no job of this node ever exceeds, whatever it or the configuration asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ceilings {
    /// Wall-clock time of one stage.
    pub(crate) wall: Duration,
    /// Processor time of one stage.
    pub(crate) cpu: Duration,
    /// Memory of one stage.
    pub(crate) memory: Bytes,
    /// Less memory than this starts no runtime: smaller requests are raised to it.
    pub(crate) memory_floor: Bytes,
}

/// What one stage of one job gets: always finite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StageLimits {
    /// Wall-clock time.
    pub(crate) wall: Duration,
    /// Processor time of the whole process tree.
    pub(crate) cpu: Duration,
    /// Memory of the whole process tree, tmpfs included.
    pub(crate) memory: Bytes,
}
