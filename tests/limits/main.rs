//! What the kernel enforces for a job, seen from both sides: the answer, and the cgroups while it runs. The same on
//! cgroup v1 and v2; `make test-v2` runs it on a host that has nothing but v2.

use capsule_tests::processes::Process;
use capsule_tests::{Node, NodeOptions, wait};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

const MIB: u64 = 1 << 20;
/// Limit on memory of the jobs that run into it.
const MEMORY: u64 = 100 * MIB;
/// Limits on time. An emulated processor is busy for a second before a program's first line.
const CPU_MS: u64 = 1500;
const WALL_MS: u64 = 2000;

/// The run stage of a Python program with more fields in its request.
fn run(node: &Node, code: &str, more: &Value) -> Value {
    let mut body = json!({
        "language": "python", "version": "*", "files": [{"name": "limits_job.py", "content": code}],
    });
    for (key, value) in more.as_object().expect("fields are an object") {
        body[key] = value.clone();
    }
    let (status, answer) = node.execute(&body);
    assert_eq!(status, 200, "{answer}");
    answer["run"].clone()
}

fn number(stage: &Value, key: &str) -> u64 {
    stage[key]
        .as_u64()
        .unwrap_or_else(|| panic!("{key} is no number: {stage}"))
}

fn assert_killed(stage: &Value, status: &str, limit: &str) {
    assert_eq!(
        (&stage["signal"], &stage["status"], &stage["limit"]),
        (&json!("SIGKILL"), &json!(status), &json!(limit)),
        "{stage}"
    );
}

#[test]
fn memory_ends_the_whole_job() {
    let node = Node::start(NodeOptions::as_deployed());
    let limit = json!({"run_memory_limit": MEMORY});
    let bomb = "x = []\nwhile True: x.append(bytearray(1 << 20))";
    let child = "import os\nif os.fork() == 0:\n    x = []\n    while True: x.append(bytearray(1 << 20))\n\
                 os.wait()\nprint('survived')";
    let files =
        "for i in range(1000):\n    with open(f'/box/{i}', 'wb') as f: f.write(bytes(9_000_000))";
    for code in [bomb, child, files] {
        let stage = run(&node, code, &limit);
        assert_killed(&stage, "SG", "memory");
        assert_eq!(stage["stdout"], "", "{stage}");
        let peak = number(&stage, "memory");
        assert!((MEMORY - MIB..=MEMORY).contains(&peak), "{stage}");
    }
}

#[test]
fn memory_is_told_as_it_was() {
    let node = Node::start(NodeOptions::as_deployed());
    // Twice: the first run is charged for the files of the runtime that nobody has read before.
    for _ in 0..2 {
        let code = "x = b'x' * (60 << 20)\ndel x\nprint(42)";
        let stage = run(&node, code, &json!({"run_memory_limit": MEMORY}));
        assert_eq!(stage["stdout"], "42\n", "{stage}");
        let peak = number(&stage, "memory");
        assert!((60 * MIB..90 * MIB).contains(&peak), "{stage}");
    }
}

#[test]
fn processes_are_counted() {
    let node = Node::start(NodeOptions::as_deployed().set("max_process_count", 20));
    let code = "import os, time\nn = 1\ntry:\n    while True:\n        if os.fork() == 0: time.sleep(60)\n\
                \x20       n += 1\nexcept BlockingIOError:\n    print(n)\n    raise SystemExit(1)";
    let stage = run(&node, code, &json!({}));
    assert_eq!(
        (&stage["stdout"], &stage["code"], &stage["limit"]),
        (&json!("20\n"), &json!(1), &json!("processes")),
        "{stage}"
    );
}

