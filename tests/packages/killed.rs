//! Installs by route whose processes are killed while an archive is unpacked: each of them, down to the node itself.

use crate::desk::Desk;
use crate::live::{output, script};
use crate::repository::Repository;
use crate::rights::heavy;
use crate::routes::{begin, request, worker};
use crate::server::Server;
use capsule_tests::processes::{self, Process};
use capsule_tests::{Node, wait};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::time::{Duration, Instant};

/// Waits until these processes have ended.
fn await_end(processes: &[Process]) {
    let gone = || (!processes.iter().any(Process::is_there)).then_some(());
    wait::until(Duration::from_secs(10), gone).expect("they end with who started them");
}

/// Kills the warden, and waits until all that it has started has ended with it.
fn kill_node(node: &mut Node) {
    let processes = processes::descendants(node.warden().pid);
    node.kill_warden();
    await_end(&processes);
}

/// The unpacker of an install that has begun, which goes no further.
fn stopped(node: &Node) -> Process {
    let unpacker = worker(node, "unpack-package");
    kill(Pid::from_raw(unpacker.pid), Signal::SIGSTOP).expect("it unpacks for a while");
    unpacker
}

fn install(node: &Node, version: &str) {
    let reply = node.send(&request("POST", "heavy", version));
    assert_eq!(reply.status, 200, "{}", reply.text());
}

/// What the highest version says of itself.
fn highest(node: &Node) -> String {
    output(&node.send(&script("heavy", "*", "echo $VERSION")))
}

/// Fails unless the small version is there, and the other one whole or not at all. Which of both.
fn assert_old_or_new(desk: &Desk, node: &Node) -> bool {
    let is_there = desk.package("heavy/2.0.0").exists();
    let expected = if is_there { "2.0.0\n" } else { "1.0.0\n" };
    assert_eq!(highest(node), expected);
    let said = crate::desk::packages_of(node, &["verify"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    is_there
}

#[test]
fn whoever_is_killed_while_an_archive_is_unpacked_leaves_what_was() {
    let repository = Repository::with(&[("heavy", "1.0.0")]);
    repository.add("heavy", "2.0.0", |folder| heavy(folder, 100));
    let server = Server::start(repository.path());
    let desk = Desk::at(&server);
    let mut node = desk.node();
    install(&node, "1.0.0");
    for role in ["unpack-package", "change-packages"] {
        let install = begin(&node, request("POST", "heavy", "2.0.0"));
        let unpacker = stopped(&node);
        let victim = worker(&node, role);
        kill(Pid::from_raw(victim.pid), Signal::SIGKILL).expect("it can be killed");
        let reply = install.join().expect("no panic").expect("it is answered");
        assert!(matches!(reply.status, 500 | 503), "{}", reply.text());
        await_end(&[unpacker, victim]);
        assert!(!assert_old_or_new(&desk, &node));
        assert_eq!(node.get("/readyz").status, 200);
    }
    let last = begin(&node, request("POST", "heavy", "2.0.0"));
    stopped(&node);
    kill_node(&mut node);
    last.join().expect("no panic").ok();
    assert!(!desk.staged().is_empty(), "it was not unpacking");
    node.restart();
    desk.assert_tidy();
    assert!(!assert_old_or_new(&desk, &node));
    install(&node, "2.0.0");
    assert!(assert_old_or_new(&desk, &node));
    desk.assert_tidy();
}

/// Installs and removals in turns, from their beginning to after their end.
#[test]
fn a_node_killed_at_any_moment_of_a_change_has_the_old_or_the_new_when_it_is_back() {
    const ROUNDS: u32 = 6;
    let repository = Repository::with(&[("heavy", "1.0.0")]);
    repository.add("heavy", "2.0.0", |folder| heavy(folder, 8));
    let server = Server::start(repository.path());
    let desk = Desk::at(&server);
    let mut node = desk.node();
    install(&node, "1.0.0");
    let begin_of_all = Instant::now();
    install(&node, "2.0.0");
    let whole = begin_of_all.elapsed();
    let mut random = fastrand::Rng::with_seed(2);
    let mut is_there = true;
    for round in 0..ROUNDS {
        let method = if is_there { "DELETE" } else { "POST" };
        let change = begin(&node, request(method, "heavy", "2.0.0"));
        // Each in a part of its own of the time that an install takes; a removal takes little of it.
        let part = (f64::from(round) + random.f64()) / f64::from(ROUNDS);
        std::thread::sleep(whole.mul_f64(part / if is_there { 4.0 } else { 1.0 }));
        kill_node(&mut node);
        change.join().expect("no panic").ok();
        node.restart();
        desk.assert_tidy();
        is_there = assert_old_or_new(&desk, &node);
    }
}
