//! Many requests at once: closed loops, an open loop, and a burst.

use super::announce;
use super::goals;
use super::node::Node;
use super::row::{Measured, Row, Times};
use super::store::Store;
use crate::cli::{OpenLoopArgs, ProgramArgs, ThroughputArgs};
use crate::client::Client;
use crate::error::{BenchError, RunError};
use crate::open_loop::{self, Step};
use crate::outside::Outside;
use crate::report::in_words;
use crate::schedule::Arrivals;
use crate::stats::Spread;
use crate::throughput::{self, ThroughputReport};
use crate::workload::{BuiltIn, Workload};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Requests in flight in closed loops.
const IN_FLIGHT: u16 = 8;
/// How often the node and the bare loop take turns, and how long a turn is.
const ROUNDS: usize = 5;
const TURN: Duration = Duration::from_secs(4);
/// How long C is run, new and seen.
const C_SECONDS: u64 = 10;
/// Of the capacity, in the open loop.
const LOAD: f64 = 0.7;
const OPEN_SECONDS: u64 = 25;
/// Requests of a burst, and how many bursts each node gets.
const BURST: u64 = 100;
const BURSTS: u64 = 5;
/// Between two turns: pools are full again by then.
const REST: Duration = Duration::from_secs(2);

/// Closed loops, then the open one at a part of what they came to.
pub(super) async fn rows(
    store: &Store,
    outside: &mut Outside,
    node: &mut Node,
) -> Result<Vec<Row>, BenchError> {
    let mut rows = Vec::new();
    match store.runtime(BuiltIn::Python) {
        Ok(runtime) => {
            let args = program("python", &runtime.version, false);
            let bare = runtime.bare(&Workload::built_in(BuiltIn::Python, "*", false));
            let (row, capacity) = closed_loop(node, &args, outside, &bare).await?;
            rows.push(row);
            rows.push(open(node, &args, &capacity).await?);
        }
        Err(why) => {
            rows.push(Row::not_measured(&goals::PYTHON_LOAD, why.clone()));
            rows.push(Row::not_measured(&goals::OPEN_LOOP, why));
        }
    }
    for (goal, unique) in [(&goals::C_NEW_LOAD, true), (&goals::C_SEEN_LOAD, false)] {
        rows.push(match store.runtime(BuiltIn::C) {
            Ok(runtime) => {
                announce(goal);
                sleep(REST).await;
                let args = program("c", &runtime.version, unique);
                let report = closed(node, &args, C_SECONDS).await?;
                Row::measured(goal, of_load(report.runs_per_second, &report))
            }
            Err(why) => Row::not_measured(goal, why),
        });
    }
    node.require_alive()?;
    Ok(rows)
}

fn program(language: &str, version: &str, unique: bool) -> ProgramArgs {
    ProgramArgs {
        language: language.to_owned(),
        version_selector: version.to_owned(),
        file: None,
        expect: None,
        unique,
        timeout: Duration::from_secs(60),
    }
}

async fn closed(
    node: &Node,
    program: &ProgramArgs,
    seconds: u64,
) -> Result<ThroughputReport, BenchError> {
    throughput::run(&ThroughputArgs {
        url: node.url(),
        program: program.clone(),
        in_flight: IN_FLIGHT,
        seconds,
    })
    .await
}

fn of_load(figure: f64, report: &ThroughputReport) -> Measured {
    Measured {
        figure,
        node: Some(Times::from(&report.latency_ms)),
        errors: (!report.errors.is_empty()).then(|| in_words(&report.errors)),
        ..Measured::default()
    }
}

/// What the node does when it has as much to do as it can.
struct Capacity {
    /// Runs in a second.
    rate: f64,
    /// Median of the times, in milliseconds.
    p50: f64,
}

