//! A node that has nothing to do does nothing.

use crate::job::{assert_serves, options};
use capsule_tests::Node;
use capsule_tests::processes::Process;
use std::time::Duration;

/// Processor time of a process so far, in ticks of 10 ms.
pub(crate) fn ticks(process: &Process) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.pid));
    let stat = stat.expect("the process is there");
    let (_, fields) = stat.rsplit_once(')').expect("a name is in parentheses");
    let field = |n| {
        let field: &str = fields.split_whitespace().nth(n).expect("it has that many");
        field.parse::<u64>().expect("times are numbers")
    };
    field(11) + field(12)
}

/// Also after jobs, jails that died, and one that ran out of memory.
#[test]
fn an_idle_node_uses_no_processor_time() {
    let node = Node::start(options().set("job_memory_ceiling", 64 << 20));
    for _ in 0..8 {
        assert_serves(&node);
    }
    let body = crate::job::python("x = bytearray(200 << 20)");
    let reply = crate::job::post(node.address(), &body).expect("the node answers");
    assert_eq!(reply.json()["run"]["limit"], "memory", "{}", reply.text());
    for init in node.inits() {
        crate::job::signal(&init, nix::sys::signal::Signal::SIGKILL);
    }
    std::thread::sleep(Duration::from_secs(1));
    let processes = [node.warden(), node.front().expect("a node has a front")];
    let used = || processes.iter().map(ticks).sum::<u64>();
    let before = used();
    std::thread::sleep(Duration::from_secs(4));
    let spent = used() - before;
    // One probe of the node's health may fall into it.
    assert!(spent <= 6, "{spent}0 ms of processor time in 4 s");
}
