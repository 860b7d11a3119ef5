//! The host around jails: rights of root, resources.

use super::finding::Finding;
use crate::config::HostFacts;
use jail::{Bytes, probe};
use std::fs;

/// Less than this for one job and the node together is not worth starting.
const MEMORY_NEEDED: Bytes = Bytes::mib(512);

/// What only reads.
pub(super) fn findings(host: HostFacts) -> Vec<Finding> {
    vec![kernel(), resources(host), swap(), core_dumps()]
}

/// Whether root here is the root that making jails needs.
pub(super) fn rights() -> Vec<Finding> {
    vec![capabilities(), hard_limits()]
}

fn kernel() -> Finding {
    let release = read("/proc/sys/kernel/osrelease").unwrap_or_else(|| "unknown".to_owned());
    Finding::ok("kernel", format!("Linux {release}"))
}

pub(super) fn capabilities() -> Finding {
    let name = "capabilities";
    match probe::missing_capabilities() {
        Ok(missing) if missing.is_empty() => Finding::ok(name, "all that jails need"),
        Ok(missing) => Finding::blocking(
            name,
            format!("without {}", missing.join(", ")),
            "root may not make jails: use a machine, a VM or a privileged container",
        ),
        Err(error) => Finding::blocking(name, error.to_string(), "jails can't be confined"),
    }
}

fn hard_limits() -> Finding {
    let name = "CAP_SYS_RESOURCE";
    match probe::may_raise_limits() {
        Ok(true) => Finding::ok(name, "held"),
        Ok(false) => Finding::note(
            name,
            "not held",
            "hard limits (open files, processes) can't be raised: a job gets at most what the agent was started with",
        ),
        Err(error) => Finding::missing(name, error.to_string(), "as without it"),
    }
}

fn resources(host: HostFacts) -> Finding {
    let name = "memory and cores";
    let detail = format!("{} MiB, {} cores", host.memory.get() >> 20, host.cores);
    if host.memory < MEMORY_NEEDED {
        return Finding::note(name, detail, "jobs with ordinary limits will not fit");
    }
    Finding::ok(name, detail)
}

fn swap() -> Finding {
    let swaps = read("/proc/swaps").unwrap_or_default();
    match swaps.lines().count() {
        0 | 1 => Finding::ok("swap", "none"),
        _ => Finding::note(
            "swap",
            "in use",
            "jobs may not swap, the rest of the host may: times become less steady",
        ),
    }
}

/// A pipe starts a program of the host as root for every crash, unless the limit on core files is exactly 1 (core(5)), which
/// jails set. Crashes outside of jails still do.
fn core_dumps() -> Finding {
    let pattern = read("/proc/sys/kernel/core_pattern").unwrap_or_default();
    if pattern.starts_with('|') {
        return Finding::note(
            "core_pattern",
            pattern,
            "jobs are kept from starting it; what crashes outside of jails starts it, as root",
        );
    }
    Finding::ok("core_pattern", "no program is started for a crash")
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path)
        .ok()
        .map(|text| text.trim_end().to_owned())
}
