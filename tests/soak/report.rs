//! The one table at the end.
#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use crate::killer::{Blows, VICTIMS, of};
use crate::load::{Outcome, Tally};
use crate::nature::Disk;
use crate::watch::{READY_WITHIN, Sample};
use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// What one run found.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) seed: u64,
    minutes: u64,
    pub(crate) begun: Instant,
    /// Jobs a second that the node can do, and that arrived.
    pub(crate) capacity: f64,
    pub(crate) rate: f64,
    /// The good ones of those that can be done.
    pub(crate) good_capacity: f64,
    /// How many good jobs could have been answered.
    pub(crate) possible: f64,
    pub(crate) tally: Tally,
    pub(crate) blows: Blows,
    pub(crate) nuisances: BTreeMap<&'static str, usize>,
    pub(crate) recoveries: Vec<Duration>,
    pub(crate) resources: Vec<(&'static str, Sample, Sample)>,
    pub(crate) leaks: Vec<String>,
    pub(crate) violations: Vec<String>,
}

impl Report {
    pub(crate) fn new(seed: u64, minutes: u64) -> Self {
        println!("soak: {minutes} min, SEED={seed}");
        Self {
            seed,
            minutes,
            begun: Instant::now(),
            capacity: 0.0,
            rate: 0.0,
            good_capacity: 0.0,
            possible: 0.0,
            tally: Tally::default(),
            blows: Blows::default(),
            nuisances: BTreeMap::new(),
            recoveries: Vec::new(),
            resources: Vec::new(),
            leaks: Vec::new(),
            violations: Vec::new(),
        }
    }

    /// Prints all of it. A failure where anything must not have been.
    pub(crate) fn print(&self, disk: &Disk) -> ExitCode {
        println!(
            "\nsoak of {} s ({} min asked for), SEED={}: {:.1} jobs/s can be done, {:.1} jobs/s arrived",
            self.begun.elapsed().as_secs(),
            self.minutes,
            self.seed,
            self.capacity,
            self.rate
        );
        self.print_jobs();
        self.print_blows();
        let done: Vec<_> = self
            .nuisances
            .iter()
            .map(|(what, count)| format!("{what} {count}"))
            .collect();
        println!("disturbances: {}", done.join(", "));
        if let Some(longest) = self.recoveries.last() {
            println!(
                "ready again after a front was struck: {} times, median {:.2?}, longest {longest:.2?} ({READY_WITHIN:?} after a kill allowed)",
                self.recoveries.len(),
                self.recoveries[self.recoveries.len() / 2]
            );
        }
        for (role, early, late) in &self.resources {
            println!(
                "{role}: PSS {} KiB early, {} KiB late; {} descriptors early, {} late",
                early.pss_kib, late.pss_kib, early.descriptors, late.descriptors
            );
        }
        println!("left on the host: {}", self.leaks.len());
        let wrong: Vec<_> = self.violations.iter().chain(&self.leaks).collect();
        if wrong.is_empty() {
            println!("all invariants held");
            return ExitCode::SUCCESS;
        }
        println!("\nVIOLATED (again with SEED={}):", self.seed);
        for what in wrong {
            println!("  {what}");
        }
        println!("the node's log: {}", disk.keep_log().display());
        ExitCode::FAILURE
    }

    fn print_jobs(&self) {
        print!("{:<22}", "jobs");
        Outcome::NAMES.iter().for_each(|name| print!("{name:>10}"));
        println!("{:>10}", "all");
        let kinds: BTreeSet<&String> = self.tally.jobs.keys().map(|(kind, _)| kind).collect();
        for kind in kinds {
            self.print_row(kind, |name| {
                let key = (kind.clone(), name);
                self.tally.jobs.get(&key).copied().unwrap_or(0)
            });
        }
        self.print_row("all", |name| self.tally.count(name));
        println!(
            "good jobs answered: {}; by the capacity measured beforehand: {:.0}; slowest end of a request: {:.1?}",
            self.tally.count_good("answered"),
            self.possible,
            self.tally.slowest
        );
    }

    fn print_row(&self, title: &str, count: impl Fn(&'static str) -> usize) {
        print!("{title:<22}");
        let counts = Outcome::NAMES.map(count);
        counts.iter().for_each(|count| print!("{count:>10}"));
        println!("{:>10}", counts.iter().sum::<usize>());
    }

    fn print_blows(&self) {
        println!(
            "{:<22}{:>10}{:>10}{:>10}",
            "processes", "killed", "paused", "stopped"
        );
        for name in VICTIMS.iter().map(|victim| victim.name) {
            let [kills, pauses, stops] = [&self.blows.kills, &self.blows.pauses, &self.blows.stops]
                .map(|counts| of(counts, name));
            println!("{name:<22}{kills:>10}{pauses:>10}{stops:>10}");
        }
        println!("{:<22}{:>10}", "all", self.blows.killed());
    }
}
