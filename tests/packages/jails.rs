//! Jails that are prepared for jobs to come, when what they have is removed.

use crate::desk::{Desk, packages_of};
use crate::live::{assert_done, output, script};
use crate::repository::Repository;
use crate::server::Server;
use capsule_tests::processes::Process;
use capsule_tests::{Node, wait};
use std::time::Duration;

/// The inits of the blank jails of a node that does nothing, once there are so many of them.
fn blank(node: &Node, count: usize) -> Vec<Process> {
    let full = || Some(node.inits()).filter(|inits| inits.len() == count);
    wait::until(Duration::from_secs(20), full)
        .unwrap_or_else(|| panic!("{count} jails should be ready: {:?}", node.inits()))
}

/// What a job finds where packages are.
fn found(node: &Node) -> Vec<String> {
    let job = script("keeper", "*", "cd /piston/packages; echo */*");
    let found = output(&node.send(&job));
    found.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn prepared_jails_of_a_removed_package_retire() {
    let repository = Repository::with(&[("keeper", "1.0.0"), ("guest", "1.0.0")]);
    let server = Server::start(repository.path());
    let desk = Desk::at(&server);
    assert_done(&desk.packages(&["install", "keeper", "guest"]));
    let node = desk.node();
    let count = 4;
    assert_eq!(found(&node), ["guest/1.0.0", "keeper/1.0.0"]);
    let before = blank(&node, count);

    assert_done(&packages_of(&node, &["remove", "guest"]));
    let gone = || (!before.iter().any(Process::is_there)).then_some(());
    wait::until(Duration::from_secs(10), gone).expect("prepared jails end");
    blank(&node, count);
    // It stays for jobs that were accepted before, until none of them can wait any more.
    let unseen = || (found(&node) == ["keeper/1.0.0"]).then_some(());
    wait::until(Duration::from_secs(30), unseen)
        .unwrap_or_else(|| panic!("a new job finds {:?}", found(&node)));
    // Nor has any of those that are prepared from now on, each taken once.
    blank(&node, count);
    for _ in 0..=count {
        assert_eq!(found(&node), ["keeper/1.0.0"]);
    }
}
