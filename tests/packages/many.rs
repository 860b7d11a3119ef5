//! Many installs and removals while jobs run: nothing is lost, nothing is left.

use crate::desk::{Desk, names, packages_of};
use crate::live::{assert_done, output, script};
use crate::repository::Repository;
use crate::server::Server;
use capsule_tests::http;
use capsule_tests::{Node, wait};
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Installs and as many removals.
const ROUNDS: usize = 50;

/// What the warden sees mounted of its runtimes.
fn mounts(node: &Node) -> usize {
    let text = fs::read_to_string(format!("/proc/{}/mountinfo", node.warden().pid));
    let text = text.expect("the warden runs");
    text.lines()
        .filter(|line| line.contains("/runtimes"))
        .count()
}

/// Loop devices of the host.
fn loops() -> usize {
    let devices = fs::read_dir("/sys/block").into_iter().flatten().flatten();
    devices
        .filter(|device| device.path().join("loop/backing_file").exists())
        .count()
}

#[test]
fn fifty_installs_and_removals_disturb_no_job_and_leave_nothing() {
    let repository =
        Repository::with(&[("keeper", "1.0.0"), ("guest", "1.0.0"), ("guest", "2.0.0")]);
    let server = Server::start(repository.path());
    let desk = Desk::at(&server);
    assert_done(&desk.packages(&["install", "keeper"]));
    let node = desk.node();
    let (mounts_before, loops_before) = (mounts(&node), loops());
    let over = AtomicBool::new(false);
    let job = script("keeper", "*", "sleep 0.2; echo $VERSION");
    let jobs = std::thread::scope(|scope| {
        let (address, over, job) = (node.address(), &over, &job);
        let workers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(move || {
                    let mut jobs = 0;
                    while !over.load(Ordering::SeqCst) {
                        let reply = http::send(address, job).expect("a job is answered");
                        assert_eq!(output(&reply), "1.0.0\n");
                        jobs += 1;
                    }
                    jobs
                })
            })
            .collect();
        for round in 0..ROUNDS {
            let version = ["1.0.0", "2.0.0"][round % 2];
            let guest = format!("guest@{version}");
            assert_done(&packages_of(&node, &["install", &guest]));
            let reply = node.send(&script("guest", version, "echo $VERSION"));
            assert_eq!(output(&reply).trim_end(), version);
            assert_done(&packages_of(&node, &["remove", &guest]));
            let reply = node.send(&script("guest", "*", "echo $VERSION"));
            assert_eq!(reply.status, 400, "{}", reply.text());
        }
        over.store(true, Ordering::SeqCst);
        let ends = workers
            .into_iter()
            .map(|worker| worker.join().expect("no job is lost"));
        ends.sum::<usize>()
    });
    assert!(jobs > ROUNDS, "{jobs} jobs ran meanwhile");
    let settled = || ((mounts(&node), loops()) == (mounts_before, loops_before)).then_some(());
    wait::until(Duration::from_secs(30), settled).unwrap_or_else(|| {
        panic!(
            "{mounts_before} mounts and {loops_before} loop devices before, {} and {} now: {}",
            mounts(&node),
            loops(),
            node.stderr()
        )
    });
    desk.assert_tidy();
    assert_eq!(names(&desk.data().join("packages")), ["keeper"]);
    assert_eq!(names(&desk.data().join("manifests")), ["keeper"]);
    assert_done(&packages_of(&node, &["gc"]));
    assert_eq!(names(&desk.data().join("images/packages")), ["keeper"]);
    assert!(node.verify().0 == Some(0), "{:?}", node.verify());
}
