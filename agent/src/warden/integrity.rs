//! When the runtimes are checked while the node serves, and what came of it.

use super::Options;
use crate::runtimes::{self, MISMATCH};
use jail::host::{Child, Urgency};
use nix::sys::wait::WaitStatus;
use std::fmt;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// A check reads some hundred MiB. One that has not ended by then, at whatever priority, is as good as none.
const DEADLINE: Duration = Duration::from_secs(600);

/// After so many checks in a row that came to nothing, nobody knows what jobs are served with.
const FAILURES: u32 = 3;

/// So many checks in a row make way for changes, and the next one does not: whoever can ask for changes must not be able to
/// keep the runtimes from being checked.
const PUT_OFFS: u32 = 2;

/// Pause before the next attempt after one of those.
const RETRY: Duration = Duration::from_secs(30);

/// Checks, one at a time: one every interval, and one whenever somebody asks.
pub(super) struct Integrity {
    order: Option<runtimes::Order>,
    interval: Option<Duration>,
    running: Option<Running>,
    /// When to start the next one.
    due: Option<Instant>,
    /// Takes what processor time its cgroup has left over; unless somebody asked, or the one before came to nothing.
    urgency: Urgency,
    /// Checks in a row that came to nothing.
    failures: u32,
    /// Checks in a row that made way.
    put_offs: u32,
    broken: bool,
}

/// A check that runs.
struct Running {
    child: Child,
    /// When it has to be done.
    deadline: Instant,
    urgency: Urgency,
    /// Whether it was killed because it was in the way.
    put_off: bool,
}

impl Integrity {
    pub(super) fn new(options: &Options) -> Self {
        let mut new = Self {
            order: options.check.clone(),
            interval: options.verify_interval,
            running: None,
            due: None,
            urgency: Urgency::Background,
            failures: 0,
            put_offs: 0,
            broken: false,
        };
        new.wait_for_next();
        new
    }

    /// Whether the runtimes were found to be something else than was sealed, or can't be checked at all. It stays so:
    /// what a job read, and what it has done since, is not known.
    pub(super) const fn is_broken(&self) -> bool {
        self.broken
    }

    pub(super) const fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Somebody wants a check now: after the one that runs, which may have read already what this is about.
    pub(super) fn ask(&mut self) {
        if self.order.is_none() {
            tracing::warn!("nothing is checked: with runtime_images = \"off\" nothing was sealed");
            return;
        }
        self.due = Some(Instant::now());
        self.urgency = Urgency::Awaited;
    }

    /// Somebody has looked, and found something else than was sealed.
    pub(super) fn found_broken(&mut self) {
        tracing::error!("a check by hand found runtime files that are not what was sealed");
        self.broken = true;
    }

    /// Ends a check that takes too long.
    pub(super) fn end_if_late(&mut self) {
        let now = Instant::now();
        if let Some(late) = self.running.take_if(|running| running.deadline <= now) {
            // It is collected as a child that nobody knows.
            late.end();
            self.failed(&"it did not end in time");
        }
    }

    /// Starts a check when it is time for one.
    pub(super) fn start_if_due(&mut self) {
        let now = Instant::now();
        let due = self.due.is_some_and(|due| due <= now);
        let order = self.order.as_ref().filter(|_| due && !self.broken);
        let Some(order) = order.filter(|_| self.running.is_none()) else {
            return;
        };
        match runtimes::start_check(order, self.urgency) {
            Ok(child) => {
                self.running = Some(Running {
                    child,
                    deadline: now + DEADLINE,
                    urgency: self.urgency,
                    put_off: false,
                });
                self.wait_for_next();
            }
            Err(error) => {
                self.due = None;
                self.failed(&error);
            }
        }
    }

    /// Somebody waits for the runtimes to change, which no check may see: one that nobody waits for is begun anew later.
    pub(super) fn make_way(&mut self) {
        let in_the_way =
            |running: &&mut Running| running.urgency == Urgency::Background && !running.put_off;
        let running = self.running.as_mut().filter(in_the_way);
        if let Some(running) = running.filter(|_| self.put_offs < PUT_OFFS) {
            tracing::info!("the check of the runtimes makes way for a change, and comes later");
            running.end();
            running.put_off = true;
            self.put_offs += 1;
        }
    }

    /// A child of the warden has ended. Whether it was a check.
    pub(super) fn ended(&mut self, status: WaitStatus) -> bool {
        let ours = self
            .running
            .take_if(|running| status.pid() == Some(running.child.pid));
        let Some(Running { put_off, .. }) = ours else {
            return false;
        };
        // One that had come to an end before counts.
        if put_off && matches!(status, WaitStatus::Signaled(..)) {
            self.retry();
            return true;
        }
        self.put_offs = 0;
        match status {
            WaitStatus::Exited(_, 0) => {
                tracing::info!("runtimes are what was sealed");
                self.failures = 0;
            }
            WaitStatus::Exited(_, code) if code == i32::from(MISMATCH) => self.broken = true,
            status => self.failed(&format_args!("it ended with {status:?}")),
        }
        true
    }

