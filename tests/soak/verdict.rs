//! What must hold during and after the disturbance.

use crate::JOBS;
use crate::cast::{Job, LANGUAGES};
use crate::killer::Blows;
use crate::load::{Outcome, judge};
use crate::report::Report;
use crate::watch::Watch;
use capsule_tests::http::{self, Request};
use capsule_tests::{Node, wait};
use nix::sys::signal::Signal;
use serde_json::json;
use std::time::{Duration, Instant};

/// What the warden's memory may grow by between the early and the late window: an allocator's rest. A leak of 2 KiB
/// with each kill would show after a thousand.
const GROWTH_KIB: u64 = 2048;

/// What the number of descriptors may differ by in the middle of work: those of the jails and connections of the moment.
/// At rest it has to be exactly what it was, which the harness looks after.
const DESCRIPTORS: u64 = 40;

/// How long the node may take to be as it is without work.
const REST: Duration = Duration::from_secs(30);

/// How long the node may take to drain and end.
const STOP: Duration = Duration::from_secs(20);

/// How long a program of the last jobs sleeps.
const SLEEP: Duration = Duration::from_secs(2);

/// Every request has come to an end, and to one that has a reason.
pub(crate) fn on_answers(report: &mut Report, blows: &Blows, watch: &Watch, kills: usize) {
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
    for kind in ["answered", "refused"] {
        must(tally.count(kind) > 0, format!("no job was {kind}"));
    }
}

/// Memory and descriptors are flat.
pub(crate) fn on_resources(report: &mut Report, watch: &Watch) {
    for role in ["warden", "front"] {
        let Some([early, late]) = watch.early_and_late(role) else {
            report
                .violations
                .push(format!("there are no samples of the {role}"));
            continue;
        };
        if late.pss_kib > early.pss_kib + GROWTH_KIB {
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
    let state = || {
        let (jails, inits, inside) = (
            node.jail_groups(),
            node.inits().len(),
            node.programs().len(),
        );
        // Each jail has an init and two holders.
        (jails == JOBS && inits == JOBS && inside == 3 * JOBS)
            .then_some(())
            .ok_or((jails, inits, inside))
    };
    if wait::until(REST, || state().ok()).is_none() {
        let (jails, inits, inside) = state().err().unwrap_or_default();
        report.violations.push(format!(
            "at rest there are {jails} jails with cgroups, {inits} inits and {inside} processes in jails instead of {JOBS}, {JOBS} and {}",
            3 * JOBS
        ));
    }
    report.violations.extend(node.descriptor_growth());
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..JOBS {
            scope.spawn(|| node.execute(&sleeper()));
        }
    });
    if begun.elapsed() > SLEEP * 2 * wait::slowness() {
        report.violations.push(format!(
            "{JOBS} jobs do not run at once: {:?}",
            begun.elapsed()
        ));
    }
}

fn sleeper() -> serde_json::Value {
    let code = format!("import time; time.sleep({}); print(42)", SLEEP.as_secs());
    json!({"language": "python", "version": "*", "files": [{"content": code}]})
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
    let address = node.address();
    let request = Request::post_json("/api/v2/execute", &sleeper());
    let job = std::thread::spawn(move || http::send(address, &request));
    // By then its program runs.
    std::thread::sleep(SLEEP / 2);
    node.signal(Signal::SIGTERM);
    let ended = node.wait_end(STOP);
    if !ended.is_some_and(|status| status.success()) {
        report
            .violations
            .push(format!("asked to end, the node ended with {ended:?}"));
    }
    match job.join().expect("a client ends") {
        Ok(reply) if reply.json()["run"]["stdout"] == "42\n" => {}
        other => report.violations.push(format!(
            "a job that ran when the node was to end: {other:?}"
        )),
    }
    node.end()
}

/// SIGKILL of the warden: nothing lives, and what is left is cgroup folders.
pub(crate) fn after_the_wardens_death(report: &mut Report, node: &mut Node) {
    std::thread::scope(|scope| {
        for _ in 0..JOBS {
            scope.spawn(|| {
                http::send(
                    node.address(),
                    &Request::post_json("/api/v2/execute", &sleeper()),
                )
            });
        }
        std::thread::sleep(SLEEP / 2);
        node.signal(Signal::SIGKILL);
    });
    if node.wait_end(Duration::from_secs(5)).is_none() {
        report
            .violations
            .push("the warden survives SIGKILL".to_owned());
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
