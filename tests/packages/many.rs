//! Many installs and removals while jobs run, by hand and by route: nothing is lost, nothing is left.

use crate::desk::{Desk, names, packages_of};
use crate::live::{assert_done, output, script};
use crate::repository::Repository;
use crate::routes::{begin, request};
use crate::server::Server;
use capsule_tests::http;
use capsule_tests::processes::Process;
use capsule_tests::{Node, wait};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Installs and as many removals.
const ROUNDS: usize = 50;

/// One in so many is done by route, while a job of the very package runs.
const BY_ROUTE: usize = 5;

/// Of the package that comes and goes.
const VERSIONS: [&str; 2] = ["1.0.0", "2.0.0"];

/// What a file of the guest says.
const TEXT: &str = "of a package that is gone\n";

/// What a node has of the machine while it does nothing.
#[derive(Debug, PartialEq, Eq)]
struct Footprint {
    mounts: usize,
    loops: usize,
    groups: usize,
    /// What the warden has started, jails and their holders included.
    processes: usize,
    warden_descriptors: usize,
    front_descriptors: usize,
}

impl Footprint {
    fn of(node: &Node) -> Self {
        let front = node.front().expect("there is one");
        Self {
            mounts: mounts(node),
            loops: loops(),
            groups: node.jail_groups(),
            processes: node.descendants().len(),
            warden_descriptors: node.warden_descriptors(),
            front_descriptors: front.descriptors().len(),
        }
    }
}

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

/// By hand.
fn round(node: &Node, version: &str) {
    let guest = format!("guest@{version}");
    assert_done(&packages_of(node, &["install", &guest]));
    let reply = node.send(&script("guest", version, "echo $VERSION"));
    assert_eq!(output(&reply).trim_end(), version);
    assert_done(&packages_of(node, &["remove", &guest]));
}

/// By route, while a job of the package runs, which reads a file of it for the first time when it is removed.
fn round_by_route(node: &Node, version: &str) {
    let reply = node.send(&request("POST", "guest", version));
    assert_eq!(reply.status, 200, "{}", reply.text());
    let code = format!("sleep 9.5; cat /piston/packages/guest/{version}/text; echo $VERSION");
    let job = begin(node, script("guest", version, &code));
    let sleeps = |process: &Process| process.args == ["sleep", "9.5"];
    let sleep = wait::until(Duration::from_secs(8), || {
        node.programs().into_iter().find(sleeps)
    });
    let sleep = sleep.expect("the program starts");
    let reply = node.send(&request("DELETE", "guest", version));
    assert_eq!(reply.status, 200, "{}", reply.text());
    kill(Pid::from_raw(sleep.pid), Signal::SIGKILL).expect("the job is still there");
    let reply = job.join().expect("no panic").expect("it is answered");
    assert_eq!(output(&reply), format!("{TEXT}{version}\n"));
}

#[test]
fn fifty_installs_and_removals_disturb_no_job_and_leave_nothing() {
    let repository = Repository::with(&[("keeper", "1.0.0")]);
    for version in VERSIONS {
        repository.add("guest", version, |folder| {
            fs::write(folder.join("text"), TEXT).expect("a file can be written");
        });
    }
    let server = Server::start(repository.path());
    let desk = Desk::at(&server);
    assert_done(&desk.packages(&["install", "keeper"]));
    let node = desk.node();
    let before = Footprint::of(&node);
    let over = AtomicBool::new(false);
    let job = script("keeper", "*", "sleep 0.1; echo $VERSION");
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
        for number in 0..ROUNDS {
            let version = VERSIONS[number % 2];
            match number % BY_ROUTE {
                0 => round_by_route(&node, version),
                _ => round(&node, version),
            }
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
    let settled = || (Footprint::of(&node) == before).then_some(());
    wait::until(Duration::from_secs(30), settled).unwrap_or_else(|| {
        panic!(
            "it had {before:?} and has {:?}: {}",
            Footprint::of(&node),
            node.stderr()
        )
    });
    // Where jobs have the folder itself it is deleted when none can any more.
    let tidy = || desk.staged().is_empty().then_some(());
    wait::until(Duration::from_secs(20), tidy).expect("nothing is left");
    assert_eq!(names(&desk.data().join("packages")), ["keeper"]);
    assert_eq!(names(&desk.data().join("manifests")), ["keeper"]);
    assert_done(&packages_of(&node, &["gc"]));
    // Where nothing is sealed there is nothing to verify, which is said.
    let (sealed, status): (&[&str], _) = if node.seals_runtimes() {
        (&["keeper"], 0)
    } else {
        (&[], 2)
    };
    assert_eq!(names(&desk.data().join("images/packages")), sealed);
    assert_eq!(node.verify().0, Some(status), "{:?}", node.verify());
}
