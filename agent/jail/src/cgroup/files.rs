//! The files of a group: names and units of v1 and v2, nowhere else.

use super::{CgroupError, Share, Version};
use crate::Bytes;
use std::fs;
use std::io::{self, ErrorKind};
use std::num::ParseIntError;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

/// What limits need of v2. The time used, of which v1 has a controller, v2 keeps for every group.
const V2_CONTROLLERS: [&str; 3] = ["memory", "pids", "cpu"];

/// Period of the cpu quota in microseconds, the kernel's default.
const CPU_PERIOD_US: u64 = 100_000;

/// The kernel counts pages, which are 4 KiB on x86-64.
const PAGE: u64 = 4096;

/// How far below its limit the most memory that a group ever had may be when it has come up to it: the kernel charges in
/// batches, of each processor. In bytes.
const NEAR: u64 = 1 << 20;

/// Makes a group; one that is there already stays.
pub(super) fn make(group: &Path) -> Result<(), CgroupError> {
    match fs::create_dir(group) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other.map_err(CgroupError::io(group)),
    }
}

/// Removes a group; one that is gone already is fine.
pub(super) fn remove(group: &Path) -> Result<(), CgroupError> {
    match fs::remove_dir(group) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other.map_err(CgroupError::io(group)),
    }
}

/// How many groups there are right below this one.
pub(super) fn count_below(group: &Path) -> Result<usize, CgroupError> {
    Ok(groups_in(group)?.len())
}

/// Removes every group below this one, deepest first.
pub(super) fn remove_below(group: &Path) -> Result<(), CgroupError> {
    for path in groups_in(group)? {
        remove_below(&path)?;
        remove(&path)?;
    }
    Ok(())
}

fn groups_in(group: &Path) -> Result<Vec<PathBuf>, CgroupError> {
    let entries = match fs::read_dir(group) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(CgroupError::io(group))?,
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let paths = paths
        .collect::<io::Result<Vec<_>>>()
        .map_err(CgroupError::io(group))?;
    Ok(paths.into_iter().filter(|path| path.is_dir()).collect())
}

/// Makes the agent's own v2 group able to hand controllers down: a group other than the root may not hold
/// processes and hand controllers to children (the "no internal process" rule), so the agent moves to a leaf. Where
/// that can't work, nothing is changed.
pub(super) fn delegate(own: &Path) -> Result<(), CgroupError> {
    let offered = read(own, "cgroup.controllers")?;
    for controller in V2_CONTROLLERS {
        if !offered.split_whitespace().any(|name| name == controller) {
            return Err(CgroupError::NotDelegated {
                group: own.to_path_buf(),
                controller,
            });
        }
    }
    if holds_others(own)? {
        return Err(CgroupError::Shared(own.to_path_buf()));
    }
    if !is_root(own) {
        let leaf = own.join("daemon");
        make(&leaf)?;
        write(&leaf, "cgroup.procs", &std::process::id().to_string())?;
    }
    match hand_down(Version::V2, own) {
        // Somebody came in meanwhile.
        Err(CgroupError::Io { source, .. }) if source.raw_os_error() == Some(libc::EBUSY) => {
            Err(CgroupError::Shared(own.to_path_buf()))
        }
        other => other,
    }
}

/// The root of a v2 hierarchy may hold processes and hand controllers down all the same.
fn is_root(group: &Path) -> bool {
    !group.join("cgroup.type").exists()
}

/// Whether processes that are not the agent keep a v2 group from handing controllers down.
pub(super) fn holds_others(own: &Path) -> Result<bool, CgroupError> {
    let ours = std::process::id().to_string();
    let members = read(own, "cgroup.procs")?;
    Ok(!is_root(own) && members.lines().any(|member| member != ours))
}

/// Enables the controllers in the children of a v2 group; v1 has nothing to do.
pub(super) fn hand_down(version: Version, group: &Path) -> Result<(), CgroupError> {
    match version {
        Version::V1 => Ok(()),
        Version::V2 => {
            let enable = V2_CONTROLLERS.map(|name| format!("+{name}")).join(" ");
            write(group, "cgroup.subtree_control", &enable)
        }
    }
}

