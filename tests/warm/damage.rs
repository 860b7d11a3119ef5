//! What happens from outside to a program while it waits for its job.

use crate::waiting::{options, prepare, run, run_warm, waiting, warm_node};
use capsule_tests::processes::Process;
use capsule_tests::{Node, wait};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

fn python() -> Value {
    json!({"language": "python", "version": "*", "files": [{"name": "main.py", "content": "print(42)"}]})
}

fn signal_all(processes: &[Process], signal: Signal) {
    for process in processes {
        // One that is gone already is as good.
        kill(Pid::from_raw(process.pid), signal).ok();
    }
}

fn assert_gone(processes: &[Process]) {
    let gone = || (!processes.iter().any(Process::is_there)).then_some(());
    wait::until(SECOND * 5, gone).expect("what waits ends");
}

fn assert_42(answer: &Value) {
    assert_eq!(answer["run"]["stdout"], "42\n", "{answer}");
}

/// Its jail ends as well, and the job gets another one.
#[test]
fn a_program_that_dies_while_it_waits_costs_no_job() {
    let node = warm_node();
    for _ in 0..5 {
        let found = prepare(&node, &python());
        signal_all(&found, Signal::SIGKILL);
        assert_gone(&found);
        for _ in 0..found.len() + 1 {
            assert_42(&run(&node, &python()));
        }
    }
    assert_42(&run_warm(&node, &python()).1);
}

/// As a program that is stopped while it runs: the time limit ends it.
#[test]
fn a_program_that_stands_still_costs_its_job_only() {
    let node = warm_node();
    let found = prepare(&node, &python());
    signal_all(&found, Signal::SIGSTOP);
    let mut job = python();
    job["run_timeout"] = json!(1000);
    let begun = Instant::now();
    // Of the pool's, at most these stand still.
    for _ in &found {
        let answer = run(&node, &job);
        let run = &answer["run"];
        assert!(run["stdout"] == "42\n" || run["status"] == "TO", "{answer}");
    }
    let most = SECOND * 3 * u32::try_from(found.len()).expect("a pool is small");
    assert!(
        begun.elapsed() < most * wait::slowness(),
        "{:?}",
        begun.elapsed()
    );
    assert_gone(&found);
    assert_42(&run_warm(&node, &python()).1);
}

#[test]
fn what_waits_goes_with_the_front_and_with_the_warden() {
    let mut node = warm_node();
    let found = prepare(&node, &python());
    signal_all(
        &[node.front().expect("a node has a front")],
        Signal::SIGKILL,
    );
    assert_gone(&found);
    assert_42(&run_warm(&node, &python()).1);

    let found = prepare(&node, &python());
    node.kill_warden();
    assert_gone(&found);
    node.restart();
    assert_42(&run_warm(&node, &python()).1);
}

/// Also where it waits for nothing any more: the pool makes it anew.
#[test]
fn what_waits_is_not_more_than_the_pool_has_room_for() {
    let node = Node::start(options().set("pool_size", 2));
    for _ in 0..5 {
        run_warm(&node, &python());
        assert!(
            waiting(&node, &python()).len() < 2,
            "{:#?}",
            node.programs()
        );
    }
}
