//! What the host's cgroups can do.

use super::finding::{Finding, in_words};
use crate::instance;
use jail::cgroup::{self, Offer, Version};

/// Makes groups and looks, as root. Must be called while the process has one thread.
pub(super) fn findings() -> Vec<Finding> {
    let hierarchy = match instance::hierarchy() {
        Ok(hierarchy) => hierarchy,
        Err(error) => {
            return vec![Finding::blocking(
                "cgroup controllers",
                in_words(&error),
                "jobs can't be limited",
            )];
        }
    };
    let name = format!("codecapsule-doctor-{}", std::process::id());
    match cgroup::offer(&hierarchy, &name) {
        Ok(offer) => look(&offer),
        Err(error) => vec![Finding::blocking(
            "cgroup sub-groups",
            in_words(&error),
            "jobs can't be limited: run as root of a machine, or as a service with Delegate=yes",
        )],
    }
}

fn look(offer: &Offer) -> Vec<Finding> {
    let mut findings = vec![
        Finding::ok(
            "cgroup controllers",
            match offer.version {
                Version::V1 => "memory, pids, cpu, cpuacct (v1)",
                Version::V2 => "memory, pids, cpu (v2)",
            },
        ),
        Finding::ok(
            "cgroup sub-groups",
            format!("can be made in {}", offer.own.display()),
        ),
    ];
    if offer.version == Version::V2 {
        findings.push(match &offer.start_inside {
            Ok(()) => Finding::ok("start in a cgroup", "works"),
            Err(error) => Finding::blocking(
                "start in a cgroup",
                error.to_string(),
                "init can't be started inside its limits: use Linux 5.15 or newer",
            ),
        });
        if offer.shared {
            findings.push(Finding::note(
                "own cgroup",
                format!("{} holds other processes", offer.own.display()),
                "start the node in one of its own: as a service with Delegate=yes, or with systemd-run --scope --property=Delegate=yes",
            ));
        }
        findings.push(file(
            Some(offer.kill),
            "cgroup.kill",
            "nothing: a jail ends with its init",
        ));
        findings.push(file(
            offer.kill_together,
            "memory.oom.group",
            "an out-of-memory kill would end one process of a job: use Linux 5.15 or newer",
        ));
    } else {
        findings.push(Finding::note(
            "cgroup version",
            "v1",
            "an out-of-memory kill ends a job through a notice to the agent instead of in the kernel",
        ));
    }
    findings.push(file(
        offer.peak,
        "memory peak",
        "the memory of a result is what its stage had at its end",
    ));
    findings.push(file(
        offer.swap,
        "swap accounting",
        "jobs could swap beyond their memory limit: boot with swapaccount=1, or use no swap",
    ));
    findings
}

fn file(there: Option<bool>, name: &str, without: &str) -> Finding {
    match there {
        Some(true) => Finding::ok(name, "there"),
        Some(false) => Finding::missing(name, "not there", without),
        None => Finding::note(
            name,
            "not to be seen from here",
            "groups show it once a node, or whoever made this group, hands them the memory controller",
        ),
    }
}
