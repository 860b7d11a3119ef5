//! What the warden does to the host for its jails, apart from when it does it: [`Jails`](super::jails::Jails) decides,
//! and is tested with a host that is none.

use super::builder::{Builder, Product};
use jail::cgroup::{self, CgroupError, Share};
use jail::host::Spec;
use jail::proto::{HostIds, Stage};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io;
use std::os::fd::AsFd;

/// Everything that makes, changes or ends a part of a jail.
pub(super) trait Hands {
    /// Starts the builder of a jail.
    fn build(&mut self, groups: &cgroup::Jail, ids: HostIds) -> io::Result<Builder>;

    /// Kills a builder that was not collected yet.
    fn kill_builder(&mut self, builder: Pid);

    /// Kills an init, and by the kernel's rule for pid namespaces everything in its jail.
    fn kill_init(&mut self, init: &Product);

    /// Sets the limits of a stage.
    fn limit(
        &mut self,
        groups: &cgroup::Jail,
        stage: Stage,
        limits: cgroup::StageLimits,
    ) -> Result<(), CgroupError>;

    /// Sets a jail's share of the processor.
    fn give(&mut self, groups: &cgroup::Jail, share: Share) -> Result<(), CgroupError>;

    /// Removes a jail's groups; an error as long as something is in them.
    fn remove(&mut self, groups: &cgroup::Jail) -> Result<(), CgroupError>;
}

/// The host itself.
pub(super) struct Host {
    spec: Spec,
}

impl Host {
    /// Makes all jails alike.
    pub(super) const fn new(spec: Spec) -> Self {
        Self { spec }
    }
}

impl Hands for Host {
    fn build(&mut self, groups: &cgroup::Jail, ids: HostIds) -> io::Result<Builder> {
        Builder::start(&self.spec, groups, ids)
    }

    fn kill_builder(&mut self, builder: Pid) {
        // Dead already is as good.
        kill(builder, Signal::SIGKILL).ok();
    }

    fn kill_init(&mut self, init: &Product) {
        // Dead already is as good: it will be collected.
        jail::host::kill(init.process.as_fd()).ok();
    }

    fn limit(
        &mut self,
        groups: &cgroup::Jail,
        stage: Stage,
        limits: cgroup::StageLimits,
    ) -> Result<(), CgroupError> {
        groups.limit(stage, limits)
    }

    fn give(&mut self, groups: &cgroup::Jail, share: Share) -> Result<(), CgroupError> {
        groups.give(share)
    }

    fn remove(&mut self, groups: &cgroup::Jail) -> Result<(), CgroupError> {
        groups.remove()
    }
}
