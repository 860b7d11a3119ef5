//! Jobs to disturb.

use capsule_tests::http::{self, Reply, Request};
use capsule_tests::processes::Process;
use capsule_tests::{Node, NodeOptions, wait};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use std::io;
use std::net::SocketAddr;
use std::thread::JoinHandle;
use std::time::Duration;

/// By this name a program is found among the processes of the host.
const FILE: &str = "faults_job.py";

/// The body of a request that runs this Python program.
pub(crate) fn python(code: &str) -> Value {
    json!({"language": "python", "version": "*", "files": [{"name": FILE, "content": code}]})
}

/// A program that prints 42 and takes so long.
pub(crate) fn sleeper(time: Duration) -> Value {
    python(&format!(
        "import time; time.sleep({}); print(42)",
        time.as_secs_f32()
    ))
}

/// Sends a job and waits for the answer.
pub(crate) fn post(address: SocketAddr, body: &Value) -> io::Result<Reply> {
    http::send(address, &Request::post_json("/api/v2/execute", body))
}

/// Sends a job from a thread of its own.
pub(crate) fn begin(node: &Node, body: &Value) -> JoinHandle<io::Result<Reply>> {
    let (address, body) = (node.address(), body.clone());
    std::thread::spawn(move || post(address, &body))
}

/// The answer of a job that was begun.
pub(crate) fn answer(job: JoinHandle<io::Result<Reply>>) -> Reply {
    let reply = job.join().expect("the thread ends");
    reply.expect("the job is answered")
}

/// Whether an answer is that of a program that prints 42.
pub(crate) fn is_42(reply: &Reply) -> bool {
    reply.status == 200 && reply.json()["run"]["stdout"] == "42\n"
}

/// Fails unless the node runs programs.
pub(crate) fn assert_serves(node: &Node) {
    let reply = post(node.address(), &python("print(42)")).expect("the node answers");
    assert!(is_42(&reply), "{} {}", reply.status, reply.text());
}

/// A node with room for four jobs at once, whatever the machine.
pub(crate) fn options() -> NodeOptions {
    NodeOptions::as_deployed()
        .set("max_concurrent_jobs", 4)
        .set("pool_size", 4)
}

/// The program of a running [`python`] job.
pub(crate) fn programs(node: &Node) -> Vec<Process> {
    let is_job = |process: &Process| process.args.iter().any(|arg| arg.ends_with(FILE));
    node.programs().into_iter().filter(is_job).collect()
}

/// Waits until a job's program runs.
pub(crate) fn program(node: &Node) -> Process {
    wait::until(Duration::from_secs(10), || programs(node).pop()).expect("the program starts")
}

/// Sends a signal to a process that may be gone.
pub(crate) fn signal(process: &Process, signal: Signal) {
    // Gone is as good: whoever asks looks at what follows.
    kill(Pid::from_raw(process.pid), signal).ok();
}

/// Fails unless all of them are dead within the time. When an orphan is collected is the host's affair.
pub(crate) fn assert_gone(processes: &[Process], within: Duration) {
    let lives = |process: &Process| {
        Process::read(process.pid).filter(|now| now.started == process.started && now.state != 'Z')
    };
    let left = || processes.iter().filter_map(lives).collect::<Vec<_>>();
    if wait::until(within, || left().is_empty().then_some(())).is_none() {
        panic!("still there after {within:?}: {:#?}", left());
    }
}
