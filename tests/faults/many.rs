//! Very many connections: those that rest, and those that come and go.

use crate::connection::{Connection, post};
use crate::job::{assert_serves, options, python};
use capsule_tests::Node;
use capsule_tests::processes::Process;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::time::{Duration, Instant};

const GET: &str = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// Connections that are kept open.
const MANY: u64 = 10_000;
/// Files that this process needs beside them.
const OTHERS: u64 = 500;
/// What one may cost the front. A kernel of its own keeps some more for each.
const MOST_EACH: u64 = 24 << 10;

/// Proportional set size of a process in bytes.
fn memory(process: &Process) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", process.pid));
    let text = text.expect("the process is there");
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kib.and_then(|kib| kib.parse::<u64>().ok())
        .expect("there is a line of it")
        << 10
}

/// Raises this process's limit of open files as far as is needed, which root may beyond the hard one.
fn allow_files(needed: u64) {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("there is a limit");
    let raised = hard.max(needed);
    setrlimit(Resource::RLIMIT_NOFILE, raised, raised).unwrap_or_else(|error| {
        panic!("this needs {needed} open files and the hard limit of {hard} can't be raised ({error}): see ulimit -Hn")
    });
}

#[expect(clippy::print_stdout, reason = "the figures that the documents state")]
fn rest(name: &str, open: impl Fn(&Node) -> Connection) {
    allow_files(MANY + OTHERS);
    println!("{MANY} resting connections of {name}");
    let node = Node::start(options());
    let front = node.front().expect("a node has a front");
    let before = memory(&front);
    let resting: Vec<Connection> = (0..MANY).map(|_| open(&node)).collect();
    let after = memory(&front);
    let each = after.saturating_sub(before) / MANY;
    println!("the front had {before} bytes and has {after}: {each} for each");
    let begin = Instant::now();
    for _ in 0..5 {
        assert_serves(&node);
    }
    println!(
        "five jobs took {} ms beside them",
        begin.elapsed().as_millis()
    );
    assert!(
        begin.elapsed() < Duration::from_secs(5),
        "{:?}",
        begin.elapsed()
    );
    assert!(each < MOST_EACH, "{each} bytes for each connection");
    drop(resting);
    assert_serves(&node);
}

#[test]
fn ten_thousand_that_rest_leave_room_for_jobs() {
    rest("HTTP/1.1", |node| {
        let mut client = Connection::open(node.address());
        client.send(GET);
        assert_eq!(client.answer().expect("all are served").status, 200);
        client
    });
}

#[test]
fn ten_thousand_of_http2_that_rest_leave_room_for_jobs() {
    rest("HTTP/2", |node| {
        let mut client = Connection::open(node.address());
        client.send(PREFACE);
        client.wait_for_bytes();
        client
    });
}

/// The harness compares the descriptors of the node's processes before and after.
#[test]
fn those_who_come_and_go_leave_nothing() {
    let node = Node::start(options());
    let job = post(&python("print(42)").to_string());
    let begun = job.trim_end_matches('}');
    for number in 0..3000 {
        let mut client = Connection::open(node.address());
        match number % 5 {
            0 => {}
            1 => client.send(GET),
            2 => client.send(PREFACE),
            3 => client.send(begun),
            _ => client.send("\0\0\0\0"),
        }
    }
    for _ in 0..20 {
        Connection::open(node.address()).send(&job);
    }
    assert_serves(&node);
}
