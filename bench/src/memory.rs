//! The memory of a process and all its descendants: proportional set size, where a page that n processes share
//! counts a n-th for each.

use crate::error::BenchError;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// Sum over `pid` and its descendants, in bytes. Descendants that end meanwhile count nothing.
pub(crate) fn proportional_set_size(proc_root: &Path, pid: u32) -> Result<u64, BenchError> {
    let fail = |source| BenchError::Memory { pid, source };
    let mut total = of_one(proc_root, pid).map_err(fail)?;
    for child in descendants(&parents(proc_root).map_err(fail)?, pid) {
        match of_one(proc_root, child) {
            Ok(bytes) => total += bytes,
            Err(error) if gone(&error) => {}
            Err(error) => return Err(fail(error)),
        }
    }
    Ok(total)
}

/// A process that ended between listing and reading: no entry, or ESRCH for an open one.
fn gone(error: &io::Error) -> bool {
    const ESRCH: i32 = 3;
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(ESRCH)
}

fn of_one(proc_root: &Path, pid: u32) -> io::Result<u64> {
    let text = std::fs::read_to_string(proc_root.join(pid.to_string()).join("smaps_rollup"))?;
    Ok(parse_pss(&text))
}

/// The `Pss:` line of smaps_rollup, in bytes; 0 for a process without memory of its own.
fn parse_pss(text: &str) -> u64 {
    text.lines()
        .find_map(|line| line.strip_prefix("Pss:"))
        .and_then(|rest| rest.trim().strip_suffix("kB"))
        .and_then(|number| number.trim().parse::<u64>().ok())
        .map_or(0, |kib| kib * 1024)
}

/// Each process with its parent.
fn parents(proc_root: &Path) -> io::Result<BTreeMap<u32, u32>> {
    let mut parents = BTreeMap::new();
    for entry in std::fs::read_dir(proc_root)? {
        let entry = entry?;
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        if let Some(parent) = std::fs::read_to_string(entry.path().join("stat"))
            .ok()
            .as_deref()
            .and_then(parse_parent)
        {
            parents.insert(pid, parent);
        }
    }
    Ok(parents)
}

/// The fourth field of /proc/pid/stat. The second is the name in parentheses, which may itself hold any of them.
fn parse_parent(stat: &str) -> Option<u32> {
    stat.rsplit_once(')')?
        .1
        .split_whitespace()
        .nth(1)?
        .parse()
        .ok()
}

fn descendants(parents: &BTreeMap<u32, u32>, root: u32) -> Vec<u32> {
    let mut found = vec![root];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(
            parents
                .iter()
                .filter(|&(_, p)| *p == parent)
                .map(|(&child, _)| child),
        );
        next += 1;
    }
    found.split_off(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_hide_the_parent() {
        assert_eq!(parse_parent("12 (a) b) S 7 12 12 0"), Some(7));
        assert_eq!(parse_parent("nonsense"), None);
    }

    #[test]
    fn descendants_of_all_generations() {
        let parents = BTreeMap::from([(2, 1), (3, 2), (4, 3), (5, 1), (6, 2)]);
        assert_eq!(descendants(&parents, 2), [3, 6, 4]);
    }

    #[test]
    fn sums_a_tree_and_leaves_out_the_rest() {
        let root = tempfile::tempdir().unwrap();
        for (pid, parent, kib) in [(10, 1, 100), (11, 10, 20), (12, 11, 3), (13, 1, 5000)] {
            let dir = root.path().join(pid.to_string());
            std::fs::create_dir(&dir).unwrap();
            std::fs::write(dir.join("stat"), format!("{pid} (x) S {parent} 0")).unwrap();
            std::fs::write(
                dir.join("smaps_rollup"),
                format!("Rss: 9 kB\nPss:    {kib} kB\nPss_Dirty: 1 kB\n"),
            )
            .unwrap();
        }
        assert_eq!(proportional_set_size(root.path(), 10).unwrap(), 123 * 1024);
        assert!(proportional_set_size(root.path(), 99).is_err());
    }
}