/// From the start, before any job has said how many it may have.
#[test]
fn processes_of_a_jail_that_waits_are_limited() {
    let options = NodeOptions::as_deployed().set("pool_size", 1);
    let node = Node::start(options.set("max_process_count", 20));
    let waiting = || {
        node.inits()
            .pop()
            .filter(|init| init.cgroups().contains("/jail-"))
    };
    let init = wait::until(Duration::from_secs(10), waiting).expect("a jail is made ahead");
    let groups = init.cgroups();
    let path = groups.lines().find_map(|line| {
        let (_, rest) = line.split_once(':')?;
        match rest.split_once(':')? {
            ("pids", path) => Some(format!("/sys/fs/cgroup/pids{path}")),
            ("", path) => Some(format!("/sys/fs/cgroup{path}")),
            _ => None,
        }
    });
    let leaf = PathBuf::from(path.expect("the pids controller is there"));
    let jail = leaf.parent().expect("init has a group in its jail's");
    let most = std::fs::read_to_string(jail.join("pids.max")).expect("the group has a limit");
    let most: u32 = most.trim().parse().expect("the limit is a number");
    // A blank jail knows no runtime yet, so this is 512, or the highest number that is configured where that is more; init and
    // the holders count too.
    assert!((512..600).contains(&most), "{most}");
}

#[test]
fn time_is_limited_by_both_clocks() {
    let node = Node::start(NodeOptions::as_deployed());
    // Two processes use up the time twice as fast, where there are two cores.
    let busy = "import os\nos.fork()\nwhile True: pass";
    let stage = run(&node, busy, &json!({"run_cpu_time": CPU_MS}));
    assert_killed(&stage, "TO", "cpu");
    let used = number(&stage, "cpu_time");
    assert!((CPU_MS..CPU_MS + 500).contains(&used), "{stage}");

    let idle = "import time\ntime.sleep(60)";
    let stage = run(&node, idle, &json!({"run_timeout": WALL_MS}));
    assert_killed(&stage, "TO", "wall");
    let used = number(&stage, "wall_time");
    assert!((WALL_MS..WALL_MS + 500).contains(&used), "{stage}");
}

#[test]
fn output_and_temporary_files_are_limited() {
    let node = Node::start(NodeOptions::as_deployed());
    let stage = run(&node, "while True: print('x' * 1000)", &json!({}));
    assert_killed(&stage, "OL", "output");

    // As many files as fit, each of the largest size.
    let fill = "import errno\nn = 0\nwhile True:\n    try:\n        with open(f'/tmp/{n}', 'wb', buffering=0) as f:\n\
                \x20           for _ in range(9): f.write(bytes(1 << 20))\n    except OSError as e:\n\
                \x20       print(n, errno.errorcode[e.errno])\n        break\n    n += 1";
    let stage = run(&node, fill, &json!({}));
    // 64 MiB in files of 9; the last write may have been a short one.
    assert_eq!(stage["stdout"], "7 ENOSPC\n", "{stage}");
}

/// Every process of a job is where its limits are, and sees itself at the root of its group.
#[test]
fn processes_are_in_their_groups() {
    let node = Node::start(NodeOptions::as_deployed());
    std::thread::scope(|scope| {
        let code = "import time\nprint(open('/proc/self/cgroup').read())\ntime.sleep(2)";
        let job = scope.spawn(|| run(&node, code, &json!({})));
        let is_job = |process: &Process| {
            let mut args = process.args.iter();
            args.any(|arg| arg.ends_with("limits_job.py"))
        };
        let program = wait::until(Duration::from_secs(10), || {
            node.programs().into_iter().find(is_job)
        });
        let program = program.expect("the program starts");
        let inits = node.inits();
        let init = inits.iter().find(|init| init.pid == program.parent);
        let init = init.expect("a program's parent is its init");
        assert_in("/run", &program);
        assert_in("/init", init);
        let seen = job.join().expect("the thread ends");
        let seen = seen["stdout"].as_str().expect("stdout is text").trim();
        assert!(seen.lines().all(|line| line.ends_with(":/")), "{seen}");
    });
}

/// In the memory controller's hierarchy, or the only one.
fn assert_in(leaf: &str, process: &Process) {
    let groups = process.cgroups();
    let mut groups = groups.lines();
    let memory = groups.find(|line| line.contains(":memory:") || line.starts_with("0::"));
    assert!(
        memory.is_some_and(|path| path.ends_with(leaf)),
        "{process}: {memory:?}"
    );
}
