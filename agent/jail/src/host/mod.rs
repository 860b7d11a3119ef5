//! The host's side of a jail: makes one, signals one. Runs as root, in builder processes; and what the warden needs beside
//! jails, its other processes and the mounts of the runtimes.

mod build;
mod helper;
mod image;
mod pipes;
mod rights;
mod shut_in;
mod unprivileged;

pub use build::{Built, build};
pub(crate) use build::{NAMESPACES, map_ids};
pub use helper::{Urgency, start_builder, start_helper};
pub use image::{has_loop_devices, knows_file_system, mount_image};
pub use pipes::StageEnds;
pub use rights::{give_up_rights, require_no_rights};
pub use shut_in::{shut_in, shut_in_to_fill, shut_in_with_network};
pub use unprivileged::{Child, Network, Unprivileged, start_unprivileged};

use crate::Bytes;
use crate::proto::{HostIds, Setup};
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};
use std::io;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;

/// What all jails of a node have in common.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// Folder that becomes the read-only root of every jail.
    pub base: PathBuf,
    /// Folder of runtime packages.
    pub packages: PathBuf,
    /// Size of the tmpfs at /box.
    pub box_size: Bytes,
    /// Size of each of the tmpfs at /tmp and /dev/shm.
    pub tmp_size: Bytes,
    /// Inodes of each tmpfs.
    pub inodes: u32,
    /// Memory of a whole jail: its stages' limits hold below it.
    pub jail_memory: Bytes,
    /// Processes and threads of a whole jail, init and the waiting holders included.
    pub jail_processes: u32,
    /// Cpu of a whole jail in thousandths of a core.
    pub jail_millicores: u32,
    /// Inode of the host's network namespace.
    pub host_network: u64,
}

impl Spec {
    fn setup(&self, ids: HostIds) -> Setup {
        Setup {
            base: self.base.clone(),
            packages: self.packages.clone(),
            ids,
            host_network: self.host_network,
            box_size: self.box_size,
            tmp_size: self.tmp_size,
            inodes: self.inodes,
        }
    }
}

/// Kills a jail: its init, and by the kernel's rule for pid namespaces everything in it.
///
/// # Errors
/// `ESRCH` when it is dead and collected already.
pub fn kill(init: BorrowedFd<'_>) -> io::Result<()> {
    crate::sys::process::signal(init, Signal::SIGKILL)
}
