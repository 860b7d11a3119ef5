//! Programs that wait for their job, seen from the host, and the proof that a job met one.

use capsule_tests::processes::Process;
use capsule_tests::{Node, NodeOptions, wait};
use nix::libc::SYS_read;
use serde_json::Value;
use std::fs;
use std::time::Duration;

/// The descriptor on which a program that was started ahead waits.
const GO: u64 = 63;
/// How long one takes to be there, once it was asked for.
const STARTS_WITHIN: Duration = Duration::from_secs(2);
/// From there, until the pool knows that it waits.
const SETTLES: Duration = Duration::from_millis(100);
/// A program may come to wait a moment before the pool knows, a busy machine makes moments long, and what others asked for
/// more often has its places first.
const TRIES: u32 = 12;
/// As many jails as keep some of each that a suite asks for.
const POOL: i64 = 6;

/// A node that starts programs ahead.
pub(crate) fn warm_node() -> Node {
    Node::start(options().set("pool_size", POOL))
}

/// A node that starts nothing ahead.
pub(crate) fn cold_node() -> Node {
    Node::start(options().set("pool_size", 0))
}

pub(crate) fn options() -> NodeOptions {
    // Where packages come from is the same for both, and sealing takes longer than the programs.
    NodeOptions::as_deployed_with_patience()
        .set("max_concurrent_jobs", 2)
        .set("pool_memory", 2_i64 << 30)
        .set("runtime_images", "off")
}

/// Runs a job and returns its answer.
pub(crate) fn run(node: &Node, body: &Value) -> Value {
    let (status, answer) = node.execute(body);
    assert_eq!(status, 200, "{answer}");
    answer
}

/// Asks for a job until a program waits for another one like it.
///
/// # Panics
/// When none comes to wait.
pub(crate) fn prepare(node: &Node, body: &Value) -> Vec<Process> {
    for _ in 0..TRIES {
        let found = wait::until(STARTS_WITHIN, || {
            Some(waiting(node, body)).filter(|found| !found.is_empty())
        });
        if found.is_some() {
            std::thread::sleep(SETTLES);
            let found = waiting(node, body);
            if !found.is_empty() {
                return found;
            }
        }
        run(node, body);
    }
    panic!("nothing is started ahead of {body}: {:#?}", node.programs());
}

/// Runs a job in a program that was started ahead: one that waited is gone afterwards. Returns that, and the answer.
///
/// # Panics
/// When no try met one.
pub(crate) fn run_warm(node: &Node, body: &Value) -> (Process, Value) {
    for _ in 0..TRIES {
        let found = prepare(node, body);
        let answer = run(node, body);
        // The jail is destroyed when the answer is on its way.
        let used = || found.iter().find(|process| !process.is_there());
        if let Some(process) = wait::until(SETTLES, used) {
            return (process.clone(), answer);
        }
    }
    panic!("{body} never met a program that was started ahead");
}

/// The programs that wait for a job of this runtime, with its limits, and where the runtime is told them early, its main file
/// and its arguments.
pub(crate) fn waiting(node: &Node, body: &Value) -> Vec<Process> {
    let fits =
        |process: &Process| is_of(process, body) && has_limit(process, body) && awaits_go(process);
    node.programs().into_iter().filter(fits).collect()
}

fn is_of(process: &Process, body: &Value) -> bool {
    let runs = |part: &str| process.args.first().is_some_and(|arg| arg.contains(part));
    match body["language"].as_str() {
        Some("javascript") => runs("/node/"),
        Some("java") => runs("/java/"),
        Some("python") => runs("/python/") && process.args.ends_with(&words(body)),
        other => panic!("{other:?} is not started ahead"),
    }
}

/// The main file and the arguments as a command has them; of a process empty ones are not known.
fn words(body: &Value) -> Vec<String> {
    let main = body["files"][0]["name"].as_str().unwrap_or("file0.code");
    let main = match main.starts_with('-') {
        true => format!("./{main}"),
        false => main.to_owned(),
    };
    let args = body["args"].as_array().into_iter().flatten();
    let args = args.filter_map(Value::as_str).map(str::to_owned);
    let words = [main].into_iter().chain(args);
    words.filter(|word| !word.is_empty()).collect()
}

fn has_limit(process: &Process, body: &Value) -> bool {
    let Some(limit) = body["run_memory_limit"].as_u64() else {
        return true;
    };
    let environment = fs::read(format!("/proc/{}/environ", process.pid)).unwrap_or_default();
    let wanted = format!("CAPSULE_MEMORY_LIMIT={limit}");
    environment
        .split(|byte| *byte == 0)
        .any(|variable| variable == wanted.as_bytes())
}

/// Whether a thread of it reads the descriptor.
fn awaits_go(process: &Process) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{}/task", process.pid)) else {
        return false;
    };
    let reads = format!("{SYS_read} {GO:#x} ");
    threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("syscall")).ok())
        .any(|call| call.starts_with(&reads))
}
