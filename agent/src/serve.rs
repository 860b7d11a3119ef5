//! `capsule-agent serve`: from nothing to a running node.

use crate::admin::{Admins, TokenError};
use crate::config::{Address, Config, ConfigFaults, Flags, HostFacts, ImagePolicy};
use crate::front::Settings;
use crate::listen::Listener;
use crate::runtimes::{self, ProvideError, View};
use crate::supply::Office;
use crate::warden::{self, Options, WardenError};
use crate::{descriptors, doctor, instance, logging};
use jail::Bytes;
use jail::cgroup::{CgroupError, Tree};
use jail::host::Spec;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Memory of a jail beyond its stages': init, and the submitted files, which init writes.
const HEADROOM: Bytes = Bytes::mib(64);

/// Processes that a jail may always have, whatever is configured: some times Piston's 64.
const PROCESSES: u32 = 512;

/// Processes of a jail that are in no stage: init and two holders, and some room.
const WAITING: u32 = 8;

/// Jails that may still be going away while as many others as allowed are in use.
const LEAVING: usize = 32;

/// What a job may take from the end of its wait in the queue until it has a jail with its files, and some more.
const SETTING_UP: Duration = Duration::from_secs(10);

/// How long the processes of an earlier node may take to be gone from its cgroups.
const LEFTOVERS: Duration = Duration::from_secs(5);

