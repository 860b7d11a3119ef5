//! When the runtimes are checked while the node serves, and what came of it.

use super::Options;
use crate::runtimes::{self, MISMATCH};
use jail::host::{Child, Urgency};
use nix::sys::wait::WaitStatus;
use std::time::{Duration, Instant};

/// Checks, one at a time: one every interval, and one whenever somebody asks.
pub(super) struct Integrity {
    order: runtimes::Order,
    interval: Option<Duration>,
    running: Option<Child>,
    /// When to start the next one.
    due: Option<Instant>,
    /// Takes what processor time is left over, which on a busy node can be nothing for minutes; unless somebody asked.
    urgency: Urgency,
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
            broken: false,
        };
        new.wait_for_next();
        new
    }

    /// Whether the runtimes were found to be something else than was sealed. It stays so: what a job read, and what it
    /// has done since, is not known.
    pub(super) const fn is_broken(&self) -> bool {
        self.broken
    }

    /// Somebody wants a check now: after the one that runs, which may have read already what this is about.
    pub(super) fn ask(&mut self) {
        self.due = Some(Instant::now());
        self.urgency = Urgency::Awaited;
    }

    /// Starts a check when it is time for one.
    pub(super) fn check_if_due(&mut self) {
        let due = self.due.is_some_and(|due| due <= Instant::now());
        if !due || self.broken || self.running.is_some() {
            return;
        }
        match runtimes::start_check(&self.order, self.urgency) {
            Ok(child) => self.running = Some(child),
            Err(error) => tracing::error!(%error, "the runtimes can't be checked"),
        }
        self.wait_for_next();
    }

    /// A child of the warden has ended. Whether it was a check.
    pub(super) fn ended(&mut self, status: WaitStatus) -> bool {
        let ours = self
            .running
            .take_if(|child| status.pid() == Some(child.pid));
        if ours.is_none() {
            return false;
        }
        match status {
            WaitStatus::Exited(_, 0) => tracing::debug!("runtimes are what was sealed"),
            WaitStatus::Exited(_, code) if code == i32::from(MISMATCH) => self.broken = true,
            status => tracing::error!(?status, "the runtimes could not be checked"),
        }
        true
    }

    /// How long until the next check; none while one runs, whose end is news.
    pub(super) fn next_check(&self) -> Option<Duration> {
        let idle = self.running.is_none() && !self.broken;
        let due = self.due.filter(|_| idle)?;
        Some(due.saturating_duration_since(Instant::now()))
    }

    fn wait_for_next(&mut self) {
        self.due = self.interval.map(|interval| Instant::now() + interval);
        self.urgency = Urgency::Background;
    }
}
