//! The node's configuration: the file, then the environment, then the flags, each over the one before.
//!
//! It is read in two steps. Each source is parsed into a layer of raw values, with nothing checked but names; then
//! the layers are resolved into a [`Config`], which the rest of the program relies on without checking again. Both
//! steps note every fault they find and go on, so that one start reports all of them.

mod address;
mod defaults;
mod fault;
mod file;
mod flags;
mod layer;
mod overrides;
mod per_language;
mod resolve;
mod schema;
mod settings;
mod version_map;

pub(crate) use address::Address;
pub(crate) use fault::ConfigFaults;
pub(crate) use flags::Flags;

use crate::catalog::VersionMap;
use crate::limits::{Ceilings, RuntimeLimits};
use crate::supply::{Proxies, Sources};
use fault::{Origin, Problem};
use jail::Bytes;
use layer::Layer;
use packages::LimitOverrides;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tracing::level_filters::LevelFilter;

/// What defaults depend on, measured by the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HostFacts {
    /// Cores that this process may use.
    pub(crate) cores: usize,
    /// All memory of the host.
    pub(crate) memory: Bytes,
}

/// A configuration in which every value is possible and all hold together.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Config {
    /// Where the node listens: one place or more, none twice.
    pub(crate) bind_address: Vec<Address>,
    /// Who may use socket files among them.
    pub(crate) socket: Socket,
    /// Holds `packages/`, the store.
    pub(crate) data_directory: PathBuf,
    /// Holds what lives only as long as the node runs.
    pub(crate) state_directory: PathBuf,
    /// How the runtimes are mounted and watched.
    pub(crate) runtimes: Runtimes,
    /// Holds the token with which packages may be changed from everywhere.
    pub(crate) admin_token_file: Option<PathBuf>,
    /// Whether programs of this machine may change packages without it.
    pub(crate) trust_local_clients: bool,
    /// The account that the front runs as. Never root.
    pub(crate) user: String,
    /// Name of the cgroup above all jobs, one path component.
    pub(crate) cgroup: String,
    /// Where packages come from.
    pub(crate) sources: Sources,
    /// Least severity that is logged.
    pub(crate) log_level: LevelFilter,
    /// Form of a log line.
    pub(crate) log_format: LogFormat,
    /// Limits of a runtime that no override touches.
    pub(crate) limits: RuntimeLimits,
    /// Limits by language, over everything else.
    pub(crate) limit_overrides: BTreeMap<String, LimitOverrides>,
    /// What stands in for versions that clients pin and no package has.
    pub(crate) version_map: VersionMap,
    /// What holds for every job and for all together.
    pub(crate) node: Node,
    /// Who is let in.
    pub(crate) admission: Admission,
    /// What jails are made of.
    pub(crate) jails: Jails,
}

/// Who may use a socket file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Socket {
    /// Permission bits, 0o777 at most. Writing is what connecting takes.
    pub(crate) mode: u32,
    /// Name of the account that owns it.
    pub(crate) user: String,
    /// Name of its group.
    pub(crate) group: String,
}

/// How the runtimes are mounted and watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Runtimes {
    /// Whether they are mounted from sealed images.
    pub(crate) images: ImagePolicy,
    /// Time between two checks of what jobs see against what was sealed; `None` is never.
    pub(crate) verify_interval: Option<Duration>,
}

/// Whether runtimes are mounted from sealed images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ImagePolicy {
    /// Where that can be done; else from their folders, with a warning.
    Auto,
    /// The node does not start without.
    Require,
    /// From their folders, of which nothing is recorded and compared.
    Off,
}

/// What holds for every job and for all together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// Longest time of a stage, wall-clock and processor, where its own limit is lifted.
    pub(crate) job_time_ceiling: Duration,
    /// Most memory of one job.
    pub(crate) job_memory_ceiling: Bytes,
    /// Most memory of all jobs together, limit of the cgroup above them.
    pub(crate) jobs_memory: Bytes,
    /// Most memory for results of compile stages; 0 keeps none.
    pub(crate) compile_cache_size: Bytes,
}

