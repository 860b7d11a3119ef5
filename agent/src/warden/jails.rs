//! The jails of a node, each from its order to the removal of its last cgroup.

use super::builder::{Plan, Product, groups};
use super::front::Front;
use super::hands::{Hands, Host};
use super::life::{Jail, RETRY, State, readable};
use super::protocol::{FromWarden, JailId, RequestId, Share, StageLimits, ToWarden};
use super::slots::Slots;
use super::{Options, borrow};
use jail::Bytes;
use jail::cgroup::{self, Tree};
use jail::proto::{Failure, Stage, Step};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// How long an out-of-memory event is followed up. The kill comes right after the event.
const OOM_WATCH: Duration = Duration::from_millis(200);

/// No stage gets less memory: a limit far below what a group has would have the kernel search it for pages to free, and
/// the warden wait for that.
const MEMORY_FLOOR: Bytes = Bytes::mib(8);

/// No stage gets more processes, whatever the front asks for: the most that the configuration takes.
const MAX_PROCESSES: u32 = 32_768;

/// All of them.
pub(super) struct Jails<H = Host> {
    hands: H,
    tree: Tree,
    ceiling: Bytes,
    slots: Slots,
    last: u64,
    /// No more are made.
    closed: bool,
    jails: BTreeMap<JailId, Jail>,
}

impl Jails {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            hands: Host::new(Plan {
                spec: options.spec.clone(),
                tree: options.tree.clone(),
            }),
            tree: options.tree.clone(),
            ceiling: options.spec.jail_memory,
            slots: Slots::new(options.first_id, options.max_jails),
            last: 0,
            closed: false,
            jails: BTreeMap::new(),
        }
    }
}

impl<H: Hands> Jails<H> {
    /// Does what the front asked for.
    pub(super) fn obey(&mut self, message: ToWarden, front: &Front) {
        match message {
            ToWarden::Serving | ToWarden::Alive | ToWarden::RuntimesRead | ToWarden::Supply(..) => {
            }
            ToWarden::Create(request) => {
                if let Err(failure) = self.order(request) {
                    front.tell(&FromWarden::NotCreated(request, failure), &[]);
                }
            }
            ToWarden::Arm(request, id, limits, share) => {
                let answer = self
                    .arm(id, limits, share)
                    .map_or(FromWarden::NoSuchJail(request), |()| {
                        FromWarden::Armed(request)
                    });
                front.tell(&answer, &[]);
            }
            ToWarden::Begin(request, id) => {
                let usage = self
                    .give(id, Share::Full)
                    .and_then(|()| self.usage(id, Stage::Run));
                front.tell(&used(request, usage), &[]);
            }
            ToWarden::Usage(request, id, stage) => {
                let usage = self.usage(id, stage);
                front.tell(&used(request, usage), &[]);
            }
            ToWarden::Destroy(id) => self.destroy(id),
        }
    }

    fn order(&mut self, request: RequestId) -> Result<(), Failure> {
        if self.closed {
            return Err(Failure {
                step: Step::Builder,
                errno: nix::libc::EPERM,
            });
        }
        let ids = self.slots.take().ok_or(Failure {
            step: Step::Builder,
            errno: nix::libc::EAGAIN,
        })?;
        self.last += 1;
        let id = JailId(self.last);
        match self.hands.build(id, ids) {
            Ok(builder) => {
                let jail = Jail::ordered(ids, groups(&self.tree, id), request, builder);
                self.jails.insert(id, jail);
                Ok(())
            }
            Err(error) => {
                self.slots.give_back(ids);
                Err(Failure {
                    step: Step::Builder,
                    errno: error.raw_os_error().unwrap_or(0),
                })
            }
        }
    }

    fn arm(&mut self, id: JailId, limits: [Option<StageLimits>; 2], share: Share) -> Option<()> {
        let ceiling = self.ceiling;
        let jail = self.jails.get_mut(&id)?;
        if jail.armed || !matches!(jail.state, State::Alive(_)) {
            return None;
        }
        jail.armed = true;
        for (stage, limits) in Stage::ALL.into_iter().zip(limits) {
            let Some(limits) = limits else { continue };
            let limited = self
                .hands
                .limit(&jail.groups, stage, capped(limits, ceiling));
            if let Err(error) = limited {
                tracing::error!(
                    jail = id.0,
                    error = &error as &dyn std::error::Error,
                    "limits can't be set"
                );
                return None;
            }
        }
        // As it is made.
        if share == Share::Full {
            return Some(());
        }
        self.give(id, share)
    }

    fn give(&mut self, id: JailId, share: Share) -> Option<()> {
        let jail = self.jails.get(&id)?;
        let given = self.hands.give(&jail.groups, share);
        given
            .inspect_err(|error| {
                tracing::error!(
                    jail = id.0,
                    error = error as &dyn std::error::Error,
                    "its share of the processor can't be set"
                );
            })
            .ok()
    }

    fn usage(&self, id: JailId, stage: Stage) -> Option<cgroup::Usage> {
        let jail = self.jails.get(&id)?;
        match jail.groups.usage(stage) {
            Ok(usage) => Some(usage),
            Err(error) => {
                tracing::error!(
                    jail = id.0,
                    error = &error as &dyn std::error::Error,
                    "usage can't be read"
                );
                None
            }
        }
    }

