//! What the warden does to the host for its jails, apart from when it does it: [`Jails`](super::jails::Jails) decides,
//! and is tested with a host that is none.

use super::builder::{Builder, Plan, Product};
use super::protocol::JailId;
use jail::cgroup::{self, CgroupError, Share};
use jail::proto::{HostIds, Stage};
use std::io;
use std::os::fd::AsFd;

/// Everything that makes, changes or ends a part of a jail.
pub(super) trait Hands {
    /// Has a builder begin a jail.
    fn build(&mut self, id: JailId, ids: HostIds) -> io::Result<Builder>;

    /// Takes back a builder that has made its jail.
    fn take_back(&mut self, builder: Builder);

    /// Kills a builder.
    fn kill_builder(&mut self, builder: &mut Builder);

    /// One was stuck: ends those that wait, which may be as well.
    fn distrust_idle(&mut self);

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

/// Builders that wait for their next jail; one more than this ends. As many as make jails at once on a node with few cores, so that
/// none has to be started for a job.
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
        self.idle.retain(Builder::is_fit);
        while let Some(mut builder) = self.idle.pop() {
            // One that has died since takes no order.
            if builder.order(id, ids).is_ok() {
                return Ok(builder);
            }
        }
        let mut builder = Builder::start(&self.plan)?;
        builder.order(id, ids)?;
        Ok(builder)
    }

    fn take_back(&mut self, mut builder: Builder) {
        self.idle.retain(Builder::is_fit);
        if builder.is_fit() && self.idle.len() < IDLE {
            self.idle.push(builder);
        } else {
            builder.kill();
        }
    }

    fn kill_builder(&mut self, builder: &mut Builder) {
        builder.kill();
    }

    fn distrust_idle(&mut self) {
        self.idle.iter_mut().for_each(Builder::kill);
        self.idle.clear();
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

#[cfg(test)]
mod tests {
    use super::*;
    use jail::Bytes;
    use jail::cgroup::Tree;
    use jail::host::Spec;
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
    use nix::unistd::Pid;
    use std::os::fd::OwnedFd;

    const IDS: HostIds = HostIds {
        init: 5000,
        program: 5001,
    };

    /// Of nothing that could be made.
    fn host() -> Host {
        let mounts = "30 29 0:26 / /no/such/place rw - cgroup2 cgroup2 rw";
        let hierarchy = cgroup::detect(mounts, "0::/", |_| "cpu memory pids".into()).unwrap();
        Host::new(Plan {
            spec: Spec {
                base: "/no/base".into(),
                packages: "/no/packages".into(),
                box_size: Bytes::mib(1),
                tmp_size: Bytes::mib(1),
                inodes: 1,
                jail_memory: Bytes::mib(1),
                jail_processes: 1,
                jail_millicores: 10,
                host_network: 0,
            },
            tree: Tree::new(&hierarchy, "none"),
        })
    }

    /// One with this number, and its end of the link.
    fn builder(number: i32) -> (Builder, OwnedFd) {
        let flags = SockFlag::SOCK_CLOEXEC;
        let (link, theirs) =
            socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags).unwrap();
        (Builder::unreal(Pid::from_raw(number), link), theirs)
    }

    #[test]
    fn one_that_waits_makes_the_next_jail_unless_it_is_dead() {
        let mut host = host();
        let mut alive = Vec::new();
        for number in 1..4 {
            let (builder, link) = builder(number);
            host.take_back(builder);
            // The second is dead.
            alive.extend((number != 2).then_some(link));
        }
        let mut numbers = Vec::new();
        for id in 1..3 {
            numbers.push(host.build(JailId(id), IDS).unwrap().pid().as_raw());
        }
        assert_eq!(numbers, [3, 1]);
        assert!(host.idle.is_empty());
    }

    #[test]
    fn neither_one_that_was_killed_nor_one_too_many_is_kept() {
        let mut host = host();
        let (mut killed, _link) = builder(1);
        host.kill_builder(&mut killed);
        host.take_back(killed);
        assert!(host.idle.is_empty());
        let links: Vec<_> = (2..20)
            .map(|number| {
                let (builder, link) = builder(number);
                host.take_back(builder);
                link
            })
            .collect();
        assert_eq!(host.idle.len(), IDLE);
        host.distrust_idle();
        assert!(host.idle.is_empty() && links.len() > IDLE);
    }

    #[test]
    fn none_makes_more_than_its_share() {
        let mut host = host();
        let (builder, link) = builder(1);
        host.take_back(builder);
        let mut made = 0;
        while !host.idle.is_empty() {
            let builder = host.build(JailId(made), IDS).unwrap();
            nix::unistd::read(&link, &mut [0; 64]).unwrap();
            made += 1;
            host.take_back(builder);
        }
        assert_eq!(made, 64);
    }
}
