//! Two nodes on one host.

use crate::configuration::sentences;
use crate::job::{assert_serves, begin, is_42, options, program, sleeper};
use crate::{job, load::Load};
use capsule_tests::{Node, NodeOptions, nodes_have_own_groups};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

/// A second node that wants these of the first one's.
fn taking(node: &Node, keys: &[&str]) -> NodeOptions {
    keys.iter().fold(options(), |options, key| {
        options.set(key, node.configured(key))
    })
}

#[test]
fn what_a_node_has_no_other_gets() {
    let node = Node::start(options());
    let uids = [
        "runner_uid_min",
        "runner_uid_max",
        "runner_gid_min",
        "runner_gid_max",
    ];
    let clashes = [
        (
            taking(&node, &["state_directory"]),
            "another state_directory",
        ),
        (taking(&node, &uids), "another runner_uid_min"),
        (taking(&node, &["cgroup"]), "another cgroup"),
        (
            options().set("bind_address", node.address().to_string()),
            "change bind_address",
        ),
    ];
    let running = begin(&node, &sleeper(Duration::from_secs(5)));
    let program = program(&node);
    let load = Load::start(node.address(), 2);
    for (second, advice) in clashes {
        if advice == "another cgroup" && nodes_have_own_groups() {
            continue;
        }
        let error = node.try_start_beside(second).expect_err(advice);
        let told = sentences(&error.stderr);
        assert_eq!(error.status.and_then(|status| status.code()), Some(1));
        assert!(told.len() == 1 && told[0].contains(advice), "{told:#?}");
    }
    let tally = load.stop();
    assert!(
        tally.wrong.is_empty() && (tally.broken, tally.refused) == (0, 0),
        "{tally:?}"
    );
    assert!(program.is_there() || is_42(&job::answer(running)));
    assert_serves(&node);
}

/// A lock takes a descriptor, be it only to read: an account that gets one keeps every node from starting.
#[test]
fn no_other_account_can_open_a_lock() {
    let node = Node::start(options());
    let state = node.configured("state_directory");
    let state = Path::new(state.as_str().expect("it is a path")).join("lock");
    let run = ["codecapsule-ids.lock", "codecapsule-cgroups.lock"];
    let locks = run.map(|name| Path::new("/run").join(name));
    for lock in locks.iter().chain([&state]) {
        let lock = lock.metadata().expect("it is there");
        assert_eq!((lock.mode() & 0o777, lock.uid()), (0o600, 0));
    }
}

#[test]
fn two_nodes_do_not_disturb_each_other() {
    let first = Node::start(options());
    let mut second = first
        .try_start_beside(options())
        .unwrap_or_else(|error| panic!("no second node: {error:?}"));
    let loads = [&first, &second].map(|node| Load::start(node.address(), 2));
    std::thread::sleep(Duration::from_secs(1));
    for load in loads {
        let tally = load.stop();
        assert!(tally.answered > 0, "{tally:?}");
        assert!(tally.wrong.is_empty() && tally.broken == 0, "{tally:?}");
    }
    // One of them dies; the other does not notice.
    let load = Load::start(first.address(), 2);
    second.kill_warden();
    second.restart();
    assert_serves(&second);
    drop(second);
    let tally = load.stop();
    assert!(
        tally.wrong.is_empty() && (tally.broken, tally.refused) == (0, 0),
        "{tally:?}"
    );
}
