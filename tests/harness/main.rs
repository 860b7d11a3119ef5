//! The harness itself: what a node could leave on the host is seen by the comparison. A check that sees nothing
//! would let every leak pass.

use agent_api::{ExecuteRequest, SourceFile};
use capsule_tests::host::{Host, Traces};
use capsule_tests::{Node, NodeOptions, processes, require_root, wait};
use std::collections::BTreeSet;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Uids that no node of the tests gets; each test has one of its own, as they run at the same time.
const UIDS: [u32; 3] = [699_999_000, 699_999_001, 699_999_002];

fn traces(uid: u32, cgroup: &str, state_directory: &Path) -> Traces {
    Traces {
        cgroup: cgroup.to_owned(),
        uids: uid..=uid,
        state_directory: state_directory.to_owned(),
        processes: Vec::new(),
        network_namespaces: BTreeSet::new(),
    }
}

/// What appears between two looks at the host.
fn seen(traces: &Traces, change: impl FnOnce()) -> Vec<String> {
    let before = Host::read(traces);
    change();
    Host::read(traces).since(&before)
}

#[test]
fn a_file_of_a_program_and_one_in_the_state_directory_are_seen() {
    require_root();
    let state = tempfile::tempdir().expect("a folder can be made");
    let file = tempfile::NamedTempFile::new_in("/dev/shm").expect("a file can be made");
    let found = seen(&traces(UIDS[0], "none", state.path()), || {
        std::fs::write(state.path().join("left"), "x").expect("a file can be written");
        chown(file.path(), Some(UIDS[0]), None).expect("root may give files away");
    });
    assert_eq!(found.len(), 2, "{found:#?}");
}

#[test]
fn a_process_of_a_program_is_seen_with_its_namespace() {
    require_root();
    let state = tempfile::tempdir().expect("a folder can be made");
    let mut traces = traces(UIDS[1], "none", state.path());
    let before = Host::read(&traces);
    // In a network namespace of its own, and as the uid of a program.
    let mut child = Command::new("unshare")
        .args([
            "--net",
            "setpriv",
            &format!("--reuid={}", UIDS[1]),
            "--clear-groups",
            "sleep",
            "60",
        ])
        .spawn()
        .expect("unshare can be started");
    let pid = i32::try_from(child.id()).expect("process numbers fit");
    let sleeps = || processes::Process::read(pid).filter(|process| process.name == "sleep");
    let there = wait::until(Duration::from_secs(10), sleeps);
    traces.note(pid);
    let found = Host::read(&traces).since(&before);
    child.kill().expect("a child can be killed");
    child.wait().expect("a killed process ends");
    assert!(there.is_some(), "the process did not get as far as sleep");
    assert!(
        found.iter().any(|thing| thing.starts_with("process: ")),
        "{found:#?}"
    );
    assert!(
        found
            .iter()
            .any(|thing| thing.starts_with("network namespace: ")),
        "{found:#?}"
    );
    let after = Host::read(&traces).since(&before);
    assert!(after.is_empty(), "{after:#?}");
}

#[test]
fn a_cgroup_folder_is_seen() {
    require_root();
    let state = tempfile::tempdir().expect("a folder can be made");
    let name = format!("codecapsule-harness-{}-", std::process::id());
    let candidates = ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"].map(PathBuf::from);
    let root = candidates
        .iter()
        .find(|path| path.join("cgroup.procs").exists());
    let folder = root.expect("a cgroup hierarchy is mounted").join(&name);
    let found = seen(&traces(u32::MAX, &name, state.path()), || {
        std::fs::create_dir(&folder).expect("root may make groups");
    });
    std::fs::remove_dir(&folder).expect("an empty group can be removed");
    assert_eq!(found, [format!("cgroup: {}", folder.display())]);
}

#[test]
fn a_mount_is_seen() {
    require_root();
    let state = tempfile::tempdir().expect("a folder can be made");
    let point = tempfile::tempdir().expect("a folder can be made");
    let run = |command: &mut Command| {
        let status = command.status().expect("mount and umount are there");
        assert!(status.success(), "{command:?} failed");
    };
    let found = seen(&traces(u32::MAX, "none", state.path()), || {
        run(Command::new("mount")
            .args(["-t", "tmpfs", "none"])
            .arg(point.path()));
    });
    run(Command::new("umount").arg(point.path()));
    assert_eq!(
        found,
        [format!("mount: tmpfs none / on {}", point.path().display())]
    );
}

/// A child that left the tree of its parent is still known by its uid.
#[test]
fn a_process_that_left_the_tree_is_seen() {
    require_root();
    let state = tempfile::tempdir().expect("a folder can be made");
    let traces = traces(UIDS[2], "none", state.path());
    let before = Host::read(&traces);
    let mut parent = Command::new("sh")
        .args(["-c", "sleep 61 & exit 0"])
        .uid(UIDS[2])
        .spawn()
        .expect("a shell can be started");
    parent.wait().expect("the shell ends");
    let found = Host::read(&traces).since(&before);
    for process in traces.alive() {
        let pid = nix::unistd::Pid::from_raw(process.pid);
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).expect("root may kill");
    }
    assert_eq!(found.len(), 1, "{found:#?}");
    let gone = wait::until(Duration::from_secs(5), || {
        traces.alive().is_empty().then_some(())
    });
    assert!(gone.is_some(), "a killed process stays");
}

/// What the suites of faults build on: roles are found, and a killed node comes back on its place.
#[test]
fn a_node_can_be_killed_and_started_again() {
    let mut node = Node::start(NodeOptions::new());
    let hello = ExecuteRequest {
        language: "python".into(),
        version: "*".into(),
        files: vec![SourceFile {
            content: "print(42)".into(),
            ..SourceFile::default()
        }],
        ..ExecuteRequest::default()
    };
    assert_eq!(node.run(&hello).run.stdout, "42\n");
    assert_eq!(node.warden().name, "capsule-agent");
    let front = node.front().expect("a node has a front");
    assert_ne!(front.uid, 0, "the front is not root");
    node.kill_warden();
    let dead = wait::until(Duration::from_secs(5), || {
        (!front.is_there() && node.programs().is_empty()).then_some(())
    });
    assert!(dead.is_some(), "a killed warden left {front} or programs");
    node.restart();
    assert_eq!(node.run(&hello).run.stdout, "42\n");
}

/// A configuration that is refused leaves nothing either, and its reason can be read.
#[test]
fn a_node_that_does_not_start_says_why() {
    let error = Node::try_start(NodeOptions::new().set("no_such_key", 1));
    let error = error.expect_err("an unknown key is refused");
    assert!(
        error.status.is_some_and(|status| !status.success()),
        "{error:?}"
    );
    assert!(error.stderr.contains("no_such_key"), "{error:?}");
}
