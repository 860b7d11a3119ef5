//! Processes inside and around a jail are killed from outside.

use crate::job::{
    answer, assert_gone, assert_serves, begin, is_42, options, post, program, programs, python,
    signal, sleeper,
};
use capsule_tests::processes::Process;
use capsule_tests::{Node, wait};
use nix::sys::signal::Signal;
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(8);
const AT_ONCE: Duration = Duration::from_millis(500);

#[test]
fn an_init_killed_under_its_job_is_told_at_once() {
    let node = Node::start(options());
    let job = begin(&node, &sleeper(LONG));
    let program = program(&node);
    let init = Process::read(program.parent).expect("the program has an init");
    let killed = Instant::now();
    signal(&init, Signal::SIGKILL);
    let reply = answer(job);
    assert!(killed.elapsed() < AT_ONCE, "{:?}", killed.elapsed());
    let run = &reply.json()["run"];
    assert_eq!((reply.status, run["status"].as_str()), (200, Some("XX")));
    assert_gone(&[program, init], AT_ONCE);
    assert_serves(&node);
}

#[test]
fn a_program_killed_from_outside_is_one_that_a_signal_ended() {
    let node = Node::start(options());
    let job = begin(&node, &sleeper(LONG));
    signal(&program(&node), Signal::SIGKILL);
    let run = &answer(job).json()["run"];
    assert_eq!(run["status"], "SG");
    assert_eq!(run["signal"], "SIGKILL");
    assert_eq!(run["code"], serde_json::Value::Null);
    assert_eq!(programs(&node), []);
}

/// Waits until the pool is full, kills what `victims` picks, and runs jobs: none may meet a dead jail.
fn with_blank_jails_damaged(victims: impl Fn(&Node) -> Vec<Process>) {
    let node = Node::start(options());
    for _ in 0..3 {
        let full = || Some(victims(&node)).filter(|victims| victims.len() >= 4);
        let victims = wait::until(Duration::from_secs(5), full).expect("the pool is filled");
        for victim in &victims {
            signal(victim, Signal::SIGKILL);
        }
        assert_gone(&victims, AT_ONCE);
        for _ in 0..6 {
            assert_serves(&node);
        }
    }
}

#[test]
fn jobs_do_not_meet_blank_jails_whose_init_died() {
    with_blank_jails_damaged(Node::inits);
}

#[test]
fn jobs_do_not_meet_blank_jails_whose_holders_died() {
    with_blank_jails_damaged(|node| {
        let inits = node.inits();
        let in_jail = |process: &Process| inits.iter().any(|init| init.pid == process.parent);
        let mut holders = node.programs();
        holders.retain(in_jail);
        holders
    });
}

/// The holder of the run stage dies while the compiler runs: the job fails, nothing else does.
#[test]
fn a_holder_killed_during_compile_fails_the_job_only() {
    let node = Node::start(options());
    let body = serde_json::json!({"language": "c++", "version": "*",
        "files": [{"content": "#include <regex>\n#include <iostream>\nint main() { std::cout << 42; }"}]});
    let job = begin(&node, &body);
    let compiler = wait::until(Duration::from_secs(10), || {
        let mut all = node.programs();
        all.retain(|process| process.name.starts_with("cc1plus"));
        all.pop()
    })
    .expect("the compiler starts");
    // Compilers run below the driver, the driver below init: the other children of init are holders.
    let inits = node.inits();
    let mut init = compiler.clone();
    while !inits.iter().any(|one| one.pid == init.pid) {
        init = Process::read(init.parent).expect("a compiler descends from an init");
    }
    for holder in node.programs() {
        if holder.parent == init.pid && holder.name == "capsule-holder" {
            signal(&holder, Signal::SIGKILL);
        }
    }
    let begun = Instant::now();
    let reply = answer(job);
    assert!(
        reply.status == 500 || reply.json()["run"]["status"] == "XX",
        "{}",
        reply.text()
    );
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    assert_gone(&[init], AT_ONCE);
    let reply = post(node.address(), &python("print(42)")).expect("the node answers");
    assert!(is_42(&reply));
}