/// Moves a process into a group, by its number in the caller's pid namespace.
pub(super) fn attach(group: &Path, pid: i32) -> Result<(), CgroupError> {
    write(group, "cgroup.procs", &pid.to_string())
}

/// The processes in a group, by their numbers in the caller's pid namespace. Those of other namespaces are 0.
pub(super) fn members(group: &Path) -> Result<Vec<i32>, CgroupError> {
    let file = "cgroup.procs";
    let text = read(group, file)?;
    text.lines().map(|pid| parse(group, file, pid)).collect()
}

/// Limits memory with swap off.
pub(super) fn limit_memory(
    version: Version,
    group: &Path,
    memory: Bytes,
) -> Result<(), CgroupError> {
    let bytes = memory.get().to_string();
    match version {
        Version::V1 => {
            limit_v1_memory(group, &bytes)?;
            limit_socket_buffers(group, &bytes)
        }
        Version::V2 => {
            write(group, "memory.max", &bytes)?;
            // Absent only where the kernel has no swap accounting.
            if group.join("memory.swap.max").exists() {
                write(group, "memory.swap.max", "0")?;
            }
            Ok(())
        }
    }
}

/// Neither may the plain limit be above the one with swap nor that one below the plain one at any moment, so raising has
/// another order than lowering; a stage's first limit lowers it from none.
fn limit_v1_memory(group: &Path, bytes: &str) -> Result<(), CgroupError> {
    let (plain, with_swap) = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes");
    if !group.join(with_swap).exists() {
        write(group, plain, bytes)?;
        return write(group, "memory.swappiness", "0");
    }
    if write(group, plain, bytes).is_ok() {
        return write(group, with_swap, bytes);
    }
    write(group, with_swap, bytes)?;
    write(group, plain, bytes)
}

/// v1 counts socket buffers, those of UDP too, apart from memory, and not at all before they have a limit: without
/// one a job of 64 MiB fills gigabytes of them. v2 counts them as memory.
fn limit_socket_buffers(group: &Path, bytes: &str) -> Result<(), CgroupError> {
    let file = "memory.kmem.tcp.limit_in_bytes";
    // Absent in kernels without the socket part of v1 accounting.
    if group.join(file).exists() {
        write(group, file, bytes)?;
    }
    Ok(())
}

/// Has an out-of-memory kill in the group take all of it. v1 has no such thing: see [`watch_oom`].
pub(super) fn kill_together(version: Version, group: &Path) -> Result<(), CgroupError> {
    match version {
        Version::V1 => Ok(()),
        Version::V2 => write(group, "memory.oom.group", "1"),
    }
}

/// Limits processes and threads.
pub(super) fn limit_processes(group: &Path, processes: u32) -> Result<(), CgroupError> {
    write(group, "pids.max", &processes.to_string())
}

/// Limits cpu to this many cores (0.01 or more).
pub(super) fn limit_cpu(
    version: Version,
    group: &Path,
    millicores: u32,
) -> Result<(), CgroupError> {
    let quota = CPU_PERIOD_US * u64::from(millicores.max(10)) / 1000;
    match version {
        Version::V1 => {
            write(group, "cpu.cfs_period_us", &CPU_PERIOD_US.to_string())?;
            write(group, "cpu.cfs_quota_us", &quota.to_string())
        }
        Version::V2 => write(group, "cpu.max", &format!("{quota} {CPU_PERIOD_US}")),
    }
}

/// Sets the share of cpu beside other groups; the kernel's defaults are the full one.
pub(super) fn share_cpu(version: Version, group: &Path, share: Share) -> Result<(), CgroupError> {
    let (file, full) = match version {
        Version::V1 => ("cpu.shares", 1024),
        Version::V2 => ("cpu.weight", 100),
    };
    let value = match share {
        Share::Full => full,
        Share::Least => full / 4,
    };
    write(group, file, &value.to_string())
}

