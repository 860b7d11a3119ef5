//! Has the runtimes follow the store while the node serves: when somebody asks, and once more when nobody can want what
//! was retired.

use super::Options;
use super::protocol::{FromWarden, RequestId};
use crate::runtimes::{self, Started};
use nix::sys::wait::WaitStatus;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// One at a time, and never beside a check, which would find a part gone.
pub(super) struct Refresh {
    order: runtimes::Refresh,
    /// How long a job may wait for its jail after it has its runtime.
    grace: Duration,
    asked: bool,
    /// Questions of the front to be answered when the next one has ended, and when this one has.
    next_for: Vec<RequestId>,
    this_for: Vec<RequestId>,
    running: Option<Started>,
    /// Whether the one that runs looks at the store, or was started to unmount only.
    retires: bool,
    /// When to unmount what was retired, or to try again.
    unmount: Option<Instant>,
    /// What the front is to be told.
    news: Vec<FromWarden>,
    /// How often a front has read the packages, and where that is written.
    read: u64,
    read_file: PathBuf,
}

impl Refresh {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            order: options.refresh.clone(),
            grace: options.retired_for,
            asked: false,
            next_for: Vec::new(),
            this_for: Vec::new(),
            running: None,
            retires: false,
            unmount: None,
            news: Vec::new(),
            read: 0,
            read_file: options.taken_over.clone(),
        }
    }

    /// Somebody has changed the store: after the one that runs, which may have seen some of it only.
    pub(super) fn ask(&mut self) {
        self.asked = true;
    }

    /// As [`Refresh::ask`], for a question of the front perhaps.
    pub(super) fn ask_for(&mut self, request: Option<RequestId>) {
        self.next_for.extend(request);
        self.ask();
    }

    /// None will be started any more, so that none is due either.
    pub(super) fn give_up(&mut self) {
        self.asked = false;
        self.unmount = None;
        let asked_for = std::mem::take(&mut self.next_for);
        self.answer(asked_for, false);
    }

    /// The front that asked is no more.
    pub(super) fn forget_questions(&mut self) {
        self.next_for.clear();
        self.this_for.clear();
        self.news.clear();
    }

    /// Whether somebody waits for one that has not begun.
    pub(super) const fn is_asked_for(&self) -> bool {
        self.asked
    }

    pub(super) const fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Starts a helper when it is time for one.
    pub(super) fn start_if_due(&mut self) {
        let now = Instant::now();
        let unmounts = self.unmount.is_some_and(|at| at <= now);
        if self.running.is_some() || !(self.asked || unmounts) {
            return;
        }
        let asked_for = std::mem::take(&mut self.next_for);
        self.retires = std::mem::take(&mut self.asked);
        match self.order.start(unmounts) {
            Ok(started) => {
                self.running = Some(started);
                self.this_for = asked_for;
                self.unmount = None;
            }
            Err(error) => {
                tracing::error!(%error, "the store can't be looked at, trying again");
                self.answer(asked_for, false);
                self.unmount = Some(now + self.grace);
            }
        }
    }

    /// A child of the warden has ended. Whether it was such a helper.
    pub(super) fn ended(&mut self, status: WaitStatus) -> bool {
        let ours = |started: &mut Started| status.pid() == Some(started.child.pid);
        let Some(started) = self.running.take_if(ours) else {
            return false;
        };
        let outcome = started.outcome(status);
        match &outcome {
            Ok(()) => tracing::info!("the runtimes are those of the store"),
            Err(error) => tracing::error!(
                error = error as &dyn std::error::Error,
                "the runtimes could not be made those of the store"
            ),
        }
        // From when the front knows: until then jobs may ask for what was retired. That is for the next one to unmount.
        self.unmount = self.retires.then(|| Instant::now() + self.grace);
        // Also of one that failed: some of it may be done.
        self.news.push(FromWarden::RuntimesChanged);
        let asked_for = std::mem::take(&mut self.this_for);
        self.answer(asked_for, outcome.is_ok());
        true
    }

    fn answer(&mut self, requests: Vec<RequestId>, done: bool) {
        let answer = |request| FromWarden::Supplied(request, done);
        self.news.extend(requests.into_iter().map(answer));
    }

    /// What there is to tell the front, in this order.
    pub(super) fn take_news(&mut self) -> Vec<FromWarden> {
        std::mem::take(&mut self.news)
    }

    /// The front has read the packages: who waits for that sees another number.
    pub(super) fn taken_over(&mut self) {
        self.read += 1;
        if let Err(error) = fs::write(&self.read_file, self.read.to_string()) {
            tracing::warn!(%error, "commands that wait for this node to take over packages will not see it");
        }
    }

    /// How long until there is something to do.
    pub(super) fn next(&self) -> Option<Duration> {
        if self.asked {
            return Some(Duration::ZERO);
        }
        self.unmount
            .map(|at| at.saturating_duration_since(Instant::now()))
    }
}
