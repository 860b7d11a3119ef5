//! One jail as the warden sees it: what state it is in, and what may happen next.

use super::builder::{Builder, Product};
use super::hands::Hands;
use super::protocol::RequestId;
use jail::cgroup::{self, Leaf};
use jail::proto::HostIds;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::Pid;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

/// Pause between two looks at something the kernel has not finished: an out-of-memory kill, a cgroup that lets go.
pub(super) const RETRY: Duration = Duration::from_millis(2);

/// Removals refused, over more than a tenth of a second together, after which something must still live in the cgroup.
const STUCK: u32 = 6;

/// Where a jail is in its life.
pub(super) enum State {
    /// A builder is at work.
    Building(RequestId, Builder),
    /// Handed to the front.
    Alive(Product),
    /// Killed, not yet collected.
    Dying(Pid),
    /// Nothing lives in it; its cgroups are to be removed.
    Dead,
}

/// One jail.
pub(super) struct Jail {
    pub(super) ids: HostIds,
    pub(super) groups: cgroup::Jail,
    pub(super) state: State,
    /// Until when to look whether a process was killed for want of memory (cgroup v1).
    pub(super) oom_until: Option<Instant>,
    /// Its limits are set, which happens once: not again while something runs under them.
    pub(super) armed: bool,
    /// Nobody asks about it any more: to be killed, collected and removed.
    pub(super) unwanted: bool,
    pub(super) removal: Removal,
}

/// When to try again to remove a jail's cgroups: the kernel refuses while it lets go of dead processes.
#[derive(Default)]
pub(super) struct Removal {
    failures: u32,
    pub(super) next: Option<Instant>,
}

impl Removal {
    pub(super) fn is_due(&self) -> bool {
        self.next.is_none_or(|next| next <= Instant::now())
    }

    /// The kernel takes longer than it needs to let go of the dead.
    pub(super) fn is_stuck(&self) -> bool {
        self.failures >= STUCK
    }

    /// Doubles the pause each time, up to about a second.
    pub(super) fn failed(&mut self) {
        let pause = RETRY * 2u32.pow(self.failures.min(9));
        self.failures += 1;
        self.next = Some(Instant::now() + pause);
    }
}

impl Jail {
    /// Ordered: its builder is at work.
    pub(super) fn ordered(
        ids: HostIds,
        groups: cgroup::Jail,
        request: RequestId,
        builder: Builder,
    ) -> Self {
        Self {
            ids,
            groups,
            state: State::Building(request, builder),
            oom_until: None,
            armed: false,
            unwanted: false,
            removal: Removal::default(),
        }
    }

    /// Its builder has finished. An init that has died since was collected when nobody knew whose it was.
    pub(super) fn built(&mut self, product: Product, hands: &mut impl Hands) {
        self.state = if readable(product.process.as_fd()) {
            State::Dead
        } else {
            State::Alive(product)
        };
        if self.unwanted {
            self.end_now(hands);
        }
    }

    /// Its builder has failed.
    pub(super) fn not_built(&mut self) {
        self.state = State::Dead;
        self.unwanted = true;
    }

    /// Gives back the builder, after which it is built or not.
    pub(super) fn release(&mut self) -> Option<Builder> {
        match std::mem::replace(&mut self.state, State::Dead) {
            State::Building(_, builder) => Some(builder),
            other => {
                self.state = other;
                None
            }
        }
    }

    /// A child of the warden has died: perhaps its init and with it everything in it. A builder's link tells of its end.
    pub(super) fn died(&mut self, pid: Pid) {
        match &mut self.state {
            State::Alive(product) if product.init == pid => self.state = State::Dead,
            State::Dying(init) if *init == pid => self.state = State::Dead,
            _ => {}
        }
    }

    /// How soon to look at it again for what no descriptor tells.
    pub(super) fn next_look(&self) -> Option<Duration> {
        let until = |at: Instant| at.saturating_duration_since(Instant::now());
        match (&self.state, self.removal.next) {
            (State::Building(_, builder), _) => Some(until(builder.deadline()).max(RETRY)),
            (State::Alive(_), _) => self.oom_until.map(|_| RETRY),
            (State::Dying(_), _) => None,
            (State::Dead, Some(next)) => Some(until(next)),
            (State::Dead, None) => self.is_finished().then_some(Duration::ZERO),
        }
    }

    /// The descriptor whose becoming readable is news.
    pub(super) fn awaited(&self) -> Option<BorrowedFd<'_>> {
        match &self.state {
            State::Building(_, builder) => Some(builder.report()),
            State::Alive(product) => Some(product.oom.as_fd()),
            State::Dying(_) | State::Dead => None,
        }
    }

    /// Kills an init that nobody told us of: its builder died before its report. It ends by itself when its channel does,
    /// but not while it stands still or waits for a holder that does.
    pub(super) fn kill_unknown_init(&self) {
        for pid in self.groups.members(Leaf::Init) {
            // A holder is no child of this process: its number may be another's as soon as it is dead. With a hold on
            // whoever has the number, by its folder, a second look tells whether that one is in the jail.
            let process = File::open(format!("/proc/{pid}"));
            if let Ok(process) = process
                && self.groups.members(Leaf::Init).contains(&pid)
            {
                // Dead already is as good.
                jail::host::kill(process.as_fd()).ok();
            }
        }
    }

    pub(super) fn is_finished(&self) -> bool {
        self.unwanted && matches!(self.state, State::Dead)
    }

    /// Ends it for good.
    pub(super) fn kill(&mut self, hands: &mut impl Hands) {
        self.unwanted = true;
        self.end_now(hands);
    }

    /// Kills what lives in it. Its cgroups stay, to be asked for what was used.
    pub(super) fn end_now(&mut self, hands: &mut impl Hands) {
        match &mut self.state {
            State::Building(_, builder) => hands.kill_builder(builder),
            State::Alive(product) => {
                hands.kill_init(product);
                self.state = State::Dying(product.init);
            }
            State::Dying(_) | State::Dead => {}
        }
    }
}

/// Whether a descriptor has news now.
pub(super) fn readable(fd: BorrowedFd<'_>) -> bool {
    let mut fds = [PollFd::new(fd, PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
}
