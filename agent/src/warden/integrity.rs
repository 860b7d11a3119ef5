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

/// Pause before the next attempt after one of those.
const RETRY: Duration = Duration::from_secs(30);

/// Checks, one at a time: one every interval, and one whenever somebody asks.
pub(super) struct Integrity {
    order: Option<runtimes::Order>,
    interval: Option<Duration>,
    /// The one that runs, and when it has to be done.
    running: Option<(Child, Instant)>,
    /// When to start the next one.
    due: Option<Instant>,
    /// Takes what processor time its cgroup has left over; unless somebody asked, or the one before came to nothing.
    urgency: Urgency,
    /// Checks in a row that came to nothing.
    failures: u32,
    broken: bool,
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

    /// Ends a check that takes too long, and starts one when it is time for it.
    pub(super) fn check_if_due(&mut self) {
        let now = Instant::now();
        if let Some((child, _)) = self.running.take_if(|(_, deadline)| *deadline <= now) {
            // It is collected as a child that nobody knows. One that ignores even this, stuck in a read, stays behind.
            jail::host::kill(child.process.as_fd()).ok();
            self.failed(&"it did not end in time");
        }
        let due = self.due.is_some_and(|due| due <= now);
        let order = self.order.as_ref().filter(|_| due && !self.broken);
        let Some(order) = order.filter(|_| self.running.is_none()) else {
            return;
        };
        match runtimes::start_check(order, self.urgency) {
            Ok(child) => {
                self.running = Some((child, now + DEADLINE));
                self.wait_for_next();
            }
            Err(error) => {
                self.due = None;
                self.failed(&error);
            }
        }
    }

    /// A child of the warden has ended. Whether it was a check.
    pub(super) fn ended(&mut self, status: WaitStatus) -> bool {
        let ours = self
            .running
            .take_if(|(child, _)| status.pid() == Some(child.pid));
        if ours.is_none() {
            return false;
        }
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
        let running = self.running.as_ref().map(|(_, deadline)| *deadline);
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
        let retry = Instant::now() + RETRY;
        self.due = Some(self.due.map_or(retry, |due| due.min(retry)));
        self.urgency = Urgency::Awaited;
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
            broken: false,
        }
    }

    fn run(integrity: &mut Integrity, deadline: Instant) {
        let process = std::fs::File::open("/dev/null").unwrap().into();
        let pid = CHECK;
        integrity.running = Some((Child { pid, process }, deadline));
        integrity.due = None;
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
        integrity.check_if_due();
        assert!(integrity.running.is_none());
        assert_eq!(integrity.failures, 1);
        assert!(integrity.next_check().is_some());
    }
}
