//! What the pool tells of itself, for `GET /metrics`.

use super::jail::Ahead;
use super::stock::Stock;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::collections::BTreeMap;
use std::time::Duration;

/// Bounds of the histogram of starts, in seconds.
const STARTS: [f64; 9] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0];

/// How a job came by its jail.
#[derive(Clone, Copy, Debug)]
pub(super) enum How {
    /// Its program waited in it.
    Prestarted,
    /// It waited, and the program was started in it.
    Blank,
    /// It was made then.
    Made,
}

impl How {
    const fn label(self) -> &'static str {
        match self {
            Self::Prestarted => "prestarted",
            Self::Blank => "blank",
            Self::Made => "made",
        }
    }
}

/// Names and versions are those of installed packages, so there are few.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Runtime {
    runtime: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Lease {
    runtime: String,
    how: &'static str,
}

/// The figures.
#[derive(Debug)]
pub(super) struct Meters {
    leases: Family<Lease, Counter>,
    blank: Gauge,
    complete: Gauge,
    waiting: Family<Runtime, Gauge>,
    memory: Family<Runtime, Gauge>,
    starts: Family<Runtime, Histogram, fn() -> Histogram>,
    failures: Family<Runtime, Counter>,
}

impl Default for Meters {
    fn default() -> Self {
        Self {
            leases: Family::default(),
            blank: Gauge::default(),
            complete: Gauge::default(),
            waiting: Family::default(),
            memory: Family::default(),
            starts: Family::new_with_constructor(|| Histogram::new(STARTS)),
            failures: Family::default(),
        }
    }
}

impl Meters {
    pub(super) fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("pool");
        registry.register(
            "leases",
            "Jails given to jobs: their program waited in it, it was blank, or it had to be made",
            self.leases.clone(),
        );
        registry.register(
            "blank",
            "Blank jails that wait for a job",
            self.blank.clone(),
        );
        registry.register(
            "complete",
            "1 when nothing is missing of what is to wait for jobs",
            self.complete.clone(),
        );
        registry.register(
            "waiting",
            "Programs that were started and wait for a job",
            self.waiting.clone(),
        );
        registry.register_with_unit(
            "waiting_memory",
            "What they need together, each as much as one of its kind did when it was started last",
            Unit::Bytes,
            self.memory.clone(),
        );
        registry.register_with_unit(
            "start",
            "Time that starting one took, beside running jobs",
            Unit::Seconds,
            self.starts.clone(),
        );
        registry.register(
            "start_failures",
            "Programs that could not be started ahead",
            self.failures.clone(),
        );
    }

    /// A job got its jail.
    pub(super) fn leased(&self, runtime: &str, how: How) {
        let lease = Lease {
            runtime: runtime.to_owned(),
            how: how.label(),
        };
        self.leases.get_or_create(&lease).inc();
    }

    /// What waits is now this.
    pub(super) fn stocked(&self, stock: &Stock) {
        self.blank.set(number(stock.blank()));
        let mut all: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
        for ahead in stock.demand.known().chain(stock.waiting()) {
            all.entry(&ahead.runtime).or_default();
        }
        for ahead in stock.waiting() {
            let (count, memory) = all.entry(&ahead.runtime).or_default();
            *count += 1;
            *memory += stock.demand.memory(ahead).get();
        }
        self.waiting.clear();
        self.memory.clear();
        for (runtime, (count, memory)) in all {
            let runtime = Runtime {
                runtime: runtime.to_owned(),
            };
            self.waiting.get_or_create(&runtime).set(number(count));
            let memory = i64::try_from(memory).unwrap_or(i64::MAX);
            self.memory.get_or_create(&runtime).set(memory);
        }
    }

    /// Whether nothing is missing.
    pub(super) fn complete(&self, complete: bool) {
        self.complete.set(i64::from(complete));
    }

    /// One was started.
    pub(super) fn started(&self, ahead: &Ahead, took: Duration) {
        let starts = self.starts.get_or_create(&runtime(ahead));
        starts.observe(took.as_secs_f64());
    }

    /// One could not be started.
    pub(super) fn not_started(&self, ahead: &Ahead) {
        self.failures.get_or_create(&runtime(ahead)).inc();
    }
}

fn runtime(ahead: &Ahead) -> Runtime {
    Runtime {
        runtime: ahead.runtime.to_string(),
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
