//! The soak: one node under more work than it can do, good and hostile, while its processes are killed and stopped at
//! random moments, its disk is full, memory is short and clients misbehave. Prints one table; fails with what was violated.
//!
//! `MINUTES=n` (10) is how long, `SEED=n` repeats the choices of an earlier run, though not its timing.

mod cast;
mod killer;
mod load;
mod nature;
mod pests;
mod report;
mod verdict;
mod watch;

use capsule_tests::{Node, NodeOptions};
use killer::Blows;
use load::Load;
use nature::Disk;
use pests::Counts;
use report::Report;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use watch::Watch;

/// Kills for each minute asked for. A run that has fewer when its time is over goes on for up to once more that time.
const KILLS_A_MINUTE: usize = 100;

/// How long the node's capacity is measured.
const MEASURED: Duration = Duration::from_secs(8);

/// What arrives, as a multiple of that.
const OVERLOAD: f64 = 1.5;

/// How often is looked whether it is over.
const LOOK: Duration = Duration::from_millis(200);

/// How long the second node is disturbed, whose warden is killed in the end.
const SECOND_ACT: Duration = Duration::from_secs(10);

/// Jobs at once, and blank jails.
pub(crate) const JOBS: usize = 4;

fn main() -> ExitCode {
    let minutes = number("MINUTES").unwrap_or(10).max(1);
    let seed = number("SEED").unwrap_or_else(|| fastrand::u64(..1_000_000));
    let disk = Disk::make();
    let mut report = Report::new(seed, minutes);
    let time = Duration::from_secs(60 * minutes);
    let kills = KILLS_A_MINUTE * usize::try_from(minutes).unwrap_or(usize::MAX);
    first_act(&mut report, &disk, time, kills);
    if report.violations.is_empty() {
        second_act(&mut report, &disk);
    }
    report.print(&disk)
}

/// The long one, that ends with SIGTERM.
fn first_act(report: &mut Report, disk: &Disk, time: Duration, kills: usize) {
    let node = Node::start(options(disk));
    // Not the time for which other tests had the machine.
    report.begun = Instant::now();
    let load = Load::on(node.address());
    report.capacity = load.capacity(report.seed, MEASURED);
    report.rate = report.capacity * OVERLOAD;
    let measured = load.take();
    report.good_capacity = measured.count_good("answered") as f64 / MEASURED.as_secs_f64();
    report.violations.extend(measured.wrong);
    let (blows, watch, nuisances) = (Blows::default(), Watch::default(), Counts::default());
    let took = chaos(
        report,
        (&node, &load, disk),
        (&blows, &watch, &nuisances),
        time,
        kills,
    );
    watch.settle(&node);
    report.tally = load.take();
    verdict::on_answers(report, (&blows, &watch), took, kills);
    verdict::on_resources(report, &watch);
    report.leaks = if watch.warden_is_gone() {
        node.end()
    } else {
        verdict::at_rest(report, &node);
        verdict::golden(report, &node);
        verdict::drains(report, node)
    };
    report.blows = blows;
    report.nuisances = nuisances.into_inner().unwrap_or_default();
}

/// A short one, that ends with SIGKILL of the warden under load.
fn second_act(report: &mut Report, disk: &Disk) {
    let mut node = Node::start(options(disk));
    let load = Load::on(node.address());
    let (blows, watch, nuisances) = (Blows::default(), Watch::default(), Counts::default());
    std::thread::scope(|scope| {
        load.arrive(scope, report.seed + 10, report.rate);
        killer::strike((&node, &load), scope, report.seed + 11, &blows, &watch);
        pests::come(&load, scope, report.seed + 12, &nuisances);
        std::thread::sleep(SECOND_ACT);
        load.stop();
    });
    verdict::on_short_act(report, load.take());
    verdict::after_the_wardens_death(report, &mut node);
    node.restart();
    verdict::golden(report, &node);
    report.leaks.extend(node.end());
}

/// Everything at once; tells how long jobs arrived.
fn chaos(
    report: &Report,
    (node, load, disk): (&Node, &Load, &Disk),
    (blows, watch, nuisances): (&Blows, &Watch, &Counts),
    time: Duration,
    kills: usize,
) -> Duration {
    let begun = Instant::now();
    std::thread::scope(|scope| {
        load.arrive(scope, report.seed + 1, report.rate);
        pests::come(load, scope, report.seed + 2, nuisances);
        nature::disturb(load, scope, report.seed + 3, disk, nuisances);
        killer::strike((node, load), scope, report.seed + 4, blows, watch);
        watch.look((node, load), scope);
        let is_due = || {
            let time = if blows.killed() < kills {
                time * 2
            } else {
                time
            };
            begun.elapsed() > time
        };
        // At the first violation it is over: the log should end with it.
        while !is_due() && watch.violations().is_empty() && !load.has_failed() {
            std::thread::sleep(LOOK);
        }
        load.stop();
        begun.elapsed()
    })
}

fn options(disk: &Disk) -> NodeOptions {
    let places = JOBS as i64;
    let log = disk.path("node.log");
    NodeOptions::as_deployed()
        .set("max_concurrent_jobs", places)
        .set("pool_size", places)
        .set("queue_length", 16)
        // Filled early, so that what the front keeps on purpose looks like no leak.
        .set("compile_cache_size", 1024 * 1024)
        .set("state_directory", disk.path("state").display().to_string())
        .through_shell(&format!("exec \"$@\" 2>>{}", log.display()))
}

/// A number of the environment.
fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{name} is {text:?} and has to be a whole number")))
}
