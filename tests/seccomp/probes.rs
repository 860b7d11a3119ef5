//! Where arguments decide, calls on both sides of the line, put to the kernel from inside a jail.

use capsule_tests::{Node, NodeOptions};
use jail::seccomp::{Action, Call, Decider, Decision, Subject, calls, decide};
use nix::libc::{self, c_int};
use serde_json::json;
use std::collections::BTreeSet;

/// No descriptor.
const BAD: u64 = u64::MAX;
/// <linux/socket.h>, <linux/tcp.h>, <linux/udp.h>, <asm-generic/ioctls.h>, <linux/fs.h>.
const TCP_ULP: u64 = 31;
const UDP_ENCAP: u64 = 100;
const TIOCSTI: u64 = 0x5412;
const FICLONE: u64 = 0x4004_9409;
const RWF_NOWAIT: u64 = 8;
const READ_IMPLIES_EXEC: u64 = 0x040_0000;

const fn n(value: c_int) -> u64 {
    value.cast_unsigned() as u64
}

const fn mode(value: libc::mode_t) -> u64 {
    value as u64
}

/// A call, arguments with which it is let through to fail in the kernel in some other way than by the policy, or to do
/// no harm, and arguments with which it is refused.
const PROBES: &[(&str, &[u64], &[u64])] = &[
    ("preadv2", &[BAD], &[BAD, 0, 0, 0, 0, RWF_NOWAIT]),
    (
        "fadvise64",
        &[BAD],
        &[BAD, 0, 0, n(libc::POSIX_FADV_DONTNEED)],
    ),
    ("open", &[], &[0, n(libc::O_DIRECT)]),
    ("openat", &[], &[0, 0, n(libc::O_DIRECT | libc::O_RDWR)]),
    (
        "mknod",
        &[0, mode(libc::S_IFIFO)],
        &[0, mode(libc::S_IFCHR)],
    ),
    (
        "mknodat",
        &[BAD, 0, mode(libc::S_IFIFO)],
        &[BAD, 0, mode(libc::S_IFBLK)],
    ),
    ("fcntl", &[BAD, n(libc::F_GETFD)], &[BAD, n(libc::F_NOTIFY)]),
    (
        "fcntl",
        &[BAD, n(libc::F_SETFL)],
        &[BAD, n(libc::F_SETFL), n(libc::O_DIRECT)],
    ),
    (
        "fcntl",
        &[BAD, n(libc::F_DUPFD)],
        &[BAD, n(libc::F_SETLEASE)],
    ),
    ("ioctl", &[BAD, libc::TCGETS], &[BAD, TIOCSTI]),
    // The upper half of the command is not looked at by the kernel either.
    ("ioctl", &[BAD, libc::FIONREAD], &[BAD, FICLONE | 1 << 32]),
    (
        "madvise",
        &[1, 0, n(libc::MADV_NORMAL)],
        &[1, 0, n(libc::MADV_MERGEABLE)],
    ),
    ("clone", &[n(libc::CLONE_THREAD)], &[n(libc::CLONE_NEWUSER)]),
    (
        "clone",
        &[n(libc::CLONE_SIGHAND)],
        &[n(libc::CLONE_NEWNET | libc::SIGCHLD)],
    ),
    (
        "setrlimit",
        &[libc::RLIMIT_NOFILE as u64],
        &[libc::RLIMIT_CORE as u64],
    ),
    (
        "prlimit64",
        &[0, libc::RLIMIT_CORE as u64, 0, 1],
        &[1, libc::RLIMIT_CORE as u64],
    ),
    (
        "prlimit64",
        &[0, libc::RLIMIT_NOFILE as u64, 1],
        &[0, libc::RLIMIT_CORE as u64, 1],
    ),
    ("prctl", &[n(libc::PR_GET_DUMPABLE)], &[n(libc::PR_SET_MM)]),
    (
        "prctl",
        &[n(libc::PR_GET_NAME), 1],
        &[n(libc::PR_SET_SECCOMP)],
    ),
    ("prctl", &[n(libc::PR_SET_VMA)], &[n(libc::PR_CAP_AMBIENT)]),
    ("personality", &[0xffff_ffff], &[READ_IMPLIES_EXEC]),
    (
        "socket",
        &[n(libc::AF_UNIX), n(libc::SOCK_STREAM)],
        &[n(libc::AF_UNIX), n(libc::SOCK_RAW)],
    ),
    (
        "socket",
        &[n(libc::AF_INET), n(libc::SOCK_STREAM)],
        &[n(libc::AF_INET), n(libc::SOCK_RAW), 1],
    ),
    (
        "socket",
        &[n(libc::AF_INET6), n(libc::SOCK_DGRAM), n(libc::IPPROTO_UDP)],
        &[
            n(libc::AF_INET6),
            n(libc::SOCK_STREAM),
            n(libc::IPPROTO_MPTCP),
        ],
    ),
    (
        "socket",
        &[n(libc::AF_UNIX), n(libc::SOCK_DGRAM)],
        &[n(libc::AF_ALG), n(libc::SOCK_SEQPACKET)],
    ),
    (
        "socketpair",
        &[n(libc::AF_UNIX), n(libc::SOCK_STREAM)],
        &[n(libc::AF_TIPC), n(libc::SOCK_STREAM)],
    ),
    (
        "setsockopt",
        &[BAD, n(libc::IPPROTO_IP)],
        &[BAD, n(libc::IPPROTO_TCP), TCP_ULP],
    ),
    (
        "setsockopt",
        &[BAD, n(libc::IPPROTO_TCP), n(libc::TCP_NODELAY)],
        &[BAD, n(libc::IPPROTO_UDP), UDP_ENCAP],
    ),
    (
        "setsockopt",
        &[BAD, n(libc::SOL_SOCKET), n(libc::SO_REUSEADDR)],
        &[BAD, n(libc::SOL_SOCKET), n(libc::SO_ATTACH_FILTER)],
    ),
];

