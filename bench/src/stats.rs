//! The statistics: percentiles of many runs, and medians with their spread for pairs.

use crate::error::BenchError;
use hdrhistogram::Histogram;
use serde::Serialize;
use std::time::Duration;

/// Ten minutes in microseconds: what no single run can exceed.
const LONGEST_US: u64 = 600_000_000;

/// Latencies of many runs, to three significant digits.
#[derive(Debug)]
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    /// None yet.
    pub(crate) fn new() -> Result<Self, BenchError> {
        Histogram::new_with_bounds(1, LONGEST_US, 3)
            .map(Self)
            .map_err(BenchError::Histogram)
    }

    /// Adds one run.
    pub(crate) fn record(&mut self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(LONGEST_US);
        self.0.saturating_record(us.clamp(1, LONGEST_US));
    }

    /// Their slow end.
    pub(crate) fn tail(&self) -> Tail {
        let at = |quantile| self.0.value_at_quantile(quantile) as f64 / 1000.0;
        Tail {
            runs: self.0.len(),
            p50: at(0.50),
            p90: at(0.90),
            p99: at(0.99),
            p999: at(0.999),
            max: self.0.max() as f64 / 1000.0,
        }
    }

    /// What they come to.
    pub(crate) fn summary(&self) -> Percentiles {
        let ms = |us: u64| us as f64 / 1000.0;
        Percentiles {
            runs: self.0.len(),
            min: ms(self.0.min()),
            p50: ms(self.0.value_at_quantile(0.50)),
            p95: ms(self.0.value_at_quantile(0.95)),
            p99: ms(self.0.value_at_quantile(0.99)),
            max: ms(self.0.max()),
            mean: self.0.mean() / 1000.0,
        }
    }
}

/// The slow end of latencies, in milliseconds. All but the number is 0 where there are none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Tail {
    /// How many runs.
    pub(crate) runs: u64,
    /// The median.
    pub(crate) p50: f64,
    /// 90 of 100 are at most this.
    pub(crate) p90: f64,
    /// 99 of 100.
    pub(crate) p99: f64,
    /// 999 of 1000.
    pub(crate) p999: f64,
    /// The slowest.
    pub(crate) max: f64,
}

/// Percentiles of latencies, in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Percentiles {
    /// How many runs.
    pub(crate) runs: u64,
    /// The fastest.
    pub(crate) min: f64,
    /// The median.
    pub(crate) p50: f64,
    /// 95 of 100 are at most this.
    pub(crate) p95: f64,
    /// 99 of 100 are at most this.
    pub(crate) p99: f64,
    /// The slowest.
    pub(crate) max: f64,
    /// The average.
    pub(crate) mean: f64,
}

/// A median with the quartiles around it, half of all samples being between them, and the high end.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    /// A quarter of the samples is below.
    pub(crate) q1: f64,
    /// The middle.
    pub(crate) median: f64,
    /// A quarter of the samples is above.
    pub(crate) q3: f64,
    /// 95 of 100 are at most this.
    pub(crate) p95: f64,
    /// 99 of 100 are at most this.
    pub(crate) p99: f64,
}

impl Spread {
    /// Of these samples; all zero when there are none.
    pub(crate) fn of(mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        Self {
            q1: quantile(&samples, 0.25),
            median: quantile(&samples, 0.5),
            q3: quantile(&samples, 0.75),
            p95: quantile(&samples, 0.95),
            p99: quantile(&samples, 0.99),
        }
    }

    /// The noise: the interquartile range.
    pub(crate) fn range(&self) -> f64 {
        self.q3 - self.q1
    }
}

/// By linear interpolation between the neighbours, as R and NumPy do by default.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the position is between 0 and the length of the slice"
)]
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0.0;
    };
    let position = last as f64 * q;
    let below = sorted[position.floor() as usize];
    let above = sorted[position.ceil() as usize];
    below + (above - below) * position.fract()
}

/// Latencies of A and B, measured side by side.
#[derive(Debug, Default)]
pub(crate) struct Pairs(Vec<(Duration, Duration)>);

impl Pairs {
    /// Adds one pair.
    pub(crate) fn record(&mut self, a: Duration, b: Duration) {
        self.0.push((a, b));
    }

