//! The blank jail of a node with a pool of one, found from outside.

use capsule_tests::processes::{self, Process};
use capsule_tests::{Node, NodeOptions, wait};
use nix::unistd::Pid;
use std::fs;
use std::time::Duration;

/// Far more than a program takes that is stopped at each of its calls.
const TIME_MS: i64 = 120_000;

/// A node that has one jail at a time, with time to look.
pub(crate) fn options() -> NodeOptions {
    let times = [
        "compile_timeout",
        "compile_cpu_time",
        "run_timeout",
        "run_cpu_time",
    ];
    times.into_iter().fold(
        NodeOptions::new()
            .set("max_concurrent_jobs", 1)
            .set("pool_size", 1),
        |options, time| options.set(time, TIME_MS),
    )
}

/// A jail that waits for its job.
#[derive(Debug)]
pub(crate) struct Jail {
    init: Process,
    holders: Vec<Process>,
}

impl Jail {
    /// Waits until there is one, and no other that still goes away.
    pub(crate) fn blank(node: &Node) -> Self {
        let blank = || {
            let [init] = <[Process; 1]>::try_from(node.inits()).ok()?;
            let holders = processes::descendants(init.pid);
            // Init's own filter is the last thing that is prepared.
            (holders.len() == 2 && is_filtered(&init)).then_some(Self { init, holders })
        };
        wait::until(Duration::from_secs(20), blank).expect("a jail is made ahead of its job")
    }

    /// Init and the stages' holders.
    pub(crate) fn processes(&self) -> Vec<Pid> {
        [&self.init]
            .into_iter()
            .chain(&self.holders)
            .map(|process| Pid::from_raw(process.pid))
            .collect()
    }
}

fn is_filtered(process: &Process) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/status", process.pid));
    status.is_ok_and(|status| status.contains("\nSeccomp:\t2\n"))
}
