//! One request at a time over one connection, each beside one bare run, in random order: times, and processor time.

use super::announce;
use super::goals::{self, Goal};
use super::node::Node;
use super::row::{Measured, Row, Times};
use super::store::{Runtime, Store};
use crate::client::Client;
use crate::error::BenchError;
use crate::outside::Outside;
use crate::shuffle::{First, Random};
use crate::stats::{Pairs, Spread};
use crate::workload::{BuiltIn, Workload};
use std::time::Duration;
use tokio::time::sleep;

/// Pairs before the measured ones.
const WARMUP: u64 = 4;
/// Before an account is read: what the node does after its last answer is done by then.
const UNTIL_QUIET: Duration = Duration::from_millis(1500);
/// After each answer, beside the time of a bare run: the node starts another program for the one it gave away, which must not
/// slow the bare run down that comes next.
const REST: Duration = Duration::from_millis(30);

/// With fewer pairs the halves of the bare runs differ on a quiet machine too.
const ENOUGH: usize = 20;

/// What is run.
struct Case {
    program: BuiltIn,
    /// Whether every run has a source of its own.
    is_new: bool,
    /// Measured pairs, in full and in short.
    pairs: (u64, u64),
    goal: &'static Goal,
    cpu: Option<&'static Goal>,
}

impl Case {
    const fn new(program: BuiltIn, pairs: (u64, u64), goal: &'static Goal) -> Self {
        Self {
            program,
            is_new: true,
            pairs,
            goal,
            cpu: None,
        }
    }

    const fn seen(self) -> Self {
        Self {
            is_new: false,
            ..self
        }
    }

    const fn cpu(self, goal: &'static Goal) -> Self {
        Self {
            cpu: Some(goal),
            ..self
        }
    }
}

const CASES: [Case; 8] = [
    Case::new(BuiltIn::Python, (200, 60), &goals::PYTHON).cpu(&goals::PYTHON_CPU),
    Case::new(BuiltIn::JavaScript, (100, 30), &goals::JAVASCRIPT).cpu(&goals::JAVASCRIPT_CPU),
    Case::new(BuiltIn::Java, (50, 12), &goals::JAVA).cpu(&goals::JAVA_CPU),
    Case::new(BuiltIn::C, (100, 30), &goals::C_NEW),
    Case::new(BuiltIn::Cpp, (40, 8), &goals::IOSTREAM_NEW),
    Case::new(BuiltIn::CppEverything, (25, 4), &goals::EVERYTHING_NEW),
    Case::new(BuiltIn::C, (60, 20), &goals::C_SEEN).seen(),
    Case::new(BuiltIn::Cpp, (25, 4), &goals::CPP_SEEN).seen(),
];

/// All of them; first the times, then processor time.
pub(super) async fn rows(
    store: &Store,
    outside: &mut Outside,
    node: &mut Node,
    short: bool,
) -> Result<Vec<Row>, BenchError> {
    let (mut times, mut cpu) = (Vec::new(), Vec::new());
    for case in &CASES {
        match store.runtime(case.program) {
            Ok(runtime) => {
                announce(case.goal);
                let pairs = if short { case.pairs.1 } else { case.pairs.0 };
                let found = Side::new(case, runtime, outside, node)?
                    .measure(pairs)
                    .await?;
                node.require_alive()?;
                times.push(time_row(case, &found.pairs));
                cpu.extend(case.cpu.map(|goal| cpu_row(goal, &found, pairs)));
            }
            Err(why) => {
                times.push(Row::not_measured(case.goal, why.clone()));
                cpu.extend(case.cpu.map(|goal| Row::not_measured(goal, why)));
            }
        }
    }
    times.extend(cpu);
    Ok(times)
}

/// What one case came to.
struct Found {
    pairs: Pairs,
    /// Processor time of all bare runs.
    bare_cpu: Duration,
    /// Of the node meanwhile; `None` where there is no account of it.
    node_cpu: Option<Duration>,
}