    /// A by itself: the median of every second run by that of the others. What it is from 1 is what the machine made of runs
    /// that are alike. 1 where there are less than two.
    pub(crate) fn a_by_itself(&self) -> f64 {
        let median = |skip| {
            let every_second = self.0.iter().skip(skip).step_by(2);
            Spread::of(every_second.map(|(a, _)| a.as_secs_f64()).collect()).median
        };
        let others = median(1);
        if others > 0.0 {
            median(0) / others
        } else {
            1.0
        }
    }

    /// What they come to.
    pub(crate) fn summary(&self) -> PairSummary {
        let ms = |took: &Duration| took.as_secs_f64() * 1000.0;
        let column = |of: fn(f64, f64) -> f64| {
            Spread::of(self.0.iter().map(|(a, b)| of(ms(a), ms(b))).collect())
        };
        PairSummary {
            pairs: self.0.len(),
            a_ms: column(|a, _| a),
            b_ms: column(|_, b| b),
            difference_ms: column(|a, b| b - a),
            ratio: column(|a, b| b / a),
        }
    }
}

/// Pairs in short.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PairSummary {
    /// How many pairs.
    pub(crate) pairs: usize,
    /// The baseline.
    pub(crate) a_ms: Spread,
    /// The node.
    pub(crate) b_ms: Spread,
    /// B minus A, taken pair by pair.
    pub(crate) difference_ms: Spread,
    /// B by A, taken pair by pair.
    pub(crate) ratio: Spread,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn spread_of_known_samples() {
        let spread = Spread::of(vec![4.0, 1.0, 3.0, 2.0]);
        assert!(
            close(spread.q1, 1.75) && close(spread.median, 2.5) && close(spread.q3, 3.25),
            "{spread:?}"
        );
        assert!(
            close(spread.p95, 3.85) && close(spread.p99, 3.97),
            "{spread:?}"
        );
        assert!(close(spread.range(), 1.5));
    }

    #[test]
    fn spread_of_one_and_of_none() {
        assert!(close(Spread::of(vec![7.0]).median, 7.0));
        assert!(close(Spread::of(vec![7.0]).range(), 0.0));
        assert!(close(Spread::of(Vec::new()).median, 0.0));
    }

    #[test]
    fn percentiles_of_one_to_a_thousand() {
        let mut latencies = Latencies::new().unwrap();
        for ms in 1..=1000 {
            latencies.record(Duration::from_millis(ms));
        }
        let summary = latencies.summary();
        assert_eq!(summary.runs, 1000);
        for (got, want) in [
            (summary.min, 1.0),
            (summary.p50, 500.0),
            (summary.p95, 950.0),
            (summary.p99, 990.0),
        ] {
            assert!((got - want).abs() / want < 0.002, "{got} is not {want}");
        }
        assert!((summary.max - 1000.0).abs() < 2.0);
    }

    #[test]
    fn a_run_beyond_the_range_is_kept_at_its_end() {
        let mut latencies = Latencies::new().unwrap();
        latencies.record(Duration::from_secs(10_000));
        latencies.record(Duration::ZERO);
        let summary = latencies.summary();
        assert_eq!(summary.runs, 2);
        assert!(summary.max > 599_000.0 && summary.min <= 0.001);
    }

    #[test]
    fn a_noisy_baseline_differs_from_itself() {
        let mut pairs = Pairs::default();
        assert!(close(pairs.a_by_itself(), 1.0));
        for ms in [10, 20, 12, 20, 14, 20] {
            pairs.record(Duration::from_millis(ms), Duration::ZERO);
        }
        assert!(close(pairs.a_by_itself(), 0.6));
    }

    #[test]
    fn pairs_are_compared_pair_by_pair() {
        let mut pairs = Pairs::default();
        for (a, b) in [(10, 12), (100, 110), (20, 30)] {
            pairs.record(Duration::from_millis(a), Duration::from_millis(b));
        }
        let summary = pairs.summary();
        assert_eq!(summary.pairs, 3);
        assert!(close(summary.a_ms.median, 20.0) && close(summary.b_ms.median, 30.0));
        // The median of the differences is not the difference of the medians (which is 10 too here by chance of
        // the middle pair, but the ratio tells them apart).
        assert!(close(summary.difference_ms.median, 10.0));
        assert!(close(summary.ratio.median, 1.2));
    }
}
