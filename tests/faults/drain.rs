//! The node is told to stop.

use crate::connection::Connection;
use crate::job::{answer, assert_gone, begin, is_42, options, post, programs, python, sleeper};
use capsule_tests::{Node, wait};
use nix::sys::signal::Signal;
use std::io;
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// Begins so many jobs and waits until all of them run.
fn running(
    node: &Node,
    count: usize,
    time: Duration,
) -> Vec<std::thread::JoinHandle<io::Result<capsule_tests::http::Reply>>> {
    let jobs = (0..count).map(|_| begin(node, &sleeper(time))).collect();
    let all = wait::until(Duration::from_secs(10), || {
        (programs(node).len() == count).then_some(())
    });
    assert!(all.is_some(), "the jobs do not run");
    jobs
}

fn jobs_are_finished_after(signals: &[Signal]) {
    let mut node = Node::start(options());
    let mut idle = Connection::open(node.address());
    idle.send("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(idle.answer().expect("the node answers").status, 200);
    let jobs = running(&node, 4, SECOND * 2);
    let waiting = begin(&node, &python("print(42)"));
    std::thread::sleep(SECOND / 4);
    for signal in signals {
        node.signal(*signal);
        std::thread::sleep(SECOND / 10);
    }
    let refused = wait::until(SECOND / 2, || {
        let answer = post(node.address(), &python("print(42)"));
        answer
            .err()
            .filter(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    });
    assert!(refused.is_some(), "new connections are still taken");
    // A kept connection learns it too: closed, or an answer that tells.
    idle.send("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
    let ready = idle.answer().map(|answer| answer.status);
    assert!(matches!(ready, None | Some(503)), "{ready:?}");
    for job in jobs {
        assert!(is_42(&answer(job)));
    }
    assert!(is_42(&answer(waiting)), "accepted is accepted");
    let status = node.wait_end(SECOND * 3);
    assert!(status.is_some_and(|status| status.success()), "{status:?}");
}

#[test]
fn running_jobs_are_finished_and_new_ones_refused() {
    jobs_are_finished_after(&[Signal::SIGTERM]);
}

#[test]
fn an_interrupt_and_a_second_signal_change_nothing() {
    jobs_are_finished_after(&[Signal::SIGINT, Signal::SIGTERM]);
}

#[test]
fn a_job_that_outlasts_the_drain_is_cut_off() {
    let mut node = Node::start(options().set("drain_timeout", 500));
    let jobs = running(&node, 2, SECOND * 9);
    let running = programs(&node);
    let begun = Instant::now();
    node.signal(Signal::SIGTERM);
    let status = node.wait_end(SECOND * 4);
    assert!(status.is_some_and(|status| status.success()), "{status:?}");
    assert!(begun.elapsed() >= SECOND / 2, "{:?}", begun.elapsed());
    assert_gone(&running, SECOND);
    for job in jobs {
        assert!(job.join().expect("the client ends").is_err());
    }
}
