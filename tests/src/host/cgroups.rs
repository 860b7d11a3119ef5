//! The cgroup folders of a node, in every hierarchy that is mounted.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Folders whose name contains `name`, and all below them; parents come first.
pub(super) fn named(name: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for root in hierarchies() {
        collect(&root, name, &mut found);
    }
    found
}

/// Removes them, deepest first.
pub(super) fn remove(name: &str) {
    // The processes in them were just killed: the folders are busy until the kernel is done with that.
    crate::wait::until(Duration::from_secs(5), || {
        let folders = named(name);
        for folder in folders.iter().rev() {
            // Busy ones are tried again.
            drop(fs::remove_dir(folder));
        }
        folders.is_empty().then_some(())
    });
}

fn hierarchies() -> Vec<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").expect("/proc is mounted");
    mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ').skip(1);
            let (point, kind) = (fields.next()?, fields.next()?);
            matches!(kind, "cgroup" | "cgroup2").then(|| PathBuf::from(point))
        })
        .collect()
}

fn collect(folder: &Path, name: &str, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let path = entry.path();
        if path.to_string_lossy().contains(name) {
            found.push(path.clone());
        }
        collect(&path, name, found);
    }
}