/// Both sides of one case.
struct Side<'a> {
    case: &'a Case,
    workload: Workload,
    runtime: &'a Runtime,
    outside: &'a mut Outside,
    node: &'a Node,
    client: Client,
}

impl<'a> Side<'a> {
    fn new(
        case: &'a Case,
        runtime: &'a Runtime,
        outside: &'a mut Outside,
        node: &'a Node,
    ) -> Result<Self, BenchError> {
        Ok(Self {
            workload: Workload::built_in(case.program, &runtime.version, case.is_new),
            client: node.client()?,
            case,
            runtime,
            outside,
            node,
        })
    }

    async fn measure(mut self, count: u64) -> Result<Found, BenchError> {
        let (mut coin, mut pairs) = (Random::new(1), Pairs::default());
        for number in 1..=WARMUP {
            self.pair(number, First::A).await?;
        }
        sleep(UNTIL_QUIET).await;
        let before = self.node.cpu()?;
        let mut bare_cpu = Duration::ZERO;
        for number in WARMUP + 1..=WARMUP + count {
            let (bare, cpu, node) = self.pair(number, coin.toss()).await?;
            pairs.record(bare, node);
            bare_cpu += cpu;
        }
        sleep(UNTIL_QUIET).await;
        let after = self.node.cpu()?;
        Ok(Found {
            pairs,
            bare_cpu,
            node_cpu: after
                .zip(before)
                .map(|(after, before)| after.saturating_sub(before)),
        })
    }

    /// Time and processor time of the bare run, and the time over HTTP.
    async fn pair(
        &mut self,
        number: u64,
        first: First,
    ) -> Result<(Duration, Duration, Duration), BenchError> {
        let bare = self.runtime.bare(&self.workload);
        match first {
            First::A => {
                let ran = self.outside.run(&bare)?;
                Ok((ran.took, ran.cpu, self.ask(number, ran.took).await?))
            }
            First::B => {
                let took = self.ask(number, Duration::ZERO).await?;
                let ran = self.outside.run(&bare)?;
                Ok((ran.took, ran.cpu, took))
            }
        }
    }

    async fn ask(&mut self, number: u64, rest: Duration) -> Result<Duration, BenchError> {
        let took = self.client.run(&mut self.workload, number).await;
        let took = took.map_err(|source| BenchError::Run {
            number,
            target: format!("{} ({})", self.client.target(), self.case.goal.name),
            source,
        })?;
        sleep(REST + rest.max(took)).await;
        Ok(took)
    }
}

fn time_row(case: &Case, pairs: &Pairs) -> Row {
    let summary = pairs.summary();
    let measured = Measured {
        figure: summary.b_ms.median / summary.a_ms.median,
        node: Some(Times::from(&summary.b_ms)),
        bare: Some(Times::from(&summary.a_ms)),
        bare_by_itself: (summary.pairs >= ENOUGH).then(|| pairs.a_by_itself()),
        remark: format!(
            "{} pairs, ratio {}",
            summary.pairs,
            quartiles(&summary.ratio)
        ),
        errors: None,
    };
    Row::measured(case.goal, measured)
}

fn quartiles(of: &Spread) -> String {
    format!("{:.2} to {:.2} pair by pair", of.q1, of.q3)
}

fn cpu_row(goal: &'static Goal, found: &Found, pairs: u64) -> Row {
    let Some(node) = found.node_cpu else {
        return Row::not_measured(
            goal,
            "no account of the node's processor time: on cgroup v2 it needs systemd",
        );
    };
    let ms = |time: Duration| time.as_secs_f64() * 1000.0 / pairs as f64;
    let measured = Measured {
        figure: node.as_secs_f64() / found.bare_cpu.as_secs_f64(),
        remark: format!(
            "{:.1} ms a job, bare {:.1} ms",
            ms(node),
            ms(found.bare_cpu)
        ),
        ..Measured::default()
    };
    Row::measured(goal, measured)
}
