//! What jobs share is as it was: runtime files on the disk and in the page cache, the disk itself, socket memory.

use crate::arena::Arena;
use crate::attacks::{ALL, KERNEL, REACH};
use capsule_tests::each;
use capsule_tests::{NodeOptions, agent_binary, store};
use nix::libc;
use serde_json::json;
use std::fs::{self, File, OpenOptions};
use std::hash::{DefaultHasher, Hasher as _};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Memory of the job that fills socket buffers.
const LIMIT: u64 = 64 << 20;

/// Length of a read past the page cache, and its alignment.
const PIECE: usize = 1 << 20;
const ALIGNMENT: usize = 4096;

/// A page-cache exploit changes what readers get and not what is stored; one that writes changes both. The node's own
/// check looks at all of it against its manifests; this one has its own eyes: what jobs read through the mounts, against
/// the folders that the images were made of.
#[test]
fn runtime_files_are_the_same_stored_and_cached() {
    let arena = Arena::start();
    let (seen, sources) = (arena.runtimes(), store());
    let files = program_files(&sources);
    let stored: Vec<u64> = files
        .iter()
        .map(|path| hash(&sources.join(path), Cached::No))
        .collect();
    let agent = hash(&agent_binary(), Cached::No);
    let attacks: Vec<_> = KERNEL.iter().chain(REACH).collect();
    each(&attacks, |attack| {
        // Their own outcomes are judged elsewhere.
        let (status, _) = arena.execute(&attack.body(&arena));
        (status != 200).then(|| attack.name.to_owned())
    });
    for (path, stored) in files.iter().zip(stored) {
        let name = path.display();
        assert_eq!(hash(&seen.join(path), Cached::Yes), stored, "{name}");
        assert_eq!(hash(&sources.join(path), Cached::No), stored, "{name}");
    }
    assert_eq!(hash(&agent_binary(), Cached::Yes), agent);
    assert_eq!(hash(&agent_binary(), Cached::No), agent);
}

#[derive(Clone, Copy, PartialEq)]
enum Cached {
    Yes,
    No,
}

/// What programs of the store would be most rewarding to change, by their names below it.
fn program_files(store: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let wanted = [
        "bash",
        "cc1",
        "cc1plus",
        "collect2",
        "dash",
        "env",
        "java",
        "ld",
        "libc.so.6",
        "libjvm.so",
        "node",
        "python3.11",
        "run",
        "compile",
        "passwd",
        "true",
    ];
    let mut folders = vec![store.join("base"), store.join("packages")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("root may read its folders") {
            let entry = entry.expect("root may read its folders");
            let kind = entry.file_type().expect("the file system tells kinds");
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() && wanted.iter().any(|name| entry.file_name() == *name) {
                let path = entry.path();
                let below = path.strip_prefix(store).expect("it lies in the store");
                found.push(below.to_owned());
            }
        }
    }
    assert!(
        found.len() > 8,
        "the store holds few of the usual programs: {found:?}"
    );
    found
}

fn hash(path: &Path, cached: Cached) -> u64 {
    let direct = if cached == Cached::No {
        libc::O_DIRECT
    } else {
        0
    };
    let open = |flags| OpenOptions::new().read(true).custom_flags(flags).open(path);
    let mut file = match open(direct) {
        // A file system that keeps nothing but the cache has no other way to be read.
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => open(0),
        other => other,
    }
    .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut room = vec![0; PIECE + ALIGNMENT];
    let start = room.as_ptr().align_offset(ALIGNMENT);
    let piece = &mut room[start..start + PIECE];
    let mut hasher = DefaultHasher::new();
    while let Some(read) = fill(&mut file, piece) {
        hasher.write(&piece[..read]);
    }
    hasher.finish()
}

fn fill(file: &mut File, piece: &mut [u8]) -> Option<usize> {
    let mut length = 0;
    while length < piece.len() {
        match file.read(&mut piece[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => panic!("a runtime file can't be read: {error}"),
        }
        // A direct read that is no whole number of blocks was the last.
        if length % ALIGNMENT != 0 {
            break;
        }
    }
    (length > 0).then_some(length)
}

#[test]
fn jobs_do_not_flush_the_hosts_disk() {
    let arena = Arena::start();
    let before = flushes();
    let (status, answer) = arena.execute(&json!({
        "language": "c", "version": "*",
        "files": [
            {"name": "main.c", "content": include_str!("programs/sync.c")},
            {"name": "attack.h", "content": include_str!("programs/attack.h")},
        ],
    }));
    let after = flushes();
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["run"]["stdout"], "8004 calls\n", "{answer}");
    // 6000 calls; the host itself may flush now and then.
    assert!(after - before < 200, "{} flushes", after - before);
}