/// The node and a loop that starts the bare command on all cores as fast as it can take turns.
async fn closed_loop(
    node: &Node,
    program: &ProgramArgs,
    outside: &mut Outside,
    bare: &crate::outside::Program,
) -> Result<(Row, Capacity), BenchError> {
    announce(&goals::PYTHON_LOAD);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (mut ratios, mut ours, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    let mut errors: BTreeMap<String, u64> = BTreeMap::new();
    let mut last = None;
    let mut medians = Vec::new();
    for _ in 0..ROUNDS {
        let report = closed(node, program, TURN.as_secs()).await?;
        // Nothing of the last jobs is left to do when the others have their turn.
        sleep(REST).await;
        let looped = outside.repeat(bare, cores, TURN)?;
        let bare_rate = looped.runs as f64 / looped.took.as_secs_f64();
        ratios.push(report.runs_per_second / bare_rate);
        ours.push(report.runs_per_second);
        theirs.push(bare_rate);
        for (class, count) in &report.errors {
            *errors.entry(class.clone()).or_default() += count;
        }
        medians.push(report.latency_ms.p50);
        last = Some(report);
    }
    let (ours, theirs) = (Spread::of(ours).median, Spread::of(theirs).median);
    let remark = format!(
        "{ours:.0} runs/s, bare {theirs:.0} runs/s, medians of {ROUNDS} rounds; times of the last"
    );
    let measured = Measured {
        figure: Spread::of(ratios).median,
        node: last.map(|report| Times::from(&report.latency_ms)),
        remark,
        errors: (!errors.is_empty()).then(|| in_words(&errors)),
        ..Measured::default()
    };
    let capacity = Capacity {
        rate: ours,
        p50: Spread::of(medians).median,
    };
    Ok((Row::measured(&goals::PYTHON_LOAD, measured), capacity))
}

async fn open(node: &Node, program: &ProgramArgs, capacity: &Capacity) -> Result<Row, BenchError> {
    if capacity.rate <= 0.0 {
        return Err(BenchError::NoCapacity);
    }
    announce(&goals::OPEN_LOOP);
    let report = open_loop::run(&OpenLoopArgs {
        url: node.url(),
        anywhere: false,
        program: program.clone(),
        rate: Some(LOAD * capacity.rate),
        load: Vec::new(),
        arrivals: Arrivals::Poisson,
        seconds: OPEN_SECONDS,
        capacity_seconds: 0,
        max_in_flight: 512,
        max_requests: 100_000,
        seed: 1,
    })
    .await?;
    let Some(step) = report
        .steps
        .first()
        .filter(|step| step.latency_ms.p50 > 0.0)
    else {
        return Err(BenchError::NoCapacity);
    };
    Ok(Row::measured(&goals::OPEN_LOOP, of_open(step, capacity)))
}

fn of_open(step: &Step, capacity: &Capacity) -> Measured {
    let tail = &step.latency_ms;
    let mut errors: Vec<String> = Vec::new();
    if !step.errors.is_empty() {
        errors.push(in_words(&step.errors));
    }
    // All are slow then, so that the slowest seem to be like the others.
    if tail.p50 > capacity.p50 {
        errors.push("slower than at full load, so it could not keep up".to_owned());
    }
    Measured {
        figure: tail.p99 / tail.p50,
        remark: format!(
            "{:.0} of {:.0} runs/s: p50 {:.1}, p90 {:.1}, p99 {:.1}, p99.9 {:.1} ms",
            step.offered, capacity.rate, tail.p50, tail.p90, tail.p99, tail.p999
        ),
        errors: (!errors.is_empty()).then(|| errors.join(", ")),
        ..Measured::default()
    }
}

/// All at once to an idle node, which has pools or not, in turns.
pub(super) async fn burst(store: &Store, with: &Node, without: &Node) -> Result<Row, BenchError> {
    let runtime = match store.runtime(BuiltIn::Python) {
        Ok(runtime) => runtime,
        Err(why) => return Ok(Row::not_measured(&goals::BURST, why)),
    };
    announce(&goals::BURST);
    let workload = Workload::built_in(BuiltIn::Python, &runtime.version, false);
    let mut errors: BTreeMap<String, u64> = BTreeMap::new();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    // The first is a warm-up: with it a node learns what it is asked for.
    for round in 0..=BURSTS {
        let a = one_burst(with, &workload, &mut errors).await?;
        let b = one_burst(without, &workload, &mut BTreeMap::new()).await?;
        if round == 0 {
            errors.clear();
        } else {
            ours.push(a.as_secs_f64() * 1000.0);
            theirs.push(b.as_secs_f64() * 1000.0);
        }
    }
    let (ours, theirs) = (Spread::of(ours), Spread::of(theirs));
    Ok(Row::measured(
        &goals::BURST,
        Measured {
            figure: ours.median / theirs.median,
            remark: format!(
                "to the last answer {}, pools off {}, medians of {BURSTS} with quartiles",
                in_ms(&ours),
                in_ms(&theirs)
            ),
            errors: (!errors.is_empty()).then(|| in_words(&errors)),
            ..Measured::default()
        },
    ))
}

fn in_ms(of: &Spread) -> String {
    format!("{:.0} ms ({:.0} to {:.0})", of.median, of.q1, of.q3)
}

/// From the first start to the last answer, each on a connection of its own.
async fn one_burst(
    node: &Node,
    workload: &Workload,
    errors: &mut BTreeMap<String, u64>,
) -> Result<Duration, BenchError> {
    sleep(REST).await;
    let mut flights = JoinSet::new();
    let start = Instant::now();
    for number in 0..BURST {
        flights.spawn(fly(node.client()?, workload.clone(), number));
    }
    for error in flights.join_all().await.into_iter().filter_map(Result::err) {
        *errors.entry(error.class()).or_default() += 1;
    }
    Ok(start.elapsed())
}

async fn fly(
    mut client: Client,
    mut workload: Workload,
    number: u64,
) -> Result<Duration, RunError> {
    client.run(&mut workload, number).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Tail;

    fn step(p50: f64, errors: &[(&str, u64)]) -> Step {
        Step {
            load: None,
            offered: 70.0,
            achieved: 70.0,
            latency_ms: Tail {
                runs: 100,
                p50,
                p90: 3.0 * p50,
                p99: 4.0 * p50,
                p999: 5.0 * p50,
                max: 6.0 * p50,
            },
            errors: errors
                .iter()
                .map(|&(class, count)| (class.to_owned(), count))
                .collect(),
        }
    }

    #[test]
    fn an_open_loop_that_can_not_keep_up_is_no_even_one() {
        let capacity = Capacity {
            rate: 100.0,
            p50: 80.0,
        };
        let found = of_open(&step(10.0, &[]), &capacity);
        assert!((found.figure - 4.0).abs() < 1e-9 && found.errors.is_none());
        let found = of_open(&step(90.0, &[("status 503", 2)]), &capacity);
        let errors = found.errors.unwrap();
        assert!(
            errors.starts_with("2 x status 503, slower than"),
            "{errors}"
        );
    }
}
