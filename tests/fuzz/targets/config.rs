//! A configuration: the file, then lines of `NAME=value` for the environment, then values of `--set`, then the host's
//! cores and MiB of memory, with lines of `---` between them.

#![no_main]

use capsule_agent::fuzzing::{Configured, Sources, config};
use capsule_fuzz::{assert_ends, parts};
use libfuzzer_sys::fuzz_target;
use std::time::Duration;

/// No limit of time is longer: a day.
const DAY: Duration = Duration::from_secs(86_400);

fuzz_target!(|input: &str| {
    let mut parts = parts(input);
    let file = parts.next().unwrap_or_default();
    let env = parts.next().unwrap_or_default().lines();
    let set = parts.next().unwrap_or_default().lines();
    let mut host = parts.next().unwrap_or_default().split(' ');
    let mut host = || host.next().and_then(|number| number.parse::<u32>().ok());
    let sources = Sources {
        file,
        env: env
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        set: set.map(str::to_owned).collect(),
        cores: host().map_or(2, |cores| cores as usize % 8192),
        memory: u64::from(host().unwrap_or(8192)) << 20,
    };
    match config(&sources) {
        Ok(configured) => assert_holds_together(&configured, &sources),
        Err(faults) => {
            assert!(!faults.is_empty());
            for (key, line) in faults {
                let key = key.replace(char::is_control, " ");
                assert!(
                    !key.is_empty() && line.contains(&key),
                    "{line:?} does not name {key:?}"
                );
            }
        }
    }
});

fn assert_holds_together(configured: &Configured, sources: &Sources<'_>) {
    let most = configured.most;
    assert_ends(most.time, DAY);
    assert!((8 << 20..=configured.jobs_memory).contains(&most.memory));
    assert!(!configured.jobs.is_empty());
    for stage in configured.jobs.iter().flat_map(|job| &job.limits) {
        assert_ends(stage.wall, most.time);
        assert_ends(stage.cpu, most.time);
        assert!((8 << 20..=most.memory).contains(&stage.memory));
    }
    let (first, last) = configured.ids;
    assert!(1000 <= first && first <= last && last <= i32::MAX.unsigned_abs());
    assert!(!(first..=last).contains(&65_534) && !(first..=last).contains(&65_535));
    assert!(u64::from(last - first) + 1 >= 2 * configured.jails as u64);
    if let Some(cores) = configured.cores {
        assert!(
            (0.01..=sources.cores.max(1) as f64).contains(&cores),
            "{cores}"
        );
    }
    for &[processes, files, file_size, output] in &configured.sizes {
        assert!(
            (1..=32_768).contains(&processes),
            "max_process_count {processes}"
        );
        assert!((1..=1_048_576).contains(&files), "max_open_files {files}");
        assert!(file_size >= 1);
        assert!(
            (1..=268_435_456).contains(&output),
            "output_max_size {output}"
        );
    }
}
