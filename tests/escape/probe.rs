//! What the inside looks like, line by line: a change of any of it has to be made here too.

use crate::arena::Arena;
use capsule_tests::processes::Process;
use serde_json::json;
use std::collections::BTreeSet;

/// What a program sees, but for the numbers of its namespaces.
const EXPECTED: &str = include_str!("programs/probe.expected");

/// Compares what the probe printed, and its namespaces with those of the host.
pub(crate) fn judge(printed: &str) {
    let (namespaces, rest): (Vec<&str>, Vec<&str>) = printed
        .lines()
        .partition(|line| line.starts_with("namespace "));
    let expected: Vec<&str> = EXPECTED.lines().collect();
    for line in &rest {
        assert!(
            expected.contains(line),
            "the inside shows {line:?}; all of it:\n{printed}"
        );
    }
    for line in &expected {
        assert!(
            rest.contains(line),
            "the inside lacks {line:?}; all of it:\n{printed}"
        );
    }
    assert_eq!(namespaces.len(), 7, "{printed}");
    for line in namespaces {
        let (name, own) = line
            .trim_start_matches("namespace ")
            .split_once(": ")
            .expect("the probe prints name and number");
        let host =
            std::fs::read_link(format!("/proc/self/ns/{name}")).expect("the host has it too");
        assert_ne!(
            host.to_string_lossy(),
            own,
            "the {name} namespace is the host's"
        );
    }
}

#[test]
fn the_inside_is_as_described() {
    let arena = Arena::start();
    let body = json!({
        "language": "python", "version": "*", "files": [{"name": "main.py", "content": include_str!("programs/probe.py")}],
    });
    let mut seen = BTreeSet::new();
    for _ in 0..3 {
        let (status, answer) = arena.execute(&body);
        let printed = answer["run"]["stdout"].as_str().unwrap_or_default();
        assert!(status == 200 && answer["run"]["code"] == 0, "{answer}");
        judge(printed);
        // Each job has namespaces of its own, which live no longer than it: the kernel may give a number out again.
        seen.insert(printed.to_owned());
    }
    assert!(seen.iter().all(|printed| printed.contains("NoNewPrivs: 1")));
}

/// The program of the warm path is one of the inside too: what init is, seen from the host.
#[test]
fn init_is_confined_as_well() {
    let arena = Arena::start();
    // The holders of its stages are of the same binary.
    let is_init = |process: &Process| process.name == "capsule-init";
    let inits: Vec<Process> = arena.inits().into_iter().filter(is_init).collect();
    assert!(!inits.is_empty(), "a node keeps blank jails ready");
    for init in inits {
        let read = |file: &str| std::fs::read_to_string(format!("/proc/{}/{file}", init.pid));
        let status = read("status").expect("a blank jail stays");
        for line in [
            "CapInh:\t0000000000000000",
            "CapPrm:\t0000000000000080",
            "CapEff:\t0000000000000080",
            "CapBnd:\t0000000000000000",
            "CapAmb:\t0000000000000000",
            "NoNewPrivs:\t1",
            "Seccomp:\t2",
        ] {
            assert!(status.contains(line), "init lacks {line:?}:\n{status}");
        }
        assert_eq!(
            read("environ").expect("root may read it"),
            "",
            "init has an environment"
        );
        // Null (of the host, whose /dev is out of sight) for the three, the control channel, two channels for each stage, the signals, and the
        // folders in which a program can leave something.
        let folders = ["/box/submission", "/box", "/tmp", "/dev/shm", "/dev/mqueue"];
        let descriptors = init.descriptors();
        assert!(descriptors.len() <= 9 + folders.len(), "{descriptors:?}");
        let outside = descriptors.values().filter(|link| link.starts_with('/'));
        let allowed = |link: &&String| *link == "/null" || folders.contains(&link.as_str());
        assert!(
            outside.clone().all(|link| allowed(&link)),
            "{descriptors:?}"
        );
    }
}
