//! `throughput`: a closed loop that keeps so many requests in flight.

use crate::cli::ThroughputArgs;
use crate::client::{Client, Target};
use crate::error::BenchError;
use crate::stats::{Latencies, Percentiles};
use crate::workload::Workload;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How long a worker rests after an error: a node that refuses must not be flooded, nor the figure be made of
/// refusals.
const AFTER_ERROR: Duration = Duration::from_millis(10);

/// What `throughput` found.
#[derive(Debug, Serialize)]
pub(crate) struct ThroughputReport {
    /// The node.
    pub(crate) url: String,
    /// The language run.
    pub(crate) language: String,
    /// Requests in flight.
    pub(crate) in_flight: u16,
    /// From the first request to the last answer.
    pub(crate) seconds: f64,
    /// Correct answers in a second.
    pub(crate) runs_per_second: f64,
    /// Runs without a correct answer, by what happened.
    pub(crate) errors: BTreeMap<String, u64>,
    /// Of the correct answers, in milliseconds.
    pub(crate) latency_ms: Percentiles,
}

/// What one worker saw.
#[derive(Debug, Default)]
struct Seen {
    took: Vec<Duration>,
    errors: BTreeMap<String, u64>,
}

/// Checks with one run that the node answers, then keeps it busy.
pub(crate) async fn run(args: &ThroughputArgs) -> Result<ThroughputReport, BenchError> {
    let target = Target::parse(&args.url)?;
    let mut workload = Workload::from_args(&args.program)?;
    let mut first = Client::new(target.clone(), args.program.timeout);
    first
        .run(&mut workload, 0)
        .await
        .map_err(|source| BenchError::Run {
            number: 1,
            target: target.to_string(),
            source,
        })?;
    drop(first);

    let start = Instant::now();
    let end = start + Duration::from_secs(args.seconds);
    let mut workers = JoinSet::new();
    for worker in 0..args.in_flight {
        let client = Client::new(target.clone(), args.program.timeout);
        // Numbers of different workers never meet, so that unique sources are unique.
        let numbers = u64::from(worker) << 32;
        workers.spawn(work(client, workload.clone(), numbers, end));
    }
    let seen = workers.join_all().await;
    let seconds = start.elapsed().as_secs_f64();
    let (errors, latency_ms) = add_up(seen)?;
    Ok(ThroughputReport {
        url: target.to_string(),
        language: workload.language,
        in_flight: args.in_flight,
        seconds,
        runs_per_second: latency_ms.runs as f64 / seconds,
        errors,
        latency_ms,
    })
}

async fn work(mut client: Client, mut workload: Workload, numbers: u64, end: Instant) -> Seen {
    let mut seen = Seen::default();
    let mut number = numbers;
    while Instant::now() < end {
        number += 1;
        match client.run(&mut workload, number).await {
            Ok(took) => seen.took.push(took),
            Err(error) => {
                *seen.errors.entry(error.class()).or_default() += 1;
                tokio::time::sleep(AFTER_ERROR).await;
            }
        }
    }
    seen
}

fn add_up(workers: Vec<Seen>) -> Result<(BTreeMap<String, u64>, Percentiles), BenchError> {
    let mut latencies = Latencies::new()?;
    let mut errors: BTreeMap<String, u64> = BTreeMap::new();
    for seen in workers {
        for took in seen.took {
            latencies.record(took);
        }
        for (class, count) in seen.errors {
            *errors.entry(class).or_default() += count;
        }
    }
    Ok((errors, latencies.summary()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_are_added_up() {
        let worker = |ms: &[u64], errors: &[(&str, u64)]| Seen {
            took: ms.iter().map(|&ms| Duration::from_millis(ms)).collect(),
            errors: errors
                .iter()
                .map(|&(class, count)| (class.to_owned(), count))
                .collect(),
        };
        let (errors, latency) = add_up(vec![
            worker(&[1, 2], &[("status 503", 2)]),
            worker(&[3], &[("status 503", 1), ("timeout", 1)]),
        ])
        .unwrap();
        assert_eq!(latency.runs, 3);
        assert_eq!(
            errors,
            BTreeMap::from([("status 503".to_owned(), 3), ("timeout".to_owned(), 1)])
        );
    }
}
