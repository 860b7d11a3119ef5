//! Files that a node left.

use std::fs;
use std::ops::RangeInclusive;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// How deep a folder of temporary files is searched.
const DEPTH: usize = 4;

/// Everything below a folder that belongs to one of the uids.
#[must_use]
pub fn owned_by(folder: &Path, uids: &RangeInclusive<u32>) -> Vec<String> {
    let mut found = Vec::new();
    walk(folder, DEPTH, &mut |path, metadata| {
        if uids.contains(&metadata.uid()) || uids.contains(&metadata.gid()) {
            found.push(path.display().to_string());
        }
    });
    found
}

/// Everything below a folder.
pub(super) fn below(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    walk(folder, usize::MAX, &mut |path, _| {
        found.push(path.display().to_string())
    });
    found
}

/// Never follows a link; what can't be read (it may be going away) is left out.
fn walk(folder: &Path, depth: usize, see: &mut impl FnMut(&Path, &fs::Metadata)) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        let path = entry.path();
        see(&path, &metadata);
        if metadata.is_dir() && depth > 1 {
            walk(&path, depth - 1, see);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_by_owner() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let file = folder.path().join("a");
        fs::write(&file, "x").expect("a file can be written");
        let uid = fs::metadata(&file).expect("it is there").uid();
        assert_eq!(
            owned_by(folder.path(), &(uid..=uid)),
            [file.display().to_string()]
        );
        assert!(owned_by(folder.path(), &(uid + 1_000_000..=uid + 1_000_001)).is_empty());
        assert_eq!(below(folder.path()).len(), 1);
    }
}