/// Cpu time of everything that ever ran in the group.
pub(super) fn cpu_time(version: Version, group: &Path) -> Result<Duration, CgroupError> {
    match version {
        Version::V1 => number(group, "cpuacct.usage").map(Duration::from_nanos),
        Version::V2 => keyed(group, "cpu.stat", "usage_usec").map(Duration::from_micros),
    }
}

/// The most memory the group ever had, and `true`. Before Linux 5.19, v2 keeps no peak: what it has now, and `false`.
pub(super) fn memory_peak(version: Version, group: &Path) -> Result<(Bytes, bool), CgroupError> {
    let (file, peak) = match version {
        Version::V1 => ("memory.max_usage_in_bytes", true),
        Version::V2 if group.join("memory.peak").exists() => ("memory.peak", true),
        Version::V2 => ("memory.current", false),
    };
    Ok((Bytes(number(group, file)?), peak))
}

/// Processes that were killed for want of memory: of this very group on v1, of those below it too on v2.
pub(super) fn oom_kills(version: Version, group: &Path) -> Result<u64, CgroupError> {
    match version {
        Version::V1 => keyed(group, "memory.oom_control", "oom_kill"),
        Version::V2 => keyed(group, "memory.events", "oom_kill"),
    }
}

/// Bytes of files that were read into memory again after they had been dropped for want of it, so far. 0 in a group that
/// has never come near its limit, and before Linux 5.9.
pub(super) fn read_back(version: Version, group: &Path, peak: Bytes) -> Result<u64, CgroupError> {
    let file = match version {
        Version::V1 => "memory.limit_in_bytes",
        Version::V2 => "memory.max",
    };
    // Usage is asked for on the way of every job, and memory.stat is the slowest file to read.
    let is_near = |limit: u64| peak.get() + NEAR >= limit;
    if !number(group, file).is_ok_and(is_near) {
        return Ok(0);
    }
    Ok(keyed(group, "memory.stat", "workingset_refault_file")?.saturating_mul(PAGE))
}

/// Forks refused for the limit on processes.
pub(super) fn forks_refused(group: &Path) -> Result<u64, CgroupError> {
    keyed(group, "pids.events", "max")
}

/// Processes and threads in the group.
pub(super) fn processes(group: &Path) -> Result<u64, CgroupError> {
    number(group, "pids.current")
}

/// Asks for a wake-up of `event` whenever the v1 group runs out of memory (admin-guide/cgroup-v1/memory, 9).
pub(super) fn watch_oom(group: &Path, event: i32) -> Result<(), CgroupError> {
    use std::os::fd::AsRawFd;
    let path = group.join("memory.oom_control");
    let control = fs::File::open(&path).map_err(CgroupError::io(&path))?;
    write(
        group,
        "cgroup.event_control",
        &format!("{event} {}", control.as_raw_fd()),
    )
}

fn write(group: &Path, file: &str, value: &str) -> Result<(), CgroupError> {
    let path = group.join(file);
    // One write call: the kernel takes each write as one whole command.
    fs::OpenOptions::new()
        .write(true)
        .open(&path)
        .and_then(|mut f| io::Write::write_all(&mut f, value.as_bytes()))
        .map_err(CgroupError::io(&path))
}

fn read(group: &Path, file: &str) -> Result<String, CgroupError> {
    let path = group.join(file);
    fs::read_to_string(&path).map_err(CgroupError::io(&path))
}

fn number(group: &Path, file: &str) -> Result<u64, CgroupError> {
    parse(group, file, read(group, file)?.trim())
}

/// The value behind `key` in a file of `key value` lines; 0 where the key is missing.
fn keyed(group: &Path, file: &str, key: &str) -> Result<u64, CgroupError> {
    let text = read(group, file)?;
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
    value.map_or(Ok(0), |value| parse(group, file, value.trim()))
}

fn parse<N: FromStr<Err = ParseIntError>>(
    group: &Path,
    file: &str,
    text: &str,
) -> Result<N, CgroupError> {
    text.parse().map_err(|error: ParseIntError| {
        CgroupError::io(&group.join(file))(io::Error::new(ErrorKind::InvalidData, error))
    })
}