/// What the policy says of a probe.
struct Probe {
    call: Call,
    decision: Decision,
}

fn probe(name: &str, given: &[u64]) -> Probe {
    let mut args = [0; 6];
    args[..given.len()].copy_from_slice(given);
    let (_, number) = calls()
        .find(|(known, _)| *known == name)
        .unwrap_or_else(|| panic!("no call is named {name}"));
    let call = Call::native(number, args);
    Probe {
        call,
        decision: decide(Subject::Program, &call),
    }
}

#[test]
fn every_rule_with_conditions_is_probed_on_both_sides() {
    let mut decided = BTreeSet::new();
    let mut refused = BTreeSet::new();
    for (name, let_through, stopped) in PROBES {
        let (let_through, stopped) = (probe(name, let_through), probe(name, stopped));
        assert_eq!(let_through.decision.action, Action::Allow, "{name}");
        assert_ne!(stopped.decision.action, Action::Allow, "{name}");
        refused.insert(stopped.call.number);
        for probe in [let_through, stopped] {
            if let Decider::Rule(index) = probe.decision.by {
                decided.insert(index);
            }
        }
    }
    for (index, rule) in Subject::Program.rules().iter().enumerate() {
        if rule.when.is_empty() {
            continue;
        }
        assert!(
            decided.contains(&index),
            "nothing probes the rule: {}",
            rule.why
        );
        for call in rule.calls {
            assert!(
                refused.contains(&call.id().cast_unsigned()),
                "{}",
                call.name()
            );
        }
    }
}

#[test]
fn the_kernel_answers_probes_as_explained() {
    let probes: Vec<[Probe; 2]> = PROBES
        .iter()
        .map(|(name, let_through, stopped)| [probe(name, let_through), probe(name, stopped)])
        .collect();
    let words: Vec<String> = probes
        .iter()
        .flatten()
        .flat_map(|probe| {
            let args = probe
                .call
                .args
                .map(|arg| arg.expect("probes have all arguments"));
            [u64::from(probe.call.number)].into_iter().chain(args)
        })
        .map(|number| number.to_string())
        .collect();
    let node = Node::start(NodeOptions::as_deployed());
    let (status, answer) = node.execute(&json!({
        "language": "c", "version": "*", "args": words,
        "files": [{"name": "probes.c", "content": include_str!("programs/probes.c")}],
    }));
    assert_eq!(status, 200, "{answer}");
    let stdout = answer["run"]["stdout"].as_str().expect("stdout is text");
    let errnos: Vec<u32> = stdout
        .lines()
        .map(|line| line.parse().expect("an errno"))
        .collect();
    assert_eq!(errnos.len(), 2 * PROBES.len(), "{answer}");
    for ((name, ..), (probes, errnos)) in PROBES.iter().zip(probes.iter().zip(errnos.chunks(2))) {
        let refusal = probes[1].decision.action;
        assert_eq!(
            Action::Errno(errnos[1]),
            refusal,
            "{name}: {:x?}",
            probes[1].call
        );
        assert_ne!(
            Action::Errno(errnos[0]),
            refusal,
            "{name}: {:x?}",
            probes[0].call
        );
    }
}