    /// How long until there is something to do: the next check, or the deadline of the one that runs.
    pub(super) fn next_check(&self) -> Option<Duration> {
        let running = self.running.as_ref().map(|running| running.deadline);
        let next = running.or(self.due).filter(|_| !self.broken)?;
        Some(next.saturating_duration_since(Instant::now()))
    }

    fn wait_for_next(&mut self) {
        self.due = self.interval.map(|interval| Instant::now() + interval);
        self.urgency = Urgency::Background;
    }

    /// A check came to nothing: there is another one soon, and an end to it.
    fn failed(&mut self, why: &dyn fmt::Display) {
        self.failures += 1;
        tracing::error!(%why, failures = self.failures, "the runtimes could not be checked");
        if self.failures >= FAILURES {
            self.broken = true;
            return;
        }
        self.retry();
        self.urgency = Urgency::Awaited;
    }

    fn retry(&mut self) {
        let retry = Instant::now() + RETRY;
        self.due = Some(self.due.map_or(retry, |due| due.min(retry)));
    }
}

impl Running {
    /// Its end is heard of later, unless it ignores even this, stuck in a read.
    fn end(&self) {
        jail::host::kill(self.child.process.as_fd()).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::unistd::Pid;

    const CHECK: Pid = Pid::from_raw(1 << 30);

    fn integrity() -> Integrity {
        let order = serde_json::json!({"view": "/", "log": {"level": "OFF", "format": "Text"}});
        Integrity {
            order: Some(serde_json::from_value(order).unwrap()),
            interval: None,
            running: None,
            due: None,
            urgency: Urgency::Background,
            failures: 0,
            put_offs: 0,
            broken: false,
        }
    }

    fn run(integrity: &mut Integrity, deadline: Instant) {
        let process = std::fs::File::open("/dev/null").unwrap().into();
        let pid = CHECK;
        integrity.running = Some(Running {
            child: Child { pid, process },
            deadline,
            urgency: integrity.urgency,
            put_off: false,
        });
        integrity.due = None;
    }

    #[test]
    fn only_a_check_that_nobody_waits_for_makes_way() {
        let later = Instant::now() + DEADLINE;
        let killed = WaitStatus::Signaled(CHECK, nix::sys::signal::Signal::SIGKILL, false);
        for (urgency, is_failure) in [(Urgency::Background, 0), (Urgency::Awaited, 1)] {
            let mut integrity = Integrity {
                urgency,
                ..integrity()
            };
            run(&mut integrity, later);
            integrity.make_way();
            // The runtimes stay as they are until it has ended.
            assert!(integrity.is_running());
            assert!(integrity.ended(killed));
            assert_eq!(integrity.failures, is_failure);
            assert!(integrity.next_check().is_some());
        }
    }

    #[test]
    fn changes_put_no_check_off_for_ever() {
        let mut integrity = integrity();
        let later = Instant::now() + DEADLINE;
        let killed = WaitStatus::Signaled(CHECK, nix::sys::signal::Signal::SIGKILL, false);
        let mut is_put_off = || {
            run(&mut integrity, later);
            integrity.make_way();
            let put_off = integrity
                .running
                .as_ref()
                .is_some_and(|check| check.put_off);
            let end = if put_off {
                killed
            } else {
                WaitStatus::Exited(CHECK, 0)
            };
            assert!(integrity.ended(end));
            put_off
        };
        let all: Vec<_> = (0..6).map(|_| is_put_off()).collect();
        assert_eq!(all, [true, true, false, true, true, false]);
    }

    #[test]
    fn what_a_check_has_found_counts_also_when_it_was_in_the_way() {
        let mut integrity = integrity();
        run(&mut integrity, Instant::now() + DEADLINE);
        integrity.make_way();
        assert!(integrity.ended(WaitStatus::Exited(CHECK, MISMATCH.into())));
        assert!(integrity.is_broken());
    }

    #[test]
    fn checks_that_come_to_nothing_break_a_node() {
        let mut integrity = integrity();
        let later = Instant::now() + DEADLINE;
        let no_check = WaitStatus::Exited(CHECK, 2);
        for status in [no_check, no_check, WaitStatus::Exited(CHECK, 0), no_check] {
            run(&mut integrity, later);
            assert!(integrity.ended(status));
            assert!(!integrity.is_broken());
        }
        // Without an interval too there is a next one.
        assert!(integrity.next_check().is_some_and(|pause| pause <= RETRY));
        for broken in [false, true] {
            run(&mut integrity, later);
            assert!(integrity.ended(no_check));
            assert_eq!(integrity.is_broken(), broken);
        }
        assert_eq!(integrity.next_check(), None);
    }

    #[test]
    fn where_nothing_was_sealed_nothing_is_checked() {
        let mut integrity = Integrity {
            order: None,
            ..integrity()
        };
        integrity.ask();
        assert_eq!(integrity.next_check(), None);
    }

    #[test]
    fn a_check_that_does_not_end_came_to_nothing() {
        let mut integrity = integrity();
        run(&mut integrity, Instant::now());
        assert_eq!(integrity.next_check(), Some(Duration::ZERO));
        integrity.end_if_late();
        assert!(integrity.running.is_none());
        assert_eq!(integrity.failures, 1);
        assert!(integrity.next_check().is_some());
    }
}
