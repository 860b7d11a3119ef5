//! Clients that stall, lie, leave or send nonsense, while others are served.

use crate::connection::{Connection, post};
use crate::job::{assert_gone, assert_serves, options, program, programs, python, sleeper};
use capsule_tests::Node;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::time::{Duration, Instant};

const GET: &str = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

#[test]
fn many_that_stall_do_not_keep_others_out() {
    let node = Node::start(options());
    let starts = [
        String::new(),
        "POST /api/v2/exe".to_owned(),
        "POST /api/v2/execute HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n".to_owned(),
        post(&python("print(42)").to_string())
            .trim_end_matches('}')
            .to_owned(),
    ];
    let mut stalled = Vec::new();
    for start in starts.iter().cycle().take(200) {
        let mut client = Connection::open(node.address());
        client.send(start);
        stalled.push(client);
    }
    let begun = Instant::now();
    assert_serves(&node);
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn a_thousand_idle_connections_leave_room_for_jobs() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("there is a limit");
    setrlimit(Resource::RLIMIT_NOFILE, hard.min(4096), hard).expect("limits can be raised to hard");
    let node = Node::start(options());
    let idle: Vec<Connection> = (0..1000)
        .map(|_| {
            let mut client = Connection::open(node.address());
            client.send(GET);
            client
        })
        .collect();
    for _ in 0..5 {
        assert_serves(&node);
    }
    for mut client in idle {
        assert_eq!(client.answer().expect("all are served").status, 200);
    }
}

#[test]
fn those_who_never_read_are_on_their_own() {
    let node = Node::start(options());
    let flood = post(&python("print('x' * 60000)").to_string());
    let mut deaf = Vec::new();
    for _ in 0..4 {
        let mut client = Connection::open(node.address());
        // Pipelined, so that more is answered than the kernel's buffers take.
        for _ in 0..3 {
            client.send(&flood);
        }
        deaf.push(client);
    }
    assert_serves(&node);
    drop(deaf);
    assert_serves(&node);
}

/// Half a close is a close: TCP does not tell them apart.
#[test]
fn a_client_that_leaves_takes_its_program_along() {
    let node = Node::start(options());
    let leave: [fn(Connection) -> Option<Connection>; 2] = [
        |client| {
            drop(client);
            None
        },
        |mut client| {
            client.close_half();
            Some(client)
        },
    ];
    for leave in leave {
        let mut client = Connection::open(node.address());
        client.send(post(&sleeper(Duration::from_secs(5)).to_string()));
        let program = program(&node);
        let kept = leave(client);
        assert_gone(&[program], Duration::from_millis(150));
        assert_eq!(programs(&node), []);
        drop(kept);
    }
    assert_serves(&node);
}

/// What is sent, and the statuses that may answer it; 0 is a close without an answer.
fn nonsense() -> Vec<(Vec<u8>, &'static [u16])> {
    let head = "POST /api/v2/execute HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    let with = |rest: &str| format!("{head}{rest}").into_bytes();
    let mut binary = with("Content-Length: 256\r\n\r\n");
    binary.extend(0..=255u8);
    vec![
        (b"\0\x01\x02\xff\xfe nonsense\r\n\r\n".to_vec(), &[400, 0]),
        (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
            &[400, 0],
        ),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), &[0]),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r".to_vec(), &[0, 400]),
        (b"PRI * HTTP/2.0\r\n\r\nSX\r\n\r\n".to_vec(), &[400, 505, 0]),
        (vec![0; 20_000], &[400, 431, 0]),
        (with(&format!("X: {}\r\n\r\n", "x".repeat(100_000))), &[431]),
        (with(&format!("{}\r\n", "X: x\r\n".repeat(1000))), &[431]),
        (with("Content-Length: 99999999999\r\n\r\n{"), &[413]),
        (with("Content-Length: 20000000\r\n\r\n{"), &[413]),
        (with("Content-Length: -1\r\n\r\n{}"), &[400]),
        (
            with("Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
            &[400],
        ),
        // Shorter than the body: the rest is no request.
        (with("Content-Length: 2\r\n\r\n{}{}{}{}{}"), &[400]),
        (
            with("Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"),
            &[400],
        ),
        (
            with("Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}"),
            &[400],
        ),
        (
            with("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n"),
            &[400],
        ),
        (binary, &[400]),
        (post(&"[".repeat(100_000)).into_bytes(), &[400]),
        (
            post(
                "{\"language\":\"python\",\"version\":\"*\",\"files\":[{\"content\":\"\\ud800\"}]}",
            )
            .into_bytes(),
            &[200, 400],
        ),
    ]
}

#[test]
fn nonsense_is_refused_and_forgotten() {
    let node = Node::start(options());
    for (bytes, expected) in nonsense() {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
        let mut client = Connection::open(node.address());
        client.send(&bytes);
        // Nothing more will come, so that a node that waits for it waits in vain.
        let status = if expected.contains(&0) {
            client.close_half();
            client.answer().map_or(0, |answer| answer.status)
        } else {
            client.answer().map_or(0, |answer| answer.status)
        };
        assert!(expected.contains(&status), "{status} for {shown:?}");
    }
    // More announced than sent: the client has left.
    let mut client = Connection::open(node.address());
    client.send("POST /api/v2/execute HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{");
    client.close_half();
    let status = client.answer().map_or(0, |answer| answer.status);
    assert!(matches!(status, 0 | 400), "{status}");
    assert_serves(&node);
}

#[test]
fn requests_in_one_packet_are_answered_in_order() {
    let node = Node::start(options());
    let mut client = Connection::open(node.address());
    let (first, second) = (python("print(1)"), python("print(2)"));
    client.send(format!(
        "{}{GET}{}",
        post(&first.to_string()),
        post(&second.to_string())
    ));
    let mut next = || client.answer().expect("all are answered");
    assert!(next().body.contains("\"stdout\":\"1\\n\""));
    let alive = next();
    assert!(alive.status == 200 && !alive.body.contains("stdout") && alive.head.contains("json"));
    assert!(next().body.contains("\"stdout\":\"2\\n\""));
}

/// Longer than a header may take, shorter than a connection may rest.
#[test]
fn a_kept_connection_may_rest_longer_than_a_header_may_take() {
    let node = Node::start(options());
    let mut resting = Connection::open(node.address());
    resting.send(GET);
    assert_eq!(resting.answer().expect("an answer").status, 200);
    let mut begun = Connection::open(node.address());
    begun.send("GET /healthz HT");
    let begin = Instant::now();
    assert!(begun.is_closed());
    let took = begin.elapsed().as_secs_f32();
    assert!((9.0..12.0).contains(&took), "{took}");
    std::thread::sleep(Duration::from_secs(1));
    resting.send(GET);
    assert_eq!(resting.answer().expect("an answer").status, 200);
}
