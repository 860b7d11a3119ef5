//! A host that is none: its processes are entries of a list, which die when they are killed or when a test says so.

use super::{CEILING, MAX_PROCESSES, channel, tree};
use crate::warden::builder::{self, Builder, Product};
use crate::warden::hands::Hands;
use crate::warden::protocol::{JailId, Share};
use jail::cgroup::{self, CgroupError};
use jail::host::{Built, StageEnds};
use jail::proto::{Failure, HostIds, Stage, Step};
use nix::sys::eventfd::EventFd;
use nix::unistd::Pid;
use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

/// What a process is to its jail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Builder,
    Init,
    /// An init whose builder died before it told of it: it ends by itself, since nobody talks to it.
    Orphan,
}

/// A process, until it is collected.
pub(super) struct Process {
    pub(super) pid: Pid,
    pub(super) role: Role,
    pub(super) ids: HostIds,
    /// The groups that it is in.
    pub(super) groups: String,
    pub(super) is_alive: bool,
    /// What only it holds open: a builder's report, or what its pidfd becomes readable by.
    held: Option<OwnedFd>,
    /// An init's event for want of memory.
    oom: Option<EventFd>,
}

/// The host. What the warden must not do fails the test.
#[derive(Default)]
pub(super) struct World {
    pub(super) processes: Vec<Process>,
    pub(super) refuses_builders: bool,
    /// The kernel still lets go of the dead.
    pub(super) refuses_removal: bool,
    last: i32,
    limited: BTreeSet<(String, &'static str)>,
    /// Shares of the processor in the order in which they were given.
    pub(super) given: Vec<Share>,
}

/// How a jail's groups are told from others.
pub(super) fn name(groups: &cgroup::Jail) -> String {
    format!("{groups:?}")
}

impl World {
    fn spawn(&mut self, role: Role, ids: HostIds, groups: String) -> (Pid, OwnedFd) {
        self.last += 1;
        let (held, given) = channel();
        let pid = Pid::from_raw(self.last);
        self.processes.push(Process {
            pid,
            role,
            ids,
            groups,
            is_alive: true,
            held: Some(held),
            oom: None,
        });
        (pid, given)
    }

    /// The living of one role.
    pub(super) fn living(&mut self, role: Role) -> Vec<&mut Process> {
        let processes = self.processes.iter_mut();
        processes
            .filter(|process| process.is_alive && process.role == role)
            .collect()
    }

    /// The builder in this place, counted round the living ones, makes its init and tells of it.
    pub(super) fn succeed(&mut self, place: usize) {
        let Some((report, ids, groups)) = self.end_builder(place) else {
            return;
        };
        let (pid, process) = self.spawn(Role::Init, ids, groups);
        let oom = EventFd::new().unwrap();
        let null = || OwnedFd::from(File::open("/dev/null").unwrap());
        let ends = || StageEnds {
            stdin: null(),
            stdout: null(),
            stderr: null(),
        };
        let built = Built {
            pid: pid.as_raw(),
            init: process,
            control: null(),
            stdio: [ends(), ends()],
            oom: oom.as_fd().try_clone_to_owned().unwrap(),
        };
        builder::tell(&report, &Ok(built)).unwrap();
        if let Some(init) = self.processes.last_mut() {
            init.oom = Some(oom);
        }
    }

    /// It fails, and says so.
    pub(super) fn fail(&mut self, place: usize) {
        if let Some((report, ..)) = self.end_builder(place) {
            let failure = Failure {
                step: Step::Mounts,
                errno: 12,
            };
            builder::tell(&report, &Err(failure)).unwrap();
        }
    }

    /// It dies with an init half made.
    pub(super) fn abort(&mut self, place: usize) {
        if let Some((_, ids, groups)) = self.end_builder(place) {
            self.spawn(Role::Orphan, ids, groups);
        }
    }

    fn end_builder(&mut self, place: usize) -> Option<(OwnedFd, HostIds, String)> {
        let mut builders = self.living(Role::Builder);
        let count = builders.len();
        let builder = builders.get_mut(place.checked_rem(count)?)?;
        builder.is_alive = false;
        let (ids, groups) = (builder.ids, builder.groups.clone());
        Some((builder.held.take()?, ids, groups))
    }

    /// The living one in this place dies.
    pub(super) fn die(&mut self, role: Role, place: usize) {
        let mut living = self.living(role);
        if let Some(at) = place.checked_rem(living.len()) {
            living[at].die();
        }
    }

    /// The living init in this place runs out of memory.
    pub(super) fn exhaust(&mut self, place: usize) {
        let inits = self.living(Role::Init);
        if let Some(at) = place.checked_rem(inits.len()) {
            inits[at].oom.as_ref().unwrap().write(1).unwrap();
        }
    }

    /// The dead, each once.
    pub(super) fn collect(&mut self) -> Vec<Pid> {
        let (alive, dead) = self
            .processes
            .drain(..)
            .partition(|process| process.is_alive);
        self.processes = alive;
        dead.iter().map(|process| process.pid).collect()
    }

    fn kill(&mut self, pid: Pid, role: Role) {
        let mut processes = self.processes.iter_mut();
        // A pidfd is of one process only: where there is none, it is dead already.
        if let Some(process) = processes.find(|process| process.pid == pid) {
            assert_eq!(process.role, role);
            process.die();
        }
    }
}

impl Process {
    fn die(&mut self) {
        self.is_alive = false;
        self.held = None;
    }
}

impl Hands for World {
    fn build(&mut self, id: JailId, ids: HostIds) -> io::Result<Builder> {
        if self.refuses_builders {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        let groups = name(&builder::groups(&tree(), id));
        let (pid, report) = self.spawn(Role::Builder, ids, groups);
        Ok(Builder::unreal(pid, report))
    }

    /// Each builder of this host makes one jail.
    fn take_back(&mut self, _builder: Builder) {}

    fn kill_builder(&mut self, builder: &mut Builder) {
        self.kill(builder.pid(), Role::Builder);
    }

    fn distrust_idle(&mut self) {}

    fn kill_init(&mut self, init: &Product) {
        self.kill(init.init, Role::Init);
    }

    fn limit(
        &mut self,
        groups: &cgroup::Jail,
        stage: Stage,
        limits: cgroup::StageLimits,
    ) -> Result<(), CgroupError> {
        assert!(limits.memory <= CEILING && (1..=MAX_PROCESSES).contains(&limits.processes));
        assert!(
            self.limited.insert((name(groups), stage.name())),
            "limits are set twice"
        );
        Ok(())
    }

    fn give(&mut self, _groups: &cgroup::Jail, share: Share) -> Result<(), CgroupError> {
        self.given.push(share);
        Ok(())
    }

    fn remove(&mut self, groups: &cgroup::Jail) -> Result<(), CgroupError> {
        let name = name(groups);
        let mut living = self.processes.iter().filter(|process| process.is_alive);
        if self.refuses_removal || living.any(|process| process.groups == name) {
            return Err(CgroupError::Io {
                path: name.into(),
                source: io::ErrorKind::ResourceBusy.into(),
            });
        }
        Ok(())
    }
}
