//! `open-loop`: requests start when a schedule says so, whatever became of those before. A closed loop waits for a
//! server that stands still and then finds that few requests were slow (coordinated omission); here each is timed from
//! the moment at which it was meant to start.

use crate::cli::{OpenLoopArgs, ThroughputArgs};
use crate::client::{Client, Target};
use crate::error::{BenchError, RunError};
use crate::schedule::Schedule;
use crate::stats::{Latencies, Tail};
use crate::throughput;
use crate::workload::Workload;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

/// Between two rates: what the last one left in queues is gone by then.
const REST: Duration = Duration::from_secs(1);

/// Requests in flight while the capacity is measured.
const CAPACITY_IN_FLIGHT: u16 = 8;

/// What `open-loop` found.
#[derive(Debug, Serialize)]
pub(crate) struct OpenLoopReport {
    /// The node.
    pub(crate) url: String,
    /// The language run.
    pub(crate) language: String,
    /// Of a closed loop in the same run, in runs per second; `None` where a rate was given.
    pub(crate) capacity: Option<f64>,
    /// One for each rate.
    pub(crate) steps: Vec<Step>,
}

/// One rate.
#[derive(Debug, Serialize)]
pub(crate) struct Step {
    /// Part of the capacity, where that was measured.
    pub(crate) load: Option<f64>,
    /// Starts that the schedule had, in a second.
    pub(crate) offered: f64,
    /// Correct answers in a second, from the first start to the last answer.
    pub(crate) achieved: f64,
    /// From the intended start to the answer, of correct answers, in milliseconds.
    pub(crate) latency_ms: Tail,
    /// Requests without a correct answer, by what happened.
    pub(crate) errors: BTreeMap<String, u64>,
}

/// The bounds of one rate.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// Most requests at once; what would start beyond is an error of its own and not sent.
    in_flight: usize,
    /// Most requests in all.
    requests: usize,
    timeout: Duration,
}

/// Measures the capacity if loads are parts of it, then each rate.
pub(crate) async fn run(args: &OpenLoopArgs) -> Result<OpenLoopReport, BenchError> {
    let target = Target::parse(&args.url)?;
    if !args.anywhere {
        target.require_loopback()?;
    }
    let workload = Workload::from_args(&args.program)?;
    let bounds = Bounds {
        in_flight: usize::from(args.max_in_flight),
        requests: args.max_requests,
        timeout: args.program.timeout,
    };
    let capacity = match args.rate {
        Some(_) => None,
        None => Some(measure_capacity(args).await?),
    };
    let rates: Vec<(Option<f64>, f64)> = match (args.rate, capacity) {
        (Some(rate), _) => vec![(None, rate)],
        (None, capacity) => {
            let whole = capacity.unwrap_or_default();
            args.load
                .iter()
                .map(|load| (Some(*load), load * whole))
                .collect()
        }
    };
    let mut steps = Vec::new();
    for (load, rate) in rates {
        sleep(REST).await;
        let duration = Duration::from_secs(args.seconds);
        let schedule = Schedule::new(args.arrivals, rate, duration, args.seed);
        let mut step = offer(&target, &workload, schedule, bounds).await?;
        step.load = load;
        steps.push(step);
    }
    Ok(OpenLoopReport {
        url: target.to_string(),
        language: workload.language,
        capacity,
        steps,
    })
}

async fn measure_capacity(args: &OpenLoopArgs) -> Result<f64, BenchError> {
    let closed = ThroughputArgs {
        url: args.url.clone(),
        program: args.program.clone(),
        in_flight: CAPACITY_IN_FLIGHT,
        seconds: args.capacity_seconds,
    };
    let capacity = throughput::run(&closed).await?.runs_per_second;
    if capacity > 0.0 {
        Ok(capacity)
    } else {
        Err(BenchError::NoCapacity)
    }
}

/// Starts what the schedule has, and waits for all of it.
async fn offer(
    target: &Target,
    workload: &Workload,
    schedule: Schedule,
    bounds: Bounds,
) -> Result<Step, BenchError> {
    let mut seen = Seen::new()?;
    // Connections that are not in use: as many as were ever needed at once.
    let mut clients: Vec<Client> = Vec::new();
    let mut flights = JoinSet::new();
    let begin = Instant::now();
    let mut last = begin;
    for (number, start) in (1..).zip(schedule.take(bounds.requests)) {
        let intended = begin + start;
        sleep_until(intended).await;
        while let Some(ended) = flights.try_join_next() {
            clients.extend(seen.note(ended));
        }
        last = intended;
        if flights.len() >= bounds.in_flight {
            seen.error("not sent: too many in flight");
            continue;
        }
        let client = clients.pop();
        let client = client.unwrap_or_else(|| Client::new(target.clone(), bounds.timeout));
        flights.spawn(fly(client, workload.clone(), number, intended));
    }
    let offered_for = (last - begin).as_secs_f64();
    while let Some(ended) = flights.join_next().await {
        clients.extend(seen.note(ended));
    }
    Ok(seen.step(offered_for, begin.elapsed()))
}

/// One request. Opening its connection counts: the client had to wait for it.
async fn fly(
    mut client: Client,
    mut workload: Workload,
    number: u64,
    intended: Instant,
) -> (Client, Result<Duration, RunError>) {
    let outcome = client.run(&mut workload, number).await;
    (client, outcome.map(|_| intended.elapsed()))
}

/// What became of requests so far.
#[derive(Debug)]
struct Seen {
    started: u64,
    latencies: Latencies,
    errors: BTreeMap<String, u64>,
}

impl Seen {
    fn new() -> Result<Self, BenchError> {
        Ok(Self {
            started: 0,
            latencies: Latencies::new()?,
            errors: BTreeMap::new(),
        })
    }

    /// Its connection, to be used again.
    fn note(
        &mut self,
        ended: Result<(Client, Result<Duration, RunError>), tokio::task::JoinError>,
    ) -> Option<Client> {
        match ended {
            Ok((client, Ok(took))) => {
                self.started += 1;
                self.latencies.record(took);
                Some(client)
            }
            Ok((client, Err(error))) => {
                self.error(&error.class());
                Some(client)
            }
            Err(_) => {
                self.error("the generator failed");
                None
            }
        }
    }

    fn error(&mut self, class: &str) {
        self.started += 1;
        *self.errors.entry(class.to_owned()).or_default() += 1;
    }

    fn step(self, offered_for: f64, took: Duration) -> Step {
        let latency_ms = self.latencies.tail();
        Step {
            load: None,
            // The distances between starts are one fewer than the starts.
            offered: self.started.saturating_sub(1) as f64 / offered_for.max(f64::MIN_POSITIVE),
            achieved: latency_ms.runs as f64 / took.as_secs_f64(),
            latency_ms,
            errors: self.errors,
        }
    }
}

#[cfg(test)]
mod tests;