    fn destroy(&mut self, id: JailId) {
        if let Some(jail) = self.jails.get_mut(&id) {
            jail.kill(&mut self.hands);
        }
    }

    /// Kills every jail.
    pub(super) fn destroy_all(&mut self) {
        for jail in self.jails.values_mut() {
            jail.kill(&mut self.hands);
        }
    }

    /// Kills every jail and makes no other.
    pub(super) fn close(&mut self) {
        self.closed = true;
        self.destroy_all();
    }

    /// Takes over what builders have finished, and tells the front, if there is still one to tell.
    pub(super) fn collect_built(&mut self, front: Option<&Front>) {
        for (id, jail) in &mut self.jails {
            let State::Building(request, builder) = &mut jail.state else {
                continue;
            };
            if !builder.has_ended() {
                if builder.deadline() <= Instant::now() {
                    self.hands.kill_builder(builder);
                    self.hands.distrust_idle();
                }
                continue;
            }
            let front = front.filter(|_| !jail.unwanted);
            let request = *request;
            let finished = builder.finish();
            match (jail.release(), &finished) {
                (Some(builder), Ok(_)) => self.hands.take_back(builder),
                // What keeps it from making one may keep it from making the next.
                (Some(mut builder), Err(_)) => self.hands.kill_builder(&mut builder),
                (None, _) => {}
            }
            match finished {
                Ok(product) => {
                    if let Some(front) = front {
                        front.tell(
                            &FromWarden::Created(request, *id),
                            &borrow(&product.for_front),
                        );
                    }
                    // The front's descriptors are closed here: only the front holds them from now on.
                    let product = Product {
                        for_front: Vec::new(),
                        ..product
                    };
                    jail.built(product, &mut self.hands);
                }
                Err(failure) => {
                    if let Some(front) = front {
                        tracing::error!(
                            jail = id.0,
                            error = &failure as &dyn std::error::Error,
                            "jail can't be made"
                        );
                        front.tell(&FromWarden::NotCreated(request, failure), &[]);
                    }
                    jail.not_built();
                }
            }
        }
    }

    /// A child of the warden has died: perhaps a jail's init and with it everything in the jail.
    pub(super) fn died(&mut self, pid: Pid) {
        self.jails.values_mut().for_each(|jail| jail.died(pid));
    }

    /// On cgroup v1: ends every jail of which the kernel killed a process for want of memory.
    pub(super) fn watch_memory(&mut self) {
        for (id, jail) in &mut self.jails {
            let State::Alive(product) = &jail.state else {
                continue;
            };
            if readable(product.oom.as_fd()) {
                drain(&product.oom);
                jail.oom_until = Some(Instant::now() + OOM_WATCH);
            }
            if jail.oom_until.is_some() && jail.groups.oom_killed().unwrap_or(true) {
                tracing::debug!(jail = id.0, "out of memory");
                jail.oom_until = None;
                jail.end_now(&mut self.hands);
            }
            jail.oom_until = jail.oom_until.filter(|until| *until > Instant::now());
        }
    }

    /// Removes the cgroups of jails in which nothing lives any more, and frees their ids.
    pub(super) fn remove_dead(&mut self) {
        let (hands, slots) = (&mut self.hands, &mut self.slots);
        self.jails.retain(|id, jail| {
            if !(jail.is_finished() && jail.removal.is_due()) {
                return true;
            }
            if let Err(error) = hands.remove(&jail.groups) {
                tracing::debug!(
                    jail = id.0,
                    error = &error as &dyn std::error::Error,
                    "cgroup not removed yet"
                );
                jail.removal.failed();
                if jail.removal.is_stuck() {
                    jail.kill_unknown_init();
                }
                return true;
            }
            slots.give_back(jail.ids);
            false
        });
    }

    /// Waits until all jails are gone, for so long at most.
    pub(super) fn settle(&mut self, patience: Duration) {
        let end = Instant::now() + patience;
        while !self.jails.is_empty() && Instant::now() < end {
            while let Ok(Some(pid)) =
                waitpid(None, Some(WaitPidFlag::WNOHANG)).map(|status| status.pid())
            {
                self.died(pid);
            }
            self.collect_built(None);
            self.remove_dead();
            std::thread::sleep(RETRY);
        }
    }

    /// Descriptors whose becoming readable is news.
    pub(super) fn awaited(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.jails.values().filter_map(Jail::awaited)
    }

    /// How soon to look again at what no descriptor tells.
    pub(super) fn next_retry(&self) -> Option<Duration> {
        self.jails.values().filter_map(Jail::next_look).min()
    }
}

fn used(request: RequestId, usage: Option<cgroup::Usage>) -> FromWarden {
    usage.map_or(FromWarden::NoSuchJail(request), |usage| {
        FromWarden::Used(request, usage.into())
    })
}

/// The limits as far as a front may choose them.
fn capped(limits: StageLimits, ceiling: Bytes) -> cgroup::StageLimits {
    cgroup::StageLimits {
        memory: limits.memory.min(ceiling).max(MEMORY_FLOOR.min(ceiling)),
        processes: limits.processes.clamp(1, MAX_PROCESSES),
    }
}

/// Resets an event, so that it wakes the loop again only when something new happens.
fn drain(event: &OwnedFd) {
    let mut counter = [0u8; 8];
    // Nothing to read is as good.
    nix::unistd::read(event, &mut counter).ok();
}

#[cfg(test)]
mod tests;
