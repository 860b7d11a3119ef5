//! A node under attack: beside what the harness compares, the daemon's binary and every runtime file are as before, and at
//! the end the node's own check finds on the disk and in the page cache what was sealed.

use capsule_tests::{Node, NodeOptions, agent_binary, store};
use std::collections::BTreeMap;
use std::fs;
use std::ops::Deref;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Inode, mode, owner, group, length, and the time of the last change of the content in seconds and nanoseconds. Not
/// that of the inode, which changes when somebody makes a copy of the store by hard links.
type State = (u64, u32, u32, u32, u64, [i64; 2]);

/// A running node whose files are watched.
#[derive(Debug)]
pub(crate) struct Arena {
    node: Node,
    before: BTreeMap<PathBuf, State>,
}

impl Arena {
    /// A node as it is deployed.
    pub(crate) fn start() -> Self {
        Self::with(NodeOptions::as_deployed_with_patience())
    }

    pub(crate) fn with(options: NodeOptions) -> Self {
        let before = files();
        Self {
            node: Node::start(options),
            before,
        }
    }
}

impl Deref for Arena {
    type Target = Node;

    fn deref(&self) -> &Node {
        &self.node
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        // A failing test has its own message, which a second panic would hide.
        if std::thread::panicking() {
            return;
        }
        let (status, said) = self.node.verify();
        if self.node.seals_runtimes() {
            assert_eq!(status, Some(0), "{said}");
            assert!(said.lines().count() > 1, "{said}");
        } else {
            assert_eq!(status, Some(2), "{said}");
        }
        let after = files();
        let changed: Vec<_> = self
            .before
            .iter()
            .filter(|(path, state)| after.get(*path) != Some(*state))
            .map(|(path, _)| path)
            .chain(after.keys().filter(|path| !self.before.contains_key(*path)))
            .collect();
        assert!(
            changed.is_empty(),
            "jobs changed files of the node: {changed:#?}"
        );
    }
}

fn files() -> BTreeMap<PathBuf, State> {
    let mut found = BTreeMap::new();
    note(&agent_binary(), &mut found);
    // Beside them the node keeps images of these.
    for part in ["base", "packages"] {
        note(&store().join(part), &mut found);
    }
    found
}

fn note(path: &Path, found: &mut BTreeMap<PathBuf, State>) {
    let status = fs::symlink_metadata(path).expect("files of the node stay where they are");
    let times = [status.mtime(), status.mtime_nsec()];
    let state = (
        status.ino(),
        status.mode(),
        status.uid(),
        status.gid(),
        status.len(),
        times,
    );
    found.insert(path.to_owned(), state);
    if status.is_dir() {
        for entry in fs::read_dir(path).expect("root may read its folders") {
            note(&entry.expect("root may read its folders").path(), found);
        }
    }
}
