//! `limit_overrides`: limits of one language, by a package or by the node's configuration.

use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use std::time::Duration;
use thiserror::Error;

/// A limit that may be lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cap<T> {
    /// Piston's -1: only the node's own ceiling holds.
    Unlimited,
    /// The limit.
    At(T),
}

impl<T> Cap<T> {
    /// The limit, `None` where there is none.
    pub fn limit(self) -> Option<T> {
        match self {
            Self::Unlimited => None,
            Self::At(limit) => Some(limit),
        }
    }
}

/// Limits that take the place of the general ones. `None` leaves the general one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitOverrides {
    /// Wall-clock time of the compile stage.
    pub compile_timeout: Option<Cap<Duration>>,
    /// Wall-clock time of the run stage.
    pub run_timeout: Option<Cap<Duration>>,
    /// Processor time of the compile stage.
    pub compile_cpu_time: Option<Cap<Duration>>,
    /// Processor time of the run stage.
    pub run_cpu_time: Option<Cap<Duration>>,
    /// Memory of the compile stage in bytes.
    pub compile_memory_limit: Option<Cap<u64>>,
    /// Memory of the run stage in bytes.
    pub run_memory_limit: Option<Cap<u64>>,
    /// Processes and threads alive at once.
    pub max_process_count: Option<u32>,
    /// Open files of one process.
    pub max_open_files: Option<u32>,
    /// Size of one written file in bytes.
    pub max_file_size: Option<u64>,
    /// Length of each of stdout and stderr in UTF-16 units.
    pub output_max_size: Option<usize>,
}

impl LimitOverrides {
    /// The keys, by Piston's names.
    pub const KEYS: [&'static str; 10] = [
        "compile_timeout",
        "run_timeout",
        "compile_cpu_time",
        "run_cpu_time",
        "compile_memory_limit",
        "run_memory_limit",
        "max_process_count",
        "max_open_files",
        "max_file_size",
        "output_max_size",
    ];

    /// What `max_process_count` can be: above it the kernel has no process numbers left by default.
    pub const PROCESSES: RangeInclusive<i64> = 1..=32_768;

    /// What `max_open_files` can be: fewer start no program, more the kernel refuses by default (`fs.nr_open`).
    pub const OPEN_FILES: RangeInclusive<i64> = 16..=1_048_576;

    /// What `output_max_size` can be: the node holds that much of each job in memory.
    pub const OUTPUT: RangeInclusive<i64> = 1..=268_435_456;

    /// Sets the limit that Piston calls `key`: times in milliseconds, sizes in bytes, -1 for no limit where that
    /// can be.
    ///
    /// # Errors
    /// An unknown key, or a value that the limit can't have.
    pub fn set(&mut self, key: &str, value: i64) -> Result<(), OverrideFault> {
        match key {
            "compile_timeout" => self.compile_timeout = Some(time(key, value)?),
            "run_timeout" => self.run_timeout = Some(time(key, value)?),
            "compile_cpu_time" => self.compile_cpu_time = Some(time(key, value)?),
            "run_cpu_time" => self.run_cpu_time = Some(time(key, value)?),
            "compile_memory_limit" => self.compile_memory_limit = Some(cap(key, value)?),
            "run_memory_limit" => self.run_memory_limit = Some(cap(key, value)?),
            "max_process_count" => {
                self.max_process_count = Some(count(key, value, Self::PROCESSES)?)
            }
            "max_open_files" => self.max_open_files = Some(count(key, value, Self::OPEN_FILES)?),
            "max_file_size" => self.max_file_size = Some(count(key, value, 1..=i64::MAX)?),
            "output_max_size" => self.output_max_size = Some(count(key, value, Self::OUTPUT)?),
            _ => return Err(OverrideFault::UnknownKey(key.to_owned())),
        }
        Ok(())
    }

