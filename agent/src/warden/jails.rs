//! The jails of a node, each from its order to the removal of its last cgroup.

use super::builder::{Builder, Product};
use super::front::Front;
use super::protocol::{FromWarden, JailId, RequestId, StageLimits, ToWarden};
use super::slots::Slots;
use super::{Options, borrow};
use jail::Bytes;
use jail::cgroup::{self, Tree};
use jail::host::Spec;
use jail::proto::{Failure, HostIds, Stage, Step};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// Pause between two looks at something the kernel has not finished: an out-of-memory kill, a cgroup that lets go.
const RETRY: Duration = Duration::from_millis(2);

/// How long an out-of-memory event is followed up. The kill comes right after the event.
const OOM_WATCH: Duration = Duration::from_millis(200);

/// No stage gets more processes, whatever the front asks for: the most that the configuration takes.
const MAX_PROCESSES: u32 = 32_768;

enum State {
    /// A builder is at work.
    Building(RequestId, Builder),
    /// Handed to the front.
    Alive(Product),
    /// Killed, not yet collected.
    Dying(Pid),
    /// Nothing lives in it; its cgroups are to be removed.
    Dead,
}

struct Jail {
    ids: HostIds,
    groups: cgroup::Jail,
    state: State,
    /// Until when to look whether a process was killed for want of memory (cgroup v1).
    oom_until: Option<Instant>,
    /// Nobody asks about it any more: to be killed, collected and removed.
    unwanted: bool,
    removal: Removal,
}

/// When to try again to remove a jail's cgroups: the kernel refuses while it lets go of dead processes.
#[derive(Default)]
struct Removal {
    failures: u32,
    next: Option<Instant>,
}

impl Removal {
    fn is_due(&self) -> bool {
        self.next.is_none_or(|next| next <= Instant::now())
    }

    /// Doubles the pause each time, up to about a second.
    fn failed(&mut self) {
        let pause = RETRY * 2u32.pow(self.failures.min(9));
        self.failures += 1;
        self.next = Some(Instant::now() + pause);
    }
}

impl Jail {
    fn is_finished(&self) -> bool {
        self.unwanted && matches!(self.state, State::Dead)
    }

    /// Ends it for good.
    fn kill(&mut self) {
        self.unwanted = true;
        self.end_now();
    }

    /// Kills what lives in it. Its cgroups stay, to be asked for what was used.
    fn end_now(&mut self) {
        match &self.state {
            State::Building(_, builder) => builder.kill(),
            State::Alive(product) => {
                // Dead already is as good: it will be collected.
                jail::host::kill(product.process.as_fd()).ok();
                self.state = State::Dying(product.init);
            }
            State::Dying(_) | State::Dead => {}
        }
    }
}

/// All of them.
pub(super) struct Jails {
    spec: Spec,
    tree: Tree,
    ceiling: Bytes,
    slots: Slots,
    last: u64,
    jails: BTreeMap<JailId, Jail>,
}

