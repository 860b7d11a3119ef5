//! Nobody reads what the node logs, or it can't be written.

use crate::job::{assert_serves, options, signal};
use capsule_tests::{Node, wait};
use nix::sys::signal::Signal;
use std::time::Duration;

/// Runs jobs and has errors logged, with stderr made by a line of bash.
fn with_stderr(line: &str) {
    let node = Node::start(options().set("log_level", "DEBUG").through_shell(line));
    for _ in 0..3 {
        assert_serves(&node);
    }
    let front = node.front().expect("a node has a front");
    signal(&front, Signal::SIGKILL);
    let replaced = wait::until(Duration::from_secs(2), || {
        node.front().filter(|new| new.pid != front.pid)
    });
    assert!(replaced.is_some(), "no new front");
    for _ in 0..3 {
        assert_serves(&node);
    }
}

#[test]
fn stderr_may_be_closed() {
    with_stderr("exec \"$@\" 2>&-");
}

#[test]
fn stderr_may_be_a_full_disk() {
    with_stderr("exec \"$@\" 2>/dev/full");
}

#[test]
fn the_reader_of_stderr_may_leave() {
    with_stderr("exec \"$@\" 2> >(exit 0)");
}

/// The pipe is full, and this process, which could empty it, never does.
#[test]
fn the_reader_of_stderr_may_stand_still() {
    with_stderr(
        "pipe=$(mktemp -u); mkfifo $pipe; exec 7<>$pipe; rm $pipe; \
         head -c 65536 /dev/zero >&7; exec \"$@\" 2>&7",
    );
}
