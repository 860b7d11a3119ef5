//! What the warden does to the host for its jails, apart from when it does it: [`Jails`](super::jails::Jails) decides,
//! and is tested with a host that is none.

use super::builder::{Builder, Plan, Product};
use super::life::readable;
use super::protocol::JailId;
use jail::cgroup::{self, CgroupError, Share};
use jail::proto::{HostIds, Stage};
use std::io;
use std::os::fd::AsFd;

/// Everything that makes, changes or ends a part of a jail.
pub(super) trait Hands {
    /// Has a builder begin a jail.
    fn build(&mut self, id: JailId, ids: HostIds) -> io::Result<Builder>;

    /// Takes back a builder that has told how its jail came out.
    fn take_back(&mut self, builder: Builder);

    /// Kills a builder.
    fn kill_builder(&mut self, builder: &mut Builder);

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

/// Builders that wait for their next jail; one more than this ends. As many as make jails at once on a node with few cores: a
/// start takes some milliseconds, one that waits takes a megabyte.
const IDLE: usize = 8;

/// The host itself.
pub(super) struct Host {
    plan: Plan,
    idle: Vec<Builder>,
}

impl Host {
    /// Makes all jails alike.
    pub(super) const fn new(plan: Plan) -> Self {
        Self {
            plan,
            idle: Vec::new(),
        }
    }
}

impl Hands for Host {
    fn build(&mut self, id: JailId, ids: HostIds) -> io::Result<Builder> {
        while let Some(mut builder) = self.idle.pop() {
            // One that has died takes no order.
            if builder.order(id, ids).is_ok() {
                return Ok(builder);
            }
        }
        let mut builder = Builder::start(&self.plan)?;
        builder.order(id, ids)?;
        Ok(builder)
    }

    fn take_back(&mut self, mut builder: Builder) {
        // One that has more to say is dead.
        let is_fit = builder.is_wanted() && !readable(builder.report());
        if is_fit && self.idle.len() < IDLE {
            self.idle.push(builder);
        } else {
            builder.kill();
        }
    }

    fn kill_builder(&mut self, builder: &mut Builder) {
        builder.kill();
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