impl Jails {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            spec: options.spec.clone(),
            tree: options.tree.clone(),
            ceiling: options.spec.jail_memory,
            slots: Slots::new(options.first_id, options.max_jails),
            last: 0,
            jails: BTreeMap::new(),
        }
    }

    /// Does what the front asked for.
    pub(super) fn obey(&mut self, message: ToWarden, front: &Front) {
        match message {
            ToWarden::Serving => {}
            ToWarden::Create(request) => {
                if let Err(failure) = self.order(request) {
                    front.tell(&FromWarden::NotCreated(request, failure), &[]);
                }
            }
            ToWarden::Arm(request, id, limits) => {
                let answer = self
                    .arm(id, limits)
                    .map_or(FromWarden::NoSuchJail(request), |()| {
                        FromWarden::Armed(request)
                    });
                front.tell(&answer, &[]);
            }
            ToWarden::Usage(request, id, stage) => {
                let answer = self
                    .usage(id, stage)
                    .map_or(FromWarden::NoSuchJail(request), |usage| {
                        FromWarden::Used(request, usage.into())
                    });
                front.tell(&answer, &[]);
            }
            ToWarden::Destroy(id) => self.destroy(id),
        }
    }

    fn order(&mut self, request: RequestId) -> Result<(), Failure> {
        let ids = self.slots.take().ok_or(Failure {
            step: Step::Builder,
            errno: nix::libc::EAGAIN,
        })?;
        self.last += 1;
        let groups = self.tree.jail(&format!("jail-{}", self.last));
        match Builder::start(&self.spec, &groups, ids) {
            Ok(builder) => {
                let state = State::Building(request, builder);
                let jail = Jail {
                    ids,
                    groups,
                    state,
                    oom_until: None,
                    unwanted: false,
                    removal: Removal::default(),
                };
                self.jails.insert(JailId(self.last), jail);
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

    fn arm(&self, id: JailId, limits: [Option<StageLimits>; 2]) -> Option<()> {
        let jail = self.alive(id)?;
        for (stage, limits) in Stage::ALL.into_iter().zip(limits) {
            let Some(limits) = limits else { continue };
            let limits = cgroup::StageLimits {
                memory: limits.memory.min(self.ceiling),
                processes: limits.processes.clamp(1, MAX_PROCESSES),
            };
            if let Err(error) = jail.groups.limit(stage, limits) {
                tracing::error!(
                    jail = id.0,
                    error = &error as &dyn std::error::Error,
                    "limits can't be set"
                );
                return None;
            }
        }
        Some(())
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

    fn alive(&self, id: JailId) -> Option<&Jail> {
        self.jails
            .get(&id)
            .filter(|jail| matches!(jail.state, State::Alive(_)))
    }

    fn destroy(&mut self, id: JailId) {
        if let Some(jail) = self.jails.get_mut(&id) {
            jail.kill();
        }
    }

    /// Kills every jail.
    pub(super) fn destroy_all(&mut self) {
        self.jails.values_mut().for_each(Jail::kill);
    }

    /// Takes over what builders have finished, and tells the front, if there is still one to tell.
    pub(super) fn collect_built(&mut self, front: Option<&Front>) {
        for (id, jail) in &mut self.jails {
            let State::Building(request, builder) = &jail.state else {
                continue;
            };
            if !readable(builder.report()) {
                if builder.deadline() <= Instant::now() {
                    builder.kill();
                }
                continue;
            }
            let front = front.filter(|_| !jail.unwanted);
            let request = *request;
            match builder.finish() {
                Ok(product) => {
                    if let Some(front) = front {
                        front.tell(
                            &FromWarden::Created(request, *id),
                            &borrow(&product.for_front),
                        );
                    }
                    // The front's descriptors are closed here: only the front holds them from now on.
                    jail.state = State::Alive(Product {
                        for_front: Vec::new(),
                        ..product
                    });
                    if jail.unwanted {
                        jail.end_now();
                    }
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
                    jail.state = State::Dead;
                    jail.unwanted = true;
                }
            }
        }
    }

    /// A child of the warden has died: a builder, or a jail's init and with it everything in the jail.
    pub(super) fn died(&mut self, pid: Pid) {
        for jail in self.jails.values_mut() {
            match &mut jail.state {
                State::Building(_, builder) if builder.pid() == pid => builder.collected(),
                State::Alive(product) if product.init == pid => jail.state = State::Dead,
                State::Dying(init) if *init == pid => jail.state = State::Dead,
                _ => {}
            }
        }
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
                jail.end_now();
            }
            jail.oom_until = jail.oom_until.filter(|until| *until > Instant::now());
        }
    }

    /// Removes the cgroups of jails in which nothing lives any more, and frees their ids.
    pub(super) fn remove_dead(&mut self) {
        let slots = &mut self.slots;
        self.jails.retain(|id, jail| {
            if !(jail.is_finished() && jail.removal.is_due()) {
                return true;
            }
            if let Err(error) = jail.groups.remove() {
                tracing::debug!(
                    jail = id.0,
                    error = &error as &dyn std::error::Error,
                    "cgroup not removed yet"
                );
                jail.removal.failed();
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
        self.jails.values().filter_map(|jail| match &jail.state {
            State::Building(_, builder) => Some(builder.report()),
            State::Alive(product) => Some(product.oom.as_fd()),
            State::Dying(_) | State::Dead => None,
        })
    }

    /// How soon to look again at what no descriptor tells.
    pub(super) fn next_retry(&self) -> Option<Duration> {
        let until = |at: Instant| at.saturating_duration_since(Instant::now());
        let pause = |jail: &Jail| match (&jail.state, jail.removal.next) {
            (State::Building(_, builder), _) => Some(until(builder.deadline()).max(RETRY)),
            (State::Alive(_), _) => jail.oom_until.map(|_| RETRY),
            (State::Dying(_), _) => None,
            (State::Dead, Some(next)) => Some(until(next)),
            (State::Dead, None) => jail.is_finished().then_some(Duration::ZERO),
        };
        self.jails.values().filter_map(pause).min()
    }
}

fn readable(fd: BorrowedFd<'_>) -> bool {
    let mut fds = [PollFd::new(fd, PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
}

/// Resets an event, so that it wakes the loop again only when something new happens.
fn drain(event: &OwnedFd) {
    let mut counter = [0u8; 8];
    // Nothing to read is as good.
    nix::unistd::read(event, &mut counter).ok();
}