    /// These limits, and those of `under` where there are none.
    #[must_use]
    pub fn over(self, under: &Self) -> Self {
        Self {
            compile_timeout: self.compile_timeout.or(under.compile_timeout),
            run_timeout: self.run_timeout.or(under.run_timeout),
            compile_cpu_time: self.compile_cpu_time.or(under.compile_cpu_time),
            run_cpu_time: self.run_cpu_time.or(under.run_cpu_time),
            compile_memory_limit: self.compile_memory_limit.or(under.compile_memory_limit),
            run_memory_limit: self.run_memory_limit.or(under.run_memory_limit),
            max_process_count: self.max_process_count.or(under.max_process_count),
            max_open_files: self.max_open_files.or(under.max_open_files),
            max_file_size: self.max_file_size.or(under.max_file_size),
            output_max_size: self.output_max_size.or(under.output_max_size),
        }
    }
}

fn time(key: &str, value: i64) -> Result<Cap<Duration>, OverrideFault> {
    Ok(match cap(key, value)? {
        Cap::Unlimited => Cap::Unlimited,
        Cap::At(milliseconds) => Cap::At(Duration::from_millis(milliseconds)),
    })
}

fn cap(key: &str, value: i64) -> Result<Cap<u64>, OverrideFault> {
    match value {
        -1 => Ok(Cap::Unlimited),
        1.. => Ok(Cap::At(value.unsigned_abs())),
        _ => Err(OverrideFault::NoCap {
            key: key.to_owned(),
            value,
        }),
    }
}

fn count<T: TryFrom<i64>>(
    key: &str,
    value: i64,
    range: RangeInclusive<i64>,
) -> Result<T, OverrideFault> {
    let number = Some(value).filter(|value| range.contains(value));
    number
        .and_then(|value| T::try_from(value).ok())
        .ok_or_else(|| OverrideFault::NoCount {
            key: key.to_owned(),
            value,
            least: *range.start(),
            most: *range.end(),
        })
}

/// Why a limit can't be set.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OverrideFault {
    /// No limit has that name.
    #[error("there is no limit {0:?}")]
    UnknownKey(String),
    /// Zero, or below -1.
    #[error("{key} can't be {value}, only 1 or more, or -1 for no limit")]
    NoCap {
        /// Name of the limit.
        key: String,
        /// What it was to be.
        value: i64,
    },
    /// Less or more than can be.
    #[error("{key} can't be {value}, only {least} to {most}")]
    NoCount {
        /// Name of the limit.
        key: String,
        /// What it was to be.
        value: i64,
        /// The least that it can be.
        least: i64,
        /// The most that it can be.
        most: i64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_can_be_set() {
        let mut overrides = LimitOverrides::default();
        for key in LimitOverrides::KEYS {
            let before = overrides.clone();
            overrides.set(key, 77).unwrap();
            assert_ne!(overrides, before, "{key}");
        }
        assert_eq!(
            overrides.run_timeout,
            Some(Cap::At(Duration::from_millis(77)))
        );
    }

    #[test]
    fn each_key_goes_over_that_below() {
        for key in LimitOverrides::KEYS {
            let set = |value| {
                let mut overrides = LimitOverrides::default();
                overrides.set(key, value).unwrap();
                overrides
            };
            assert_eq!(set(20).over(&set(30)), set(20), "{key}");
            assert_eq!(LimitOverrides::default().over(&set(30)), set(30), "{key}");
        }
    }

    #[test]
    fn minus_one_lifts_times_and_memory_only() {
        let mut overrides = LimitOverrides::default();
        overrides.set("run_memory_limit", -1).unwrap();
        assert_eq!(overrides.run_memory_limit.and_then(Cap::limit), None);
        for (key, value) in [
            ("max_process_count", -1),
            ("max_process_count", 32_769),
            ("max_open_files", 0),
            ("max_open_files", 1_048_577),
            ("output_max_size", 268_435_457),
            ("run_timeout", 0),
            ("run_timeout", -2),
        ] {
            assert!(overrides.set(key, value).is_err(), "{key} {value}");
        }
        assert_eq!(
            overrides.set("max_process_count", i64::MAX),
            Err(OverrideFault::NoCount {
                key: "max_process_count".into(),
                value: i64::MAX,
                least: 1,
                most: 32_768,
            })
        );
    }

    #[test]
    fn an_unknown_key_is_named() {
        let fault = LimitOverrides::default().set("run_timeuot", 5).unwrap_err();
        assert_eq!(fault, OverrideFault::UnknownKey("run_timeuot".into()));
    }
}
