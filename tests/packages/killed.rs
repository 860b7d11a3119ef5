//! Installs by route whose processes are killed while an archive is unpacked: each of them, down to the node itself.

use crate::desk::Desk;
use crate::live::{output, script};
use crate::repository::Repository;
use crate::rights::heavy;
use crate::routes::{begin, request, worker};
use crate::server::Server;
use capsule_tests::{Node, wait};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::time::Duration;

/// A node that has a small version of a package, and an index that has one that takes a while to unpack.
fn desk() -> (Repository, Server, Desk) {
    let repository = Repository::with(&[("heavy", "1.0.0")]);
    repository.add("heavy", "2.0.0", |folder| heavy(folder, 50));
    let server = Server::start(repository.path());
    let desk = Desk::at(&server);
    (repository, server, desk)
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
fn a_process_killed_while_an_archive_is_unpacked_fails_its_install_only() {
    let (_repository, _server, desk) = desk();
    let node = desk.node();
    install(&node, "1.0.0");
    for role in ["unpack-package", "change-packages"] {
        let install = begin(&node, request("POST", "heavy", "2.0.0"));
        let unpacker = worker(&node, "unpack-package");
        let victim = worker(&node, role);
        kill(Pid::from_raw(victim.pid), Signal::SIGKILL).expect("it can be killed");
        let reply = install.join().expect("no panic").expect("it is answered");
        assert!(matches!(reply.status, 500 | 503), "{}", reply.text());
        let gone = || (!unpacker.is_there()).then_some(());
        wait::until(Duration::from_secs(5), gone).expect("it ends with who started it");
        assert!(!assert_old_or_new(&desk, &node));
        assert_eq!(node.get("/readyz").status, 200);
    }
    install(&node, "2.0.0");
    assert!(assert_old_or_new(&desk, &node));
    desk.assert_tidy();
}

#[test]
fn a_node_killed_while_an_archive_is_unpacked_has_the_old_or_the_new_when_it_is_back() {
    let (_repository, _server, desk) = desk();
    let mut node = desk.node();
    install(&node, "1.0.0");
    let install_two = begin(&node, request("POST", "heavy", "2.0.0"));
    let processes = ["unpack-package", "change-packages"].map(|role| worker(&node, role));
    node.kill_warden();
    install_two.join().expect("no panic").ok();
    let gone = || (!processes.iter().any(|process| process.is_there())).then_some(());
    wait::until(Duration::from_secs(5), gone).expect("all of it ends with the node");
    assert!(!desk.staged().is_empty(), "it was not unpacking");
    node.restart();
    desk.assert_tidy();
    assert!(!assert_old_or_new(&desk, &node));
    install(&node, "2.0.0");
    assert!(assert_old_or_new(&desk, &node));
    desk.assert_tidy();
}
