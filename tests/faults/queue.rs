//! More jobs than the node takes.

use crate::connection::{self, Connection};
use crate::job::{answer, begin, is_42, options, post, program, python, sleeper};
use capsule_tests::{Node, NodeOptions};
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// For the next one to arrive after the last one.
fn moment() {
    std::thread::sleep(SECOND / 5);
}

fn narrow() -> NodeOptions {
    options()
        .set("max_concurrent_jobs", 1)
        .set("queue_length", 1)
        .set("queue_timeout", 1500)
}

#[test]
fn a_full_queue_refuses_at_once_and_says_when_to_come_back() {
    // The second is to wait for the first, however slow this machine is.
    let node = Node::start(narrow().set("queue_timeout", 20_000));
    let first = begin(&node, &sleeper(SECOND));
    program(&node);
    let second = begin(&node, &python("print(42)"));
    moment();
    let begun = Instant::now();
    let third = post(node.address(), &python("print(42)")).expect("a refusal is an answer");
    assert!(begun.elapsed() < SECOND / 4, "{:?}", begun.elapsed());
    assert_eq!(third.status, 503);
    let after = third.header("retry-after").map(str::parse::<u32>);
    assert!(matches!(after, Some(Ok(1..))), "{after:?}");
    assert!(third.json()["message"].is_string());
    assert!(is_42(&answer(first)) && is_42(&answer(second)));
    assert!(is_42(&answer(begin(&node, &python("print(42)")))));
}

#[test]
fn waiting_has_an_end_and_those_who_leave_give_up_their_place() {
    let node = Node::start(narrow());
    let first = begin(&node, &sleeper(SECOND * 3));
    program(&node);
    // One that goes away while it waits.
    let mut gone = Connection::open(node.address());
    gone.send(connection::post(&python("print(42)").to_string()));
    moment();
    drop(gone);
    moment();
    // Its place is free, and is held until the deadline.
    let begun = Instant::now();
    let second = post(node.address(), &python("print(42)")).expect("a refusal is an answer");
    let waited = begun.elapsed();
    assert_eq!(second.status, 503);
    assert!((SECOND..SECOND * 2).contains(&waited), "{waited:?}");
    // And free again: this one is served when the first has ended.
    assert!(is_42(&answer(begin(&node, &python("print(42)")))));
    assert!(is_42(&answer(first)));
}
