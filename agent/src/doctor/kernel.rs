//! What the kernel lets root make: one table, in the order in which a jail needs it.

use super::finding::Finding;
use jail::probe;
use jail::proto::HostIds;
use nix::sched::CloneFlags;
use std::io;

/// One feature.
#[derive(Debug)]
struct Feature {
    name: &'static str,
    need: Need,
    look: fn() -> io::Result<()>,
    /// What follows where it is missing.
    without: &'static str,
}

/// Who needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// Every jail.
    Jails,
    /// Nobody yet, or only something that has a second way.
    Nobody,
}
use Need::{Jails, Nobody};

/// Ids for a trial, below the range that is configured for nodes.
const TRIAL: HostIds = HostIds {
    init: 2_099_999_998,
    program: 2_099_999_999,
};

const FEATURES: &[Feature] = &[
    Feature {
        name: "mount namespace",
        need: Jails,
        look: || probe::namespace(CloneFlags::CLONE_NEWNS),
        without: "programs would see the host's files: use a machine, a VM or a privileged container",
    },
    Feature {
        name: "pid namespace",
        need: Jails,
        look: || probe::namespace(CloneFlags::CLONE_NEWPID),
        without: "programs would see and signal each other: use a kernel with CONFIG_PID_NS",
    },
    Feature {
        name: "ipc namespace",
        need: Jails,
        look: || probe::namespace(CloneFlags::CLONE_NEWIPC),
        without: "programs would share memory and queues: use a kernel with CONFIG_IPC_NS",
    },
    Feature {
        name: "uts namespace",
        need: Jails,
        look: || probe::namespace(CloneFlags::CLONE_NEWUTS),
        without: "programs would see the host's name: use a kernel with CONFIG_UTS_NS",
    },
    Feature {
        name: "network namespace",
        need: Jails,
        look: || probe::namespace(CloneFlags::CLONE_NEWNET),
        without: "programs would reach the network: use a kernel with CONFIG_NET_NS",
    },
    Feature {
        name: "cgroup namespace",
        need: Jails,
        look: || probe::namespace(CloneFlags::CLONE_NEWCGROUP),
        without: "programs would see the host's cgroups: use a kernel with CONFIG_CGROUPS",
    },
    Feature {
        name: "user namespace",
        need: Jails,
        look: || probe::namespace(CloneFlags::CLONE_NEWUSER),
        without: "programs can't be cut off from the host's root: raise user.max_user_namespaces",
    },
    Feature {
        name: "map of two ids",
        need: Jails,
        look: || probe::two_ids(TRIAL),
        without: "programs can't have ids of their own: give root CAP_SETUID and CAP_SETGID in the host's user namespace",
    },
    Feature {
        name: "clone3 with pidfd",
        need: Jails,
        look: probe::jail_namespaces,
        without: "jails can't be made in one call: use Linux 5.15 or newer, and a container whose seccomp profile allows clone3",
    },
    Feature {
        name: "close_range",
        need: Jails,
        look: probe::close_range,
        without: "descriptors could leak into jails: use Linux 5.15 or newer",
    },
    Feature {
        name: "seccomp kill",
        need: Jails,
        look: probe::filters_kill,
        without: "forbidden calls can't be answered with death: use a kernel with CONFIG_SECCOMP_FILTER",
    },
    Feature {
        name: "seccomp errno",
        need: Jails,
        look: probe::filters_refuse,
        without: "forbidden calls can't be refused: use a kernel with CONFIG_SECCOMP_FILTER",
    },
    Feature {
        name: "seccomp filters",
        need: Jails,
        look: probe::program_filters,
        without: "programs could use the whole kernel: use a kernel with CONFIG_SECCOMP_FILTER",
    },
    Feature {
        name: "private proc",
        need: Jails,
        look: probe::private_proc,
        without: "programs would see the host in /proc: use Linux 5.15 or newer with an unmasked /proc",
    },
    Feature {
        name: "device nodes",
        need: Jails,
        look: probe::device_nodes,
        without: "jails can't have a /dev: give root CAP_MKNOD and let it open /dev/null's number",
    },
    Feature {
        name: "mount_setattr",
        need: Jails,
        look: probe::protected_mounts,
        without: "what is mounted below the runtimes would stay writable: use Linux 5.15 or newer",
    },
    Feature {
        name: "pivot_root",
        need: Jails,
        look: probe::new_root,
        without: "the host's files would stay mounted below: start from a real root file system, not from an initramfs or a chroot",
    },
    Feature {
        name: "seccomp log",
        need: Nobody,
        look: probe::filters_log,
        without: "refused calls can't be logged; nothing does so yet",
    },
    Feature {
        name: "pidfd_open",
        need: Nobody,
        look: probe::pidfd_open,
        without: "nothing: pidfds come with clone3",
    },
    Feature {
        name: "openat2",
        need: Nobody,
        look: probe::openat2,
        without: "nothing: names are resolved inside the jail",
    },
];

/// All features, as root. Must be called while the process has one thread.
pub(super) fn findings() -> Vec<Finding> {
    let mut findings: Vec<_> = FEATURES.iter().map(Feature::find).collect();
    findings.push(match jail::landlock::version() {
        Ok(version) => Finding::ok("landlock", format!("version {version}")),
        Err(error) => Finding::missing(
            "landlock",
            error.to_string(),
            "one layer less below programs, init and front: use Linux 5.19 or newer with landlock among its security modules (lsm=)",
        ),
    });
    findings
}

/// The first feature that jails need and this host lacks.
pub(super) fn first_lacking() -> Option<Finding> {
    FEATURES
        .iter()
        .filter(|feature| feature.need == Jails)
        .map(Feature::find)
        .find(|finding| finding.blocks)
}

impl Feature {
    fn find(&self) -> Finding {
        match ((self.look)(), self.need) {
            (Ok(()), _) => Finding::ok(self.name, "works"),
            (Err(error), Jails) => Finding::blocking(self.name, error.to_string(), self.without),
            (Err(error), Nobody) => Finding::missing(self.name, error.to_string(), self.without),
        }
    }
}
