//! What must hold during and after the disturbance.

use crate::JOBS;
use crate::cast::{Job, LANGUAGES};
use crate::killer::Blows;
use crate::load::{Outcome, Tally, judge};
use crate::report::Report;
use crate::watch::Watch;
use capsule_tests::http::{self, Reply, Request};
use capsule_tests::{Node, wait};
use nix::sys::signal::Signal;
use serde_json::json;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What memory may grow by between the early and the late window. The warden: an allocator's rest; a leak of a KiB with
/// each kill would show after a thousand. The front, a young one each time: also the bodies of the moment, half a MiB some.
const GROWTH_KIB: [(&str, u64); 2] = [("warden", 512), ("front", 4096)];

/// What the number of descriptors may differ by in the middle of work: those of the jails and connections of the moment.
/// At rest it has to be exactly what it was, which is looked at then.
const DESCRIPTORS: u64 = 40;

/// The least part of the good jobs that a node could have answered that it must have: what it can do, measured at the
/// start of the same run, times the time, less that of recoveries and less the jobs that blows have taken. A third: of
/// seven runs on a shared machine the lowest had 0.55, since others come and go after the measurement and disturbances take
/// processors and memory; a node that refuses what it has room for has next to nothing.
const SHARE: f64 = 1.0 / 3.0;

/// How long the node may take to be as it is without work.
const REST: Duration = Duration::from_secs(30);

/// How long the node may take to drain and end.
const STOP: Duration = Duration::from_secs(20);

/// How long a program of the last jobs sleeps.
const SLEEP: Duration = Duration::from_secs(2);

/// Every request has come to an end, and to one that has a reason. `time` is how long jobs arrived.
pub(crate) fn on_answers(
    report: &mut Report,
    (blows, watch): (&Blows, &Watch),
    time: Duration,
    kills: usize,
) {
    report.violations.extend(watch.violations());
    report.recoveries = watch.recoveries();
    let tally = &report.tally;
    report
        .violations
        .extend(tally.wrong.iter().take(5).cloned());
    let mut must = |holds: bool, what: String| (!holds).then(|| report.violations.push(what));
    must(
        blows.killed() >= kills,
        format!("{} kills, {kills} are asked for", blows.killed()),
    );
    must(
        tally.count("hung") == 0,
        format!("{} requests had no end", tally.count("hung")),
    );
    let struck = watch.struck_at();
    let explained =
        |(from, to): &&(Instant, Instant)| struck.iter().any(|at| from <= at && at <= to);
    let unexplained = tally.broken.len() - tally.broken.iter().filter(explained).count();
    must(
        unexplained == 0,
        format!("{unexplained} connections broke while no front died"),
    );
    // A blow costs one job at most, a front that stands still those that run meanwhile.
    let hurt = tally.count("disturbed") + tally.count("failed");
    let most = blows.all() + 2 * JOBS * blows.fronts_stopped();
    must(
        hurt <= most,
        format!("{hurt} jobs were disturbed by {most} blows"),
    );
    let lost = report.recoveries.iter().sum();
    report.possible = possible(tally, report.good_capacity, time.saturating_sub(lost));
    let too_few = too_few(tally, report.possible);
    report.violations.extend(too_few);
}

/// What a few seconds can show: every request has an end, and the node answers.
pub(crate) fn on_short_act(report: &mut Report, tally: Tally) {
    let (hung, answered) = (tally.count("hung"), tally.count("answered"));
    report.violations.extend(tally.wrong);
    if hung > 0 || answered == 0 {
        report.violations.push(format!(
            "second act: {hung} requests had no end, {answered} were answered"
        ));
    }
}

/// How many good jobs could have been answered in this time, of so many a second that can be done. Those that blows have
/// taken could not: each has a blow that explains it, or is a violation of its own.
fn possible(tally: &Tally, good_capacity: f64, time: Duration) -> f64 {
    let count = |outcome| tally.count_good(outcome);
    let taken = count("disturbed") + count("failed") + count("broken");
    (good_capacity * time.as_secs_f64() - taken as f64).max(0.0)
}

/// What to say where fewer good jobs were answered than have to be of those possible.
fn too_few(tally: &Tally, possible: f64) -> Option<String> {
    let [answered, refused] = ["answered", "refused"].map(|outcome| tally.count_good(outcome));
    (answered == 0 || (answered as f64) < SHARE * possible).then(|| {
        format!("{answered} good jobs were answered and {refused} refused, where {possible:.0} could have been answered")
    })
}

/// Memory and descriptors are flat.
pub(crate) fn on_resources(report: &mut Report, watch: &Watch) {
    for (role, growth) in GROWTH_KIB {
        let Some([early, late]) = watch.early_and_late(role) else {
            report
                .violations
                .push(format!("there are no samples of the {role}"));
            continue;
        };
        if late.pss_kib > early.pss_kib + growth {
            report.violations.push(format!(
                "the {role}'s memory grew from {} to {} KiB",
                early.pss_kib, late.pss_kib
            ));
        }
        if late.descriptors > early.descriptors + DESCRIPTORS {
            report.violations.push(format!(
                "the {role} had {} descriptors and has {}",
                early.descriptors, late.descriptors
            ));
        }
        report.resources.push((role, early, late));
    }
}

