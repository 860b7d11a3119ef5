//! Looks after the node while it is disturbed: whether it is ready again in time, and what its processes take.

use crate::load::Load;
use capsule_tests::http::{self, Request};
use capsule_tests::processes::Process;
use capsule_tests::{Node, wait};
use std::collections::BTreeMap;
use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::Scope;
use std::time::{Duration, Instant};

/// How long after a front was killed `/readyz` has to say 200 again. A front starts within a second; the rest is a program
/// that has to run first, on a machine with more work than it can do.
pub(crate) const READY_WITHIN: Duration = Duration::from_secs(15);

/// After a front was stopped for ever: the warden gives it up after ten looks, a second apart.
const GIVEN_UP: Duration = Duration::from_secs(12);

/// How long a front that nobody killed or stopped for ever may not be ready: it may be paused for three seconds, and then
/// has a backlog and a machine with more work than it can do. Every look in that time has to fail.
const UNREADY: Duration = Duration::from_secs(10);

/// Between two looks at `/readyz`, and at the processes.
const LOOK: Duration = Duration::from_millis(50);
const SAMPLE: Duration = Duration::from_secs(1);

/// The longest wait for an answer of `/readyz`.
const QUICK: Duration = Duration::from_secs(1);

/// Jails that this node may have at once: 4 jobs, 4 blank, and the 32 that may be on their way out.
const MAX_JAILS: usize = 40;

/// What one process has at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) pss_kib: u64,
    pub(crate) descriptors: u64,
}

#[derive(Debug, Default)]
struct State {
    /// Since when there is no front, and how long there may be none.
    down: Option<(Instant, Duration)>,
    /// Since when a front that was not struck is not ready.
    unready: Option<Instant>,
    recoveries: Vec<Duration>,
    /// When fronts were struck.
    struck: Vec<Instant>,
    samples: BTreeMap<&'static str, Vec<Sample>>,
    warden_is_gone: bool,
    violations: Vec<String>,
}

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Watch(Mutex<State>);

impl Watch {
    /// Looks as long as the load goes on.
    pub(crate) fn look<'scope>(
        &'scope self,
        (node, load): (&'scope Node, &'scope Load),
        scope: &'scope Scope<'scope, '_>,
    ) {
        let warden = node.warden();
        scope.spawn(move || {
            while load.goes_on() {
                self.look_at_front(node);
                std::thread::sleep(LOOK);
            }
        });
        scope.spawn(move || {
            while load.goes_on() {
                self.sample(node, &warden);
                std::thread::sleep(SAMPLE);
            }
        });
    }

    /// The front was killed at that moment.
    pub(crate) fn front_killed(&self, at: Instant) {
        self.front_struck(at, READY_WITHIN);
    }

    /// The front was stopped for ever at that moment.
    pub(crate) fn front_stopped(&self, at: Instant) {
        self.front_struck(at, GIVEN_UP + READY_WITHIN);
    }

    fn front_struck(&self, at: Instant, limit: Duration) {
        let mut state = self.state();
        state.struck.push(at);
        state.unready = None;
        state.down = Some((Instant::now(), limit * wait::slowness()));
    }

    /// Whether the last front that was struck has been replaced by one that serves.
    pub(crate) fn is_up(&self) -> bool {
        self.state().down.is_none()
    }

    /// Waits for the last recovery.
    pub(crate) fn settle(&self, node: &Node) {
        wait::until(READY_WITHIN + GIVEN_UP, || {
            self.look_at_front(node);
            self.is_up().then_some(())
        });
    }

    fn look_at_front(&self, node: &Node) {
        let begun = Instant::now();
        let ready = http::send_within(QUICK, node.address(), &Request::get("/readyz"));
        let ready = ready.is_ok_and(|reply| reply.status == 200);
        self.state().looked(begun, ready, Instant::now());
    }

    fn sample(&self, node: &Node, warden: &Process) {
        let now = Process::read(warden.pid).filter(|now| now.started == warden.started);
        let front = node.front();
        let jails = node.jail_groups();
        let mut state = self.state();
        if now.is_none() {
            state.warden_is_gone = true;
            state.violations.push("the warden is gone".to_owned());
        }
        if jails > MAX_JAILS {
            state.violations.push(format!("{jails} jails at once"));
        }
        for (role, process) in [("warden", now), ("front", front)] {
            let sample = process.and_then(|process| Sample::of(&process));
            state.samples.entry(role).or_default().extend(sample);
        }
    }

    /// How long it took each time.
    pub(crate) fn recoveries(&self) -> Vec<Duration> {
        let mut all = self.state().recoveries.clone();
        all.sort_unstable();
        all
    }

    /// When fronts were struck.
    pub(crate) fn struck_at(&self) -> Vec<Instant> {
        self.state().struck.clone()
    }

    /// Whether the first process has ended, which it must not.
    pub(crate) fn warden_is_gone(&self) -> bool {
        self.state().warden_is_gone
    }

    /// What must not have been.
    pub(crate) fn violations(&self) -> Vec<String> {
        self.state().violations.clone()
    }

    /// Medians of an early and a late window of what a process has: from a tenth to three tenths of the run, and its last
    /// fifth. `None` without samples in one of them.
    pub(crate) fn early_and_late(&self, role: &str) -> Option<[Sample; 2]> {
        let state = self.state();
        let samples = state.samples.get(role)?;
        let length = samples.len();
        let window =
            |from: usize, to: usize| median(samples.get(length * from / 10..length * to / 10)?);
        Some([window(1, 3)?, window(8, 10)?])
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What a look that began and ended then means.
    fn looked(&mut self, begun: Instant, ready: bool, ended: Instant) {
        match self.down {
            // An answer to a question that was asked before may be the old front's.
            Some((since, _)) if ready && begun > since => {
                self.recoveries.push(ended - since);
                self.down = None;
            }
            Some((since, limit)) if ended - since > limit => {
                let time = ended - since;
                self.violations
                    .push(format!("not ready {time:?} after the front was struck"));
                self.down = None;
            }
            Some(_) => {}
            None if ready => self.unready = None,
            None => {
                let time = ended - *self.unready.get_or_insert(begun);
                if time > UNREADY * wait::slowness() {
                    self.violations
                        .push(format!("not ready for {time:?} though no front was struck"));
                    self.unready = None;
                }
            }
        }
    }
}

