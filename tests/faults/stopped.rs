//! Processes of a jail that stand still, for ever: a debugger does that, or a freezer.

use crate::job::{
    answer, assert_gone, assert_serves, begin, is_42, options, program, python, signal, sleeper,
};
use crate::load::Load;
use capsule_tests::processes::Process;
use capsule_tests::{Node, wait};
use nix::sys::signal::Signal;
use serde_json::json;
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// Stops these processes of all blank jails, of which there is one.
fn stop_all(processes: &[Process]) {
    assert!(!processes.is_empty(), "the pool has a jail");
    for process in processes {
        signal(process, Signal::SIGSTOP);
    }
}

fn one_blank_jail() -> Node {
    let node = Node::start(options().set("pool_size", 1));
    let full = || (node.inits().len() == 1).then_some(());
    wait::until(SECOND * 5, full).expect("the pool is filled");
    node
}

/// A file that no channel holds is not taken by the one jail, and by the next one.
#[test]
fn a_job_gets_another_jail_when_its_own_does_not_take_its_files() {
    let node = one_blank_jail();
    let inits = node.inits();
    stop_all(&inits);
    let long = format!("print(42)\n{}", "#".repeat(1 << 20));
    let begun = Instant::now();
    let reply = answer(begin(&node, &python(&long)));
    assert!(is_42(&reply), "{} {}", reply.status, reply.text());
    let limit = SECOND * 10 * wait::slowness();
    assert!(begun.elapsed() < limit, "{:?}", begun.elapsed());
    assert_gone(&inits, SECOND);
}

/// The files are in the channel, the arguments do not fit in any more: the time limit is kept from outside.
#[test]
fn a_job_in_a_jail_that_stands_still_ends_in_time() {
    for arguments in [0, 1_000_000] {
        let node = one_blank_jail();
        let inits = node.inits();
        stop_all(&inits);
        let mut body = python("print(42)");
        body["args"] = json!(vec!["a".repeat(arguments / 10); 10]);
        body["run_timeout"] = json!(2000);
        let begun = Instant::now();
        let reply = answer(begin(&node, &body));
        assert_eq!(reply.json()["run"]["status"], "TO", "{}", reply.text());
        let limit = SECOND * 4 * wait::slowness();
        assert!(begun.elapsed() < limit, "{:?}", begun.elapsed());
        assert_gone(&inits, SECOND);
        assert_serves(&node);
    }
}

#[test]
fn a_program_that_is_stopped_ends_in_time() {
    let node = Node::start(options());
    let mut body = sleeper(SECOND);
    body["run_timeout"] = json!(3000);
    let job = begin(&node, &body);
    let program = program(&node);
    signal(&program, Signal::SIGSTOP);
    let reply = answer(job);
    assert_eq!(reply.json()["run"]["status"], "TO", "{}", reply.text());
    assert_gone(&[program], SECOND);
}

#[test]
fn a_holder_that_is_stopped_costs_its_job_only() {
    let node = one_blank_jail();
    let mut holders = node.programs();
    holders.retain(|process| process.name == "capsule-holder");
    stop_all(&holders);
    let mut body = python("print(42)");
    body["run_timeout"] = json!(1000);
    let reply = answer(begin(&node, &body));
    assert_eq!(reply.json()["run"]["status"], "TO", "{}", reply.text());
    assert_gone(&holders, SECOND);
    assert_serves(&node);
}

/// An init whose builder was killed under it, and that stands still: nobody has told the warden of it.
#[test]
fn an_init_without_a_builder_does_not_stay() {
    let node = Node::start(options());
    let load = Load::start(node.address(), 2);
    let end = Instant::now() + SECOND * 20 * wait::slowness();
    let orphan = loop {
        assert!(Instant::now() < end, "no jail is met in the making");
        let known = node.inits();
        let Some(init) = known.into_iter().max_by_key(|init| init.started) else {
            continue;
        };
        // In its group already, and still root: its jail is not ready.
        let attached = |line: &str| line.contains("/jail-") && line.ends_with("/init");
        let unready = |init: &Process| init.uid == 0 && init.cgroups().lines().any(attached);
        signal(&init, Signal::SIGSTOP);
        // Several jails may be in the making; an init that is not ready has its builder among them.
        for builder in node.builders() {
            signal(&builder, Signal::SIGKILL);
        }
        match Process::read(init.pid).filter(|now| unready(now) && now.state == 'T') {
            Some(init) => break init,
            None => signal(&init, Signal::SIGCONT),
        }
    };
    assert_gone(&[orphan], SECOND * 2);
    let tally = load.stop();
    assert!(tally.answered > 0, "{tally:?}");
    assert_serves(&node);
}
