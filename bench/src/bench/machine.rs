//! The machine, and what else went on on it: others' work makes figures worse, and not on both sides alike.

use super::row::Row;
use serde::Serialize;
use std::time::Duration;
use tokio::time::sleep;

/// How long is looked before anything is started.
const LOOK: Duration = Duration::from_secs(2);
/// A quiet machine does less than this by itself.
const BUSY: f64 = 0.05;
/// Time that the machine below takes for others, of all.
const STOLEN: f64 = 0.01;
/// How far the bare command may be from itself.
const APART: f64 = 0.05;

/// Where the figures were made.
#[derive(Debug, Serialize)]
pub(super) struct Machine {
    pub(super) cpu: String,
    pub(super) cores: usize,
    pub(super) kernel: String,
    /// Part of all cores that was in use before anything was started.
    pub(super) busy_before: f64,
    /// Part of the time meanwhile that the machine below took for others.
    pub(super) stolen: f64,
}

impl Machine {
    /// Why the figures are not to be trusted to the digit.
    pub(super) fn noise(&self, rows: &[Row]) -> Vec<String> {
        let mut noise = Vec::new();
        if self.busy_before > BUSY {
            noise.push(format!(
                "{:.0} % of the processors were in use before it began",
                self.busy_before * 100.0
            ));
        }
        if self.stolen > STOLEN {
            noise.push(format!(
                "{:.1} % of the time was stolen by other virtual machines",
                self.stolen * 100.0
            ));
        }
        for row in rows {
            let by_itself = row.figures().and_then(|figures| figures.bare_by_itself);
            if let Some(ratio) = by_itself.filter(|ratio| (ratio - 1.0).abs() > APART) {
                noise.push(format!(
                    "{}: every second bare run took {ratio:.2} of the others' time",
                    row.goal.name
                ));
            }
        }
        noise
    }
}

/// Looks from the start to the end of a measurement.
#[derive(Debug)]
pub(super) struct Watch {
    busy_before: f64,
    start: Times,
}

impl Watch {
    /// Before any node runs.
    pub(super) async fn start() -> Self {
        let before = Times::read();
        sleep(LOOK).await;
        let start = Times::read();
        Self {
            busy_before: 1.0 - start.since(&before, |times| times.idle),
            start,
        }
    }

    /// After the last one.
    pub(super) fn end(&self) -> Machine {
        let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
        let info = read("/proc/cpuinfo");
        let model = info
            .lines()
            .find_map(|line| line.strip_prefix("model name"));
        Machine {
            cpu: model
                .map_or("", |rest| rest.trim_start_matches([' ', '\t', ':']))
                .to_owned(),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            busy_before: self.busy_before,
            stolen: Times::read().since(&self.start, |times| times.stolen),
        }
    }
}

/// The first line of /proc/stat, in ticks of all cores.
#[derive(Debug, Default, PartialEq)]
struct Times {
    all: f64,
    /// Waiting for a disk included.
    idle: f64,
    stolen: f64,
}

impl Times {
    fn read() -> Self {
        Self::parse(&std::fs::read_to_string("/proc/stat").unwrap_or_default())
    }

    /// proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal; guests are in user already.
    fn parse(stat: &str) -> Self {
        let line = stat.lines().find_map(|line| line.strip_prefix("cpu "));
        let words = line.unwrap_or_default().split_whitespace();
        let numbers: Vec<f64> = words
            .take(8)
            .map(|word| word.parse().unwrap_or_default())
            .collect();
        let at = |index: usize| numbers.get(index).copied().unwrap_or_default();
        Self {
            all: numbers.iter().sum(),
            idle: at(3) + at(4),
            stolen: at(7),
        }
    }

    /// A part of all time since then; 0 where none went by.
    fn since(&self, before: &Self, of: fn(&Self) -> f64) -> f64 {
        let all = self.all - before.all;
        if all > 0.0 {
            (of(self) - of(before)) / all
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::goals;
    use super::super::row::Measured;
    use super::*;

    #[test]
    fn parts_of_the_time_between_two_looks() {
        let before = Times::parse("cpu  10 0 10 70 10 0 0 0 0 0\ncpu0 1 1 1 1\n");
        let after = Times::parse("cpu  20 0 20 130 20 0 0 20 0 0\n");
        assert!((after.since(&before, |times| times.idle) - 70.0 / 110.0).abs() < 1e-9);
        assert!((after.since(&before, |times| times.stolen) - 20.0 / 110.0).abs() < 1e-9);
        assert!(after.since(&after, |times| times.idle).abs() < 1e-9);
        assert_eq!(Times::parse("nonsense"), Times::default());
    }

    #[test]
    fn noise_is_named() {
        let machine = |busy_before, stolen| Machine {
            cpu: String::new(),
            cores: 2,
            kernel: String::new(),
            busy_before,
            stolen,
        };
        let row = |ratio| {
            Row::measured(
                &goals::C_NEW,
                Measured {
                    bare_by_itself: Some(ratio),
                    ..Measured::default()
                },
            )
        };
        assert!(machine(0.01, 0.0).noise(&[row(1.01)]).is_empty());
        let noise = machine(0.3, 0.02).noise(&[row(0.9)]);
        assert_eq!(noise.len(), 3, "{noise:?}");
        assert!(noise[2].contains("C hello, new source: every second bare run took 0.90"));
    }
}
