//! A front that was taken over: the test speaks to the warden over the front's own channel.

use crate::job::{answer, assert_gone, assert_serves, begin, options, program, python};
use capsule_tests::processes::Process;
use capsule_tests::{Node, wait};
use nix::sys::signal::Signal;
use rustix::io::Errno;
use rustix::net::{SendFlags, send};
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// Where the front has its channel.
const LINK: i32 = 3;

/// First bytes of the messages, as the protocol numbers them.
const CREATE: u8 = 1;
const ARM: u8 = 2;
const BEGIN: u8 = 3;
const USAGE: u8 = 4;
const DESTROY: u8 = 5;

const SECOND: Duration = Duration::from_secs(1);

fn link_of(front: &Process) -> OwnedFd {
    let pid = Pid::from_raw(front.pid).expect("a number of a process");
    let process = pidfd_open(pid, PidfdFlags::empty()).expect("the front is there");
    pidfd_getfd(process, LINK, PidfdGetfdFlags::empty()).expect("root may take descriptors")
}

fn say(link: &OwnedFd, packet: &[u8]) -> Result<(), Errno> {
    send(link, packet, SendFlags::DONTWAIT | SendFlags::NOSIGNAL).map(|_| ())
}

/// A number as the protocol writes it: seven bits at a time, the lowest first.
fn number(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).expect("seven bits");
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn message(kind: u8, numbers: &[u64]) -> Vec<u8> {
    let mut packet = vec![kind];
    packet.extend(numbers.iter().flat_map(|one| number(*one)));
    packet
}

#[test]
fn a_front_that_talks_nonsense_is_replaced() {
    let node = Node::start(options());
    let packets = [
        vec![],
        vec![0xff; 40],
        vec![DESTROY],
        vec![0; 600],
        b"GET /".to_vec(),
    ];
    for packet in packets {
        let front = node.front().expect("a node has a front");
        say(&link_of(&front), &packet).expect("the channel takes it");
        assert_gone(std::slice::from_ref(&front), SECOND);
        let other = || node.front().filter(|new| new.pid != front.pid);
        assert!(wait::until(SECOND, other).is_some(), "no new front");
        assert_serves(&node);
    }
}

#[test]
fn numbers_of_no_jail_and_absurd_limits_are_harmless() {
    let node = Node::start(options());
    let front = node.front().expect("a node has a front");
    let link = link_of(&front);
    let unknown = u64::MAX - 1;
    for jail in [0, 1, 77, unknown, u64::MAX] {
        let absurd = [unknown, jail, 1, u64::MAX, u64::from(u32::MAX), 1, 0, 0, 1];
        say(&link, &message(ARM, &absurd)).expect("the channel takes it");
        say(&link, &message(BEGIN, &[unknown, jail])).expect("the channel takes it");
        say(&link, &message(USAGE, &[unknown, jail, 1])).expect("the channel takes it");
        say(&link, &message(DESTROY, &[jail])).expect("the channel takes it");
    }
    for _ in 0..4 {
        assert_serves(&node);
    }
    assert!(front.is_there(), "{}", node.stderr());
}

/// The limits of a job stay those that it was started with, whatever a front that was taken over asks for afterwards.
#[test]
fn a_second_arm_changes_nothing() {
    let node = Node::start(options().set("max_process_count", 20));
    let front = node.front().expect("a node has a front");
    let code = "import os, time\ntime.sleep(2)\nn = 1\ntry:\n    while True:\n        if os.fork() == 0: time.sleep(60)\n\
                \x20       n += 1\nexcept BlockingIOError:\n    print(n)\n    raise SystemExit(1)";
    let job = begin(&node, &python(code));
    let unknown = u64::MAX - 1;
    // Room for more processes and more memory, in the run stage only.
    let more = [unknown, jail_of(&program(&node)), 0, 1, u64::MAX, 4096, 0];
    say(&link_of(&front), &message(ARM, &more)).expect("the channel takes it");
    let run = &answer(job).json()["run"];
    assert_eq!(
        (&run["stdout"], &run["limit"]),
        (&"20\n".into(), &"processes".into()),
        "{run}"
    );
    assert!(front.is_there(), "{}", node.stderr());
}

/// The number of a jail, which its group is named after.
fn jail_of(program: &Process) -> u64 {
    let groups = program.cgroups();
    let mut parts = groups.split('/');
    let number = parts.find_map(|part| part.strip_prefix("jail-")?.parse().ok());
    number.expect("a program is in a jail's group")
}

/// More jails than there may be are not made, and those that nobody asked for are removed.
#[test]
fn orders_without_end_are_bounded() {
    let node = Node::start(options());
    let front = node.front().expect("a node has a front");
    let link = link_of(&front);
    for request in 0..200 {
        let order = message(CREATE, &[u64::MAX - request]);
        let end = Instant::now() + SECOND * 5;
        while say(&link, &order) == Err(Errno::AGAIN) {
            assert!(Instant::now() < end, "the warden does not listen");
            std::thread::sleep(SECOND / 1000);
        }
    }
    let calm = wait::until(SECOND * 20, || (node.inits().len() == 4).then_some(()));
    assert!(calm.is_some(), "{} jails stay", node.inits().len());
    assert_serves(&node);
}

#[test]
fn a_flood_does_not_keep_the_warden_from_its_signals() {
    let mut node = Node::start(options().set("drain_timeout", 500));
    let link = link_of(&node.front().expect("a node has a front"));
    let end = Instant::now() + SECOND * 6;
    let flood = std::thread::spawn(move || {
        let question = message(USAGE, &[u64::MAX, 0, 0]);
        // Until the warden has closed its end.
        while Instant::now() < end && matches!(say(&link, &question), Ok(()) | Err(Errno::AGAIN)) {}
    });
    std::thread::sleep(SECOND / 2);
    node.signal(Signal::SIGTERM);
    let status = node.wait_end(SECOND * 4);
    assert!(status.is_some_and(|status| status.success()), "{status:?}");
    flood.join().expect("the flood ends");
}