/// Who is let in, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Admission {
    /// Longest body of a request.
    pub(crate) max_body_size: Bytes,
    /// Jobs that run at once, 1 or more.
    pub(crate) max_concurrent_jobs: usize,
    /// Jobs that may wait; with 0 nobody does.
    pub(crate) queue_length: usize,
    /// Longest wait.
    pub(crate) queue_timeout: Duration,
    /// Longest time between the signal to stop and the end of the last job.
    pub(crate) drain_timeout: Duration,
}

/// What jails are made of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Jails {
    /// Jails kept ready; with 0 each is made when its job comes.
    pub(crate) pool_size: usize,
    /// What programs that were started ahead may need together while they wait in them.
    pub(crate) pool_memory: Bytes,
    /// Host ids of programs and their inits, uids and gids alike. Enough for every job, the pool and some spare.
    pub(crate) ids: RangeInclusive<u32>,
    /// Size of the tmpfs at `/box`.
    pub(crate) box_size: Bytes,
    /// Size of each tmpfs at `/tmp` and `/dev/shm`.
    pub(crate) tmp_size: Bytes,
    /// Files, folders and links in each tmpfs.
    pub(crate) max_inodes: u32,
    /// Cores that one job may use, 0.01 or more; `None` is all of the host's.
    pub(crate) job_cpus: Option<f64>,
}

/// Form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}

impl Jails {
    /// The id of the process that downloads packages. It and the next one are the last of the range, which no job gets.
    pub(crate) fn fetcher_id(&self) -> u32 {
        self.ids.end() - 1
    }

    /// The id of the process that unpacks packages.
    pub(crate) fn unpacker_id(&self) -> u32 {
        *self.ids.end()
    }
}

impl Config {
    /// Reads all sources. `read` gives the text of a file; only the configuration file is read, and only where no
    /// one asked for it may it be missing.
    ///
    /// # Errors
    /// Everything that is wrong in any source.
    pub(crate) fn load(
        flags: &Flags,
        env: impl Iterator<Item = (String, String)>,
        read: impl Fn(&Path) -> io::Result<String>,
        host: HostFacts,
    ) -> Result<Self, ConfigFaults> {
        let env: Vec<_> = env.collect();
        let layer = file_layer(flags, &env, read)
            .under(Layer::from_environment(&env))
            .under(Layer::from_flags(flags));
        resolve::resolve(layer, host, Proxies::from_environment(&env))
    }

    /// What no job exceeds, whatever it or its runtime asks for.
    pub(crate) fn ceilings(&self) -> Ceilings {
        Ceilings {
            wall: self.node.job_time_ceiling,
            cpu: self.node.job_time_ceiling,
            memory: self.node.job_memory_ceiling,
            memory_floor: defaults::MEMORY_FLOOR,
        }
    }

    /// The package store, where Piston has it.
    pub(crate) fn packages_directory(&self) -> PathBuf {
        self.data_directory.join("packages")
    }
}

/// What the file sets: the one that a flag names, else the environment, else the usual one if it is there.
fn file_layer(
    flags: &Flags,
    env: &[(String, String)],
    read: impl Fn(&Path) -> io::Result<String>,
) -> Layer {
    let named = env
        .iter()
        .find(|(name, value)| name == "CAPSULE_CONFIG" && !value.is_empty());
    let (path, origin) = match (&flags.config, named) {
        (Some(path), _) => (path.clone(), Origin::Flag("--config".to_owned())),
        (None, Some((name, value))) => (PathBuf::from(value), Origin::Environment(name.clone())),
        (None, None) => (PathBuf::from(defaults::FILE), Origin::Default),
    };
    match read(&path) {
        Ok(text) => file::parse(&path, &text),
        Err(error) if origin == Origin::Default && error.kind() == io::ErrorKind::NotFound => {
            Layer::default()
        }
        Err(error) => {
            let mut layer = Layer::default();
            layer.fault(
                path.display().to_string(),
                origin,
                Problem::Unreadable(error),
            );
            layer
        }
    }
}

#[cfg(test)]
mod tests;
