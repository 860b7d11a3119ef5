//! The archive of a package, as it comes out of its compression. The first byte of an input says whether the checksums in
//! it are set right first (odd) or stay as they are.

#![no_main]

use capsule_fuzz::{assert_stays_below, tar_of, within_memory};
use libfuzzer_sys::fuzz_target;
use packages::PackageId;
use packages::archive::Limits;
use packages::fuzzing::archive;
use std::fs::{self, File};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use tempfile::TempDir;

/// Small, so that they are met.
const LIMITS: Limits = Limits {
    compressed: 1 << 20,
    unpacked: 64 << 10,
    ratio: 200,
    entries: 12,
    depth: 5,
    name: 40,
    path: 100,
};

fuzz_target!(|input: &[u8]| {
    let Some(tar) = tar_of(input) else { return };
    // In memory, where there is such a place.
    let all = TempDir::new_in("/dev/shm")
        .or_else(|_| TempDir::new())
        .expect("room");
    let (staging, outside) = (all.path().join("staging"), all.path().join("outside"));
    fs::create_dir(&staging).expect("room");
    fs::write(&outside, "outside").expect("room");
    let before = fs::metadata(&outside).expect("it is there");
    let folder = File::open(&staging).expect("it is there");
    let package = PackageId::parse("java", "17.0.1").expect("a package");
    let unpacked = within_memory(tar.len(), 0, || {
        archive(&tar, folder.as_fd(), &package, &LIMITS)
    });
    let mut found = Found::default();
    found.walk(&staging, &staging);
    assert!(found.entries <= LIMITS.entries && found.bytes <= LIMITS.unpacked);
    match unpacked {
        Ok(unpacked) => assert_eq!(unpacked.entries, found.entries),
        Err(error) => assert!(error.entry.is_ascii() && error.entry.len() < 500),
    }
    let after = fs::metadata(&outside).expect("it is still there");
    let same = |a: &fs::Metadata| (a.mode(), a.nlink(), a.len(), a.mtime(), a.ctime_nsec());
    assert_eq!(same(&before), same(&after));
    assert_eq!(fs::read_dir(all.path()).expect("a folder").count(), 2);
});

#[derive(Default)]
struct Found {
    entries: usize,
    bytes: u64,
}

impl Found {
    fn walk(&mut self, root: &Path, folder: &Path) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let below = path.strip_prefix(root).expect("below").to_str();
            assert_stays_below(below.expect("text"));
            self.entries += 1;
            let status = path.symlink_metadata().expect("it is there");
            let (kind, mode) = (status.file_type(), status.mode() & 0o7777);
            assert!(!kind.is_fifo() && !kind.is_socket());
            assert!(!kind.is_block_device() && !kind.is_char_device());
            if kind.is_symlink() {
                assert_ends_below(root, &path);
            } else if kind.is_dir() {
                assert_eq!(mode, 0o755, "{path:?}");
                self.walk(root, &path);
            } else {
                // One that could not be finished is nobody else's yet.
                assert!(matches!(mode, 0o644 | 0o755 | 0o700), "{path:?}");
                self.bytes += status.len() / status.nlink();
            }
        }
    }
}

/// However the kernel follows it: to something below, or to nothing.
fn assert_ends_below(root: &Path, link: &Path) {
    let target = fs::read_link(link).expect("a link");
    assert!(target.is_relative(), "{target:?}");
    if let Ok(real) = link.canonicalize() {
        let root = root.canonicalize().expect("it is there");
        assert!(real.starts_with(root), "{link:?} is {real:?}");
    }
}