/// The node can't start, and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    /// Wrong configuration, all faults at once.
    #[error("{0}")]
    Config(ConfigFaults),
    /// Not root.
    #[error(
        "capsule-agent has to be started as root: it makes namespaces and cgroups (the process that faces the network is not root)"
    )]
    NotRoot,
    /// The kernel or the container around does not let jails be made.
    #[error("this host lacks {name} ({detail}): {consequence} (`capsule-agent doctor` tells more)")]
    Host {
        /// What is missing.
        name: String,
        /// What was seen.
        detail: String,
        /// What follows and what to do.
        consequence: String,
    },
    /// The front would be root.
    #[error(
        "the account {0} has root's uid or gid: set `user` to one that has not, for it reads what strangers send"
    )]
    RootAccount(String),
    /// The base system of jails is missing.
    #[error(
        "there are no runtimes in {0}: build them with `runtimes/build --out {0}`, or point data_directory to where they are"
    )]
    NoRuntimes(PathBuf),
    /// Another node uses the same name or uids.
    #[error("another node runs here with {what}: stop it, or give this one another {key}")]
    Taken {
        /// What both want.
        what: String,
        /// The key to change.
        key: &'static str,
    },
    /// Others could exchange what the node has there.
    #[error(
        "the state directory {0} belongs to another than root or can be written by others: correct it (chown root, chmod go-w), or change state_directory"
    )]
    OpenState(PathBuf),
    /// The address is taken or not ours.
    #[error("can't listen on {address}: is another node running? Stop it, or change bind_address")]
    Listen {
        /// Where.
        address: Address,
        /// The kernel's answer.
        #[source]
        source: io::Error,
    },
    /// A socket file can't be made where something else is.
    #[error("{0} is there and is no socket: move it away, or change bind_address")]
    NoSocket(PathBuf),
    /// Others could exchange the socket file, or have its name first.
    #[error(
        "the folder {0} belongs to another than root or can be written by others: have the socket in a folder of root's own (as /run/codecapsule), change bind_address"
    )]
    OpenFolder(PathBuf),
    /// The owner of socket files does not exist.
    #[error("there is no {kind} {name} to own the socket: make it, or change socket_owner")]
    NoOwner {
        /// Account or group.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// Too few descriptors.
    #[error(
        "{have} files may be open at once, and the node needs {needed}: raise the limit (LimitNOFILE= of a unit, ulimit -n), or lower max_concurrent_jobs and pool_size"
    )]
    FewDescriptors {
        /// The limit.
        have: u64,
        /// The least that is enough.
        needed: u64,
    },
    /// The token of who may change packages from elsewhere.
    #[error("the admin token can't be used")]
    AdminToken(#[from] TokenError),
    /// The runtimes can't be mounted, or are not what was sealed.
    #[error("jobs have no runtimes")]
    Runtimes(#[from] ProvideError),
    /// cgroups.
    #[error("jobs can't be limited")]
    Cgroup(#[from] CgroupError),
    /// A system call that has no reason to fail did.
    #[error("{what} failed")]
    System {
        /// What was tried.
        what: &'static str,
        /// The kernel's answer.
        #[source]
        source: io::Error,
    },
    /// While running.
    #[error("the node stopped")]
    Warden(#[from] WardenError),
}

fn system<E: Into<io::Error>>(what: &'static str) -> impl FnOnce(E) -> StartError {
    move |source| StartError::System {
        what,
        source: source.into(),
    }
}

/// Runs a node until it is told to stop.
pub(crate) fn serve(flags: &Flags) -> Result<(), StartError> {
    warden::hold_checks().map_err(system("blocking signals"))?;
    let host = measure();
    let config = Config::load(
        flags,
        std::env::vars(),
        |path| std::fs::read_to_string(path),
        host,
    )
    .map_err(StartError::Config)?;
    logging::never_wait_for_stderr();
    logging::start(config.log_level, config.log_format);
    if !nix::unistd::geteuid().is_root() {
        return Err(StartError::NotRoot);
    }
    require_host()?;
    let base = config.data_directory.join("base");
    if !base.join("usr").is_dir() || !config.packages_directory().is_dir() {
        return Err(StartError::NoRuntimes(config.data_directory.clone()));
    }
    let connections = descriptors::provide(jails_at_once(&config))?;
    let _claim = instance::patiently(|| instance::claim(&config))?;
    let bind = |address| instance::patiently(|| Listener::bind(address, &config.socket));
    let listeners: Vec<_> = config
        .bind_address
        .iter()
        .map(bind)
        .collect::<Result<_, _>>()?;
    let admins = Admins::new(&config)?;
    let settings = Settings::new(&config, host.cores, listeners.len(), connections, admins);
    // Before anything is made that a failure would leave on the host: these mounts go away with this process.
    keep_mounts_private()?;
    let view = runtimes::provide(&config)?;
    let tree = instance::cgroups(&config.cgroup)?;
    tree.delegate()?;
    let _cgroup = instance::patiently(|| instance::claim_cgroup(&config, &tree))?;
    prepare_cgroups(&config, &tree)?;
    let options = options(&config, host, &view, tree, &settings)?;
    Ok(warden::run(options, listeners)?)
}

/// Asks now what would fail with the first jail.
fn require_host() -> Result<(), StartError> {
    match doctor::blocker() {
        None => Ok(()),
        Some(finding) => Err(StartError::Host {
            name: finding.name,
            detail: finding.detail,
            consequence: finding.consequence,
        }),
    }
}

/// What the host has, for defaults that depend on it.
pub(crate) fn measure() -> HostFacts {
    let memory = sysinfo::MemoryRefreshKind::nothing().with_ram();
    let system =
        sysinfo::System::new_with_specifics(sysinfo::RefreshKind::nothing().with_memory(memory));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    HostFacts {
        cores,
        memory: Bytes(system.total_memory()),
    }
}

fn prepare_cgroups(config: &Config, tree: &Tree) -> Result<(), StartError> {
    let removed = tree.remove_leftovers(LEFTOVERS)?;
    if removed > 0 {
        tracing::warn!(removed, "removed cgroups that an earlier node left");
    }
    // What waits takes nothing from what runs.
    let all = config.node.jobs_memory.get() + config.jails.pool_memory.get();
    Ok(tree.prepare(Bytes(all))?)
}

fn jails_at_once(config: &Config) -> usize {
    config.admission.max_concurrent_jobs + config.jails.pool_size + LEAVING
}

/// Processes of a jail as a whole: no stage is configured to have more. A package may ask for some more than the
/// configuration says, up to [`PROCESSES`].
fn processes(config: &Config) -> u32 {
    let overridden = config.limit_overrides.values();
    overridden
        .filter_map(|by| by.max_process_count)
        .chain([config.limits.processes, PROCESSES])
        .max()
        .unwrap_or(PROCESSES)
        .saturating_add(WAITING)
}

/// What jails mount must not show on the host, and goes away with this process.
fn keep_mounts_private() -> Result<(), StartError> {
    unshare(CloneFlags::CLONE_NEWNS).map_err(system("making a mount namespace"))?;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&Path>, "/", None::<&Path>, private, None::<&Path>)
        .map_err(system("making mounts private"))
}

fn options(
    config: &Config,
    host: HostFacts,
    view: &View,
    tree: Tree,
    settings: &Settings,
) -> Result<Options, StartError> {
    let network = std::fs::metadata("/proc/self/ns/net")
        .map_err(system("looking at the network namespace"))?;
    let cores = config.jails.job_cpus.unwrap_or(host.cores as f64);
    let first = *config.jails.ids.start();
    Ok(Options {
        spec: Spec {
            base: view.base(),
            packages: view.packages(),
            box_size: config.jails.box_size,
            tmp_size: config.jails.tmp_size,
            inodes: config.jails.max_inodes,
            jail_processes: processes(config),
            jail_memory: Bytes(
                config
                    .node
                    .job_memory_ceiling
                    .get()
                    .saturating_add(HEADROOM.get()),
            ),
            jail_millicores: millicores(cores),
            host_network: network.ino(),
        },
        tree,
        // The first pair is the front's where its account does not exist.
        first_id: first.saturating_add(2),
        max_jails: u32::try_from(jails_at_once(config)).unwrap_or(u32::MAX),
        front_id: instance::front_id(&config.user, first)?,
        front_config: serde_json::to_vec(settings)
            .map_err(system("passing the configuration on"))?,
        drain_timeout: config.admission.drain_timeout,
        check: (config.runtimes.images != ImagePolicy::Off)
            .then(|| runtimes::Order::new(config, view)),
        refresh: runtimes::Refresh::new(config, view),
        office: Office::new(config),
        taken_over: config.state_directory.join(instance::TAKEN_OVER),
        retired_for: config.admission.queue_timeout + SETTING_UP,
        verify_interval: config.runtimes.verify_interval,
    })
}

/// Cores as thousandths, whole.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the range before"
)]
fn millicores(cores: f64) -> u32 {
    (cores * 1000.0).clamp(10.0, f64::from(u32::MAX)) as u32
}
