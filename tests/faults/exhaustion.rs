//! The node itself has too little of something.

use crate::connection::Connection;
use crate::job::{assert_serves, options};
use crate::load::Load;
use capsule_tests::Node;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[test]
fn a_small_limit_on_descriptors_is_raised() {
    let node = Node::start(options().through(["prlimit", "--nofile=64:4096"]));
    let idle: Vec<_> = (0..200).map(|_| Connection::open(node.address())).collect();
    let begun = Instant::now();
    assert_serves(&node);
    // None of the others had to be waited for.
    assert!(begun.elapsed() < Duration::from_secs(2));
    drop(idle);
}

/// Where it can't be raised, connections wait for each other and jobs are not touched.
#[test]
fn connections_do_not_take_the_descriptors_of_jobs() {
    let node = Node::start(options().through([
        "prlimit",
        "--nofile=512:512",
        "setpriv",
        "--bounding-set=-sys_resource",
    ]));
    let load = Load::start(node.address(), 2);
    std::thread::sleep(Duration::from_millis(300));
    let idle: Vec<_> = (0..400).map(|_| Connection::open(node.address())).collect();
    std::thread::sleep(Duration::from_millis(500));
    drop(idle);
    let tally = load.stop();
    assert!(tally.answered > 0 && tally.wrong.is_empty(), "{tally:?}");
    assert_eq!(tally.broken, 0, "{tally:?}");
    assert!(!node.stderr().contains("front died"), "{}", node.stderr());
    assert_serves(&node);
}

/// A group of this test's own, made below its own one.
struct Group(PathBuf);

impl Group {
    fn make() -> Self {
        let own = fs::read_to_string("/proc/self/cgroup").expect("/proc is mounted");
        let find = |line: &str| {
            let mut fields = line.splitn(3, ':').skip(1);
            let (controllers, path) = (fields.next()?, fields.next()?);
            let root = match controllers {
                "" => "/sys/fs/cgroup",
                "pids" => "/sys/fs/cgroup/pids",
                _ => return None,
            };
            let group = Path::new(root).join(path.trim_start_matches('/'));
            let group = group.join(format!("codecapsule-few-pids-{}", std::process::id()));
            fs::create_dir(&group).ok()?;
            if !group.join("pids.max").exists() {
                fs::remove_dir(&group).expect("an empty group can be removed");
                return None;
            }
            Some(Self(group))
        };
        own.lines()
            .find_map(find)
            .expect("the pids controller is there")
    }

    fn limit(&self, processes: &str) {
        fs::write(self.0.join("pids.max"), processes).expect("its limit can be set");
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Of a node on cgroup v2.
        fs::remove_dir(self.0.join("daemon")).ok();
        fs::remove_dir(&self.0).expect("nothing is left in the group");
    }
}

/// Jails that can't be made cost their jobs; when there is room again, the node is as before.
#[test]
fn too_few_processes_are_survived() {
    let group = Group::make();
    let line = format!("echo $$ > {}/cgroup.procs; exec \"$@\"", group.0.display());
    let node = Node::start(options().through_shell(&line));
    // Warden, front, and what is there; nothing more.
    group.limit("4");
    let load = Load::start(node.address(), 4);
    std::thread::sleep(Duration::from_secs(1));
    let starved = load.stop();
    assert_eq!((starved.broken, starved.refused), (0, 0), "{starved:?}");
    assert!(starved.slowest < Duration::from_secs(12), "{starved:?}");
    group.limit("max");
    for _ in 0..4 {
        assert_serves(&node);
    }
    drop(node);
}
