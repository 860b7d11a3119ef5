//! Limits of jobs: what runtimes allow, and what the node allows at all.

use crate::config::fault::Conflict;
use crate::config::settings::Settings;
use crate::config::{HostFacts, Node, defaults};
use crate::limits::{ConfiguredStage, RuntimeLimits};
use jail::Bytes;
use packages::{Cap, LimitOverrides};
use std::collections::BTreeMap;
use std::time::Duration;

type Overrides = BTreeMap<String, LimitOverrides>;

/// The limits of a runtime that no override touches.
pub(super) fn general(settings: &mut Settings) -> RuntimeLimits {
    let mut stage = |wall, cpu, memory, default| ConfiguredStage {
        wall: settings.capped_time(wall).unwrap_or(Some(default)),
        cpu: settings.capped_time(cpu).unwrap_or(Some(default)),
        memory: settings.capped_size(memory).unwrap_or(None),
    };
    RuntimeLimits {
        compile: stage(
            "compile_timeout",
            "compile_cpu_time",
            "compile_memory_limit",
            defaults::COMPILE_TIME,
        ),
        run: stage(
            "run_timeout",
            "run_cpu_time",
            "run_memory_limit",
            defaults::RUN_TIME,
        ),
        processes: settings
            .integer("max_process_count", LimitOverrides::PROCESSES)
            .unwrap_or(defaults::MAX_PROCESS_COUNT),
        open_files: settings
            .integer("max_open_files", LimitOverrides::OPEN_FILES)
            .unwrap_or(defaults::MAX_OPEN_FILES),
        file_size: settings
            .size("max_file_size", Bytes(1))
            .unwrap_or(defaults::MAX_FILE_SIZE),
        output: settings
            .integer("output_max_size", LimitOverrides::OUTPUT)
            .unwrap_or(defaults::OUTPUT_MAX_SIZE),
    }
}

/// What holds for every job and for all of them together.
pub(super) fn node(
    settings: &mut Settings,
    host: HostFacts,
    limits: &RuntimeLimits,
    by: &Overrides,
) -> Node {
    let times = configured_times(limits, by);
    let longest = times
        .iter()
        .map(|(_, time)| *time)
        .max()
        .unwrap_or_default();
    let job_time_ceiling = settings
        .time("job_time_ceiling")
        .unwrap_or_else(|| longest.max(defaults::JOB_TIME_CEILING));
    for (key, time) in times
        .into_iter()
        .filter(|(_, time)| *time > job_time_ceiling)
    {
        let (limit, ceiling) = (milliseconds(time), milliseconds(job_time_ceiling));
        let conflict = Conflict::AboveCeiling {
            limit,
            ceiling,
            raise: "job_time_ceiling",
        };
        settings.conflict(&key, &["job_time_ceiling"], conflict);
    }

    let half = Bytes((host.memory.get() / 2).max(defaults::MEMORY_FLOOR.get()));
    let three_quarters = Bytes((host.memory.get() / 4 * 3).max(half.get()));
    let job_memory_ceiling = settings
        .size("job_memory_ceiling", defaults::MEMORY_FLOOR)
        .unwrap_or_else(|| half.min(defaults::JOB_MEMORY_CEILING));
    let jobs_memory = settings
        .size("jobs_memory", defaults::MEMORY_FLOOR)
        .unwrap_or(three_quarters);
    for (key, memory) in configured_memory(limits, by) {
        if memory > job_memory_ceiling {
            let (limit, ceiling) = (memory.get(), job_memory_ceiling.get());
            let conflict = Conflict::AboveCeiling {
                limit,
                ceiling,
                raise: "job_memory_ceiling",
            };
            settings.conflict(&key, &["job_memory_ceiling"], conflict);
        }
    }
    if job_memory_ceiling > jobs_memory {
        let conflict = Conflict::MoreThanAll {
            one: job_memory_ceiling.get(),
            all: jobs_memory.get(),
        };
        settings.conflict("job_memory_ceiling", &["jobs_memory"], conflict);
    }
    if settings.is_set("jobs_memory") && jobs_memory > host.memory {
        let conflict = Conflict::MoreThanHost {
            jobs: jobs_memory.get(),
            host: host.memory.get(),
        };
        settings.conflict("jobs_memory", &[], conflict);
    }
    Node {
        job_time_ceiling,
        job_memory_ceiling,
        jobs_memory,
        compile_cache_size: settings
            .size("compile_cache_size", Bytes(0))
            .unwrap_or(defaults::COMPILE_CACHE_SIZE),
    }
}

/// Wall-clock time of the longest compile and run that any configured limits allow.
pub(super) fn longest_job(limits: &RuntimeLimits, by: &Overrides, ceiling: Duration) -> Duration {
    let job = |limits: &RuntimeLimits| {
        limits.compile.wall.unwrap_or(ceiling) + limits.run.wall.unwrap_or(ceiling)
    };
    let overridden = by.values().map(|by| job(&limits.clone().overridden(by)));
    overridden.chain([job(limits)]).max().unwrap_or(ceiling)
}

/// Every finite time limit with its key.
fn configured_times(limits: &RuntimeLimits, by: &Overrides) -> Vec<(String, Duration)> {
    let general = [
        ("compile_timeout", limits.compile.wall),
        ("run_timeout", limits.run.wall),
        ("compile_cpu_time", limits.compile.cpu),
        ("run_cpu_time", limits.run.cpu),
    ];
    let mut times: Vec<_> = general
        .into_iter()
        .filter_map(|(key, time)| Some((key.to_owned(), time?)))
        .collect();
    for (language, by) in by {
        let own = [
            ("compile_timeout", by.compile_timeout),
            ("run_timeout", by.run_timeout),
            ("compile_cpu_time", by.compile_cpu_time),
            ("run_cpu_time", by.run_cpu_time),
        ];
        times.extend(
            own.into_iter()
                .filter_map(|(key, cap)| Some((in_table(language, key), cap?.limit()?))),
        );
    }
    times
}

/// Every finite memory limit with its key.
fn configured_memory(limits: &RuntimeLimits, by: &Overrides) -> Vec<(String, Bytes)> {
    let general = [
        ("compile_memory_limit", limits.compile.memory),
        ("run_memory_limit", limits.run.memory),
    ];
    let mut memory: Vec<_> = general
        .into_iter()
        .filter_map(|(key, bytes)| Some((key.to_owned(), bytes?)))
        .collect();
    for (language, by) in by {
        let own = [
            ("compile_memory_limit", by.compile_memory_limit),
            ("run_memory_limit", by.run_memory_limit),
        ];
        let finite = |cap: Option<Cap<u64>>| cap.and_then(Cap::limit).map(Bytes);
        memory.extend(
            own.into_iter()
                .filter_map(|(key, cap)| Some((in_table(language, key), finite(cap)?))),
        );
    }
    memory
}

fn in_table(language: &str, key: &str) -> String {
    format!("limit_overrides.{language}.{key}")
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
