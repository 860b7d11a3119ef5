//! When requests of an open loop are meant to start: at times that are set before any answer is known, so that a server
//! that stands still is asked all the same, and what it owes is counted.

use crate::shuffle::Random;
use clap::ValueEnum;
use serde::Serialize;
use std::time::Duration;

/// How the starts lie to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Arrivals {
    /// At equal distances.
    Constant,
    /// As independent people come: distances of a Poisson process.
    Poisson,
}

/// The starts, counted from the beginning of the loop; never going back, all before its end.
#[derive(Debug)]
pub(crate) struct Schedule {
    arrivals: Arrivals,
    /// Between two starts on average, in seconds.
    distance: f64,
    end: f64,
    next: f64,
    count: u64,
    random: Random,
}

impl Schedule {
    /// `rate` starts a second, above 0, for `duration`.
    pub(crate) fn new(arrivals: Arrivals, rate: f64, duration: Duration, seed: u64) -> Self {
        let mut schedule = Self {
            arrivals,
            distance: 1.0 / rate,
            end: duration.as_secs_f64(),
            next: 0.0,
            count: 0,
            random: Random::new(seed),
        };
        if arrivals == Arrivals::Poisson {
            schedule.next = schedule.pause();
        }
        schedule
    }

    /// Between two starts of a Poisson process.
    fn pause(&mut self) -> f64 {
        // The fraction is below 1, so that the logarithm is finite.
        -(1.0 - self.random.fraction()).ln() * self.distance
    }
}

impl Iterator for Schedule {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        if self.next >= self.end {
            return None;
        }
        let start = Duration::from_secs_f64(self.next);
        self.count += 1;
        self.next = match self.arrivals {
            // Not added up: the last one would drift past the end, or stay before it.
            Arrivals::Constant => self.count as f64 * self.distance,
            Arrivals::Poisson => self.next + self.pause(),
        };
        Some(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(arrivals: Arrivals, rate: f64, seconds: u64, seed: u64) -> Vec<Duration> {
        Schedule::new(arrivals, rate, Duration::from_secs(seconds), seed).collect()
    }

    #[test]
    fn constant_starts_have_equal_distances() {
        let starts = starts(Arrivals::Constant, 4.0, 2, 1);
        let wanted: Vec<_> = (0..8).map(|n| Duration::from_millis(n * 250)).collect();
        assert_eq!(starts, wanted);
    }

    #[test]
    fn poisson_starts_are_as_many_and_as_scattered_as_they_have_to_be() {
        let starts = starts(Arrivals::Poisson, 100.0, 100, 7);
        // 10000 with a deviation of 100.
        assert!((9_600..10_400).contains(&starts.len()), "{}", starts.len());
        assert!(starts.is_sorted() && starts.last() < Some(&Duration::from_secs(100)));
        let pauses: Vec<f64> = starts
            .windows(2)
            .map(|two| (two[1] - two[0]).as_secs_f64())
            .collect();
        // Of an exponential distribution 63.2 % lie below the average, of a constant one none or all.
        let below = pauses.iter().filter(|pause| **pause < 0.01).count();
        let share = below as f64 / pauses.len() as f64;
        assert!((0.61..0.655).contains(&share), "{share}");
    }

    #[test]
    fn a_seed_repeats_itself() {
        let of = |seed| starts(Arrivals::Poisson, 10.0, 10, seed);
        assert_eq!(of(3), of(3));
        assert_ne!(of(3), of(4));
    }
}
