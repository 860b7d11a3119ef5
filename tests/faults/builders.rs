//! Builders, which make the jails, are killed or stand still.

use crate::job::{assert_gone, assert_serves, options, signal};
use crate::load::Load;
use capsule_tests::Node;
use nix::sys::signal::Signal;
use std::time::{Duration, Instant};

/// A job without a jail fails; the node has the next one made.
#[test]
fn killed_builders_cost_no_more_than_their_jails() {
    let node = Node::start(options().set("pool_size", 2));
    let load = Load::start(node.address(), 4);
    let mut killed = 0;
    let end = Instant::now() + Duration::from_secs(4);
    let mut pause = 0;
    while Instant::now() < end {
        for builder in node.builders() {
            signal(&builder, Signal::SIGKILL);
            killed += 1;
        }
        // Other moments of a builder's life each time.
        pause = (pause + 7) % 23;
        std::thread::sleep(Duration::from_millis(pause));
    }
    let tally = load.stop();
    assert!(killed > 3, "no builder was met");
    assert!(tally.answered > 0, "{tally:?}");
    let failed = |answer: &&String| !answer.starts_with("500 {\"message\":\"internal error\"}");
    assert_eq!(tally.wrong.iter().find(failed), None, "{tally:?}");
    assert_eq!((tally.refused, tally.broken), (0, 0), "{tally:?}");
    for _ in 0..4 {
        assert_serves(&node);
    }
}

#[test]
fn a_builder_that_stands_still_does_not_outlive_the_node() {
    let mut node = Node::start(options());
    // One client never empties the pool: what stands still makes a jail that nobody waits for.
    let load = Load::start(node.address(), 1);
    let end = Instant::now() + Duration::from_secs(10);
    let stopped = loop {
        assert!(Instant::now() < end, "no builder is met");
        if let Some(builder) = node.builders().pop() {
            signal(&builder, Signal::SIGSTOP);
            if builder.is_there() {
                break builder;
            }
        }
    };
    let tally = load.stop();
    assert!(tally.wrong.is_empty(), "{tally:?}");
    node.signal(Signal::SIGTERM);
    let status = node.wait_end(Duration::from_secs(10));
    assert!(status.is_some_and(|status| status.success()), "{status:?}");
    assert_gone(&[stopped], Duration::from_secs(1));
}
