//! Checks on the policy as data; that the kernel enforces it is shown by the escape tests.

mod bpf;
mod explained;

use super::*;
use policy::{FETCHER, FRONT, INIT, PROGRAM, UNPACKER};
use std::collections::BTreeMap;

const SUBJECTS: [Subject; 5] = [
    Subject::Program,
    Subject::Init,
    Subject::Front,
    Subject::Fetcher,
    Subject::Unpacker,
];

#[test]
fn all_policies_compile_within_the_kernels_limit() {
    for subject in SUBJECTS {
        for program in filters(subject).unwrap().programs() {
            // BPF_MAXINSNS of <linux/bpf_common.h>.
            assert!(program.len() <= 4096, "{} instructions", program.len());
        }
    }
}

#[test]
fn no_call_is_both_allowed_always_and_ruled_again() {
    for policy in [PROGRAM, INIT, FRONT, FETCHER, UNPACKER] {
        let mut seen: BTreeMap<Sysno, bool> = BTreeMap::new();
        for rule in policy {
            for call in rule.calls {
                let always = rule.when.is_empty();
                if let Some(earlier) = seen.insert(*call, always) {
                    assert!(
                        !earlier && !always,
                        "{} has a rule that another makes useless",
                        call.name()
                    );
                }
            }
        }
    }
}

#[test]
fn every_rule_says_why() {
    for rule in PROGRAM.iter().chain(INIT) {
        assert!(rule.why.len() > 2 && !rule.calls.is_empty());
    }
}

#[test]
fn the_calls_that_open_the_kernel_are_not_allowed() {
    const NEVER: [&str; 27] = [
        "bpf",
        "perf_event_open",
        "ptrace",
        "process_vm_readv",
        "process_vm_writev",
        "unshare",
        "setns",
        "mount",
        "umount2",
        "pivot_root",
        "chroot",
        "init_module",
        "finit_module",
        "kexec_load",
        "reboot",
        "swapon",
        "splice",
        "vmsplice",
        "tee",
        "name_to_handle_at",
        "open_by_handle_at",
        "kcmp",
        "modify_ldt",
        "seccomp",
        "pidfd_getfd",
        "quotactl",
        "syslog",
    ];
    let allowed = |name: &str| {
        PROGRAM.iter().any(|rule| {
            rule.verdict == Verdict::Allow && rule.calls.iter().any(|call| call.name() == name)
        })
    };
    for name in NEVER {
        assert!(!allowed(name), "{name}");
    }
}