impl Sample {
    /// `None`: it is gone.
    fn of(process: &Process) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{}/smaps_rollup", process.pid)).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
        Some(Self {
            pss_kib: line.split_whitespace().next()?.parse().ok()?,
            descriptors: process.descriptors().len() as u64,
        })
    }
}

fn median(samples: &[Sample]) -> Option<Sample> {
    let middle = |of: fn(&Sample) -> u64| {
        let mut values: Vec<u64> = samples.iter().map(of).collect();
        values.sort_unstable();
        values.get(values.len() / 2).copied()
    };
    Some(Sample {
        pss_kib: middle(|sample| sample.pss_kib)?,
        descriptors: middle(|sample| sample.descriptors)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is violated where looks end with this, each a second after the last one, the first at once.
    fn violations(struck: Option<Duration>, looks: &[bool]) -> Vec<String> {
        let begun = Instant::now();
        let mut state = State {
            down: struck.map(|limit| (begun, limit)),
            ..State::default()
        };
        for (number, ready) in (1..).zip(looks) {
            let at = begun + Duration::from_secs(number);
            state.looked(at, *ready, at);
        }
        state.violations
    }

    #[test]
    fn a_front_that_was_struck_has_its_time_and_no_more() {
        let limit = Some(Duration::from_secs(15));
        let looks = |unready| [vec![false; unready], vec![true]].concat();
        assert_eq!(violations(limit, &looks(14)), [""; 0]);
        let late = violations(limit, &looks(16));
        assert!(late[0].contains("after the front was struck"), "{late:?}");
    }

    #[test]
    fn a_front_that_nobody_struck_is_ready_but_for_moments() {
        // Twice as long as it may be, with one answer between.
        let moments = [vec![false; 10], vec![true], vec![false; 10]].concat();
        assert_eq!(violations(None, &moments), [""; 0]);
        let found = violations(None, &[false; 12]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("no front was struck"), "{found:?}");
    }

    /// The time in which it was struck is not counted twice.
    #[test]
    fn after_a_recovery_its_time_begins_anew() {
        let limit = Some(Duration::from_secs(15));
        let looks = [vec![false; 9], vec![true], vec![false; 9], vec![true]].concat();
        assert_eq!(violations(limit, &looks), [""; 0]);
        let looks = [vec![false; 9], vec![true], vec![false; 12]].concat();
        assert_eq!(violations(limit, &looks).len(), 1);
    }
}