/// Flush requests of all disks so far (admin-guide/iostats, field 16).
fn flushes() -> u64 {
    let text = fs::read_to_string("/proc/diskstats").expect("/proc is mounted");
    let counts = text
        .lines()
        .filter_map(|line| line.split_whitespace().nth(18)?.parse::<u64>().ok());
    counts.sum()
}

/// Buffers of sockets are the kernel's own memory: a job fills no more of it than its limit.
#[test]
fn socket_buffers_count_as_memory() {
    let arena = Arena::start();
    let attack = |road: &str| {
        json!({
            "language": "c", "version": "*", "args": [road], "run_memory_limit": LIMIT, "run_timeout": 3000,
            "files": [
                {"name": "main.c", "content": include_str!("programs/memory.c")},
                {"name": "attack.h", "content": include_str!("programs/attack.h")},
            ],
        })
    };
    for road in ["udp", "tcp"] {
        let before = socket_memory();
        let (most, running) = (AtomicU64::new(0), AtomicBool::new(true));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while running.load(Ordering::Relaxed) {
                    most.fetch_max(socket_memory(), Ordering::Relaxed);
                    std::thread::sleep(Duration::from_millis(5));
                }
            });
            let (status, answer) = arena.execute(&attack(road));
            running.store(false, Ordering::Relaxed);
            assert_eq!(status, 200, "{answer}");
            assert!(
                ["memory", "wall"]
                    .iter()
                    .any(|limit| answer["run"]["limit"] == *limit),
                "{road}: {answer}"
            );
        });
        let taken = most.into_inner().saturating_sub(before);
        assert!(
            taken < most_of(road),
            "{road}: {taken} bytes of socket buffers"
        );
    }
}

/// The kernel takes socket memory in advance and per cpu: somewhat more than the limit. On cgroup v1 it never refuses a
/// TCP socket its first few kilobytes either, so there the number of sockets is the limit, and memory for the sockets
/// themselves.
fn most_of(road: &str) -> u64 {
    if road == "tcp" { LIMIT * 16 } else { LIMIT * 2 }
}

/// Bytes in buffers of TCP and UDP sockets of the whole host, which these counters are about in every namespace.
fn socket_memory() -> u64 {
    let text = fs::read_to_string("/proc/net/sockstat").expect("/proc is mounted");
    let pages = text
        .lines()
        .filter_map(|line| line.split(" mem ").nth(1)?.trim().parse::<u64>().ok());
    pages.sum::<u64>() * 4096
}

/// A disk that is mounted into a package's folder is as protected as the folder itself, where folders are used as they are.
#[test]
fn mounts_inside_the_store_are_protected() {
    capsule_tests::require_root();
    let folder = tempfile::tempdir().expect("a folder can be made");
    let point = folder.path().join("packages/staged/1.0.0/mounted");
    crate::staged::make_store(folder.path());
    fs::create_dir(&point).expect("a folder can be made");
    let mounted = Mounted::tmpfs(point);
    fs::set_permissions(
        &mounted.0,
        std::os::unix::fs::PermissionsExt::from_mode(0o777),
    )
    .expect("root may change modes");
    {
        let path = folder.path().to_string_lossy().into_owned();
        let options = NodeOptions::as_deployed_with_patience()
            .set("data_directory", path)
            .set("runtime_images", "off");
        let arena = Arena::with(options);
        let program = "import os\nfor line in open('/proc/self/mountinfo'):\n    if 'mounted' in line: print(line.split()[5])\n\
             try: open('/piston/packages/staged/1.0.0/mounted/left', 'w')\nexcept OSError as e: print(e.strerror)\n";
        let answer = crate::staged::run(&arena, "pass", program, &[]);
        assert_eq!(
            answer["run"]["stdout"], "ro,nosuid,nodev,relatime\nRead-only file system\n",
            "{answer}"
        );
    }
}

/// A mount that ends with the test.
struct Mounted(PathBuf);

impl Mounted {
    fn tmpfs(point: PathBuf) -> Self {
        let status = Command::new("mount")
            .args(["-t", "tmpfs", "none"])
            .arg(&point)
            .status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "a tmpfs can't be mounted"
        );
        Self(point)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let status = Command::new("umount").arg("-l").arg(&self.0).status();
        assert!(std::thread::panicking() || status.is_ok_and(|status| status.success()));
    }
}

#[test]
fn names_of_attacks_are_unique() {
    let mut names: Vec<_> = ALL
        .iter()
        .flat_map(|table| table.iter())
        .map(|attack| attack.name)
        .collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}