/// Without work there are the blank jails and nothing else; and all jobs that may run at once do.
pub(crate) fn at_rest(report: &mut Report, node: &Node) {
    // Of the warden there descend the front, and for each jail an init and two holders.
    let expected = (JOBS, JOBS, 3 * JOBS, 1 + 3 * JOBS);
    let state = || {
        (
            node.jail_groups(),
            node.inits().len(),
            node.programs().len(),
            node.descendants().len(),
        )
    };
    if wait::until(REST, || (state() == expected).then_some(())).is_none() {
        report.violations.push(format!(
            "at rest there are {:?} cgroups of jails, inits, processes in jails and descendants of the warden, not {expected:?}",
            state()
        ));
    }
    report.violations.extend(node.descriptor_growth());
    let clients: Vec<_> = (0..JOBS).map(|_| sleep(node.address())).collect();
    let mut times = Vec::new();
    for client in clients {
        match client.join().expect("a client ends").as_ref().map(slept) {
            Ok(Some(time)) => times.push(time),
            other => report.violations.push(format!("a job at rest: {other:?}")),
        }
    }
    let last_start = times.iter().map(|(start, _)| *start).fold(0.0, f64::max);
    let first_end = times.iter().map(|(_, end)| *end).fold(f64::MAX, f64::min);
    if first_end < last_start {
        let what = format!("{JOBS} jobs do not run at once: {times:?}");
        report.violations.push(what);
    }
}

/// Sends a job that tells when it started and ended.
fn sleep(address: SocketAddr) -> JoinHandle<io::Result<Reply>> {
    let code = format!(
        "import time; start = time.monotonic(); time.sleep({}); print([start, time.monotonic()])",
        SLEEP.as_secs()
    );
    let body = json!({"language": "python", "version": "*", "files": [{"content": code}]});
    let request = Request::post_json("/api/v2/execute", &body);
    std::thread::spawn(move || http::send(address, &request))
}

/// From when to when such a job ran; `None`: it did not.
fn slept(reply: &Reply) -> Option<(f64, f64)> {
    serde_json::from_str(reply.json()["run"]["stdout"].as_str()?).ok()
}

/// A job of each language is answered as if nothing had been.
pub(crate) fn golden(report: &mut Report, node: &Node) {
    let mut random = fastrand::Rng::with_seed(report.seed);
    for (language, _) in LANGUAGES {
        let job = Job::good(language, &mut random);
        let outcome = judge(&job, &http::send(node.address(), &job.request()));
        if outcome != Outcome::Answered {
            report
                .violations
                .push(format!("afterwards a job in {language} was {outcome:?}"));
        }
    }
}

/// SIGTERM: what runs is answered, and nothing is left.
pub(crate) fn drains(report: &mut Report, mut node: Node) -> Vec<String> {
    let client = sleep(node.address());
    // By then its program runs.
    std::thread::sleep(SLEEP / 2);
    node.signal(Signal::SIGTERM);
    let ended = node.wait_end(STOP);
    if !ended.is_some_and(|status| status.success()) {
        let what = format!("asked to end, the node ended with {ended:?}");
        report.violations.push(what);
    }
    let reply = client.join().expect("a client ends");
    if !reply.as_ref().is_ok_and(|reply| slept(reply).is_some()) {
        let what = format!("a job that ran when the node was to end: {reply:?}");
        report.violations.push(what);
    }
    node.end()
}

/// SIGKILL of the warden: nothing lives, and what is left is cgroup folders.
pub(crate) fn after_the_wardens_death(report: &mut Report, node: &mut Node) {
    let clients: Vec<_> = (0..JOBS).map(|_| sleep(node.address())).collect();
    std::thread::sleep(SLEEP / 2);
    node.kill_warden();
    let hung = |reply: &io::Result<Reply>| {
        reply
            .as_ref()
            .is_err_and(|error| error.kind() == ErrorKind::TimedOut)
    };
    for client in clients {
        if hung(&client.join().expect("a client ends")) {
            let what = "a client of a killed node waits for ever";
            report.violations.push(what.to_owned());
        }
    }
    let other = || {
        let mut left = node.left();
        left.retain(|thing| !thing.starts_with("cgroup: "));
        left
    };
    if wait::until(Duration::from_secs(2), || other().is_empty().then_some(())).is_none() {
        report.leaks.extend(other());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// Of a node that can do five a second, for a minute.
    fn is_enough(jobs: &[(&str, &'static str, usize)]) -> bool {
        let mut tally = Tally::default();
        for (kind, outcome, count) in jobs {
            tally.jobs.insert(((*kind).to_owned(), outcome), *count);
        }
        too_few(&tally, possible(&tally, 5.0, MINUTE)).is_none()
    }

    #[test]
    fn a_node_has_to_answer_what_it_can() {
        assert!(is_enough(&[
            ("c", "answered", 60),
            ("python", "answered", 40)
        ]));
        assert!(!is_enough(&[
            ("c", "answered", 59),
            ("python", "answered", 40)
        ]));
    }

    #[test]
    fn refusals_and_hostile_jobs_do_not_count_as_answers() {
        assert!(!is_enough(&[("c", "answered", 99), ("c", "refused", 400)]));
        assert!(!is_enough(&[
            ("c", "answered", 99),
            ("hostile c", "answered", 100)
        ]));
    }

    #[test]
    fn jobs_that_blows_have_taken_are_not_asked_for() {
        let answered = ("c", "answered", 50);
        assert!(!is_enough(&[answered]));
        for outcome in ["disturbed", "failed", "broken"] {
            assert!(is_enough(&[answered, ("c", outcome, 150)]), "{outcome}");
            assert!(!is_enough(&[answered, ("hostile c", outcome, 150)]));
        }
    }

    #[test]
    fn no_answer_is_never_enough() {
        assert!(!is_enough(&[]));
        assert!(!is_enough(&[("c", "broken", 1000)]));
    }
}
