//! Memory: of the jobs together, and of the node over time.

use crate::job::{answer, assert_serves, begin, options, python};
use crate::load::Load;
use capsule_tests::processes::Process;
use capsule_tests::{Node, wait};
use std::time::Duration;

const MIB: i64 = 1 << 20;

/// Each may have what it asks for, but not all at once.
#[test]
fn hungry_jobs_share_what_all_jobs_have() {
    let node = Node::start(
        options()
            .set("jobs_memory", 400 * MIB)
            .set("job_memory_ceiling", 300 * MIB),
    );
    let hungry = python("import time\nx = bytearray(200 << 20)\ntime.sleep(0.5)\nprint(len(x))");
    for _ in 0..2 {
        let jobs: Vec<_> = (0..4).map(|_| begin(&node, &hungry)).collect();
        let mut ended = 0;
        for job in jobs {
            let reply = answer(job);
            let run = reply.json()["run"].clone();
            let fine = run["stdout"] == "209715200\n" && run["code"] == 0;
            let killed = run["status"] == "SG" && run["limit"] == "memory";
            assert!(reply.status == 200 && (fine || killed), "{}", reply.text());
            ended += usize::from(killed);
        }
        assert!(ended > 0, "800 MiB do not fit into 400");
        assert_serves(&node);
    }
}

/// Resident memory in KiB.
fn resident(process: &Process) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.pid));
    let status = status.expect("the process is there");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.expect("a process has memory")
}

/// The harness compares descriptors exactly when the node is dropped.
#[test]
fn hundreds_of_jobs_leave_nothing_in_the_node() {
    let node = Node::start(options());
    let front = node.front().expect("a node has a front");
    let memory = || resident(&node.warden()) + resident(&front);
    let run = |jobs: usize| {
        let load = Load::start(node.address(), 4);
        let begun = std::time::Instant::now();
        let rate = jobs as f32 / 500.0;
        std::thread::sleep(Duration::from_secs_f32(10.0 * rate));
        let tally = load.stop();
        assert!(tally.wrong.is_empty() && tally.broken == 0, "{tally:?}");
        (tally.answered, begun.elapsed())
    };
    // What allocators keep once and for all.
    run(100);
    let before = memory();
    let mut jobs = 0;
    while jobs < 500 {
        jobs += run(250).0;
    }
    let calm = wait::until(Duration::from_secs(3), || {
        (memory() < before + 2048).then_some(())
    });
    assert!(
        calm.is_some(),
        "{before} KiB before {jobs} jobs, {} KiB after",
        memory()
    );
}
