//! Kernel objects that can outlive the processes that made them.

use crate::processes;
use std::collections::BTreeSet;
use std::fs;
use std::ops::RangeInclusive;

/// Who still holds one of these network namespaces: as its own, by a descriptor, or by a mount.
pub(super) fn held_namespaces(namespaces: &BTreeSet<String>) -> Vec<String> {
    if namespaces.is_empty() {
        return Vec::new();
    }
    let mut held = Vec::new();
    for process in processes::all() {
        if let Some(namespace) = process
            .network_namespace()
            .filter(|namespace| namespaces.contains(namespace))
        {
            held.push(format!("{namespace} of {process}"));
        }
        for (number, link) in process.descriptors() {
            if namespaces.contains(&link) {
                held.push(format!("{link} as descriptor {number} of {process}"));
            }
        }
    }
    let mounts = fs::read_to_string("/proc/self/mountinfo").expect("/proc is mounted");
    for line in mounts.lines().filter(|line| line.contains(" - nsfs ")) {
        if namespaces.iter().any(|namespace| line.contains(namespace)) {
            held.push(format!("mount {line}"));
        }
    }
    held
}

/// Message queues, semaphores and shared memory of the host's own IPC namespace that one of the uids made.
pub(super) fn system_v_objects(uids: &RangeInclusive<u32>) -> Vec<String> {
    let mut found = Vec::new();
    for kind in ["msg", "sem", "shm"] {
        // A kernel without System V IPC has no such files.
        let Ok(text) = fs::read_to_string(format!("/proc/sysvipc/{kind}")) else {
            continue;
        };
        found.extend(parse_objects(kind, &text, uids));
    }
    found
}

fn parse_objects(kind: &str, text: &str, uids: &RangeInclusive<u32>) -> Vec<String> {
    let mut lines = text.lines();
    let Some(header) = lines.next() else {
        return Vec::new();
    };
    let columns: Vec<usize> = header
        .split_whitespace()
        .enumerate()
        .filter(|(_, name)| matches!(*name, "uid" | "cuid"))
        .map(|(column, _)| column)
        .collect();
    let ours = |line: &&str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        columns
            .iter()
            .filter_map(|column| fields.get(*column)?.parse().ok())
            .any(|uid: u32| uids.contains(&uid))
    };
    lines
        .filter(ours)
        .map(|line| format!("{kind} {line}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_found_by_owner_or_creator() {
        let text = "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n\
                    \x20        1          0   600          1     0     0  5001     0          0          1\n\
                    \x20        2          1   600          1     0     0     0     0          0          1\n";
        assert_eq!(parse_objects("sem", text, &(5000..=5499)).len(), 1);
        assert!(parse_objects("sem", text, &(6000..=6499)).is_empty());
    }
}
