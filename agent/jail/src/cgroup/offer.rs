//! What the cgroups of this host offer, found out by making a group and removing it.

use super::{CgroupError, Hierarchy, Version, files};
use crate::probe;
use crate::sys::process::{Cloned, clone_into};
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

/// What groups here can do. `None`: not to be seen, because no group was given the memory controller yet.
#[derive(Debug)]
pub struct Offer {
    /// Where the agent's own group is (on v1: that of memory).
    pub own: PathBuf,
    /// Which interface would be used.
    pub version: Version,
    /// Starting a process inside a group (clone3(2), `CLONE_INTO_CGROUP`); v2 only.
    pub start_inside: io::Result<()>,
    /// Whether the agent's own group holds other processes, so that it can't hand limits down; v2 only.
    pub shared: bool,
    /// Killing a whole group by one write; v2 only.
    pub kill: bool,
    /// A peak of memory.
    pub peak: Option<bool>,
    /// Having an out-of-memory kill take the whole group; v2 only.
    pub kill_together: Option<bool>,
    /// Limiting swap.
    pub swap: Option<bool>,
}

/// Makes groups called `name` below the agent's own, looks at them and removes them.
///
/// # Errors
/// What making or removing them says.
pub fn offer(hierarchy: &Hierarchy, name: &str) -> Result<Offer, CgroupError> {
    let mut own = hierarchy.own_groups().to_vec();
    own.dedup();
    for group in &own {
        files::make(&group.join(name))?;
    }
    let [memory, ..] = hierarchy.own_groups();
    let offer = look(hierarchy.version(), &memory, &memory.join(name));
    // A group can be removed once the process that was in it is collected, which it is.
    for group in &own {
        files::remove(&group.join(name))?;
    }
    Ok(offer)
}

fn look(version: Version, own: &Path, group: &Path) -> Offer {
    // A group of v2 has the files of a controller only where the one above hands it down.
    let has = |file: &str| group.join(file).exists() || own.join(file).exists();
    let seen = version == Version::V1 || has("memory.max");
    let of_memory = |file: &str| seen.then(|| has(file));
    let (peak, swap) = match version {
        Version::V1 => ("memory.max_usage_in_bytes", "memory.memsw.limit_in_bytes"),
        Version::V2 => ("memory.peak", "memory.swap.max"),
    };
    Offer {
        own: own.to_owned(),
        version,
        start_inside: start_inside(group),
        shared: version == Version::V2 && files::holds_others(own).unwrap_or_default(),
        kill: has("cgroup.kill"),
        peak: of_memory(peak),
        kill_together: of_memory("memory.oom.group"),
        swap: of_memory(swap),
    }
}

fn start_inside(group: &Path) -> io::Result<()> {
    let folder = File::open(group)?;
    match clone_into(0, Some(folder.as_fd()))? {
        Cloned::Child => probe::end_child(Ok(())),
        Cloned::Parent(pid, _) => probe::result_of(pid),
    }
}
