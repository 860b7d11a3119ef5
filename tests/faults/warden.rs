//! The warden is killed, as only kill -9 and the machine do it.

use crate::job::{assert_gone, assert_serves, begin, options, program, sleeper};
use crate::load::Load;
use capsule_tests::{Node, processes};
use std::time::Duration;

#[test]
fn nothing_outlives_a_killed_warden_and_the_next_one_serves() {
    let mut node = Node::start(options());
    for _ in 0..3 {
        let load = Load::start(node.address(), 8);
        std::thread::sleep(Duration::from_millis(500));
        let mut all = processes::descendants(node.warden().pid);
        all.extend(node.programs());
        node.kill_warden();
        assert_gone(&all, Duration::from_secs(1));
        let tally = load.stop();
        assert!(tally.answered > 0 && tally.wrong.is_empty(), "{tally:?}");
        assert!(tally.slowest < Duration::from_secs(10), "{tally:?}");
        node.restart();
        assert!(
            node.stderr().contains("removed cgroups"),
            "{}",
            node.stderr()
        );
        assert_serves(&node);
    }
}

#[test]
fn a_running_program_dies_with_the_warden() {
    let mut node = Node::start(options());
    let job = begin(&node, &sleeper(Duration::from_secs(8)));
    let program = program(&node);
    node.kill_warden();
    assert_gone(&[program], Duration::from_secs(1));
    assert!(job.join().expect("the client ends").is_err());
    // Empty cgroup folders stay, for the next one to remove.
    node.restart();
}
