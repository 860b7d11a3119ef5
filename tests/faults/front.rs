//! The front dies, or stands still.

use crate::job::{
    answer, assert_gone, assert_serves, begin, is_42, options, program, signal, sleeper,
};
use crate::load::Load;
use capsule_tests::http::{self, Request};
use capsule_tests::processes::Process;
use capsule_tests::{Node, wait};
use nix::sys::signal::Signal;
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// A front other than this one, as soon as it is there.
fn next_front(node: &Node, last: &Process) -> Process {
    let other = || node.front().filter(|front| front.pid != last.pid);
    wait::until(Duration::from_secs(5), other).expect("a new front is started")
}

#[test]
fn a_killed_front_takes_its_jails_along_and_another_serves_within_a_second() {
    let node = Node::start(options());
    let load = Load::start(node.address(), 8);
    for _ in 0..10 {
        std::thread::sleep(Duration::from_millis(400));
        let front = node.front().expect("a node has a front");
        let jails = node.inits();
        let killed = Instant::now();
        signal(&front, Signal::SIGKILL);
        let alive = http::send(node.address(), &Request::get("/healthz"));
        // The request may have met the old front, dying; the next one can't.
        let alive = alive.or_else(|_| http::send(node.address(), &Request::get("/healthz")));
        assert_eq!(alive.expect("a new front answers").status, 200);
        assert!(killed.elapsed() < SECOND, "{:?}", killed.elapsed());
        assert_gone(&[front], SECOND);
        assert_gone(&jails, SECOND);
    }
    let tally = load.stop();
    assert_eq!(tally.refused, 0, "the sockets stay: {tally:?}");
    assert!(tally.wrong.is_empty(), "{tally:?}");
    assert!(tally.answered > 0 && tally.broken > 0, "{tally:?}");
    assert!(tally.slowest < Duration::from_secs(10), "{tally:?}");
    assert_serves(&node);
}

#[test]
fn a_front_killed_while_it_starts_is_replaced() {
    let node = Node::start(options());
    let mut front = node.front().expect("a node has a front");
    for _ in 0..4 {
        signal(&front, Signal::SIGKILL);
        front = next_front(&node, &front);
    }
    let begin = Instant::now();
    assert_serves(&node);
    assert!(begin.elapsed() < SECOND * 2, "{:?}", begin.elapsed());
}

/// Those who wait meanwhile are served by the next one, and the programs of the old one do not run on.
#[test]
fn a_front_that_stands_still_is_replaced() {
    let node = Node::start(options());
    let job = begin(&node, &sleeper(SECOND * 60));
    let program = program(&node);
    let front = node.front().expect("a node has a front");
    let stopped = Instant::now();
    signal(&front, Signal::SIGSTOP);
    let waiting = http::send(node.address(), &Request::get("/healthz"));
    assert_eq!(waiting.expect("the next front answers").status, 200);
    // Ten looks, a second apart.
    assert!(stopped.elapsed() >= SECOND * 9, "{:?}", stopped.elapsed());
    let limit = SECOND * 15 * wait::slowness();
    assert!(stopped.elapsed() < limit, "{:?}", stopped.elapsed());
    assert_gone(&[front, program], SECOND);
    assert!(job.join().expect("the client ends").is_err());
    assert_serves(&node);
}

#[test]
fn a_front_that_pauses_goes_on() {
    let node = Node::start(options());
    let front = node.front().expect("a node has a front");
    let job = begin(&node, &sleeper(SECOND * 2));
    program(&node);
    signal(&front, Signal::SIGSTOP);
    std::thread::sleep(SECOND * 5);
    signal(&front, Signal::SIGCONT);
    assert!(is_42(&answer(job)));
    let identity = |process: &Process| (process.pid, process.started);
    assert_eq!(node.front().as_ref().map(identity), Some(identity(&front)));
}

/// The warden is not held up by it, and ends it with the node.
#[test]
fn a_stopped_front_does_not_hold_the_warden_up() {
    let mut node = Node::start(options().set("drain_timeout", 500));
    let front = node.front().expect("a node has a front");
    signal(&front, Signal::SIGSTOP);
    let jails = node.inits();
    let init = jails.first().expect("the pool has jails");
    signal(init, Signal::SIGKILL);
    // The warden still collects its children.
    assert_gone(std::slice::from_ref(init), SECOND);
    node.signal(Signal::SIGTERM);
    let status = node.wait_end(Duration::from_secs(5));
    assert!(status.is_some_and(|status| status.success()), "{status:?}");
    assert_gone(&[front], SECOND);
}

/// What a front that was taken over forks dies with its pid namespace, and it reaches no address from its network.
#[test]
fn a_front_has_namespaces_of_its_own() {
    let node = Node::start(options());
    let front = node.front().expect("a node has a front");
    for kind in ["pid", "net", "ipc"] {
        let of = |process: String| std::fs::read_link(format!("/proc/{process}/ns/{kind}"));
        let (theirs, ours) = (of(front.pid.to_string()), of("self".to_owned()));
        assert_ne!(theirs.unwrap(), ours.unwrap(), "{kind}");
    }
    let devices = std::fs::read_to_string(format!("/proc/{}/net/dev", front.pid)).unwrap();
    let names: Vec<_> = devices
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name.trim())
        .collect();
    assert_eq!(names, ["lo"]);
}
